"""Makes a failing schedule small: fewest preemptions first, then fewest switches, then fewest steps.

Knows only what running a list of switches shows; source: Jalbert, Sen: "A trace simplification technique", FSE 2010;
Musuvathi, Qadeer: "Iterative context bounding", PLDI 2007. It departs from the first in what it removes: not a switch
between segments of a given trace, but an entry of a list that is followed as far as it can be.
"""

from racer.shrink.attempt import Attempt, Budget, Run
from racer.shrink.drop import drop
from racer.shrink.fewer import fewer
from racer.shrink.move import move

__all__ = ["Attempt", "Budget", "Run", "shrink"]


def shrink(first: Attempt, run: Run, budget: int) -> Attempt:
    """Return the smallest failing schedule found within so many executions; `first` failed."""
    left = Budget(budget)
    best = drop(first, run, left)
    best = move(best, run, left)
    return fewer(best, run, left)
