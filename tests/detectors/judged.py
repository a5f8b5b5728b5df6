"""What the tests of detectors share: running threads together, and what a detector says of every interleaving."""

from collections.abc import Callable, Iterator

import racer
from racer.core.record import Record
from racer.detectors import ALL

Body = Callable[[], object]


def together(*bodies: Body) -> None:
    """Run each body in a thread, t0, t1, ..., and wait for all."""
    threads = [racer.Thread(target=body, name=f"t{number}") for number, body in enumerate(bodies)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Listening:
    """A detector that keeps what another one says of every execution."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.kinds = ALL[name].kinds
        self.kept: dict[str, racer.Finding] = {}

    def judge(self, record: Record) -> Iterator[racer.Finding]:
        for finding in ALL[self.name].judge(record):
            assert finding.kind in self.kinds
            self.kept.setdefault(finding.message, finding)
            yield finding


def found(name: str, test: Body) -> list[racer.Finding]:
    """Return the findings of one detector in all interleavings of a test, one of each message."""
    listening = Listening(name)
    result = racer.verify(test, detect=[listening], keep_going=True)
    assert result.exhausted
    assert {finding.kind for finding in result.findings} <= listening.kinds
    return [listening.kept[message] for message in sorted(listening.kept)]


def told(name: str, test: Body) -> list[str]:
    """Return what one detector says of a test, each message once, sorted."""
    return [finding.message for finding in found(name, test)]


def sides(finding: racer.Finding) -> list[str]:
    """Return the sides of a finding: who did what to what, and in which function."""
    places = [side.location.function.rpartition(".")[2] if side.location else "?" for side in finding.sides]
    return [
        f"{side.thread} {side.action} {side.what} in {place}" for side, place in zip(finding.sides, places, strict=True)
    ]
