"""Operations on no object: a scheduling point, a sleep, a choice; and the virtual time."""

import time as real_time

from racer.core.errors import UsageError
from racer.core.operation import POINT, SLEEP
from racer.engine import free, interpose, turnstile

_MOST_CHOICES = 1 << 64


def point(label: str | None = None) -> None:
    """Let another thread go first, perhaps: a scheduling point of its own."""
    run = turnstile.active()
    if run is None:
        if interpose.hook is not None:
            interpose.hook()
        return
    run.lone(POINT)
    if label is not None and run.recorder is not None:
        run.recorder.what(label)


def sleep(seconds: float) -> None:
    """Sleep: one operation, in virtual time inside an execution. It may end whenever the schedule says so."""
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    run = turnstile.active()
    if run is None:
        real_time.sleep(seconds)
        return
    deadline = run.clock + seconds
    me = run.lone(SLEEP)
    run.timed_out(me, deadline)


def time() -> float:
    """Return the virtual time in seconds inside an execution (it begins at 0), the monotonic clock elsewhere."""
    run = turnstile.active()
    return real_time.monotonic() if run is None else run.clock


def choose(n: int) -> int:
    """Return a number in 0..n-1 that the strategy chooses and the schedule records: one operation."""
    _check_choice(n)
    run = turnstile.active()
    return free.draw(n) if run is None else run.choose(n)


def _check_choice(n: object) -> None:
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= _MOST_CHOICES:
        raise UsageError(f"choose needs a whole number from 1 to 2**64, got {n!r}")
