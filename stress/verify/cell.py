"""A bounded workload against one scheme, and what its verification showed: data that can go between processes."""

from dataclasses import dataclass

from stress.cell import Cell, Outcome, Progress


@dataclass(frozen=True)
class BoundedCell(Cell):
    """One bounded workload against one scheme.

    `executions` is the budget; 0 means until all is explored. `jobs` processes share the cell. `checkpoint`, if not
    empty, is the file where it is kept how far it is, and from where it goes on.
    """

    jobs: int = 1
    checkpoint: str = ""


@dataclass(frozen=True)
class Search(Progress):
    """How far a verification is; `total` is how many executions there will be as far as can be told."""

    total: float | None = None
    seconds: float = 0.0


@dataclass
class Proof(Outcome):
    """What the verification of one cell showed.

    `exhausted` says that every interleaving was executed. `redundant` executions were cut off. `unreduced` is how
    many interleavings there are if none is taken for another: an estimate.
    """

    exhausted: bool = False
    redundant: int = 0
    unreduced: int | None = None

    def distinct(self, kind: str) -> int:
        """Return how many distinct findings of a kind there are."""
        return sum(each.kind == kind for each in self.found)
