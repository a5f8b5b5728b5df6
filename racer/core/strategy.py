"""What a strategy is: the interface between the turnstile, which asks, and the strategies, which answer."""

from typing import Final, Protocol

GIVE_UP: Final = -1
"""Returned by `pick` when no thread may be chosen: the execution is abandoned (a replay that diverged)."""


class Strategy(Protocol):
    """Chooses who runs next. One object serves one campaign; `begin` is called before each execution.

    `text` names it so that with the seed it repeats an execution. With `every_step` it is
    asked at every step, otherwise only where two threads or more are enabled. It looks at nothing but what these
    methods give it: no clock, no hash order. A strategy that also has `attach(run)` is given each execution before it
    runs, and may read the pending operations of `run.threads` (`kind`, `operand`). One that also has `profiled(runs)`
    is given pilot executions that have ended before the campaign begins; what it returns is used instead of it. One
    that has `alone` knows a shorter text than its own under which its seed shows the execution begun last.
    """

    every_step: bool

    @property
    def text(self) -> str:
        """The strategy with all its parameters."""

    def begin(self, seed: int) -> None:
        """Prepare for an execution with this seed."""

    def created(self, thread: int) -> None:
        """Take note that a thread has got its number."""

    def pick(self, enabled: list[int], current: int) -> int:
        """Return the number of the thread that executes the next step, one of `enabled` (ascending, not to be kept).

        `current` is the thread that executed the last step; it need not be enabled.
        """

    def choose(self, n: int) -> int:
        """Return the result of `racer.choose(n)`, 0..n-1."""

    def yielded(self, thread: int) -> None:
        """Take note that a thread waits for time to pass (a sleep, a wait that timed out)."""
