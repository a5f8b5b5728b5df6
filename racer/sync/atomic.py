"""An atomic variable: every method is one operation, and a synchronisation."""

import operator
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from racer.core.operation import ADD, AWAIT, COMPARE_EXCHANGE, EXCHANGE, FAILED, LOAD, STORE, UPDATE
from racer.core.record import ATOMIC
from racer.engine import interpose, turnstile
from racer.engine.operand import Operand
from racer.engine.thread_state import ThreadState
from racer.sync.variant import variant

T = TypeVar("T")


class Atomic(Generic[T]):
    """A variable with indivisible operations. Accesses to it are never a data race.

    Functions given to `update` and `wait` are pure: they perform no operations.
    """

    __slots__ = ()

    def __new__(cls, initial: T, name: str | None = None) -> "Atomic[T]":
        """Return the variable for where it is made."""
        return object.__new__(variant(cls, Atomic, ControlledAtomic, FreeAtomic))

    def __init__(self, initial: T, name: str | None = None) -> None:
        raise NotImplementedError  # __new__ has made one of the two below

    def load(self) -> T:
        """Return the value."""
        raise NotImplementedError

    def store(self, value: T) -> None:
        """Set the value."""
        raise NotImplementedError

    def add(self, n: Any) -> T:
        """Add n; return the old value."""
        raise NotImplementedError

    def update(self, fn: Callable[[T], T]) -> T:
        """Set the value to fn of it; return the old value."""
        raise NotImplementedError

    def exchange(self, value: T) -> T:
        """Set the value; return the old one."""
        raise NotImplementedError

    def compare_exchange(self, expected: T, new: T) -> bool:
        """Set the value to `new` if it equals `expected`; return whether it did. A failed one only reads."""
        raise NotImplementedError

    def wait(self, predicate: Callable[[T], bool]) -> T:
        """Block until the predicate holds of the value and return that value: what a spin loop should be."""
        raise NotImplementedError


class ControlledAtomic(Operand, Atomic[T]):
    """An atomic variable of a controlled execution."""

    __slots__ = ("_value",)

    sort = ATOMIC

    def __init__(self, initial: T, name: str | None = None) -> None:
        run = turnstile.running()
        assert run is not None  # __new__ saw it
        Operand.__init__(self, run, name)
        self._value = initial

    def _record(self, before: object) -> None:
        recorder = self.run.recorder
        if recorder is not None:
            recorder.value(self._value)
            recorder.before(before)

    def load(self) -> T:
        self.run.read(LOAD, self)
        self._record(self._value)
        return self._value

    def _set(self, kind: int, value: T) -> T:
        run = self.run
        me = run.reach(kind, self)
        old, self._value = self._value, value
        run.did_modify(me, self)
        self._record(old)
        return old

    def store(self, value: T) -> None:
        self._set(STORE, value)

    def exchange(self, value: T) -> T:
        return self._set(EXCHANGE, value)

    def _apply(self, kind: int, fn: Callable[[T], T]) -> T:
        run = self.run
        me = run.reach(kind, self)
        old = self._value
        try:
            self._value = run.pure(fn, old)
        except BaseException:
            run.did_read(me, self, FAILED)
            raise
        run.did_modify(me, self)
        self._record(old)
        return old

    def add(self, n: Any) -> T:
        return self._apply(ADD, lambda old: old + n)

    def update(self, fn: Callable[[T], T]) -> T:
        return self._apply(UPDATE, fn)

    def compare_exchange(self, expected: T, new: T) -> bool:
        run = self.run
        me = run.reach(COMPARE_EXCHANGE, self)
        old, equal = self._value, False
        try:
            equal = bool(run.pure(operator.eq, self._value, expected))
        finally:
            if equal:
                self._value = new
                run.did_modify(me, self)
            else:
                run.did_read(me, self, FAILED)
        self._record(old)
        if run.recorder is not None:
            run.recorder.expected(expected)
        return equal

    def admits(self, thread: ThreadState) -> bool:
        """Return whether the waiting thread's predicate holds."""
        assert thread.predicate is not None  # set by wait
        return thread.predicate()

    def wait(self, predicate: Callable[[T], bool]) -> T:
        run = self.run

        def holds() -> bool:
            try:
                return bool(run.pure(predicate, self._value))
            except Exception:  # it will raise again where it belongs: in the thread that waits
                return True

        run.current.predicate = holds
        me = run.await_turn(AWAIT, self, self)
        try:
            run.pure(predicate, self._value)
        except BaseException:
            run.did_read(me, self, FAILED)
            raise
        run.did_read(me, self)
        self._record(self._value)
        return self._value


class FreeAtomic(Atomic[T]):
    """An atomic variable outside controlled executions."""

    __slots__ = ("_changed", "_value")

    def __init__(self, initial: T, name: str | None = None) -> None:
        self._value = initial
        self._changed = threading.Condition(threading.Lock())

    def load(self) -> T:
        if interpose.hook is not None:
            interpose.hook()
        return self._value

    def store(self, value: T) -> None:
        self.update(lambda _: value)

    def exchange(self, value: T) -> T:
        return self.update(lambda _: value)

    def add(self, n: Any) -> T:
        return self.update(lambda old: old + n)

    def update(self, fn: Callable[[T], T]) -> T:
        if interpose.hook is not None:
            interpose.hook()
        with self._changed:
            old = self._value
            self._value = fn(old)
            self._changed.notify_all()
        return old

    def compare_exchange(self, expected: T, new: T) -> bool:
        if interpose.hook is not None:
            interpose.hook()
        with self._changed:
            if self._value != expected:
                return False
            self._value = new
            self._changed.notify_all()
        return True

    def wait(self, predicate: Callable[[T], bool]) -> T:
        if interpose.hook is not None:
            interpose.hook()
        with self._changed:
            self._changed.wait_for(lambda: predicate(self._value))
            return self._value
