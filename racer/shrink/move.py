"""Moves switches to where they cost less: later or earlier, or to another thread."""

from collections.abc import Iterator

from racer.core.switches import Switch
from racer.shrink.attempt import Attempt, Budget, Run, Switches, better
from racer.shrink.drop import drop

FURTHEST = 40


def move(best: Attempt, run: Run, budget: Budget) -> Attempt:
    """Return an attempt whose switches cannot be had for less by moving one of them; dropping is tried after each."""
    moved = True
    while moved and budget.left > 0:
        moved = False
        for switches in moves(best):
            found = better(best, switches, run, budget)
            if found is not None:
                best = drop(found, run, budget)
                moved = True
                break
            if budget.left <= 0:
                break
    return best


def moves(best: Attempt) -> Iterator[Switches]:
    """Yield the switches with one of them at another place, or to another thread: places where it is free first."""
    for number, switch in enumerate(best.switches):
        rest = best.switches[:number], best.switches[number + 1 :]
        own = [point for point in best.points if point.thread == switch.thread]
        near = [point for point in own if abs(point.taken - switch.taken) <= FURTHEST]
        near.sort(key=lambda point: (point.preemptive, abs(point.taken - switch.taken)))
        for point in near:
            for to in point.enabled:
                if to != switch.thread and (point.taken, to) != (switch.taken, switch.to):
                    yield (*rest[0], Switch(switch.thread, point.taken, to), *rest[1])
