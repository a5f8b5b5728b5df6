"""The errors racer raises.

RacerError
    UsageError              a call that cannot be meant: says what was given and what is allowed
        ScheduleError       a schedule's text that cannot be read
    DivergenceError         a replay that could not follow its schedule
    NondeterminismError     the same seed gave two different executions
        ForeseenError       a verification met another operation than the one it had foreseen
    StallError              a thread blocked outside the turnstile
    FailureError            raised by Result.raise_on_failure()
"""

from collections.abc import Iterable

_SHOWN = 60


class RacerError(Exception):
    """The root of all errors of racer."""

    def __reduce__(self) -> tuple[object, ...]:
        """Return how to make the same error in another process: its message and fields, not its constructor."""
        return _same, (type(self), self.args, self.__dict__)


def _same(kind: type[RacerError], args: tuple[object, ...], fields: dict[str, object]) -> RacerError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(fields)
    return error


class UsageError(RacerError, ValueError):
    """A call that cannot be meant."""


class ScheduleError(UsageError):
    """A schedule's text that cannot be read."""

    def __init__(self, text: str, why: str) -> None:
        shown = text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
        super().__init__(
            f"not a schedule: {why}; got {shown!r}, expected a line printed by racer, such as 'racer1:...'"
        )
        self.text = text
        self.why = why


class DivergenceError(RacerError):
    """A replay that could not follow its schedule."""

    def __init__(self, step: int, why: str) -> None:
        super().__init__(f"the replay diverged at step {step}: {why}")
        self.step = step
        self.why = why


class NondeterminismError(RacerError):
    """The same seed gave two different executions."""

    CAUSES = (
        "usual causes: iteration over a set, id() or hash() of objects, the clock, random numbers of the subject's "
        "own, state kept from one execution to the next, a cache filled by the first execution, threads that racer "
        "did not start"
    )

    def __init__(self, seed: int, step: int, first: str, second: str) -> None:
        super().__init__(
            f"two executions with seed {seed:#x} differ at step {step}:\n"
            f"    first run:  {first}\n    second run: {second}\n{self.CAUSES}"
        )
        self.seed = seed
        self.step = step
        self.first = first
        self.second = second


class ForeseenError(NondeterminismError):
    """A verification met another operation than the one it had foreseen."""

    def __init__(self, step: int, first: str, second: str) -> None:
        RacerError.__init__(
            self,
            f"two executions that were the same up to step {step} differ there:\n"
            f"    foreseen: {first}\n    found:    {second}\n{self.CAUSES}",
        )
        self.seed = 0
        self.step = step
        self.first = first
        self.second = second


class StallError(RacerError):
    """A thread blocked outside the turnstile, or computed for too long between two operations."""

    def __init__(self, seconds: float, thread: str, stacks: Iterable[str]) -> None:
        self.stacks = tuple(stacks)
        super().__init__(
            f"no step for {seconds:g} s: {thread} has the turn and does not come to its next operation. It waits for "
            "something racer does not control (a lock of threading, time.sleep, input or output), or it loops without "
            "operations. Use racer's primitives in the code under test, or raise stall_after.\n"
            + "\n".join(self.stacks)
        )
        self.seconds = seconds
        self.thread = thread


class FailureError(RacerError, AssertionError):
    """Raised by Result.raise_on_failure(): the text shows the first finding."""


def unknown(what: str, given: object, allowed: Iterable[str]) -> UsageError:
    """Return the error for a name that is not among those allowed."""
    return UsageError(f"unknown {what} {given!r}; allowed: {', '.join(allowed)}")
