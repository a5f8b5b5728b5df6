"""Rules that are declared on variables: which lock guards one, or which thread owns it."""

from typing import Any, NamedTuple

from racer.core.errors import UsageError
from racer.core.record import Rule
from racer.engine.operand import Operand
from racer.sync.condition import Condition, ControlledCondition
from racer.sync.lock import ControlledLock, Lock
from racer.sync.thread import Thread

CELLS = "_racer_cells"
"""The attribute under which an object keeps the cells of its fields."""


class Declared(NamedTuple):
    """A rule as it was declared: of a field by paths that begin at its object, of a Shared by the things themselves."""

    guarded_by: Any
    writes_only: bool
    owned_by: Any


def paths(guarded_by: object, *, writes_only: object, owned_by: object) -> Declared | None:
    """Return the rule that is declared on a field, None if there is none."""
    for name, given in (("guarded_by", guarded_by), ("owned_by", owned_by)):
        if given is not None and not (isinstance(given, str) and all(p.isidentifier() for p in given.split("."))):
            raise UsageError(f"{name} of a field is a path of attributes such as 'lock' or 'vcpu.lock', got {given!r}")
    return _declared(guarded_by, writes_only, owned_by)


def things(guarded_by: object, *, writes_only: object, owned_by: object) -> Declared | None:
    """Return the rule that is declared on a Shared, None if there is none."""
    if guarded_by is not None and not isinstance(guarded_by, Lock | Condition):
        raise UsageError(f"guarded_by of a Shared is a lock, got {guarded_by!r}")
    if owned_by is not None and not isinstance(owned_by, Thread | str):
        raise UsageError(f"owned_by of a Shared is a thread or a thread's name, got {owned_by!r}")
    return _declared(guarded_by, writes_only, owned_by)


def _declared(guarded_by: object, writes_only: object, owned_by: object) -> Declared | None:
    if not isinstance(writes_only, bool):
        raise UsageError(f"writes_only must be True or False, got {writes_only!r}")
    if writes_only and guarded_by is None:
        raise UsageError("writes_only needs guarded_by: it says that reads may do without that lock")
    if guarded_by is None and owned_by is None:
        return None
    return Declared(guarded_by, writes_only, owned_by)


def rule_of(declared: Declared, variable: Operand, owner: object = None) -> Rule:
    """Return the rule with numbers for what it names; paths begin at `owner` and are followed as things stand now."""
    guard, owned = declared.guarded_by, declared.owned_by
    if owner is not None:
        guard = None if guard is None else _follow(owner, guard, variable)
        owned = None if owned is None else _follow(owner, owned, variable)
    return Rule(
        None if declared.guarded_by is None else _lock(guard, declared, variable),
        declared.writes_only,
        None if owned is None else _thread(owned, declared, variable),
    )


def _follow(thing: Any, path: str, variable: Operand) -> object:
    for part in path.split("."):
        try:
            fields = getattr(thing, "__dict__", {})
            if part in fields:
                thing = fields[part]
            elif part in fields.get(CELLS, ()):
                thing = fields[CELLS][part].value
            else:
                thing = getattr(thing, part)
        except Exception as error:
            raise UsageError(
                f"the rule of {variable.shown_name} leads along {path!r}, which cannot be followed: "
                f"{type(thing).__name__} has no {part!r} ({type(error).__name__}: {error})"
            ) from None
    return thing


def _lock(found: object, declared: Declared, variable: Operand) -> int:
    if isinstance(found, ControlledCondition):
        found = found.lock_of_wait
    if not isinstance(found, ControlledLock) or found.run is not variable.run:
        raise UsageError(
            f"guarded_by={declared.guarded_by!r} of {variable.shown_name} must lead to a lock made in this execution, "
            f"got {found!r}"
        )
    return found.number


def _thread(found: object, declared: Declared, variable: Operand) -> int:
    name = found.name if isinstance(found, Thread) else found
    what = f"owned_by={declared.owned_by!r} of {variable.shown_name}"
    if not isinstance(name, str):
        raise UsageError(f"{what} must lead to a thread or its name, got {found!r}")
    for thread in variable.run.threads:
        if thread.shown_name == name:
            return thread.thread_number
    raise UsageError(f"{what}: no thread is called {name!r}")
