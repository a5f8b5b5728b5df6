"""Mutual exclusion: Lock, RLock, SpinLock, and what must not be done under the last."""

import threading
from types import TracebackType

from racer.core.operation import ACQUIRE, CHANGE, FAILED, INSPECT, LOCKED, RELEASE, TOUCH, TRY_ACQUIRE
from racer.core.record import LOCK, RLOCK, SPINLOCK
from racer.engine import interpose, turnstile
from racer.engine.operand import Operand
from racer.engine.thread_state import ThreadState
from racer.sync import spinning
from racer.sync.variant import variant


class Lock:
    """A lock, as threading.Lock: any thread may release it.

    One made with `initialised=False` takes nothing and excludes nobody until its `init`, as memory that should be a
    lock and is not one yet; the detector `uninitialised-lock` finds uses before. Each use of such a lock begins with an
    operation that looks at that.

    Acquire and release are one operation each and modify; a failed non-blocking acquire only reads; a blocked acquire
    is no operation but a thread that is not enabled. An acquire with a timeout may time out whenever the schedule
    says so while the lock is held.
    """

    __slots__ = ()

    def __new__(cls, name: str | None = None, *, initialised: bool = True) -> "Lock":
        """Return the lock for where it is made."""
        return object.__new__(variant(cls, Lock, ControlledLock, FreeLock))  # type: ignore[no-any-return]

    def __init__(self, name: str | None = None, *, initialised: bool = True) -> None:
        raise NotImplementedError  # __new__ has made one of the two below

    def init(self) -> None:
        """Initialise a lock that was made with `initialised=False`, once: one operation, which modifies."""
        raise NotImplementedError

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock; return whether it was taken."""
        raise NotImplementedError

    def release(self) -> None:
        """Release the lock; RuntimeError if it is not held."""
        raise NotImplementedError

    def locked(self) -> bool:
        """Return whether the lock is held."""
        raise NotImplementedError

    def __enter__(self) -> bool:
        """Acquire."""
        return self.acquire()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Release."""
        self.release()


def check_timeout(blocking: bool, timeout: float) -> None:
    """Refuse what threading refuses."""
    if not blocking and timeout != -1:
        raise ValueError("can't specify a timeout for a non-blocking call")
    if timeout < 0 and timeout != -1:
        raise ValueError("timeout value must be a non-negative number")


class ControlledLock(Operand, Lock):
    """A lock of a controlled execution. `owner` is the thread that acquired it last, `size` 0 if it was made unfit."""

    __slots__ = ("owner", "ready", "size")

    sort = LOCK

    def __init__(self, name: str | None = None, *, initialised: bool = True) -> None:
        run = turnstile.running()
        assert run is not None
        self.ready = initialised
        self.size = int(initialised)
        Operand.__init__(self, run, name)
        self.owner: ThreadState | None = None

    def init(self) -> None:
        self.run.modify(CHANGE, self)
        if self.ready:
            raise RuntimeError("a lock is initialised once")
        self.ready = True

    def _unfit(self, kind: int) -> bool:
        """Look at a lock that was not made fit, which is an operation of its own; return whether it still is not."""
        self.run.read(kind, self)
        return not self.ready

    def admits(self, thread: ThreadState) -> bool:
        """Return whether the lock is free."""
        return self.owner is None

    def holders(self, thread: ThreadState) -> list[ThreadState]:
        """Return the owner."""
        return [] if self.owner is None else [self.owner]

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if not self.size and self._unfit(TOUCH):
            return True
        if not blocking or timeout != -1:
            return self._try(blocking, timeout)
        run = self.run
        me = run.await_turn(ACQUIRE, self, self)
        self.owner = me
        run.did_modify(me, self)
        return True

    def _try(self, blocking: bool, timeout: float) -> bool:
        check_timeout(blocking, timeout)
        run = self.run
        deadline = run.clock + timeout
        me = run.reach(TRY_ACQUIRE, self)
        if self.owner is None:
            self.owner = me
            run.did_modify(me, self)
            return True
        run.did_read(me, self, FAILED)
        if blocking:
            run.timed_out(me, deadline)
        return False

    def release(self) -> None:
        if not self.size and self._unfit(INSPECT):
            return
        run = self.run
        me = run.reach(RELEASE, self)
        if self.owner is None:
            run.did_read(me, self, FAILED)
            raise RuntimeError("release unlocked lock")
        self.owner = None
        run.did_modify(me, self)

    def locked(self) -> bool:
        self.run.read(LOCKED, self)
        return self.owner is not None


