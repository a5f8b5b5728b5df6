"""Executions told as lines, "thread kind object": run what the lines say, and compare what happened."""

from collections.abc import Callable, Sequence

import racer
from racer import Execution, Schedule


def lines_of(execution: Execution) -> list[str]:
    """Return what happened, a line a step."""
    return [f"{e.thread_name} {e.kind} {e.object_name}{' failed' * e.failed}" for e in execution.trace]


def told(
    body: Callable[[], object], lines: Sequence[str], names: str = "main a b c d", values: tuple[int, ...] = ()
) -> Execution:
    """Replay the body under the schedule that the lines tell (thread i is the i-th name) and check every line.

    Where a line's thread cannot go on, the replay raises DivergenceError.
    """
    numbers = {name: number for number, name in enumerate(names.split())}
    schedule = Schedule(tuple(numbers[line.split()[0]] for line in lines), values)
    execution = racer.replay(body, schedule)
    assert lines_of(execution) == list(lines)
    return execution


def both(*targets: Callable[[], object]) -> None:
    """Start threads a, b, ... on the targets and join them, in this order."""
    threads = [racer.Thread(target=target, name=name) for target, name in zip(targets, "abcd", strict=False)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
