"""The history of the calls on an object: what was asked, what was answered, and when."""

import threading
from types import TracebackType
from typing import Any

from racer.core.call import Call, Specification, check_call, check_specification
from racer.core.operation import CHANGE, TOUCH
from racer.engine import free, interpose, turnstile
from racer.engine.operand import Operand
from racer.sync.reporting import side
from racer.sync.variant import variant


class History:
    """Takes down the calls on a concurrent object, to be held against its sequential specification.

    ``with history.call("put", key, value) as call: call.result = table.put(key, value)``: the invocation is one
    operation, which reads, and the response one that modifies. So which call ended before which began is decided by the
    schedule, and `verify` executes every such order. A call whose block raises, or never ends, stays pending: it may
    have taken effect or not. What an exception answers is a result like others: assign it.

    At the end of every execution it is judged whether some order of the calls explains their results; if not, that is
    a finding `linearizable`. A history that cannot be judged within the bound of `racer.linearize` makes the verdict
    UNKNOWN. Free runs are judged, too. `specification` is as told at `racer.Specification`; `calls` are the calls in
    the order of their invocations.
    """

    __slots__ = ()

    calls: list[Call]
    specification: Specification

    def __new__(cls, specification: Specification, name: str | None = None) -> "History":
        """Return the history for where it is made."""
        return object.__new__(variant(cls, History, ControlledHistory, FreeHistory))  # type: ignore[no-any-return]

    def __init__(self, specification: Specification, name: str | None = None) -> None:
        raise NotImplementedError  # __new__ has made one of the two below

    @property
    def shown_name(self) -> str:
        """The name it was given, or its type and number."""
        raise NotImplementedError

    def call(self, name: str, *args: Any) -> "Span":
        """Return what is to be entered for a call, one that the specification knows."""
        check_call(self.specification, name)
        return Span(self, Call(name, args))

    def invoked(self, call: Call) -> None:
        """Take down that a call begins."""
        raise NotImplementedError

    def responded(self, call: Call) -> None:
        """Take down that a call has its result."""
        raise NotImplementedError


class Span:
    """A call while it lasts."""

    __slots__ = ("_call", "_history")

    def __init__(self, history: History, call: Call) -> None:
        self._history = history
        self._call = call

    def __enter__(self) -> Call:
        """Invoke the call."""
        self._history.invoked(self._call)
        here = side(self._call.name)
        self._call.place, self._call.stack = here.place, here.stack
        return self._call

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Respond, unless the block raised: then nobody knows what became of the call."""
        if kind is None:
            self._history.responded(self._call)


class ControlledHistory(Operand, History):
    """A history of a controlled execution: moments are steps."""

    __slots__ = ("calls", "specification")

    def __init__(self, specification: Specification, name: str | None = None) -> None:
        check_specification(specification)
        run = turnstile.running()
        assert run is not None
        Operand.__init__(self, run, name)
        self.specification = specification
        self.calls: list[Call] = []
        run.histories = [*(run.histories or ()), self]

    def invoked(self, call: Call) -> None:
        run = self.run
        run.read(TOUCH, self)
        if run.recorder is not None:
            run.recorder.what(f"invoke {call}".removesuffix(" pending"))
        me = run.current
        call.thread, call.thread_number = me.shown_name, me.thread_number
        call.invoked = len(run.order) - 1
        self.calls.append(call)

    def responded(self, call: Call) -> None:
        run = self.run
        run.modify(CHANGE, self)
        call.responded = len(run.order) - 1
        if run.recorder is not None:
            run.recorder.what(f"respond {call}")


class FreeHistory(History):
    """A history outside controlled executions: moments are counted under a lock, which orders nothing of the calls."""

    __slots__ = ("_guard", "_moment", "_name", "calls", "specification")

    def __init__(self, specification: Specification, name: str | None = None) -> None:
        check_specification(specification)
        self.specification = specification
        self.calls: list[Call] = []
        self._name = name
        self._guard = threading.Lock()
        self._moment = 0
        free.keep(self)

    @property
    def shown_name(self) -> str:
        return self._name or "history"

    def invoked(self, call: Call) -> None:
        call.thread = threading.current_thread().name
        with self._guard:
            call.invoked = self._moment
            self._moment += 1
            self.calls.append(call)
        if interpose.hook is not None:
            interpose.hook()

    def responded(self, call: Call) -> None:
        if interpose.hook is not None:
            interpose.hook()
        with self._guard:
            call.responded = self._moment
            self._moment += 1
