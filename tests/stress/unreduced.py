"""Every interleaving there is, one after another: no reduction, and no code shared with the search by DPOR."""

from collections.abc import Callable
from typing import Any

import racer

NEVER_SO_MANY = 1_000_000


class AllSeenError(Exception):
    """There is no interleaving left."""


class EveryInterleaving:
    """A strategy that takes every schedule in turn, depth first: every thread that could go on, at every step.

    `path` holds for each step of the last execution what could have been chosen there, what was chosen first. A seed
    it has just seen repeats the execution. `taken` schedules were taken; `classes` are the happens-before classes among
    them, `found` the signatures of all that was found.
    """

    text = "every interleaving"
    every_step = True

    def __init__(self) -> None:
        self.path: list[list[int]] = []
        self.taken = 0
        self.classes: set[int] = set()
        self.found: set[object] = set()
        self._seed: int | None = None
        self._run: Any = None

    def attach(self, run: object) -> None:
        self._run = self._run or run

    def begin(self, seed: int) -> None:
        self._depth = 0
        if seed == self._seed:
            return
        self._seed = seed
        if self.taken:
            self.classes.add(self._run.interleaving())
            self.found |= {finding.signature for finding in self._run.findings}
            self._run = None
            self._advance()
        self.taken += 1

    def _advance(self) -> None:
        while self.path and len(self.path[-1]) == 1:
            self.path.pop()
        if not self.path:
            raise AllSeenError
        self.path[-1].pop(0)

    def created(self, thread: int) -> None:
        pass

    def yielded(self, thread: int) -> None:
        pass

    def pick(self, enabled: list[int], current: int) -> int:
        if self._depth == len(self.path):
            self.path.append(list(enabled))
        self._depth += 1
        return self.path[self._depth - 1][0]

    def choose(self, n: int) -> int:
        return self.pick(list(range(n)), 0)


def every_interleaving(body: Callable[[], None]) -> EveryInterleaving:
    """Execute every interleaving of a body; return what took them."""
    strategy = EveryInterleaving()
    try:
        racer.explore(body, strategy=strategy, executions=NEVER_SO_MANY, keep_going=True)
    except AllSeenError:
        return strategy
    raise AssertionError(f"more than {NEVER_SO_MANY} interleavings")
