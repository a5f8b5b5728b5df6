"""What a strategy that is given its execution sees: the step just executed, and what every thread is about to do."""

from typing import Final, Protocol

from racer.core.operation import (
    ALIVE,
    AWAIT,
    BEGIN,
    CHOOSE,
    EVENT_WAIT,
    INSPECT,
    IS_SET,
    JOIN,
    LOAD,
    LOCKED,
    MODIFIED,
    POINT,
    REACQUIRE,
    READ,
    SLEEP,
    TIMED_EVENT_WAIT,
    TIMED_JOIN,
    TIMED_REACQUIRE,
    TOUCH,
    WAIT,
)

ALONE: Final = frozenset({POINT, SLEEP, CHOOSE})
"""Operations that touch no object; their events carry the number of their thread."""

ONLY_READ: Final = frozenset(
    {BEGIN, JOIN, TIMED_JOIN, ALIVE, READ, LOAD, AWAIT, LOCKED, IS_SET, EVENT_WAIT, TIMED_EVENT_WAIT, INSPECT, TOUCH}
)
"""Operations that never modify; every other one may, as far as is known before it is executed."""

ON_TWO: Final = frozenset({WAIT, REACQUIRE, TIMED_REACQUIRE})
"""Operations of a condition that modify its lock, too."""


class Numbered(Protocol):
    """An object of the execution."""

    number: int


class Thread(Numbered, Protocol):
    """A thread of the execution: `kind` and `operand` are its pending operation; `path` tells it from all others.

    `children` counts the objects it has made, threads among them.
    """

    kind: int
    ended: bool
    path: int
    children: int
    thread_number: int

    @property
    def operand(self) -> Numbered:
        """The object of the pending operation."""


class Run(Protocol):
    """The execution: what `racer.engine.steps.Steps` says of it."""

    order: list[int]
    codes: list[int]
    also: list[tuple[int, int]]
    keys: list[int]

    @property
    def threads(self) -> list[Thread]:
        """The threads by number."""

    @property
    def current(self) -> Thread:
        """The thread that runs; where a thread is made, the one that makes it."""


def second_of(thread: Thread) -> int | None:
    """Return the number of the second object of a thread's pending operation."""
    if thread.kind not in ON_TWO:
        return None
    lock: Numbered = thread.operand.lock_of_wait  # type: ignore[attr-defined]  # only a condition has such operations
    return lock.number


def touched(run: Run) -> dict[int, bool]:
    """Return the objects that the last step touched, by number, each with whether it was modified.

    A thread's end is part of its last step and modifies the thread.
    """
    code = run.codes[-1]
    found = {} if code >> 8 & 0xFF in ALONE else {code >> 16: bool(code & MODIFIED)}
    if run.also and run.also[-1][0] == len(run.codes) - 1:
        found[run.also[-1][1]] = True
    thread = run.threads[run.order[-1]]
    if thread.ended:
        found[thread.number] = True
    return found


def conflicts(thread: Thread, objects: dict[int, bool]) -> bool:
    """Return whether a thread's pending operation, enabled or not, conflicts with a step that touched the objects."""
    kind = thread.kind
    if kind in ALONE:
        return False
    number = thread.operand.number
    if number in objects and (objects[number] or kind not in ONLY_READ):
        return True
    return second_of(thread) in objects
