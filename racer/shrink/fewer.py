"""Looks for the finding among all lists of fewer switches, those with few preemptions first."""

from collections import deque
from collections.abc import Iterator

from racer.core.switches import Switch
from racer.shrink.attempt import Attempt, Budget, Run, Switches


def fewer(best: Attempt, run: Run, budget: Budget) -> Attempt:
    """Return the best attempt there is, unless the budget is spent before all were tried.

    A list is followed by those that make one switch more, after its last: so each is tried once. What is free (the
    thread that ran cannot go on) is tried along with what it follows.
    """
    waiting: list[deque[Switches]] = [deque() for _ in range(best.preemptions + 1)]
    waiting[0].append(())
    for preemptions in range(best.preemptions):
        level = waiting[preemptions]
        while level:
            switches = level.popleft()
            if not budget.spend():
                return best
            tried = run(switches)
            if tried.found and tried.cost < best.cost:
                best = tried
            if best.preemptions <= preemptions:
                break
            for longer, cost in extended(switches, tried):
                # No more of a cost than can be run.
                if preemptions + cost < best.preemptions and len(waiting[preemptions + cost]) < budget.left:
                    waiting[preemptions + cost].append(longer)
        if best.preemptions <= preemptions:
            break
    return best


def extended(switches: Switches, tried: Attempt) -> Iterator[tuple[Switches, int]]:
    """Yield the lists with one switch more than was made, after the last of them; and what it costs."""
    if tried.switches != switches:
        return
    begin = 0
    if switches:
        last = switches[-1]
        begin = 1 + next(i for i, p in enumerate(tried.points) if (p.thread, p.taken) == (last.thread, last.taken))
    for point in tried.points[begin:]:
        usual = point.thread if point.preemptive else point.enabled[0]
        for to in point.enabled:
            if to != usual:
                yield (*switches, Switch(point.thread, point.taken, to)), int(point.preemptive)
