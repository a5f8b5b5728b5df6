"""Barriers."""

import threading
from collections.abc import Callable
from threading import BrokenBarrierError as BrokenBarrierError  # noqa: PLC0414  (exported as racer's own)

from racer.core.operation import ABORT, ARRIVE, DONE, FAILED, INSPECT, LEAVE, RESET, TIMED_LEAVE
from racer.core.record import BARRIER
from racer.engine import interpose, turnstile
from racer.engine.operand import Operand
from racer.engine.thread_state import ThreadState
from racer.sync.variant import variant


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
        return object.__new__(variant(cls, Barrier, ControlledBarrier, FreeBarrier))  # type: ignore[no-any-return]

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

    __slots__ = ("arrived", "broken", "full", "left")

    def __init__(self) -> None:
        self.arrived = 0
        self.left = 0
        self.full = False
        self.broken = False


class ControlledBarrier(Operand, Barrier):
    """A barrier of a controlled execution.

    `_round` is the one that fills; `_leaving` are those that are complete and not yet left by all; `_acting` is the
    one among them whose action runs.
    """

    __slots__ = ("_acting", "_action", "_leaving", "_parties", "_round", "_timeout", "size")

    sort = BARRIER

    def __init__(
        self,
        parties: int,
        action: Callable[[], object] | None = None,
        timeout: float | None = None,
        name: str | None = None,
    ) -> None:
        if parties < 1:
            raise ValueError("parties must be >= 1")
        run = turnstile.running()
        assert run is not None  # __new__ saw it
        Operand.__init__(self, run, name)
        self._parties = self.size = parties
        self._action = action
        self._timeout = timeout
        self._round = _Round()
        self._leaving: list[_Round] = []
        self._acting: _Round | None = None

    def admits(self, thread: ThreadState) -> bool:
        """Return whether the thread's round is full or broken."""
        assert thread.predicate is not None  # set by wait
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
        if last:
            self._round = _Round()
            self._leaving.append(mine)
            mine.full = self._action is None
        run.did_modify(me, self)
        if last and self._action is not None:
            self._act(mine)
        else:
            self._leave(mine, timeout)
        return index

    def _act(self, mine: _Round) -> None:
        """Run the action; its end, well or not, is an operation that lets the others go."""
        assert self._action is not None  # the caller looked
        self._acting = mine
        try:
            self._action()
        except Exception:
            me = self.run.reach(ABORT, self)
            mine.broken = self._round.broken = True
            self._left(mine)
            self.run.did_modify(me, self)
            raise
        finally:
            self._acting = None
        me = self.run.reach(LEAVE, self)
        mine.full = True
        self._left(mine)
        self.run.did_modify(me, self, FAILED if mine.broken else DONE)
        if mine.broken:
            raise BrokenBarrierError

    def _leave(self, mine: _Round, timeout: float | None) -> None:
        run = self.run
        run.current.predicate = lambda: mine.full or mine.broken
        deadline = run.clock + max(timeout or 0, 0)
        me = run.await_turn(LEAVE, self, self) if timeout is None else run.reach(TIMED_LEAVE, self)
        if mine.full and not mine.broken:
            self._left(mine)
            run.did_read(me, self)
            return
        timed_out = not mine.broken
        if timed_out:
            mine.broken = True
            if mine not in self._leaving:
                self._round.broken = True
            run.did_modify(me, self, FAILED)
            run.timed_out(me, deadline)
        else:
            run.did_read(me, self, FAILED)
        self._left(mine)
        raise BrokenBarrierError

    def _left(self, mine: _Round) -> None:
        mine.left += 1
        if mine.left == self._parties and mine in self._leaving:
            self._leaving.remove(mine)

    def reset(self) -> None:
        run = self.run
        me = run.reach(RESET, self)
        if self._round.arrived or self._round.broken:
            self._round.broken = True
            self._round = _Round()
        run.did_modify(me, self)

    def abort(self) -> None:
        run = self.run
        me = run.reach(ABORT, self)
        for each in (self._round, *self._leaving):
            each.broken = True
        run.did_modify(me, self)

    @property
    def parties(self) -> int:
        return self._parties

    @property
    def n_waiting(self) -> int:
        self.run.read(INSPECT, self)
        filling = self._acting or self._round
        return 0 if filling.broken else filling.arrived  # not who has left: to leave is only a read

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
        if interpose.hook is not None:
            interpose.hook()
        self._real.reset()

    def abort(self) -> None:
        if interpose.hook is not None:
            interpose.hook()
        self._real.abort()

    @property
    def parties(self) -> int:
        return self._real.parties

    @property
    def n_waiting(self) -> int:
        if interpose.hook is not None:
            interpose.hook()
        return self._real.n_waiting

    @property
    def broken(self) -> bool:
        if interpose.hook is not None:
            interpose.hook()
        return self._real.broken
