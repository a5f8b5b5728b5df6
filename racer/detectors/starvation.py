"""Threads that try the same thing again and again in vain, while others succeed at it."""

from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

from racer.core.finding import Finding
from racer.core.operation import (
    ACQUIRE,
    ADD,
    COMPARE_EXCHANGE,
    EXCHANGE,
    FAILED,
    SEM_ACQUIRE,
    SEM_TRY_ACQUIRE,
    STORE,
    TRY_ACQUIRE,
    UPDATE,
)
from racer.core.record import Record

MOST_WATCHED: Final = 20_000
"""So many of the last steps are looked at, or the second half of a shorter execution."""

PARTS: Final = 4
"""In each of so many parts of them the thread must have failed, and others succeeded."""

TIMES: Final = 100
"""So often each, at least."""

_TRIES: Final = {
    TRY_ACQUIRE: (TRY_ACQUIRE, ACQUIRE),
    SEM_TRY_ACQUIRE: (SEM_TRY_ACQUIRE, SEM_ACQUIRE),
    COMPARE_EXCHANGE: (COMPARE_EXCHANGE, STORE, ADD, UPDATE, EXCHANGE),
}
"""What may be tried in vain, and what the others succeed at meanwhile."""


_SUCCEEDS: Final = frozenset(kind for kinds in _TRIES.values() for kind in kinds)


class _Try(NamedTuple):
    who: int
    number: int
    kind: int


class Starvation:
    """Finds threads that starved, in an execution that was cut at `max_steps`.

    In what is looked at a thread tried to take a lock or a semaphore, or to exchange a value, at least a hundred times,
    from beginning to end, failed each time, and all the while others succeeded. So it had its turns: the schedule was
    fair to it, and the program was not. A thread that is blocked is not seen to starve, nor one that nobody let.
    """

    name = "starvation"
    kinds = frozenset({"starvation"})

    def judge(self, record: Record) -> Iterator[Finding]:
        """Yield them."""
        if record.complete:
            return
        begin = len(record.order) - min(len(record.order) // 2, MOST_WATCHED)
        size = (len(record.order) - begin) // PARTS
        failed: dict[_Try, list[int]] = {}
        done: dict[tuple[int, int], list[int]] = {}
        for step in range(begin, len(record.order)):
            code = record.codes[step]
            kind = code >> 8 & 0xFF
            if kind in _TRIES and code & FAILED:
                failed.setdefault(_Try(record.order[step], code >> 16, kind), []).append(step)
            elif kind in _SUCCEEDS:
                done.setdefault((code >> 16, kind), []).append(step)
        for what, steps in failed.items():
            others = sorted(step for kind in _TRIES[what.kind] for step in done.get((what.number, kind), ()))
            succeeded = any(record.order[step] == what.who for step in others)
            if not succeeded and _all_along(steps, begin, size) and _all_along(others, begin, size):
                yield _told(record, what, steps, others)


def _all_along(steps: list[int], begin: int, size: int) -> bool:
    parts = Counter((step - begin) // size for step in steps) if size else Counter()
    return len(steps) >= TIMES and all(parts[part] for part in range(PARTS))


def _told(record: Record, what: _Try, steps: list[int], others: list[int]) -> Finding:
    who, name = record.threads[what.who].name, record.name(what.number)
    winners = ", ".join(dict.fromkeys(record.thread_of(step) for step in others))
    message = (
        f"{who} tried {name} {len(steps)} times in the last {len(record.order) - steps[0]} steps and always failed,"
        f" while {winners} succeeded {len(others)} times"
    )
    return record.found("starvation", message, steps[-1], record.side(others[-1]), record.side(steps[-1]))
