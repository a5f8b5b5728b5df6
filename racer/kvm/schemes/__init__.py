"""The locking schemes, one file each, found by name or by file."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import racer
from racer.kvm.schemes.always_locked import AlwaysLocked
from racer.kvm.schemes.base import Scheme
from racer.kvm.schemes.deferred import Deferred
from racer.kvm.schemes.dirty_tracking import DirtyTracking
from racer.kvm.schemes.dropped_locks import DroppedLocks
from racer.kvm.schemes.immediate import Immediate
from racer.kvm.schemes.late_joiners import LateJoiners
from racer.kvm.schemes.nested import Nested
from racer.kvm.schemes.own_task import OwnTask
from racer.kvm.schemes.seed import Seed
from racer.kvm.schemes.seed_logged import SeedLogged
from racer.kvm.schemes.single_vcpu import SingleVcpu
from racer.kvm.schemes.snapshot import Snapshot
from racer.kvm.schemes.unpinned import Unpinned

# In the order of history; the last two never shipped.
SCHEMES: dict[str, type[Scheme]] = {
    "unpinned": Unpinned,
    "immediate": Immediate,
    "seed": Seed,
    "seed-logged": SeedLogged,
    "dropped-locks": DroppedLocks,
    "snapshot": Snapshot,
    "late-joiners": LateJoiners,
    "dirty-tracking": DirtyTracking,
    "own-task": OwnTask,
    "single-vcpu": SingleVcpu,
    "nested": Nested,
    "always-locked": AlwaysLocked,
    "deferred": Deferred,
}
# What docs/model.md numbers them by; S2p is for shells, where a quote is a nuisance.
IDS = {
    "S0": "unpinned",
    "S1": "immediate",
    "S2": "seed",
    "S2'": "seed-logged",
    "S2p": "seed-logged",
    "S3": "dropped-locks",
    "S4a": "snapshot",
    "S4b": "late-joiners",
    "S4c": "dirty-tracking",
    "S5": "own-task",
    "S6": "single-vcpu",
    "S7": "nested",
    "SX": "always-locked",
}
_BY_ID = {number.upper(): name for number, name in IDS.items()}


def name_of(text: str) -> str:
    """Return the name of the scheme that a name or number means; any other text is returned as it is.

    >>> name_of("s4A"), name_of("seed"), name_of("my.py:Mine")
    ('snapshot', 'seed', 'my.py:Mine')
    """
    return _BY_ID.get(text.upper(), text)


def by_name(text: str) -> type[Scheme]:
    """Return the scheme of this name or number, or the class that `path/to/file.py:Class` names.

    Raises UsageError, which says what was given and what is allowed.
    """
    name = name_of(text)
    if name in SCHEMES:
        return SCHEMES[name]
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


__all__ = [
    "IDS",
    "SCHEMES",
    "AlwaysLocked",
    "Deferred",
    "DirtyTracking",
    "DroppedLocks",
    "Immediate",
    "LateJoiners",
    "Nested",
    "OwnTask",
    "Scheme",
    "Seed",
    "SeedLogged",
    "SingleVcpu",
    "Snapshot",
    "Unpinned",
    "by_name",
    "name_of",
]
