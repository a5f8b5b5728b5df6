"""A plain shared variable: each read and each write is one operation."""

from typing import Generic, TypeVar

from racer.core.operation import READ, WRITE
from racer.core.record import VARIABLE
from racer.engine import interpose, turnstile
from racer.engine.operand import Operand
from racer.sync.variant import variant

T = TypeVar("T")


class Shared(Generic[T]):
    """A variable that threads share, as `.value`.

    `counter.value += 1` is two operations, a read and a write, and another thread may come between. `marked`
    says that unordered accesses are meant (READ_ONCE and WRITE_ONCE in kernel terms) and never a data race.
    Inside an execution it is controlled, elsewhere a plain attribute.
    """

    __slots__ = ()

    def __new__(cls, initial: T, name: str | None = None, *, marked: bool = False) -> "Shared[T]":
        """Return the variable for where it is made: controlled inside an execution, plain elsewhere."""
        return object.__new__(variant(cls, Shared, ControlledShared, FreeShared))

    def __init__(self, initial: T, name: str | None = None, *, marked: bool = False) -> None:
        raise NotImplementedError  # __new__ has made one of the two below

    @property
    def value(self) -> T:
        """The current value: reading it is one operation, assigning it is one."""
        raise NotImplementedError

    @value.setter
    def value(self, new: T) -> None:
        raise NotImplementedError


class ControlledShared(Operand, Shared[T]):
    """A shared variable of a controlled execution."""

    __slots__ = ("_value", "marked")

    sort = VARIABLE

    def __init__(self, initial: T, name: str | None = None, *, marked: bool = False) -> None:
        run = turnstile.running()
        assert run is not None
        Operand.__init__(self, run, name)
        self._value = initial
        self.marked = marked

    @property
    def value(self) -> T:
        run = self.run
        run.read(READ, self)
        if run.recorder is not None:
            run.recorder.value(self._value)
        return self._value

    @value.setter
    def value(self, new: T) -> None:
        run = self.run
        run.modify(WRITE, self)
        if run.recorder is not None:
            run.recorder.value(new)
        self._value = new


class FreeShared(Shared[T]):
    """A shared variable outside controlled executions."""

    __slots__ = ("_value",)

    def __init__(self, initial: T, name: str | None = None, *, marked: bool = False) -> None:
        self._value = initial

    @property
    def value(self) -> T:
        if interpose.hook is not None:
            interpose.hook()
        return self._value

    @value.setter
    def value(self, new: T) -> None:
        if interpose.hook is not None:
            interpose.hook()
        self._value = new
