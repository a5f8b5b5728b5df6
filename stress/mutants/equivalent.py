"""Mutants that nothing can tell from the scheme, each with the reason: by function, and the lines before and after."""

from typing import NamedTuple

from stress.mutants.source import Mutant, Source


class Equivalent(NamedTuple):
    """A change that makes no difference, and why; the lines are those of the diff, without white space around them."""

    function: str
    before: str
    after: str
    why: str


TABLE: dict[str, tuple[Equivalent, ...]] = {}


def change(source: Source, mutant: Mutant) -> tuple[str, str, str]:
    """Return the function of a mutant and the lines it takes away and puts there."""
    lines = source.diff(mutant)[2:]
    before = [line[1:].strip() for line in lines if line.startswith("-")]
    after = [line[1:].strip() for line in lines if line.startswith("+")]
    return mutant.function, " / ".join(before), " / ".join(after)


def reasons(source: Source, mutants: list[Mutant]) -> tuple[dict[int, str], list[Equivalent]]:
    """Return the reason of each mutant that has one, by its number, and the entries that match no mutant."""
    table = {entry[:3]: entry for entry in TABLE.get(source.scheme, ())}
    found = {}
    for number, mutant in enumerate(mutants):
        entry = table.get(change(source, mutant))
        if entry is not None:
            found[number] = entry.why
    matched = {change(source, mutants[number]) for number in found}
    return found, [entry for key, entry in table.items() if key not in matched]
