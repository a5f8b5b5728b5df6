"""Locksets: two accesses that conflict and have no lock in common, where only chance kept them apart."""

from collections.abc import Iterator

from racer.core.finding import Finding
from racer.core.operation import READ, WRITE
from racer.core.record import Record

_DID = {READ: "read", WRITE: "wrote"}


class Lockset:
    """Warns of variables that no lock guards, in executions in which their accesses happened to be ordered, too.

    After Eraser (Savage et al. 1997), in the form of O'Callahan and Choi (2003): two accesses of different threads, one
    of them a write, are told of if no lock was held at both and nothing but locks orders them. So what a thread does
    before it starts others, hands over through an event, or finds after a join is not told of, as Eraser's states
    intend. Unlike theirs the verdict does not hang on which of two reads came first, and three locks of which any two
    accesses share one are taken for what they are. Of accesses to one variable by the same two threads in the same
    roles the first is told. Variables with a declared rule and marked ones are left out.
    """

    name = "lockset"
    kinds = frozenset({"lockset"})

    def judge(self, record: Record) -> Iterator[Finding]:
        """Yield the accesses that nothing but chance keeps apart."""
        for number, steps in record.shared.items():
            thing = record.things[number]
            if not thing.marked and thing.declared is None and not _guarded(record, steps):
                yield from _judged(record, steps)


def _guarded(record: Record, steps: list[int]) -> bool:
    """Return whether one lock is held at all of these steps."""
    held = record.held
    common = held[steps[0]]
    for step in steps:
        common &= held[step]
        if not common:
            return False
    return True


def _judged(record: Record, steps: list[int]) -> Iterator[Finding]:
    order, codes, clocks, held = record.order, record.codes, record.handed, record.held
    before: dict[tuple[int, int, frozenset[int]], int] = {}
    told: set[tuple[int, int, int, int]] = set()
    for step in steps:
        who, kind, locks, clock = order[step], codes[step] >> 8 & 0xFF, held[step], clocks[step]
        for (other, did, theirs), earlier in before.items():
            if other == who or READ == kind == did or clocks[earlier][other] <= clock[other]:
                continue
            key = other, did, who, kind
            if key not in told and locks.isdisjoint(theirs):
                told.add(key)
                yield _warning(record, earlier, step)
        before[who, kind, locks] = step


def _warning(record: Record, first: int, second: int) -> Finding:
    codes = record.codes
    return record.found(
        "lockset",
        f"{_told(record, first)} and {_told(record, second)}: no lock guards {record.name(codes[first] >> 16)}",
        second,
        record.side(first),
        record.side(second),
    )


def _told(record: Record, step: int) -> str:
    code = record.codes[step]
    held = ", ".join(sorted(record.name(lock) for lock in record.held[step])) or "nothing"
    return f"{record.thread_of(step)} {_DID[code >> 8 & 0xFF]} {record.name(code >> 16)} holding {held}"
