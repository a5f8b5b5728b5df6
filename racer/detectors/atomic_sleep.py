"""Operations that may sleep while a spinlock is held."""

from collections.abc import Iterator
from itertools import chain
from typing import Final

from racer.core.finding import Finding, Side
from racer.core.operation import (
    ACQUIRE,
    ARRIVE,
    EVENT_WAIT,
    JOIN,
    LEAVE,
    REACQUIRE,
    SEM_ACQUIRE,
    SLEEP,
    TIMED_EVENT_WAIT,
    TIMED_JOIN,
    TRY_ACQUIRE,
    WAIT,
)
from racer.core.record import LOCK, RLOCK, SPINLOCK, Record

SLEEPING: Final = (ACQUIRE, WAIT, JOIN, TIMED_JOIN, EVENT_WAIT, TIMED_EVENT_WAIT, SEM_ACQUIRE, ARRIVE, SLEEP)
"""Operations that may sleep: an acquire does where the lock is no spinlock."""


class AtomicSleep:
    """Finds operations that may sleep, whether they did or not, in a thread that holds a SpinLock.

    They are the acquire of a Lock or RLock, waits for conditions, events, semaphores and barriers, joins and sleeps,
    those at which a thread is blocked at the end among them. `Atomic.wait` is a spin and does not sleep, nor does an
    acquire that does not block. One with a timeout cannot be told from that, and is not seen. Of a thread's operations
    on one object the first under each spinlock is told. What the subject says with `racer.may_sleep` is always found.
    """

    name = "atomic-sleep"
    kinds = frozenset({"atomic-sleep"})

    def judge(self, record: Record) -> Iterator[Finding]:
        """Yield them."""
        if not any(thing.sort == SPINLOCK for thing in record.things):
            return
        told: set[tuple[int, int, int]] = set()
        may_sleep = [own for code, own in record.by_code.items() if _sleeps(record, code >> 8 & 0xFF, code >> 16)]
        for step in sorted(chain.from_iterable(may_sleep)):
            held = record.held[step]
            if not held:
                continue
            code = record.codes[step]
            kind, number = code >> 8 & 0xFF, code >> 16
            if kind == WAIT:
                held -= {record.second[step]}
            yield from self._found(record, step, held, told, record.side(step, what=_named(record, kind, number)))
        yield from self._blocked(record, told)

    def _blocked(self, record: Record, told: set[tuple[int, int, int]]) -> Iterator[Finding]:
        """Yield the operations that threads have come to and not executed."""
        for who, life in enumerate(record.threads):
            if life.waits is None or not record.holds.at_end[who]:
                continue
            kind, number = life.waits
            if kind in {REACQUIRE, LEAVE} or not _sleeps(record, kind, number):
                continue  # the wait, the arrival was executed
            side = record.blocked(who)._replace(what=_named(record, kind, number))
            yield from self._found(record, record.last[who], frozenset(record.holds.at_end[who]), told, side, number)

    def _found(  # noqa: PLR0917  (all that is told)
        self,
        record: Record,
        step: int,
        held: frozenset[int],
        told: set[tuple[int, int, int]],
        side: Side,
        number: int | None = None,
    ) -> Iterator[Finding]:
        who = record.order[step]
        on = record.codes[step] >> 16 if number is None else number
        for lock in sorted(held):
            if record.things[lock].sort != SPINLOCK or (who, on, lock) in told:
                continue
            told.add((who, on, lock))
            taken = taken_at(record, step, lock)
            yield record.found(
                "atomic-sleep",
                f"{side.thread} may sleep ({' '.join(filter(None, (side.action, side.what)))}) while it holds"
                f" {record.name(lock)}, which is a spinlock",
                step,
                record.side(taken),
                side,
            )


def taken_at(record: Record, step: int, lock: int) -> int:
    """Return the step at which the thread of a step took a lock that it holds there."""
    who = record.order[step]
    return next(
        before
        for before in range(step, -1, -1)
        if record.order[before] == who
        and record.codes[before] >> 16 == lock
        and record.codes[before] >> 8 & 0xFF in {ACQUIRE, TRY_ACQUIRE}
    )


def _sleeps(record: Record, kind: int, number: int) -> bool:
    return kind in SLEEPING and (kind != ACQUIRE or record.things[number].sort in {LOCK, RLOCK})


def _named(record: Record, kind: int, number: int) -> str:
    return "" if kind == SLEEP else record.name(number)
