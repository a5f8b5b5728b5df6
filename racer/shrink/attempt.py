"""An attempt: switches that were followed, what they cost, and whether the same finding came of it."""

from collections.abc import Callable
from typing import NamedTuple

from racer.core.switches import Point, Switch

Switches = tuple[Switch, ...]


class Attempt(NamedTuple):
    """What running a list of switches showed.

    `switches` are those that were made, `points` where there was a choice; `steps` and `threads` count up to the
    finding, or to the end if it `failed` to show.
    """

    found: bool
    switches: Switches
    points: tuple[Point, ...]
    steps: int
    threads: int

    @property
    def preemptions(self) -> int:
        """How many of the switches leave a thread that could go on."""
        preemptive = {(point.thread, point.taken) for point in self.points if point.preemptive}
        return sum((each.thread, each.taken) in preemptive for each in self.switches)

    @property
    def cost(self) -> tuple[int, int, int, int]:
        """What is to be made small, the most important first."""
        return self.preemptions, len(self.switches), self.threads, self.steps


Run = Callable[[Switches], Attempt]
"""Runs a list of switches; the same list always shows the same."""


class Budget:
    """How many executions are left."""

    def __init__(self, executions: int) -> None:
        self.left = executions

    def spend(self) -> bool:
        """Take one; return whether there was one."""
        self.left -= 1
        return self.left >= 0


def better(best: Attempt, switches: Switches, run: Run, budget: Budget) -> Attempt | None:
    """Run switches; return the attempt if it shows the finding for less."""
    if not budget.spend():
        return None
    tried = run(switches)
    return tried if tried.found and tried.cost < best.cost else None
