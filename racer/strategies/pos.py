"""POS: a random priority for every pending event, drawn anew where it conflicts with what was executed."""

from racer.core.rng import SplitMix64
from racer.strategies.pending import Run, conflicts, touched

AFRESH_EVERY = 1000
"""After so many steps all priorities are drawn anew, so that a loop that waits for another thread comes to an end."""


class Pos:
    """Partial order sampling, with reassignment of priorities.

    Source: Yuan, Yang, Gu: "Partial Order Aware Concurrency Sampling", CAV 2018. Every pending event, enabled or not,
    carries a priority drawn independently and uniformly; the enabled one of the highest priority is executed. After
    it, the next event of its thread gets a fresh priority, and so does every pending event that conflicts with it
    (touches the same object, one of the two modifying it: two acquires of a mutex do); all others keep theirs. So the
    order of a pair of conflicting events depends little on how many independent events lie between, where a random
    walk's chance halves with each of them.

    Where it departs: the paper's programs end. Here a thread that loops until another has acted would run on as long
    as the other's event has a low priority, n steps with probability about 1 / n. So all pending events get fresh
    priorities after a sleep or a wait that timed out, and after every 1000th step. Whether a pending operation will
    modify is not known of a compare-exchange, a trylock and the like: they count as modifying.

    A pass says that no violation was seen in so many samples of the partial orders. An order of e events is sampled
    with a probability that falls exponentially in e: it proves nothing, and the bound for a bug that needs a few
    events in one order is the paper's, for programs as it has them.
    """

    text = "pos"
    every_step = True

    def __init__(self) -> None:
        self._draws = SplitMix64(0)
        self._priorities: list[int] = []
        self._run: Run

    def attach(self, run: Run) -> None:
        """Take the execution whose pending operations are to be looked at."""
        self._run = run

    def begin(self, seed: int) -> None:
        self._draws = SplitMix64(seed)
        self._priorities = []

    def created(self, thread: int) -> None:
        self._priorities.append(self._draws.next())

    def pick(self, enabled: list[int], current: int) -> int:
        run = self._run
        if run.codes:
            self._reassign(run)
        return enabled[0] if len(enabled) == 1 else max(enabled, key=self._priorities.__getitem__)

    def choose(self, n: int) -> int:
        return self._draws.below(n)

    def yielded(self, thread: int) -> None:
        self._all_afresh()

    def _reassign(self, run: Run) -> None:
        """Draw the priorities anew that the last step has made void."""
        last = run.order[-1]
        self._priorities[last] = self._draws.next()
        objects = touched(run)
        if objects:
            for thread in run.threads:
                number = thread.thread_number
                if number != last and not thread.ended and conflicts(thread, objects):
                    self._priorities[number] = self._draws.next()
        if len(run.codes) % AFRESH_EVERY == 0:
            self._all_afresh()

    def _all_afresh(self) -> None:
        self._priorities = [self._draws.next() for _ in self._priorities]
