"""Semaphores."""

import threading
from types import TracebackType

from racer.core.operation import FAILED, SEM_ACQUIRE, SEM_RELEASE, SEM_TRY_ACQUIRE
from racer.core.record import SEMAPHORE
from racer.engine import interpose, turnstile
from racer.engine.operand import Operand
from racer.engine.thread_state import ThreadState
from racer.sync.variant import variant


class Semaphore:
    """A semaphore, as threading.Semaphore. Acquire and release modify; an acquire that fails only reads."""

    __slots__ = ()

    def __new__(cls, value: int = 1, name: str | None = None) -> "Semaphore":
        """Return the semaphore for where it is made."""
        return object.__new__(variant(cls, Semaphore, ControlledSemaphore, FreeSemaphore))  # type: ignore[no-any-return]

    def __init__(self, value: int = 1, name: str | None = None) -> None:
        raise NotImplementedError  # __new__ has made one of those below

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        """Take one; return whether it was taken."""
        raise NotImplementedError

    def release(self, n: int = 1) -> None:
        """Give back n."""
        raise NotImplementedError

    def __enter__(self) -> bool:
        """Take one."""
        return self.acquire()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Give it back."""
        self.release()


class BoundedSemaphore(Semaphore):
    """A semaphore that may not be released above its initial value: ValueError."""

    __slots__ = ()

    def __new__(cls, value: int = 1, name: str | None = None) -> "BoundedSemaphore":
        """Return the semaphore for where it is made."""
        return object.__new__(variant(cls, BoundedSemaphore, ControlledBoundedSemaphore, FreeBoundedSemaphore))  # type: ignore[no-any-return]


class ControlledSemaphore(Operand, Semaphore):
    """A semaphore of a controlled execution."""

    __slots__ = ("_most", "_value", "size")

    sort = SEMAPHORE

    def __init__(self, value: int = 1, name: str | None = None) -> None:
        if value < 0:
            raise ValueError("semaphore initial value must be >= 0")
        run = turnstile.running()
        assert run is not None
        Operand.__init__(self, run, name)
        self._value = self.size = value
        self._most: int | None = None

    def admits(self, thread: ThreadState) -> bool:
        """Return whether one is left."""
        return self._value > 0

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        if not blocking and timeout is not None:
            raise ValueError("can't specify timeout for non-blocking acquire")
        run = self.run
        if blocking and timeout is None:
            me = run.await_turn(SEM_ACQUIRE, self, self)
            self._value -= 1
            run.did_modify(me, self)
            return True
        deadline = run.clock + max(timeout or 0, 0)
        me = run.reach(SEM_TRY_ACQUIRE, self)
        if self._value > 0:
            self._value -= 1
            run.did_modify(me, self)
            return True
        run.did_read(me, self, FAILED)
        if blocking:
            run.timed_out(me, deadline)
        return False

    def release(self, n: int = 1) -> None:
        if n < 1:
            raise ValueError("n must be one or more")
        run = self.run
        me = run.reach(SEM_RELEASE, self)
        over = self._most is not None and self._value + n > self._most
        if not over:
            self._value += n
        run.did_modify(me, self, over and FAILED)
        if over:
            raise ValueError("Semaphore released too many times")


class ControlledBoundedSemaphore(ControlledSemaphore, BoundedSemaphore):
    """A bounded semaphore of a controlled execution."""

    __slots__ = ()

    def __init__(self, value: int = 1, name: str | None = None) -> None:
        ControlledSemaphore.__init__(self, value, name)
        self._most = value


class FreeSemaphore(Semaphore):
    """A semaphore outside controlled executions."""

    __slots__ = ("_real",)

    def __init__(self, value: int = 1, name: str | None = None) -> None:
        self._real = threading.Semaphore(value)

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        if interpose.hook is not None:
            interpose.hook()
        return self._real.acquire(blocking, timeout)

    def release(self, n: int = 1) -> None:
        if interpose.hook is not None:
            interpose.hook()
        self._real.release(n)


class FreeBoundedSemaphore(FreeSemaphore, BoundedSemaphore):
    """A bounded semaphore outside controlled executions."""

    __slots__ = ()

    def __init__(self, value: int = 1, name: str | None = None) -> None:
        self._real = threading.BoundedSemaphore(value)
