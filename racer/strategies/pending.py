"""What a strategy that is given its execution sees: the step just executed, and what every thread is about to do."""

from collections.abc import Iterable
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
    cut: bool

    @property
    def threads(self) -> list[Thread]:
        """The threads by number."""

    @property
    def current(self) -> Thread:
        """The thread that runs; where a thread is made, the one that makes it."""


def second_of(thread: Thread) -> int:
    """Return the number of the second object of a thread's pending operation, which has to be one on two."""
    lock: Numbered = thread.operand.lock_of_wait  # type: ignore[attr-defined]  # only a condition has such operations
    return lock.number


def whole(runs: Iterable[Run]) -> list[Run]:
    """Return the executions that came to their end; all, if every one was cut: they show what there is to be seen."""
    given = list(runs)
    return [run for run in given if not run.cut] or given


def longest(runs: Iterable[Run]) -> int:
    """Return the length of the longest execution that came to its end."""
    return max([1, *(len(run.order) for run in whole(runs))])
