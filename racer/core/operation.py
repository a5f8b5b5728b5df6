"""Operation kinds: what a thread is about to do to an object."""

from typing import Final

BEGIN: Final = 0
START: Final = 1
JOIN: Final = 2
ALIVE: Final = 3
READ: Final = 4
WRITE: Final = 5
LOAD: Final = 6
STORE: Final = 7
ADD: Final = 8
UPDATE: Final = 9
EXCHANGE: Final = 10
COMPARE_EXCHANGE: Final = 11
AWAIT: Final = 12
ACQUIRE: Final = 13
RELEASE: Final = 14
TRY_ACQUIRE: Final = 15
LOCKED: Final = 16
WAIT: Final = 17
REACQUIRE: Final = 18
NOTIFY: Final = 19
SET: Final = 20
CLEAR: Final = 21
IS_SET: Final = 22
EVENT_WAIT: Final = 23
SEM_ACQUIRE: Final = 24
SEM_RELEASE: Final = 25
ARRIVE: Final = 26
LEAVE: Final = 27
RESET: Final = 28
ABORT: Final = 29
INSPECT: Final = 30
POINT: Final = 31
SLEEP: Final = 32
CHOOSE: Final = 33
TOUCH: Final = 34
CHANGE: Final = 35
TIMED_JOIN: Final = 36
TIMED_EVENT_WAIT: Final = 37
SEM_TRY_ACQUIRE: Final = 38
TIMED_LEAVE: Final = 39
TIMED_REACQUIRE: Final = 40

NAMES: Final = (
    "begin",
    "start",
    "join",
    "is-alive",
    "read",
    "write",
    "load",
    "store",
    "add",
    "update",
    "exchange",
    "compare-exchange",
    "await",
    "acquire",
    "release",
    "try-acquire",
    "locked",
    "wait",
    "reacquire",
    "notify",
    "set",
    "clear",
    "is-set",
    "event-wait",
    "sem-acquire",
    "sem-release",
    "arrive",
    "leave",
    "reset",
    "abort",
    "inspect",
    "point",
    "sleep",
    "choose",
    "touch",
    "change",
    "timed-join",
    "timed-event-wait",
    "sem-try-acquire",
    "timed-leave",
    "timed-reacquire",
)
"""The name of each kind, by number. Numbers enter digests: they are never reused, new kinds go to the end."""

DONE: Final = 0
FAILED: Final = 1
"""What the engine decided of an operation: it took effect, or it failed (a trylock, a compare-exchange, a time-out)."""

MODIFIED: Final = 0x80
"""Set beside the outcome in an event's code where the operation modified its object; no part of the digest."""

OUTCOME: Final = 0x7F
"""The bits of an event's code that hold its outcome."""

LOCK_KINDS: Final = frozenset({ACQUIRE, RELEASE, TRY_ACQUIRE, LOCKED, WAIT, REACQUIRE, TIMED_REACQUIRE})
"""Operations on a lock, counted where a claim is made about locks taken."""
