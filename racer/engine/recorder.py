"""The rich record of one execution: every event with its place and value."""

import sys
from typing import TYPE_CHECKING

from racer.core.errors import UsageError
from racer.core.operation import NAMES
from racer.core.trace import Event, Trace
from racer.engine import where

if TYPE_CHECKING:
    from racer.engine.thread_state import ThreadState
    from racer.engine.turnstile import Turnstile

_LONGEST_VALUE = 80


class Watch:
    """Looks only for what must not happen: what the second run of a checked execution goes with."""

    def step(self, me: "ThreadState") -> None:
        """Look at the step that has just got its number."""
        if where.in_finalizer(sys._getframe(1)):
            refuse_finalizer(me.run)

    def failed(self) -> None:
        """Do nothing: nothing is recorded."""

    def value(self, value: object) -> None:
        """Do nothing: nothing is recorded."""

    def before(self, value: object) -> None:
        """Do nothing: nothing is recorded."""

    def expected(self, value: object) -> None:
        """Do nothing: nothing is recorded."""

    def what(self, text: str) -> None:
        """Do nothing: nothing is recorded."""


class Recorder(Watch):
    """Takes down each step as it is executed. Exploration goes without: this costs several microseconds a step."""

    def __init__(self) -> None:
        self._steps: list[tuple[ThreadState, int, object, str, where.Place]] = []
        self._failed: set[int] = set()
        self._values: dict[int, str] = {}
        self._whats: dict[int, str] = {}

    def step(self, me: "ThreadState") -> None:
        """Take down the step that has just got its number."""
        frame = sys._getframe(1)
        if where.in_finalizer(frame):
            refuse_finalizer(me.run)
        place = where.place_of(frame)
        self._steps.append((me, me.kind, me.operand.number, me.operand.shown_name, place))

    def failed(self) -> None:
        """Mark the last step's operation as failed."""
        self._failed.add(len(self._steps) - 1)

    def value(self, value: object) -> None:
        """Note the value that the last step read or wrote."""
        shown = self._steps[-1][0].run.show(value)
        self._values[len(self._steps) - 1] = (
            shown if len(shown) <= _LONGEST_VALUE else shown[: _LONGEST_VALUE - 3] + "..."
        )

    def what(self, text: str) -> None:
        """Note what the last step's operation was for."""
        self._whats[len(self._steps) - 1] = text

    def trace(self) -> Trace:
        """Return all that was taken down."""
        return tuple(
            Event(
                step, me.thread_number, me.shown_name, NAMES[kind], number, name,  # type: ignore[arg-type]
                step in self._failed, self._whats.get(step, ""), self._values.get(step), place(),
            )
            for step, (me, kind, number, name, place) in enumerate(self._steps)
        )  # fmt: skip


class Ledger(Watch):
    """Keeps what is needed to tell how a compare-exchange would have ended at another place of the execution."""

    def __init__(self, *, looks: bool = False) -> None:
        self._looks = looks
        self._last: list[int] | None = None
        self.values_before: dict[int, object] = {}
        self.values_expected: dict[int, object] = {}

    def step(self, me: "ThreadState") -> None:
        """Take note of where the steps are counted; look, if asked to, for what must not happen."""
        self._last = me.run.order
        if self._looks and where.in_finalizer(sys._getframe(1)):
            refuse_finalizer(me.run)

    def _index(self) -> int:
        assert self._last is not None
        return len(self._last) - 1

    def before(self, value: object) -> None:
        """Note the value that the last step's atomic had before it."""
        self.values_before[self._index()] = value

    def expected(self, value: object) -> None:
        """Note the value that the last step's compare-exchange asked for."""
        self.values_expected[self._index()] = value


def refuse_finalizer(run: "Turnstile") -> None:
    """Fail an execution in which a `__del__` performed an operation; it goes on: a finalizer cannot be unwound."""
    run.error = run.error or UsageError(
        "an operation inside __del__: when a finalizer runs is not for a schedule to decide; release things explicitly"
    )
