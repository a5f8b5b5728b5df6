"""Events."""

import threading

from racer.core.operation import CLEAR, EVENT_WAIT, FAILED, IS_SET, SET, TIMED_EVENT_WAIT
from racer.core.record import EVENT
from racer.engine import interpose, turnstile
from racer.engine.operand import Operand
from racer.engine.thread_state import ThreadState
from racer.sync.variant import variant


class Event:
    """An event, as threading.Event. `set` and `clear` always modify; `is_set` and the wait for a set event read."""

    __slots__ = ()

    def __new__(cls, name: str | None = None) -> "Event":
        """Return the event for where it is made."""
        return object.__new__(variant(cls, Event, ControlledEvent, FreeEvent))  # type: ignore[no-any-return]

    def __init__(self, name: str | None = None) -> None:
        raise NotImplementedError  # __new__ has made one of the two below

    def is_set(self) -> bool:
        """Return whether the event is set."""
        raise NotImplementedError

    def set(self) -> None:
        """Set the event: all who wait go on."""
        raise NotImplementedError

    def clear(self) -> None:
        """Reset the event."""
        raise NotImplementedError

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the event is set; return False if time ran out."""
        raise NotImplementedError


class ControlledEvent(Operand, Event):
    """An event of a controlled execution."""

    __slots__ = ("_flag",)

    sort = EVENT

    def __init__(self, name: str | None = None) -> None:
        run = turnstile.running()
        assert run is not None
        Operand.__init__(self, run, name)
        self._flag = False

    def admits(self, thread: ThreadState) -> bool:
        """Return whether the event is set."""
        return self._flag

    def is_set(self) -> bool:
        self.run.read(IS_SET, self)
        return self._flag

    def _put(self, kind: int, flag: bool) -> None:
        run = self.run
        me = run.reach(kind, self)
        self._flag = flag
        run.did_modify(me, self)

    def set(self) -> None:
        self._put(SET, flag=True)

    def clear(self) -> None:
        self._put(CLEAR, flag=False)

    def wait(self, timeout: float | None = None) -> bool:
        run = self.run
        if timeout is None:
            me = run.await_turn(EVENT_WAIT, self, self)
            run.did_read(me, self)
            return True
        deadline = run.clock + max(timeout, 0)
        me = run.reach(TIMED_EVENT_WAIT, self)
        run.did_read(me, self, not self._flag and FAILED)
        if not self._flag:
            run.timed_out(me, deadline)
            return False
        return True


class FreeEvent(Event):
    """An event outside controlled executions."""

    __slots__ = ("_real",)

    def __init__(self, name: str | None = None) -> None:
        self._real = threading.Event()

    def is_set(self) -> bool:
        if interpose.hook is not None:
            interpose.hook()
        return self._real.is_set()

    def set(self) -> None:
        if interpose.hook is not None:
            interpose.hook()
        self._real.set()

    def clear(self) -> None:
        if interpose.hook is not None:
            interpose.hook()
        self._real.clear()

    def wait(self, timeout: float | None = None) -> bool:
        if interpose.hook is not None:
            interpose.hook()
        return self._real.wait(timeout)