class FreeLock(Lock):
    """A lock outside controlled executions."""

    __slots__ = ("ready", "real")

    def __init__(self, name: str | None = None, *, initialised: bool = True) -> None:
        self.real = threading.Lock()
        self.ready = initialised

    def init(self) -> None:
        if self.ready:
            raise RuntimeError("a lock is initialised once")
        self.ready = True

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if interpose.hook is not None:
            interpose.hook()
        return self.real.acquire(blocking, timeout) if self.ready else True

    def release(self) -> None:
        if interpose.hook is not None:
            interpose.hook()
        if self.ready:
            self.real.release()

    def locked(self) -> bool:
        if interpose.hook is not None:
            interpose.hook()
        return self.real.locked()


class SpinLock(Lock):
    """A lock under which nothing may sleep: `may_sleep` while it is held is a finding `atomic-sleep`."""

    __slots__ = ()

    def __new__(cls, name: str | None = None, *, initialised: bool = True) -> "SpinLock":
        """Return the lock for where it is made."""
        return object.__new__(variant(cls, SpinLock, ControlledSpinLock, FreeSpinLock))  # type: ignore[no-any-return]


class ControlledSpinLock(ControlledLock, SpinLock):
    """A spinlock of a controlled execution."""

    __slots__ = ()

    sort = SPINLOCK

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        got = ControlledLock.acquire(self, blocking, timeout)
        if got and self.owner is not None:
            spinning.took(self.run.current, self.shown_name)
        return got

    def release(self) -> None:
        owner = self.owner
        ControlledLock.release(self)
        if owner is not None:
            spinning.gave_back(owner, self.shown_name)


class FreeSpinLock(FreeLock, SpinLock):
    """A spinlock outside controlled executions."""

    __slots__ = ("_name",)

    def __init__(self, name: str | None = None, *, initialised: bool = True) -> None:
        FreeLock.__init__(self, name, initialised=initialised)
        self._name = name or "spinlock"

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        got = FreeLock.acquire(self, blocking, timeout)
        if got:
            spinning.free_holds().append(self._name)
        return got

    def release(self) -> None:
        FreeLock.release(self)
        held = spinning.free_holds()
        if self._name in held:
            held.remove(self._name)


class RLock(Lock):
    """A reentrant lock, as threading.RLock; only the outermost acquire and release are operations."""

    __slots__ = ()

    def __new__(cls, name: str | None = None) -> "RLock":
        """Return the lock for where it is made."""
        return object.__new__(variant(cls, RLock, ControlledRLock, FreeRLock))  # type: ignore[no-any-return]


class ControlledRLock(ControlledLock, RLock):
    """A reentrant lock of a controlled execution."""

    __slots__ = ("depth",)

    sort = RLOCK

    def __init__(self, name: str | None = None) -> None:
        ControlledLock.__init__(self, name)
        self.depth = 0

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        check_timeout(blocking, timeout)
        self.run.check_caller()
        if self.owner is self.run.current:
            self.depth += 1
            return True
        got = ControlledLock.acquire(self, blocking, timeout)
        if got:
            self.depth = 1
        return got

    def release(self) -> None:
        self.run.check_caller()
        if self.owner is not self.run.current:
            raise RuntimeError("cannot release un-acquired lock")
        if self.depth > 1:
            self.depth -= 1
            return
        ControlledLock.release(self)
        self.depth = 0


class FreeRLock(RLock):
    """A reentrant lock outside controlled executions."""

    __slots__ = ("real",)

    def __init__(self, name: str | None = None) -> None:
        self.real = threading.RLock()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if interpose.hook is not None:
            interpose.hook()
        return self.real.acquire(blocking, timeout)

    def release(self) -> None:
        if interpose.hook is not None:
            interpose.hook()
        self.real.release()

    def locked(self) -> bool:
        if interpose.hook is not None:
            interpose.hook()
        if self.real._is_owned():  # type: ignore[attr-defined]  # what threading.Condition asks, too
            return True
        got = self.real.acquire(blocking=False)
        if got:
            self.real.release()
        return not got
