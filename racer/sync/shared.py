"""A plain shared variable: each read and each write is one operation."""

from typing import Generic, TypeVar

from racer.core.operation import READ, WRITE
from racer.core.record import VARIABLE, Rule
from racer.engine import interpose, turnstile
from racer.engine.operand import Operand
from racer.sync.condition import Condition
from racer.sync.declared import Declared, rule_of, things
from racer.sync.lock import Lock
from racer.sync.thread import Thread
from racer.sync.variant import variant

T = TypeVar("T")


class Shared(Generic[T]):
    """A variable that threads share, as `.value`.

    `counter.value += 1` is two operations, a read and a write, and another thread may come between. `marked`
    says that unordered accesses are meant (READ_ONCE and WRITE_ONCE in kernel terms) and never a data race.
    Inside an execution it is controlled, elsewhere a plain attribute.

    Rules may be declared, which the detector `lock-discipline` judges: `guarded_by` a lock, which must be held at every
    access, or with `writes_only` at every write; `owned_by` a thread (or its name), which alone may access it, and
    others only while the owner cannot run.
    """

    __slots__ = ()

    def __new__(
        cls,
        initial: T,
        name: str | None = None,
        *,
        marked: bool = False,
        guarded_by: Lock | Condition | None = None,
        writes_only: bool = False,
        owned_by: Thread | str | None = None,
    ) -> "Shared[T]":
        """Return the variable for where it is made: controlled inside an execution, plain elsewhere."""
        return object.__new__(variant(cls, Shared, ControlledShared, FreeShared))

    def __init__(
        self,
        initial: T,
        name: str | None = None,
        *,
        marked: bool = False,
        guarded_by: Lock | Condition | None = None,
        writes_only: bool = False,
        owned_by: Thread | str | None = None,
    ) -> None:
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

    __slots__ = ("_value", "declared", "marked")

    sort = VARIABLE

    def __init__(
        self,
        initial: T,
        name: str | None = None,
        *,
        marked: bool = False,
        guarded_by: Lock | Condition | None = None,
        writes_only: bool = False,
        owned_by: Thread | str | None = None,
    ) -> None:
        run = turnstile.running()
        assert run is not None
        Operand.__init__(self, run, name)
        self._value = initial
        self.marked = marked
        self.declared: Declared | None = None
        if not (guarded_by is None and owned_by is None and writes_only is False):
            self.declared = things(guarded_by, writes_only=writes_only, owned_by=owned_by)

    @property
    def rule(self) -> Rule | None:  # type: ignore[override]  # worked out when it is asked for
        """The rule that was declared of the variable."""
        return None if self.declared is None else rule_of(self.declared, self)

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

    def __init__(
        self,
        initial: T,
        name: str | None = None,
        *,
        marked: bool = False,
        guarded_by: Lock | Condition | None = None,
        writes_only: bool = False,
        owned_by: Thread | str | None = None,
    ) -> None:
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
