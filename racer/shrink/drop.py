"""Drops switches: in chunks, smaller and smaller, then one by one, until each that is left is needed."""

from racer.shrink.attempt import Attempt, Budget, Run, better


def drop(best: Attempt, run: Run, budget: Budget) -> Attempt:
    """Return an attempt none of whose switches can be left out alone.

    From the end: what comes late in an execution is least likely to have led to the finding.
    """
    size = len(best.switches)
    while size and budget.left > 0:
        smaller = round_of(best, size, run, budget)
        if smaller is best:
            size //= 2
        else:
            best = smaller
            size = min(size, len(best.switches))
    return best


def round_of(best: Attempt, size: int, run: Run, budget: Budget) -> Attempt:
    """Try to leave out each chunk of a size once."""
    end = len(best.switches)
    while end > 0:
        begin = max(end - size, 0)
        found = better(best, best.switches[:begin] + best.switches[end:], run, budget)
        if found is not None:
            best = found
        end = min(begin, len(best.switches))
        if budget.left <= 0:
            break
    return best
