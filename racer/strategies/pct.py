"""PCT: priorities, and d - 1 random points at which the running thread's priority drops."""

import re
from collections.abc import Iterable

from racer.core.errors import UsageError
from racer.core.rng import SplitMix64
from racer.strategies.pending import Run

_FORM = re.compile(r"(?:(-?[0-9]{1,18})(?:,k=(-?[0-9]{1,18}))?)?")
DEFAULT_DEPTH = 3


class Pct:
    """Probabilistic concurrency testing.

    Source: Burckhardt, Kothari, Musuvathi, Nagarakatte: "A Randomized Scheduler with Probabilistic Guarantees of
    Finding Bugs", ASPLOS 2010. Each thread has a random priority above `depth`; at each step the enabled thread of
    the highest priority runs; at d - 1 steps drawn uniformly from 1..k, with replacement, the thread about to run
    gets priority i (below all initial ones, i = 1..d-1) and the choice is made anew. A bug of depth d shows with
    probability at least 1 / (n k^(d-1)) for n threads and k steps. Steps with one enabled thread count, for k and
    for the points alike.

    Where it departs: threads are not known beforehand, so a new one gets a uniformly random rank among those there
    are, which gives the same permutation; a thread that sleeps or whose wait timed out drops below all others, since
    a loop around a sleep would otherwise run for ever; k is measured on pilot executions unless given, and steps
    beyond it see no change.

    A pass of N executions leaves a bug of depth d with probability at most (1 - 1 / (n k^(d-1)))^N, and says nothing
    of deeper ones.
    """

    every_step = True

    def __init__(self, depth: int = DEFAULT_DEPTH, length: int | None = None) -> None:
        if depth < 1:
            raise UsageError(f"the depth of pct must be at least 1, got {depth}")
        if length is not None and length < 1:
            raise UsageError(f"the length k of pct must be at least 1, got {length}")
        self.depth = depth
        self.length = length
        self._draws = SplitMix64(0)
        self._step = 0
        self._ranks: list[int] = []
        self._priority: dict[int, int] = {}
        self._demoted: dict[int, int] = {}
        self._points: dict[int, list[int]] = {}
        self._lowest = 0

    @classmethod
    def parse(cls, parameters: str) -> "Pct":
        """Read what stands after ``pct:``: nothing, a depth, or a depth and ``,k=`` a length."""
        form = _FORM.fullmatch(parameters)
        if form is None:
            raise UsageError(f"pct takes a depth and a length, as in pct:3 or pct:3,k=412; got 'pct:{parameters}'")
        depth, length = form.groups()
        return cls(int(depth) if depth else DEFAULT_DEPTH, int(length) if length else None)

    @property
    def text(self) -> str:
        """The strategy with all its parameters."""
        return f"pct:{self.depth}" + ("" if self.length is None else f",k={self.length}")

    def profiled(self, runs: Iterable[Run]) -> "Pct":
        """Return the strategy for executions as long as the longest pilot, unless it has a length."""
        if self.length is not None:
            return self
        return Pct(self.depth, max(1, *(len(run.order) for run in runs)))

    def begin(self, seed: int) -> None:
        self._draws = draws = SplitMix64(seed)
        self._step = 0
        self._ranks = []
        self._priority = {}
        self._demoted = {}
        self._lowest = 0
        self._points = {}
        for priority in range(1, self.depth):
            self._points.setdefault(1 + draws.below(self.length or 1), []).append(priority)

    def created(self, thread: int) -> None:
        self._ranks.insert(self._draws.below(len(self._ranks) + 1), thread)
        self._priority = {t: self.depth + rank for rank, t in enumerate(self._ranks)} | self._demoted

    def pick(self, enabled: list[int], current: int) -> int:
        self._step += 1
        priority = self._priority
        chosen = enabled[0] if len(enabled) == 1 else max(enabled, key=priority.__getitem__)
        for low in self._points.get(self._step, ()):
            self._demote(chosen, low)
            chosen = max(enabled, key=priority.__getitem__)
        return chosen

    def choose(self, n: int) -> int:
        return self._draws.below(n)

    def yielded(self, thread: int) -> None:
        self._lowest -= 1
        self._demote(thread, self._lowest)

    def _demote(self, thread: int, priority: int) -> None:
        self._demoted[thread] = self._priority[thread] = priority
