"""Every operator, and the mutants they make of a source."""

from collections.abc import Callable, Iterator

from stress.mutants import calls, conditions, locks, objects, order, reads, writes
from stress.mutants.source import Function, Mutant, Source

Operator = Callable[[Source, Function], Iterator[Mutant]]

OPERATORS: tuple[Operator, ...] = (
    locks.dropped,
    locks.split,
    locks.sections,
    order.swapped,
    writes.dropped,
    conditions.tests,
    conditions.operands,
    conditions.comparisons,
    conditions.constants,
    objects.areas,
    objects.vcpus,
    objects.lists,
    objects.families,
    objects.fields,
    objects.locks,
    reads.again,
    reads.not_again,
    reads.stale,
    reads.hoisted,
    calls.dropped,
    calls.loops,
    calls.arguments,
)


def mutants_of(source: Source) -> list[Mutant]:
    """Return every mutant of a source, function by function; of two that are the same text, the first."""
    seen = {source.text}
    found = []
    for function in source.functions():
        for operator in OPERATORS:
            for mutant in operator(source, function):
                text = source.mutated(mutant)
                if text not in seen:
                    seen.add(text)
                    found.append(mutant)
    return found
