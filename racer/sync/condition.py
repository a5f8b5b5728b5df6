"""Condition variables."""

import threading
from collections.abc import Callable
from types import TracebackType

from racer.core.errors import UsageError
from racer.core.operation import FAILED, NOTIFY, REACQUIRE, TIMED_REACQUIRE, WAIT
from racer.core.record import CONDITION
from racer.engine import interpose, turnstile
from racer.engine.operand import Operand
from racer.engine.thread_state import ThreadState
from racer.sync.lock import ControlledLock, ControlledRLock, FreeLock, FreeRLock, Lock, RLock
from racer.sync.variant import variant


class Condition:
    """A condition variable, as threading.Condition, over the given Lock or RLock or an RLock of its own.

    `wait` is two operations: release-and-queue, then re-acquire, which can be executed when notified and the lock is
    free. Threads are woken first come, first served; there are no spurious wake-ups. A wait with a timeout may end
    without a notification whenever the schedule says so.
    """

    __slots__ = ()

    def __new__(cls, lock: Lock | None = None, name: str | None = None) -> "Condition":
        """Return the condition for where it is made."""
        return object.__new__(variant(cls, Condition, ControlledCondition, FreeCondition))  # type: ignore[no-any-return]

    def __init__(self, lock: Lock | None = None, name: str | None = None) -> None:
        raise NotImplementedError  # __new__ has made one of the two below

    def _lock_of(self) -> Lock:
        raise NotImplementedError

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock."""
        return self._lock_of().acquire(blocking, timeout)

    def release(self) -> None:
        """Release the lock."""
        self._lock_of().release()

    def __enter__(self) -> bool:
        """Take the lock."""
        return self._lock_of().acquire()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Release the lock."""
        self._lock_of().release()

    def wait(self, timeout: float | None = None) -> bool:
        """Release the lock, wait to be notified, take it again; return False if time ran out."""
        raise NotImplementedError

    def wait_for(self, predicate: Callable[[], bool], timeout: float | None = None) -> bool:
        """Wait until the predicate holds (called with the lock held); return its last value."""
        result = predicate()
        while not result:
            notified = self.wait(timeout)
            result = predicate()
            if not notified:
                break
        return result

    def notify(self, n: int = 1) -> None:
        """Wake the n threads that have waited longest."""
        raise NotImplementedError

    def notify_all(self) -> None:
        """Wake every thread that waits."""
        raise NotImplementedError


class ControlledCondition(Operand, Condition):
    """A condition variable of a controlled execution."""

    __slots__ = ("_lock", "_timed", "_waiters")

    sort = CONDITION

    def __init__(self, lock: Lock | None = None, name: str | None = None) -> None:
        run = turnstile.running()
        assert run is not None
        Operand.__init__(self, run, name)
        given = RLock() if lock is None else lock
        if not isinstance(given, ControlledLock):
            raise UsageError(f"a Condition needs a racer.Lock or RLock made in this execution, got {given!r}")
        self._lock = given
        self._waiters: list[ThreadState] = []
        self._timed: set[int] = set()

    def _lock_of(self) -> Lock:
        return self._lock

    @property
    def lock_of_wait(self) -> ControlledLock:
        """The second object of a wait's operations."""
        return self._lock

    def admits(self, thread: ThreadState) -> bool:
        """Return whether a waiting thread can take the lock again."""
        return self._lock.owner is None and (thread.notified or thread.thread_number in self._timed)

    def holders(self, thread: ThreadState) -> list[ThreadState]:
        """Return the lock's owner, if it is the lock that is missing."""
        return self._lock.holders(thread) if thread.notified else []

    def wait(self, timeout: float | None = None) -> bool:
        run, lock = self.run, self._lock
        run.check_caller()
        if lock.owner is not run.current:
            raise RuntimeError("cannot wait on un-acquired lock")
        me = run.reach(WAIT, self)
        depth = lock.depth if isinstance(lock, ControlledRLock) else 1
        lock.owner = None
        me.notified = False
        self._waiters.append(me)
        run.did_modify(me, self)
        run.did_also_modify(me, lock)
        deadline = run.clock
        if timeout is not None:
            deadline += max(timeout, 0)
            self._timed.add(me.thread_number)
        run.await_turn(REACQUIRE if timeout is None else TIMED_REACQUIRE, self, lock)
        self._timed.discard(me.thread_number)
        lock.owner = me
        if isinstance(lock, ControlledRLock):
            lock.depth = depth
        if not me.notified:
            self._waiters.remove(me)
        run.did_modify(me, self, not me.notified and FAILED)
        run.did_also_modify(me, lock)
        if not me.notified:
            run.timed_out(me, deadline)
        return me.notified

    def notify(self, n: int = 1) -> None:
        run = self.run
        run.check_caller()
        if self._lock.owner is not run.current:
            raise RuntimeError("cannot notify on un-acquired lock")
        me = run.reach(NOTIFY, self)
        woken = self._waiters[: max(n, 0)]
        for waiter in woken:
            waiter.notified = True
        del self._waiters[: len(woken)]
        run.did_modify(me, self)
        if self._lock.pending:
            run.refresh(self._lock)

    def notify_all(self) -> None:
        self.notify(len(self.run.threads))


class FreeCondition(Condition):
    """A condition variable outside controlled executions."""

    __slots__ = ("_lock", "_real")

    def __init__(self, lock: Lock | None = None, name: str | None = None) -> None:
        given = RLock() if lock is None else lock
        if not isinstance(given, FreeLock | FreeRLock):
            raise UsageError(f"a Condition needs a racer.Lock or RLock, got {given!r}")
        self._lock = given
        self._real = threading.Condition(given.real)

    def _lock_of(self) -> Lock:
        return self._lock

    def wait(self, timeout: float | None = None) -> bool:
        if interpose.hook is not None:
            interpose.hook()
        return self._real.wait(timeout)

    def notify(self, n: int = 1) -> None:
        if interpose.hook is not None:
            interpose.hook()
        self._real.notify(n)

    def notify_all(self) -> None:
        if interpose.hook is not None:
            interpose.hook()
        self._real.notify_all()
