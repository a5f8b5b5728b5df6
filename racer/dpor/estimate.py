"""How much of a search is done, estimated while it runs."""

from collections.abc import Sequence
from typing import Protocol

SMALLEST_SHARE = 1e-300


class Branching(Protocol):
    """A state on the path of a search."""

    def branches(self) -> tuple[int, int]:
        """Return how many of its branches are explored, and how many it has."""


def explored_share(stack: Sequence[Branching]) -> float:
    """Return the share of the search that is done, 0..1, as far as its tree is known.

    Source: Knuth: "Estimating the Efficiency of Backtrack Programs", Mathematics of Computation 29, 1975, as applied to
    a search under way by Kilby, Slaney, Thiebaux, Walsh: "Estimating Search Tree Size", AAAI 2006: the branches at a
    state are taken to be of one size. Races still to be found add branches, so the share is too large at first.
    """
    share, part = 0.0, 1.0
    for node in tuple(stack):
        done, branches = node.branches()
        share += part * done / branches
        part /= branches
    return min(share + part, 1.0)
