"""What a campaign says of the executions it did not run: how likely the next one is to show something new."""

import math
from dataclasses import dataclass
from typing import Final

CONFIDENCE: Final = 0.95
_HALVINGS: Final = 60


@dataclass(frozen=True, slots=True)
class Missed:
    """How likely the executions under pct would have missed a bug of a depth, if there is one: `probability` at most.

    Source: Burckhardt, Kothari, Musuvathi, Nagarakatte: "A Randomized Scheduler with Probabilistic Guarantees of
    Finding Bugs", ASPLOS 2010. One execution shows a bug of depth d with probability at least 1 / (n k^(d-1)), so all
    `executions` N miss it with probability at most (1 - 1 / (n k^(d-1)))^N. n is `threads`, the most that any execution
    of the campaign had, main among them; k is `length`, the steps among which pct places its changes: of a bug that
    needs a change after step k this says nothing. `longest` is the most steps that any execution had. Where racer's pct
    departs from the paper's, so does this: see there for loops that wait.
    """

    depth: int
    executions: int
    threads: int
    length: int
    longest: int

    @property
    def probability(self) -> float:
        """The probability, from 0 to 1, of having missed the bug that is hardest to find."""
        shown = math.exp(-math.log(self.threads) - (self.depth - 1) * math.log(self.length))
        return float(self.executions == 0) if shown >= 1 else math.exp(self.executions * math.log1p(-shown))


@dataclass(frozen=True, slots=True)
class Unseen:
    """What is known of the interleavings (happens-before classes) that a campaign did not show.

    `curve`: after so many executions, so many distinct interleavings; at 1, 2, 5, 10, 20, 50, ... and at the end.
    `once`: interleavings that came exactly once. `missed`: of each depth for which executions ran under pct, how
    likely a bug of that depth was missed. `why` says in words why the executions allow no estimate. `exhausted`: all
    interleavings were executed, so that the next execution shows nothing new.

    `stopped` campaigns ended at a finding: their length depends on what they showed, and no bound is known for that.
    An execution that was cut at `max_steps` counts as an execution, and shows no interleaving.
    """

    executions: int
    curve: tuple[tuple[int, int], ...] = ()
    once: int = 0
    missed: tuple[Missed, ...] = ()
    why: str = ""
    stopped: bool = False
    exhausted: bool = False

    @property
    def new(self) -> float | None:
        """The probability that the next execution shows a new interleaving, as Good and Turing estimate it.

        Source: Good: "The population frequencies of species and the estimation of population parameters", Biometrika
        40, 1953: the share of executions whose interleaving came only once. On average it is too high by less than
        1 / executions.
        """
        if self.exhausted:
            return 0.0
        return None if self.why or not self.executions else self.once / self.executions

    def at_most(self, confidence: float = CONFIDENCE) -> float | None:
        """Return what that probability is at most: at 0.95 this is true in 95 of 100 campaigns, or more.

        It is the lower one of two bounds, each with half of the risk: r = (1 - confidence) / 2.

        McAllester, Schapire: "On the convergence rate of Good-Turing estimators", COLT 2000: the estimate plus
        (2 sqrt(2) + sqrt(3)) sqrt(ln(3 / r) / executions). Good for many executions, and 0.3 or more below 1,000.

        Hoeffding: "Probability inequalities for sums of bounded random variables", JASA 58, 1963, theorem 1. The
        probability of a new interleaving never rises. So if it is above p at the end, each of the last m executions,
        given those before, showed a new one with a probability above p, and k new ones or fewer among them are no
        likelier than k heads or fewer in m tosses of a coin that shows heads with probability p: no likelier than
        exp(-m KL(k / m, p)). The bound is the p at which this is r. The last m are those after the last point of the
        curve that is not beyond half way. Good where few or nearly all executions show something new.
        """
        if self.exhausted:
            return 0.0
        if self.new is None or self.stopped:
            return None
        risk = (1 - confidence) / 2
        margin = (2 * math.sqrt(2) + math.sqrt(3)) * math.sqrt(math.log(3 / risk) / self.executions)
        before, seen = max(((n, c) for n, c in self.curve if 2 * n <= self.executions), default=(0, 0))
        later = self.executions - before
        return min(1.0, self.new + margin, _highest((self.curve[-1][1] - seen) / later, -math.log(risk) / later))


def no_sample(strategy: str) -> str:
    """Return why there is no estimate under a strategy whose executions are no draws."""
    return f"executions under {strategy} are not drawn independently"


def _highest(share: float, divergence: float) -> float:
    """Return the probability p above `share` whose Kullback-Leibler divergence from it is `divergence`."""
    low, high = share, 1.0
    for _ in range(_HALVINGS):
        p = (low + high) / 2
        if p <= share or p >= 1 or _divergence(share, p) > divergence:
            high = p
        else:
            low = p
    return high


def _divergence(share: float, p: float) -> float:
    """Return the Kullback-Leibler divergence of a coin of probability p from one of probability `share`; 0 < p < 1."""
    hit = share * math.log(share / p) if share else 0.0
    return hit + ((1 - share) * math.log((1 - share) / (1 - p)) if share < 1 else 0.0)
