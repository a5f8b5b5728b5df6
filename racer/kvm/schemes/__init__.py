"""The locking schemes, one file each, found by name or by file."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import racer
from racer.kvm.schemes.always_locked import AlwaysLocked
from racer.kvm.schemes.base import Scheme
from racer.kvm.schemes.deferred import Deferred
from racer.kvm.schemes.immediate import Immediate
from racer.kvm.schemes.seed import Seed

SCHEMES: dict[str, type[Scheme]] = {
    "immediate": Immediate,
    "seed": Seed,
    "deferred": Deferred,
    "always-locked": AlwaysLocked,
}


def by_name(text: str) -> type[Scheme]:
    """Return the scheme of this name, or the class that `path/to/file.py:Class` names.

    Raises UsageError, which says what was given and what is allowed.
    """
    if text in SCHEMES:
        return SCHEMES[text]
    path, colon, name = text.rpartition(":")
    if not colon or not path.endswith(".py"):
        raise racer.UsageError(
            f"unknown scheme {text!r}: choose one of {', '.join(SCHEMES)}, or name your own as path/to/file.py:Class"
        )
    return _class_in(_load(Path(path), text), name, text)


def _load(path: Path, text: str) -> ModuleType:
    """Import a file as a module of its own."""
    if not path.is_file():
        raise racer.UsageError(f"scheme {text!r}: there is no file {str(path)!r} in {Path.cwd()}")
    spec = importlib.util.spec_from_file_location(f"racer_scheme_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise racer.UsageError(f"scheme {text!r}: {str(path)!r} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise racer.UsageError(f"scheme {text!r}: {str(path)!r} fails to import: {error!r}") from error
    return module


def _class_in(module: ModuleType, name: str, text: str) -> type[Scheme]:
    """Return a scheme class of a module."""
    found = getattr(module, name, None)
    if isinstance(found, type) and issubclass(found, Scheme):
        return found
    of_this_file = [
        each
        for each, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, Scheme) and value.__module__ == module.__name__
    ]
    has = ", ".join(of_this_file) or "no scheme"
    why = f"there is no {name!r}" if found is None else f"{name!r} is not a subclass of racer.kvm.schemes.Scheme"
    raise racer.UsageError(f"scheme {text!r}: {why} in {module.__file__}, which has {has}")


__all__ = ["SCHEMES", "AlwaysLocked", "Deferred", "Immediate", "Scheme", "Seed", "by_name"]
