"""A bounded workload in words: what its threads do within the bounds it is run with."""

from collections.abc import Iterator

from racer.kvm.papr import FUNCTION_NAMES
from stress.verify.bounded import Bounded
from stress.verify.program import Call, Program
from stress.workload import Parameters

TIMES = {1: "once", 2: "twice"}


def stated(workload: Bounded, parameters: Parameters) -> str:
    """Return the sentence that says what is verified; "enters twice" is of the bounds, not of the workload."""
    return workload.summary.format(entries=times(parameters.entries))


def times(number: int) -> str:
    """Return how often.

    >>> times(1), times(3)
    ('once', '3 times')
    """
    return TIMES.get(number, f"{number} times")


def threads(program: Program, parameters: Parameters) -> Iterator[str]:
    """Yield a line for each thread beside the vcpus' tasks, with all that it does."""
    if program.before:
        yield f"before: {listed(program, program.before)}{', and an entry' if program.in_use else ''}"
    for number, calls in enumerate(program.registrars):
        yield f"registrar{number}: {listed(program, calls[: parameters.calls])}"
    if program.userspace:
        yield f"userspace: remap {', '.join(name_of(place) for place in program.userspace)}"
    if program.mm:
        yield f"mm: reclaim {', '.join(name_of(place) for place in program.mm)}"


def listed(program: Program, calls: tuple[Call, ...]) -> str:
    """Return calls one after another."""
    return ", ".join(shown(program, call) for call in calls) or "nothing"


def shown(program: Program, call: Call) -> str:
    """Return a call: what it asks for, where, and for which vcpu if there are several."""
    where = f" {name_of(call.place)}" if call.registers else ""
    whose = f" of vcpu{call.vcpu}" if program.vcpus > 1 else ""
    return FUNCTION_NAMES[call.subfunc] + where + whose


def name_of(place: int) -> str:
    """Return the letter that a place goes by.

    >>> name_of(0), name_of(2)
    ('A', 'C')
    """
    return chr(ord("A") + place)
