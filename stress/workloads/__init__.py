"""The workloads, one module each, found by name."""

from importlib import import_module

from racer import UsageError
from stress.workload import Workload

# In the order in which a run shows them. Each module has a `WORKLOAD`; modules are only imported when asked for,
# so that a run of one workload does not pay for the others.
NAMES = (
    "cross-register",
    "self-register",
    "remap",
    "teardown",
    "cede-prod",
    "one-reg",
    "reboot",
    "dirty-log",
    "nested",
    "stolen-time",
    "byte-order",
    "guest-trace",
)


def by_name(name: str) -> Workload:
    """Return the workload called `name`, one of those here or a bounded one."""
    if name not in NAMES:
        bounded: Workload | None = import_module("stress.verify.bounded").find(name)
        if bounded is not None:
            return bounded
        msg = f"unknown workload {name!r}: choose one of {', '.join(NAMES)}"
        raise UsageError(msg)
    workload: Workload = import_module(f"stress.workloads.{name.replace('-', '_')}").WORKLOAD
    return workload


def everything() -> list[Workload]:
    """Return all workloads."""
    return [by_name(name) for name in NAMES]
