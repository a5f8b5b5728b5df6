"""A shared variable as a class attribute."""

import copy
from typing import Any, Generic, TypeVar, overload

from racer.core.errors import UsageError
from racer.core.operation import READ, WRITE
from racer.core.record import FIELD, Rule
from racer.engine import interpose, turnstile
from racer.engine.operand import Operand
from racer.sync.declared import CELLS as _CELLS
from racer.sync.declared import Declared, paths, rule_of

T = TypeVar("T")


class Cell(Operand):
    """One field of one object in a controlled execution."""

    __slots__ = ("attribute", "declared", "marked", "owner", "value")

    sort = FIELD

    def __init__(self, run: turnstile.Turnstile, owner: object, field: "field[Any]") -> None:
        Operand.__init__(self, run, None)
        self.owner = owner
        self.attribute = field.attribute
        self.value = field.default
        self.marked = field.marked
        self.declared: Declared | None = field.declared

    @property
    def shown_name(self) -> str:
        """The owner's name, if it has one, or its class; then the attribute."""
        name = self.owner.__dict__.get("name")
        return f"{name if isinstance(name, str) else type(self.owner).__name__}.{self.attribute}"

    @property
    def rule(self) -> Rule | None:  # type: ignore[override]  # worked out when it is asked for
        """The rule that was declared of the field, as its paths lead now."""
        return None if self.declared is None else rule_of(self.declared, self, self.owner)


class field(Generic[T]):  # noqa: N801  (reads as a declaration, like dataclasses.field)
    """A class attribute whose reads and writes on an instance are one operation each.

    Every instance starts with `default`. Instances need a ``__dict__``. `marked` as for Shared. The fields of an
    object get their numbers when the object is made, whoever touches them first.

    The rules of Shared may be declared by paths that begin at the instance: ``guarded_by="vcpu.lock"``,
    ``owned_by="vcpu.thread"`` (a Thread, a thread's name, or None while there is no owner). They are followed when a
    detector judges, after the execution.
    """

    def __init__(
        self,
        default: T,
        *,
        marked: bool = False,
        guarded_by: str | None = None,
        writes_only: bool = False,
        owned_by: str | None = None,
    ) -> None:
        self.default = default
        self.marked = marked
        self.declared = paths(guarded_by, writes_only=writes_only, owned_by=owned_by)
        self.attribute = "?"
        self._plain = "?"

    def __set_name__(self, owner: type, attribute: str) -> None:
        """Take the attribute's name, and see to it that instances get their cells when they are made."""
        self.attribute = attribute
        self._plain = f"_field_{attribute}"
        if "__new__" not in owner.__dict__ or not hasattr(owner.__dict__["__new__"], "makes_cells"):
            _make_cells_in(owner)

    @overload
    def __get__(self, instance: None, owner: type) -> "field[T]": ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...

    def __get__(self, instance: object | None, owner: type) -> "T | field[T]":
        """Read the field: one operation."""
        if instance is None:
            return self
        cells = instance.__dict__.get(_CELLS)
        if cells is None:
            if interpose.hook is not None:
                interpose.hook()
            return instance.__dict__.get(self._plain, self.default)  # type: ignore[no-any-return]
        cell = cells[self.attribute]
        if cell.owner is not instance:
            cell = _own_cells(instance)[self.attribute]
        run = cell.run
        run.read(READ, cell)
        if run.recorder is not None:
            run.recorder.value(cell.value)
        return cell.value  # type: ignore[no-any-return]

    def __set__(self, instance: object, value: T) -> None:
        """Write the field: one operation."""
        cells = instance.__dict__.get(_CELLS)
        if cells is None:
            if interpose.hook is not None:
                interpose.hook()
            instance.__dict__[self._plain] = value
            return
        cell = cells[self.attribute]
        if cell.owner is not instance:
            cell = _own_cells(instance)[self.attribute]
        run = cell.run
        run.modify(WRITE, cell)
        if run.recorder is not None:
            run.recorder.value(value)
        cell.value = value


def _make_cells_in(owner: type) -> None:
    """Wrap `owner.__new__` so that an instance made inside an execution gets a cell for each of its fields."""
    before = owner.__dict__.get("__new__")

    def __new__(cls: type, *args: object, **kwargs: object) -> object:  # noqa: N807  (it becomes __new__)
        if before is not None:
            made = before.__func__(cls, *args, **kwargs)
        else:
            if (args or kwargs) and cls.__init__ is object.__init__:  # type: ignore[misc]  # it is only compared
                raise TypeError(f"{cls.__name__}() takes no arguments")
            above = super(owner, cls).__new__  # type: ignore[arg-type]  # cls is owner or below
            made = above(cls) if above is object.__new__ else above(cls, *args, **kwargs)
        run = turnstile.active()
        # The look at __dict__ makes it, before two threads can: CPython 3.11 crashes where a collection comes between.
        if _CELLS not in getattr(made, "__dict__", ()) and run is not None and isinstance(made, owner):
            made.__dict__[_CELLS] = _cells_for(run, made)
        return made

    __new__.makes_cells = True  # type: ignore[attr-defined]
    owner.__new__ = __new__  # type: ignore[method-assign,assignment]


class _Cells(dict[str, Cell]):
    """The cells of one object by attribute. A copied object has them too, until it is first used: see _own_cells."""

    def __deepcopy__(self, memo: dict[int, Any]) -> "_Cells":
        """Return cells of nobody, with copies of the values: their execution is not copied."""
        copied = _Cells()
        for attribute, cell in self.items():
            copied[attribute] = spare = object.__new__(Cell)
            spare.owner = None
            spare.value = copy.deepcopy(cell.value, memo)
        return copied


def _cells_for(run: turnstile.Turnstile, instance: object) -> _Cells:
    if not hasattr(instance, "__dict__"):
        raise UsageError(
            f"racer.field needs instances with a __dict__; {type(instance).__name__} has none (__slots__?)"
        )
    return _Cells((field.attribute, Cell(run, instance, field)) for field in _fields(type(instance)))


def _own_cells(instance: object) -> _Cells:
    """Give an object that was copied cells of its own, with the values it was copied with."""
    copied = instance.__dict__[_CELLS]
    run = turnstile.active()
    if run is None:
        raise UsageError("a copy of an object with racer.field was used outside the execution it was made in")
    own = instance.__dict__[_CELLS] = _cells_for(run, instance)
    for attribute, cell in copied.items():
        own[attribute].value = cell.value
    return own


_fields_of: dict[type, tuple["field[Any]", ...]] = {}


def _fields(cls: type) -> tuple["field[Any]", ...]:
    """Return the fields of a class in the order of their declaration, bases first."""
    found = _fields_of.get(cls)
    if found is None:
        names = {name: None for base in reversed(cls.__mro__) for name in base.__dict__}
        found = tuple(f for f in (getattr(cls, name, None) for name in names) if isinstance(f, field))
        _fields_of[cls] = found
    return found
