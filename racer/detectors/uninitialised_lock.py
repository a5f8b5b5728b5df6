"""Locks used before they were initialised."""

from collections.abc import Iterator

from racer.core.finding import Finding
from racer.core.operation import CHANGE, INSPECT, TOUCH
from racer.core.record import LOCKS, Record

_USES = (TOUCH, INSPECT)


class UninitialisedLock:
    """Finds uses of a lock made with `initialised=False` that come before its `init()`.

    Such an acquire takes nothing and excludes nobody. Uses and `init` are operations on the lock, so which came first
    is explored. Of a thread's uses of one lock the first of each sort is told.
    """

    name = "uninitialised-lock"
    kinds = frozenset({"uninitialised-lock"})

    def judge(self, record: Record) -> Iterator[Finding]:
        """Yield the uses."""
        things, codes = record.things, record.codes
        if not any(thing.sort in LOCKS and not thing.size for thing in things):
            return
        steps = record.steps_of_kinds((*_USES, CHANGE))
        done: set[int] = set()
        told: set[tuple[int, int, int]] = set()
        for step in steps:
            kind, number = codes[step] >> 8 & 0xFF, codes[step] >> 16
            if things[number].sort not in LOCKS:
                continue
            key = record.order[step], number, kind
            if kind == CHANGE:
                done.add(number)
            elif number not in done and key not in told:
                told.add(key)
                yield self._found(record, step, number, kind, steps)

    def _found(self, record: Record, step: int, number: int, kind: int, steps: list[int]) -> Finding:
        here = record.side(step, "acquire" if kind == TOUCH else "release")
        init = next((s for s in steps if s > step and record.codes[s] >> 8 == number << 8 | CHANGE), None)
        later = () if init is None else (record.side(init, "init"),)
        who, did = record.thread_of(step), "took" if kind == TOUCH else "released"
        message = f"{who} {did} {record.name(number)} before it was initialised"
        return record.found("uninitialised-lock", message, step, here, *later)
