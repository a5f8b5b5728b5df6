"""In which order locks are taken, over all executions of a campaign."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from racer.core.schedule import Schedule

LockClass = tuple[str, int, str, int]
"""The locks made at one place: file, line, function, and which instruction of it."""

UP = 1
DOWN = -1
ACROSS = 0


class Pair(NamedTuple):
    """A lock of one class was held while one of another was taken.

    Within a class it matters which of the two was made first: the one that was held (`UP`) or the other (`DOWN`).
    """

    held: LockClass
    taken: LockClass
    way: int = ACROSS


@dataclass(frozen=True, slots=True)
class Source:
    """The first execution of a campaign that had a pair; whether it had findings, too."""

    index: int
    seed: int | None
    strategy: str
    schedule: Schedule
    failed: bool


Circle = tuple[Pair, ...]


@dataclass
class LockOrder:
    """Every pair that was seen, each with the first execution that had it, in the order of those."""

    pairs: dict[Pair, Source] = field(default_factory=dict)

    def add(self, pairs: Iterable[Pair], source: Source) -> bool:
        """Add what an execution had, and later ones than those before; return whether that closed a circle."""
        closed = False
        for pair in pairs:
            if pair not in self.pairs:
                closed = closed or bool(circle(self.pairs, pair))
                self.pairs[pair] = source
        return closed

    def merge(self, other: "LockOrder") -> None:
        """Add what was seen in another share of the same campaign."""
        both = [*self.pairs.items(), *other.pairs.items()]
        self.pairs = {}
        for pair, source in sorted(both, key=lambda item: item[1].index):
            self.pairs.setdefault(pair, source)

    def later(self, by: int) -> None:
        """Count the executions from another number on."""
        self.pairs = {pair: replace(source, index=source.index + by) for pair, source in self.pairs.items()}

    def circles(self) -> Iterator[tuple[int, Circle]]:
        """Yield the circles, each with the execution that closed it: for each pair that closes any the shortest."""
        before: dict[Pair, Source] = {}
        known: set[frozenset[Pair]] = set()
        for pair, source in self.pairs.items():
            found = circle(before, pair)
            before[pair] = source
            if found and frozenset(found) not in known:
                known.add(frozenset(found))
                yield source.index, found


def circle(pairs: Iterable[Pair], last: Pair) -> Circle:
    """Return the shortest circle that a pair closes, beginning with what it takes; empty if there is none."""
    if last.held == last.taken:
        back = last._replace(way=-last.way)
        return (back, last) if back in pairs else ()
    ways: dict[LockClass, Circle] = {last.taken: ()}
    after: dict[LockClass, list[Pair]] = {}
    for pair in pairs:
        after.setdefault(pair.held, []).append(pair)
    queue = [last.taken]
    for here in queue:
        for pair in after.get(here, ()):
            if pair.taken not in ways:
                ways[pair.taken] = (*ways[here], pair)
                queue.append(pair.taken)
    return (*ways[last.held], last) if last.held in ways else ()
