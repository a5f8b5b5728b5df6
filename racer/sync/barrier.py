"""Barriers."""

import threading
from collections.abc import Callable
from threading import BrokenBarrierError as BrokenBarrierError  # noqa: PLC0414  (exported as racer's own)

from racer.core.operation import ABORT, ARRIVE, FAILED, INSPECT, LEAVE, RESET
from racer.engine import interpose, turnstile
from racer.engine.operand import Operand
from racer.engine.thread_state import ThreadState


class Barrier:
    """A barrier, as threading.Barrier. `wait` is two operations: arrive, which modifies, and leave.

    Leave can be executed once all parties have arrived; with an action, once the last to arrive has run it and left.
    """

    __slots__ = ()

    def __new__(
        cls, parties: int, action: Callable[[], object] | None = None, timeout: float | None = None,
        name: str | None = None,
    ) -> "Barrier":  # fmt: skip
        """Return the barrier for where it is made."""
        return object.__new__(ControlledBarrier if turnstile.active() is not None else FreeBarrier)

    def __init__(
        self, parties: int, action: Callable[[], object] | None = None, timeout: float | None = None,
        name: str | None = None,
    ) -> None:  # fmt: skip
        raise NotImplementedError  # __new__ has made one of the two below

    def wait(self, timeout: float | None = None) -> int:
        """Wait for all parties; return the place in the order of arrival. BrokenBarrierError if it is broken."""
        raise NotImplementedError

    def reset(self) -> None:
        """Make it empty again; threads that wait get BrokenBarrierError."""
        raise NotImplementedError

    def abort(self) -> None:
        """Break it: who waits and who comes gets BrokenBarrierError."""
        raise NotImplementedError

    @property
    def parties(self) -> int:
        """The number of threads it takes."""
        raise NotImplementedError

    @property
    def n_waiting(self) -> int:
        """The number of threads that have arrived and wait."""
        raise NotImplementedError

    @property
    def broken(self) -> bool:
        """Whether it is broken."""
        raise NotImplementedError


class _Round:
    """One filling of a barrier."""

    __slots__ = ("arrived", "broken", "full")

    def __init__(self) -> None:
        self.arrived = 0
        self.full = False
        self.broken = False


class ControlledBarrier(Operand, Barrier):
    """A barrier of a controlled execution."""

    __slots__ = ("_action", "_parties", "_round", "_timeout")

    def __init__(
        self, parties: int, action: Callable[[], object] | None = None, timeout: float | None = None,
        name: str | None = None,
    ) -> None:  # fmt: skip
        if parties < 1:
            raise ValueError("parties must be >= 1")
        run = turnstile.running()
        assert run is not None
        Operand.__init__(self, run, name)
        self._parties = parties
        self._action = action
        self._timeout = timeout
        self._round = _Round()

    def admits(self, thread: ThreadState) -> bool:
        """Return whether the thread's round is full or broken."""
        assert thread.predicate is not None
        return thread.predicate()

    def wait(self, timeout: float | None = None) -> int:
        timeout = self._timeout if timeout is None else timeout
        run = self.run
        me = run.reach(ARRIVE, self)
        mine = self._round
        if mine.broken:
            run.did_modify(me, self, FAILED)
            raise BrokenBarrierError
        index = mine.arrived
        mine.arrived += 1
        last = mine.arrived == self._parties
        if last and self._action is None:
            self._release(mine)
        run.did_modify(me, self)
        if last and self._action is not None:
            self._act(mine)
        else:
            self._leave(mine, timeout)
        return index

    def _release(self, mine: _Round) -> None:
        mine.full = True
        if self._round is mine:
            self._round = _Round()

    def _act(self, mine: _Round) -> None:
        assert self._action is not None
        try:
            self._action()
        except Exception:
            me = self.run.reach(ABORT, self)
            mine.broken = True
            self.run.did_modify(me, self)
            raise
        me = self.run.reach(LEAVE, self)
        broken = mine.broken
        if not broken:
            self._release(mine)
        self.run.did_modify(me, self, broken and FAILED)
        if broken:
            raise BrokenBarrierError

    def _leave(self, mine: _Round, timeout: float | None) -> None:
        run = self.run
        run.current.predicate = lambda: mine.full or mine.broken
        deadline = run.clock + max(timeout or 0, 0)
        me = run.await_turn(LEAVE, self, self) if timeout is None else run.reach(LEAVE, self)
        timed_out = not (mine.full or mine.broken)
        mine.broken = mine.broken or timed_out
        run.did_modify(me, self, (not mine.full) and FAILED)
        if timed_out:
            run.timed_out(me, deadline)
        if not mine.full:
            raise BrokenBarrierError

    def _break(self, kind: int, *, anew: bool) -> None:
        run = self.run
        me = run.reach(kind, self)
        if anew and (self._round.arrived or self._round.broken):
            self._round.broken = True
            self._round = _Round()
        elif not anew:
            self._round.broken = True
        run.did_modify(me, self)

    def reset(self) -> None:
        self._break(RESET, anew=True)

    def abort(self) -> None:
        self._break(ABORT, anew=False)

    @property
    def parties(self) -> int:
        return self._parties

    @property
    def n_waiting(self) -> int:
        self.run.read(INSPECT, self)
        return self._round.arrived

    @property
    def broken(self) -> bool:
        self.run.read(INSPECT, self)
        return self._round.broken


class FreeBarrier(Barrier):
    """A barrier outside controlled executions."""

    __slots__ = ("_real",)

    def __init__(
        self, parties: int, action: Callable[[], object] | None = None, timeout: float | None = None,
        name: str | None = None,
    ) -> None:  # fmt: skip
        self._real = threading.Barrier(parties, action, timeout)  # type: ignore[arg-type]  # what it returns is ignored

    def wait(self, timeout: float | None = None) -> int:
        if interpose.hook is not None:
            interpose.hook()
        return self._real.wait(timeout)

    def reset(self) -> None:
        self._real.reset()

    def abort(self) -> None:
        self._real.abort()

    @property
    def parties(self) -> int:
        return self._real.parties

    @property
    def n_waiting(self) -> int:
        return self._real.n_waiting

    @property
    def broken(self) -> bool:
        return self._real.broken
