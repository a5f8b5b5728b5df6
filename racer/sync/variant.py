"""Which class a primitive really is: controlled or free, a subclass of the subject's own included."""

from typing import Any

from racer.engine import turnstile


def variant(cls: type, base: type, controlled: type, free: type) -> Any:
    """Return the class of the instance that `cls(...)` makes here: `base` or a class derived from it."""
    chosen = controlled if turnstile.active() is not None else free
    if cls is base:
        return chosen
    return cls if issubclass(cls, chosen) else _derived(cls, chosen)


_made: dict[tuple[type, type], type] = {}


def _derived(cls: type, chosen: type) -> type:
    """Return a class that is both: what a subclass of the subject's overrides stands before our own."""
    known = _made.get((cls, chosen))
    if known is None:
        known = _made[cls, chosen] = _derive(cls, chosen)
    return known


def _derive(cls: type, chosen: type) -> type:
    return type(cls.__name__, (cls, chosen), {"__module__": cls.__module__, "__qualname__": cls.__qualname__})
