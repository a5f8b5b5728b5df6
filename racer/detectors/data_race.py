"""Data races: two accesses to one variable, one of them a write, that nothing orders."""

from collections.abc import Iterator

from racer.core.finding import Finding
from racer.core.operation import MODIFIED, READ, WRITE
from racer.core.record import Record


class DataRace:
    """Finds accesses that conflict and are not ordered by the synchronises-with relation.

    Each access is compared with the last write before it, a write also with each thread's last read since (FastTrack,
    Flanagan and Freund 2009, but all reads are kept). Of accesses to one variable by the same two threads in the same
    roles the first is told. Marked accesses never race.
    """

    name = "data-race"
    kinds = frozenset({"data-race"})

    def judge(self, record: Record) -> Iterator[Finding]:
        """Yield the races."""
        for number, steps in record.shared.items():
            if not record.things[number].marked:
                yield from self._races(record, steps)

    def _races(self, record: Record, steps: list[int]) -> Iterator[Finding]:
        order, codes, clocks = record.order, record.codes, record.clocks
        written, writer, epoch = -1, 0, 0  # the last write; nobody's, as long as there is none
        reads: dict[int, int] = {}
        told: set[tuple[int, int, int]] = set()
        for step in steps:
            clock = clocks[step]
            if epoch > clock[writer]:
                yield from _race(record, written, step, told)
            if not codes[step] & MODIFIED:
                reads[order[step]] = step
                continue
            for reader, read in reads.items():
                if clocks[read][reader] > clock[reader]:
                    yield from _race(record, read, step, told)
            reads.clear()
            written, writer = step, order[step]
            epoch = clock[writer]


def _race(record: Record, first: int, second: int, told: set[tuple[int, int, int]]) -> Iterator[Finding]:
    order, codes = record.order, record.codes
    roles = codes[first] >> 8 & 0xFF, codes[second] >> 8 & 0xFF
    key = order[first], order[second], roles[0] << 8 | roles[1]
    if key in told:
        return
    told.add(key)
    what = record.name(codes[first] >> 16)
    did = {READ: "read", WRITE: "wrote"}
    yield record.found(
        "data-race",
        f"{record.thread_of(first)} {did[roles[0]]} {what} and {record.thread_of(second)} {did[roles[1]]} it, "
        "and nothing orders the two",
        second,
        record.side(first),
        record.side(second),
    )
