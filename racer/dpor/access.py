"""What an executed operation touched, and which operations conflict."""

from dataclasses import dataclass, replace

from racer.core.operation import (
    ACQUIRE,
    ALIVE,
    AWAIT,
    CHOOSE,
    EVENT_WAIT,
    JOIN,
    LEAVE,
    MODIFIED,
    POINT,
    REACQUIRE,
    SEM_ACQUIRE,
    SLEEP,
    TIMED_JOIN,
)
from racer.engine.thread_state import ThreadState
from racer.engine.turnstile import Turnstile

Accesses = tuple[tuple[int, bool], ...]
"""The objects an operation touches, by key, each with whether it modifies it."""

ALONE = frozenset({POINT, SLEEP, CHOOSE})
"""Operations that conflict with nothing."""

BLOCKING = frozenset({ACQUIRE, REACQUIRE, JOIN, AWAIT, EVENT_WAIT, SEM_ACQUIRE, LEAVE})
"""Operations that may have had to wait until they could be executed."""

READ_WHEN_DONE = frozenset({JOIN, AWAIT, EVENT_WAIT, LEAVE})
"""Blocking operations that only read once they can be executed."""

MAY_NOT_COME_FIRST = frozenset({REACQUIRE, AWAIT, EVENT_WAIT, SEM_ACQUIRE, LEAVE})
"""Blocking operations of which it is not known, before it is tried, whether they could be executed earlier."""

LOOKS_AT_LIFE = frozenset({ALIVE, TIMED_JOIN})
"""Operations that see whether a thread has ended."""


@dataclass(frozen=True, slots=True)
class Event:
    """One executed operation of an execution, or the pending one of a thread that was left blocked.

    `thread` is the thread's number in its execution; `who` identifies it in others, too, however they interleave.
    `foreseen` says that it is to be executed at another place, where it may turn out to be blocked.
    """

    index: int
    thread: int
    who: int
    kind: int
    accesses: Accesses
    value: int | None = None
    foreseen: bool = False


def conflict(one: Accesses, other: Accesses) -> bool:
    """Return whether two operations touch an object that one of them modifies."""
    for key, modifies in one:
        for other_key, other_modifies in other:
            if key == other_key and (modifies or other_modifies):
                return True
    return False


def event_at(run: Turnstile, index: int) -> Event:
    """Return the event of a step that has been executed, the second object and the thread's end left out."""
    thread = run.order[index]
    code = run.codes[index]
    kind = code >> 8 & 0xFF
    accesses: Accesses = () if kind in ALONE else ((run.keys[code >> 16], bool(code & MODIFIED)),)
    return Event(index, thread, run.threads[thread].path, kind, accesses)


def with_second(run: Turnstile, event: Event, number: int) -> Event:
    """Return the event with a second object that it modified."""
    return replace(event, accesses=(*event.accesses, (run.keys[number], True)))


def with_end(run: Turnstile, event: Event) -> Event:
    """Return the event with the end of its thread, which is part of its last step and modifies the thread."""
    mine = run.keys[run.threads[event.thread].number]
    return replace(event, accesses=(*((k, m) for k, m in event.accesses if k != mine), (mine, True)))


def foreseen(run: Turnstile, event: Event) -> Event:
    """Return an event as the first of a race will be: what it finds there may make it the last of its thread."""
    mine = run.keys[run.threads[event.thread].number]
    accesses = (*((k, m) for k, m in event.accesses if k != mine), (mine, True))
    return replace(event, accesses=accesses, foreseen=event.kind in MAY_NOT_COME_FIRST)


def pending(run: Turnstile, thread: ThreadState) -> Event:
    """Return the operation at which a thread was left blocked, as if it modified: it has not been seen to succeed."""
    accesses = [(run.keys[thread.operand.number], thread.kind not in READ_WHEN_DONE)]
    lock = getattr(thread.operand, "lock_of_wait", None)
    if lock is not None:
        accesses.append((run.keys[lock.number], True))
    return Event(len(run.order), thread.thread_number, thread.path, thread.kind, tuple(accesses))
