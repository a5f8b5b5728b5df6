"""PCT: priorities, and d - 1 random points at which the running thread's priority drops."""

import re
from collections.abc import Iterable

from racer.core.errors import UsageError
from racer.core.rng import SplitMix64
from racer.strategies.fair import Fair
from racer.strategies.pending import Run, longest

_FORM = re.compile(r"(?:(-?[0-9]{1,18})(?:,k=(-?[0-9]{1,18}))?)?")
DEFAULT_DEPTH = 3


class Pct:
    """Probabilistic concurrency testing.

    Source: Burckhardt, Kothari, Musuvathi, Nagarakatte: "A Randomized Scheduler with Probabilistic Guarantees of
    Finding Bugs", ASPLOS 2010. Each thread has a random priority above `depth`; at each step the enabled thread of
    the highest priority runs; at d - 1 steps drawn uniformly from 1..k, with replacement, the thread about to run
    gets priority i (below all initial ones, i = 1..d-1) and the choice is made anew. A bug of depth d shows with
    probability at least 1 / (n k^(d-1)) for n threads and k steps. Steps with one enabled thread count, for k and
    for the points alike. That holds exactly for a program that ends within k steps and does not spin: no thread yields
    twice while another stands still, and no 250 steps in a row only read.

    Where it departs: threads are not known beforehand, so a new one gets a uniformly random rank among those there
    are, which gives the same permutation; k is measured on pilot executions unless given, and steps beyond it see no
    change; loops that wait must not run for ever, so a thread that yields again and again waits for the others, and
    one that stood for k steps (and at least 1000, or 250 in which nothing was modified) gets the highest priority, all
    as racer.strategies.fair has it. A waiting loop around a sleep is then like a blocked thread: it gives way to all
    others, and keeps its priority for when it can go on.

    A pass of N executions leaves a bug of depth d with probability at most (1 - 1 / (n k^(d-1)))^N, and says nothing
    of deeper ones.
    """

    every_step = False

    def __init__(self, depth: int = DEFAULT_DEPTH, length: int | None = None) -> None:
        if depth < 1:
            raise UsageError(f"the depth of pct must be at least 1, got {depth}")
        if length is not None and length < 1:
            raise UsageError(f"the length k of pct must be at least 1, got {length}")
        self.depth = depth
        self.length = length
        self._draws = SplitMix64(0)
        self._ranks: list[int] = []
        self._priority: dict[int, int] = {}
        self._moved: dict[int, int] = {}
        self._points: list[tuple[int, int]] = []
        self._highest = 0
        self._fair = Fair(length or 0)
        self._run: Run

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
        return self if self.length is not None else Pct(self.depth, longest(runs))

    def attach(self, run: Run) -> None:
        """Take the execution whose steps are to be counted."""
        self._run = run
        self._fair.attach(run)

    def begin(self, seed: int) -> None:
        self._draws = draws = SplitMix64(seed)
        self._fair.begin()
        self._ranks = []
        self._priority = {}
        self._moved = {}
        self._highest = 1 << 30  # above all that threads have to begin with
        points = [(1 + draws.below(self.length or 1), priority) for priority in range(1, self.depth)]
        self._points = sorted(points, reverse=True)  # taken from the end; of two at one step the lower one first

    def created(self, thread: int) -> None:
        self._fair.created()
        self._ranks.insert(self._draws.below(len(self._ranks) + 1), thread)
        self._priority = {t: self.depth + rank for rank, t in enumerate(self._ranks)} | self._moved

    def pick(self, enabled: list[int], current: int) -> int:
        order, fair, points = self._run.order, self._fair, self._points
        step = len(order) + 1
        while points and points[-1][0] < step:  # nobody was asked at that step: only one thread could go on
            at, low = points.pop()
            self._move(order[at - 1], low)
        if step >= fair.look:
            self._promote(fair.starved(enabled))
        if fair.yielding:
            enabled = fair.let(enabled)
        chosen = max(enabled, key=self._priority.__getitem__)
        while points and points[-1][0] == step:
            self._move(chosen, points.pop()[1])
            chosen = max(enabled, key=self._priority.__getitem__)
        return chosen

    def choose(self, n: int) -> int:
        return self._draws.below(n)

    def yielded(self, thread: int) -> None:
        self._fair.yielded(thread)

    def _promote(self, starved: list[int]) -> None:
        """Let threads that have stood too long go before all others, the longest first."""
        for thread in reversed(starved):
            self._highest += 1
            self._move(thread, self._highest)

    def _move(self, thread: int, priority: int) -> None:
        self._moved[thread] = self._priority[thread] = priority
