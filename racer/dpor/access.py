"""What an executed operation touched, and which operations conflict."""

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
    RELEASE,
    SEM_ACQUIRE,
    SLEEP,
    TIMED_JOIN,
    TIMED_REACQUIRE,
    TRY_ACQUIRE,
    WAIT,
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


class Event:
    """One executed operation of an execution, or the pending one of a thread that was left blocked.

    `thread` is the thread's number in its execution; `who` identifies it in others, too, however they interleave.
    `foreseen` says that it is to be executed at another place, where it may turn out to be blocked. No event is
    changed once it is made.
    """

    __slots__ = ("accesses", "foreseen", "index", "kind", "thread", "value", "who")

    def __init__(  # noqa: PLR0917  (made for every step: names cost)
        self,
        index: int,
        thread: int,
        who: int,
        kind: int,
        accesses: Accesses,
        value: int | None = None,
        foreseen: bool = False,
    ) -> None:
        self.index = index
        self.thread = thread
        self.who = who
        self.kind = kind
        self.accesses = accesses
        self.value = value
        self.foreseen = foreseen

    def touching(self, accesses: Accesses, *, foreseen: bool = False) -> "Event":
        """Return the event with other accesses."""
        return Event(self.index, self.thread, self.who, self.kind, accesses, self.value, foreseen or self.foreseen)


def conflict(one: Accesses, other: Accesses) -> bool:
    """Return whether two operations touch an object that one of them modifies."""
    for key, modifies in one:
        for other_key, other_modifies in other:
            if key == other_key and (modifies or other_modifies):
                return True
    return False


def accesses_at(run: Turnstile, index: int, *, life: bool) -> Accesses:
    """Return what the last executed step touched, its further objects and the end of its thread included.

    The end is part of a thread's last step, and modifies the thread. Which step is the last may depend on what it
    finds: where `life` is looked at, every step counts as if it were.
    """
    code = run.codes[index]
    accesses: Accesses = () if code >> 8 & 0xFF in ALONE else ((run.keys[code >> 16], bool(code & MODIFIED)),)
    for step, number in reversed(run.also):
        if step != index:
            break
        accesses = (*accesses, (run.keys[number], True))
    thread = run.threads[run.order[index]]
    return with_end(run, accesses, thread) if life or thread.ended else accesses


def all_accesses(run: Turnstile) -> list[Accesses]:
    """Return what each step of an execution that has ended touched."""
    touched: list[Accesses] = [
        () if code >> 8 & 0xFF in ALONE else ((run.keys[code >> 16], bool(code & MODIFIED)),) for code in run.codes
    ]
    for step, number in run.also:
        touched[step] = (*touched[step], (run.keys[number], True))
    last = {thread: step for step, thread in enumerate(run.order)}
    for thread, step in last.items():
        if run.threads[thread].ended:
            touched[step] = with_end(run, touched[step], run.threads[thread])
    return touched


def free_before(event: Event, lock: int) -> bool | None:
    """Return whether a lock was free when an event came to it, as far as that can be seen from the event."""
    modified = (lock, True) in event.accesses
    if event.kind in {ACQUIRE, REACQUIRE, TIMED_REACQUIRE}:
        return True
    if event.kind == TRY_ACQUIRE:
        return modified
    if event.kind in {RELEASE, WAIT}:
        return not modified
    return None


def with_end(run: Turnstile, accesses: Accesses, thread: ThreadState) -> Accesses:
    """Return accesses with those of the thread's end."""
    mine = run.keys[thread.number]
    return (*((key, modifies) for key, modifies in accesses if key != mine), (mine, True))


def foreseen(event: Event) -> Event:
    """Return an event as the first of a race will be."""
    return event.touching(event.accesses, foreseen=True) if event.kind in MAY_NOT_COME_FIRST else event


def pending(run: Turnstile, thread: ThreadState, *, life: bool) -> Event:
    """Return the operation at which a thread was left blocked, as if it modified: it has not been seen to succeed."""
    accesses = [(run.keys[thread.operand.number], thread.kind not in READ_WHEN_DONE)]
    lock = getattr(thread.operand, "lock_of_wait", None)
    if lock is not None:
        accesses.append((run.keys[lock.number], True))
    touched = with_end(run, tuple(accesses), thread) if life else tuple(accesses)
    return Event(len(run.order), thread.thread_number, thread.path, thread.kind, touched)
