"""What is taken down of one execution while it runs: for its detectors, for its proof, or every event richly."""

import sys
from types import CodeType
from typing import TYPE_CHECKING

from racer.core.errors import UsageError
from racer.core.operation import NAMES
from racer.core.record import FIELD, RESOURCE, VARIABLE, Life, Place, Record
from racer.core.trace import Event, Trace
from racer.engine import where

if TYPE_CHECKING:
    from racer.engine.operand import Operand
    from racer.engine.thread_state import ThreadState
    from racer.engine.turnstile import Turnstile

_LONGEST_VALUE = 80
_NOT_PLACED = frozenset({VARIABLE, FIELD, RESOURCE})
"""Of these it is not taken down where they were made: there are many, and nobody asks."""


class Watch:
    """Looks only for what must not happen: what the second run of a checked execution goes with."""

    rich = False
    """Whether everything that can be told is to be taken down, however long that takes."""

    def stuck(self, run: "Turnstile") -> None:
        """Take note that no thread can go on, and some have not ended."""

    def begin(self, run: "Turnstile") -> None:
        """Take note of the execution that is to be watched."""

    def made(self, operand: "Operand") -> None:
        """Take note of an object that has just got its number."""

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


class Tape(Watch):
    """Takes down what detectors judge: the place of each step and the objects, as cheaply as can be.

    With `looks` it looks for what must not happen, too.
    """

    def __init__(self, *, looks: bool = False) -> None:
        self._looks = looks
        self._own = where.own_globals()
        self._codes: list[CodeType] = []
        self._instructions: list[int] = []
        self.things: list[Operand] = []
        self._makers: list[int] = []
        self._made_at: dict[int, where.Place] = {}
        self._stuck: dict[int, tuple[Place, ...]] = {}
        self._record: Record | None = None

    def step(self, me: "ThreadState") -> None:
        """Take down where the step that has just got its number is.

        The frames of racer's own, at least three, are told by their globals. Below every thread there is threading.
        """
        frame = sys._getframe(3)
        own = self._own
        while id(frame.f_globals) in own:
            frame = frame.f_back  # type: ignore[assignment]  # never None before threading's own
        code = frame.f_code
        while code.co_name in where.ACCESSORS:
            frame = frame.f_back  # type: ignore[assignment]
            code = frame.f_code
        self._codes.append(code)
        self._instructions.append(frame.f_lasti)
        if self._looks and where.in_finalizer(frame):
            refuse_finalizer(me.run)

    def made(self, operand: "Operand") -> None:
        """Keep an object; of one that threads wait for also the place where it is made."""
        self.things.append(operand)
        self._makers.append(operand.run.current.thread_number)
        if operand.sort not in _NOT_PLACED:
            self._made_at[operand.number] = where.place_of(sys._getframe(1))

    def place(self, step: int) -> Place:
        """Return the place of a step."""
        return where.Place(self._codes[step], self._instructions[step])

    def stack(self, step: int) -> tuple[Place, ...]:  # noqa: ARG002  (a recorder knows it)
        """Return the places of the callers: they are not known."""
        return ()

    def made_at(self, number: int) -> Place:
        """Return the place where an object that is no variable was made."""
        return self._made_at[number]

    def made_by(self, number: int) -> int:
        """Return the instruction there that made it: one line may make several."""
        return self._made_at[number].instruction

    def stuck(self, run: "Turnstile") -> None:
        """Take down where the threads stand that can never go on."""
        frames = sys._current_frames()
        for thread in run.threads:
            if thread.started and not thread.ended:
                self._stuck[thread.thread_number] = where.stack_of(frames[thread.ident])

    def waits_at(self, thread: int) -> tuple[Place, ...]:
        """Return where a blocked thread stands, and its callers; nothing for another one."""
        return self._stuck.get(thread, ())

    def record(self, run: "Turnstile") -> Record:
        """Return what the detectors are to judge of an execution that has ended."""
        if self._record is not None:
            return self._record
        self._record = Record(
            order=run.order,
            codes=run.codes,
            also=run.also,
            values=run.values,
            things=self.things,
            threads=[_life(thread) for thread in run.threads],
            complete=not (run.enabled or run.cut),
            place=self.place,
            stack=self.stack,
            made_at=self.made_at,
            made_by=self.made_by,
            waits_at=self.waits_at,
            makers=self._makers,
            findings=run.findings,
        )
        return self._record


