"""Every release of a lock, with who held it: what two detectors look at."""

from typing import NamedTuple

from racer.core.operation import ACQUIRE, FAILED, REACQUIRE, RELEASE, TIMED_REACQUIRE, TRY_ACQUIRE, WAIT
from racer.core.record import Record

_TAKES = frozenset({ACQUIRE, TRY_ACQUIRE, REACQUIRE, TIMED_REACQUIRE})
_ON_CONDITION = frozenset({WAIT, REACQUIRE, TIMED_REACQUIRE})


class Release(NamedTuple):
    """A release: its step and lock, the step at which that was taken, None if it was free, and the last release."""

    step: int
    lock: int
    taken: int | None
    before: int | None


def releases(record: Record) -> list[Release]:
    """Return the releases of an execution in order; worked out once."""
    known = record.known.get("releases")
    if known is None:
        known = record.known["releases"] = _releases(record)
    return known  # type: ignore[return-value]  # put there here, and only here


def _releases(record: Record) -> list[Release]:
    taken: dict[int, int] = {}
    before: dict[int, int] = {}
    found = []
    for step in record.steps_of_kinds((*_TAKES, RELEASE, WAIT)):
        code = record.codes[step]
        kind = code >> 8 & 0xFF
        lock = record.second[step] if kind in _ON_CONDITION else code >> 16
        if kind in _TAKES:
            if kind == TIMED_REACQUIRE or not code & FAILED:  # a wait that timed out has its lock again, too
                taken[lock] = step
            continue
        if kind == RELEASE:
            found.append(Release(step, lock, taken.get(lock), before.get(lock)))
        if not code & FAILED:
            taken.pop(lock, None)
            before[lock] = step
    return found
