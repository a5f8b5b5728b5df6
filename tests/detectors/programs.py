"""Small programs for detectors, and how they are judged."""

from collections.abc import Callable, Iterable

import racer

Body = Callable[[], object]


def together(*bodies: Body) -> None:
    """Run each body in a thread, t0, t1, ..., and wait for all."""
    threads = [racer.Thread(target=body, name=f"t{number}") for number, body in enumerate(bodies)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def told(test: Body, detect: Iterable[str]) -> set[tuple[str, ...]]:
    """Return the findings of all interleavings, each as its sides in any order: thread, action and object.

    Of those with the same places only one is there.
    """
    result = racer.verify(test, detect=detect, keep_going=True)
    assert result.exhausted
    return {
        tuple(sorted(f"{side.thread} {side.action} {side.what}" for side in finding.sides))
        for first in result.findings
        if first.execution is not None
        for finding in first.execution.findings
    }