def _life(thread: "ThreadState") -> Life:
    blocked = thread.started and not thread.ended and thread.thread_number not in thread.run.enabled
    waits = (thread.kind, thread.operand.number) if blocked else None
    return Life(thread.shown_name, thread.number, thread.daemon, thread.started, thread.ended, waits)


class Recorder(Tape):
    """Takes down each step as it is executed. Exploration goes without: this costs several microseconds a step."""

    rich = True

    def __init__(self) -> None:
        Tape.__init__(self)
        self._steps: list[tuple[ThreadState, int, object, str, tuple[where.Place, ...]]] = []
        self._failed: set[int] = set()
        self._values: dict[int, str] = {}
        self._whats: dict[int, str] = {}

    def step(self, me: "ThreadState") -> None:
        """Take down the step that has just got its number."""
        frame = sys._getframe(1)
        if where.in_finalizer(frame):
            refuse_finalizer(me.run)
        self._steps.append((me, me.kind, me.operand.number, me.operand.shown_name, where.stack_of(frame)))

    def place(self, step: int) -> Place:
        """Return the place of a step."""
        return self._steps[step][4][0]

    def stack(self, step: int) -> tuple[Place, ...]:
        """Return the places of the callers of a step's place, innermost first."""
        return self._steps[step][4][1:]

    def last(self, thread: int, number: int, before: int) -> tuple[int, str] | None:
        """Return the last step before `before` in which a thread did something to an object, and for what."""
        for step in range(before - 1, -1, -1):
            me, _, of, _, _ = self._steps[step]
            if of == number and me.thread_number == thread:
                return step, self._whats.get(step, "")
        return None

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
                step in self._failed, self._whats.get(step, ""), self._values.get(step), stack[0](),
            )
            for step, (me, kind, number, name, stack) in enumerate(self._steps)
        )  # fmt: skip


class Ledger(Watch):
    """Keeps what is needed to tell how a compare-exchange would have ended at another place of the execution."""

    def __init__(self, *, looks: bool = False) -> None:
        self._looks = looks
        self._order: list[int] = []
        self.values_before: dict[int, object] = {}
        self.values_expected: dict[int, object] = {}

    def begin(self, run: "Turnstile") -> None:
        """Take note of where the steps are counted."""
        self._order = run.order

    def step(self, me: "ThreadState") -> None:
        """Look, if asked to, for what must not happen."""
        if self._looks and where.in_finalizer(sys._getframe(1)):
            refuse_finalizer(me.run)

    def _index(self) -> int:
        return len(self._order) - 1

    def before(self, value: object) -> None:
        """Note the value that the last step's atomic had before it."""
        self.values_before[self._index()] = value

    def expected(self, value: object) -> None:
        """Note the value that the last step's compare-exchange asked for."""
        self.values_expected[self._index()] = value


class TapedLedger(Tape, Ledger):
    """Keeps both: an execution of a proof that detectors judge."""

    def __init__(self, *, looks: bool = False) -> None:
        Ledger.__init__(self)
        Tape.__init__(self, looks=looks)

    begin = Ledger.begin
    before = Ledger.before
    expected = Ledger.expected


def refuse_finalizer(run: "Turnstile") -> None:
    """Fail an execution in which a `__del__` performed an operation; it goes on: a finalizer cannot be unwound."""
    run.error = run.error or UsageError(
        "an operation inside __del__: when a finalizer runs is not for a schedule to decide; release things explicitly"
    )
