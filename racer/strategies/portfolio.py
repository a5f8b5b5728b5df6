"""The portfolio: each execution runs under one of several strategies, which its seed decides."""

import re
from collections.abc import Iterable

from racer.core.errors import UsageError
from racer.core.rng import MASK, SplitMix64
from racer.core.strategy import Strategy
from racer.strategies.pct import Pct
from racer.strategies.pending import Run, longest
from racer.strategies.pos import Pos
from racer.strategies.profile import Profile
from racer.strategies.random_walk import RandomWalk
from racer.strategies.surw import Surw

_FORM = re.compile(r"k=([1-9][0-9]{0,17}),(.*)", re.DOTALL)
DEPTHS = (2, 3)


class Portfolio:
    """Shares a budget out over random, pct:2, pct:3, pos and surw, a fifth each.

    Which of them an execution runs under is a function of its seed, and the execution is the one that this strategy
    alone shows with that seed. No paper stands behind it but experience: which strategy finds a bug soonest differs
    from bug to bug by orders of magnitude, and nobody knows beforehand. At worst it needs five times the executions
    of the best of them, on average.

    A pass says what a fifth of the executions says under each.
    """

    def __init__(self, length: int | None = None, profile: Profile | None = None) -> None:
        self.length = length
        self.profile = profile
        self.members: tuple[Strategy, ...] = (
            RandomWalk(), *(Pct(depth, length) for depth in DEPTHS), Pos(), Surw(profile),
        )  # fmt: skip
        self.texts = tuple(member.text for member in self.members)
        self.begin(0)

    @classmethod
    def parse(cls, parameters: str) -> "Portfolio":
        """Read what stands after ``portfolio:``: nothing, or a length for pct and a profile for surw."""
        if not parameters:
            return cls()
        form = _FORM.fullmatch(parameters)
        if form is None:
            raise UsageError(
                "portfolio takes nothing, or a length and a profile as in portfolio:k=412,1=2:2+3:4, as racer prints "
                f"it; got 'portfolio:{parameters}'"
            )
        return cls(int(form[1]), Profile.parse(form[2]))

    @property
    def text(self) -> str:
        """The strategy with all its parameters."""
        return "portfolio" if self.profile is None else f"portfolio:k={self.length},{self.profile.text}"

    def profiled(self, runs: Iterable[Run]) -> "Portfolio":
        """Return the strategy with the length and the profile of pilot executions, unless it has them."""
        if self.profile is not None:
            return self
        pilots = list(runs)
        return Portfolio(longest(pilots), Profile.measured(pilots))

    @property
    def member(self) -> str:
        """The text of the member that the execution begun last runs under."""
        return self.texts[self._place]

    @property
    def alone(self) -> str:
        """The shortest text under which its seed shows the execution begun last."""
        return str(getattr(self._member, "alone", self.member))

    def begin(self, seed: int) -> None:
        # Not from the generator that the member begins with: its first draws must not depend on which member it is.
        self._place = SplitMix64(seed ^ MASK).below(len(self.members))
        self._member = member = self.members[self._place]
        self.every_step = member.every_step
        member.begin(seed)

    def attach(self, run: Run) -> None:
        """Hand on the execution, to a member that wants to see it."""
        attach = getattr(self._member, "attach", None)
        if attach is not None:
            attach(run)

    def created(self, thread: int) -> None:
        self._member.created(thread)

    def pick(self, enabled: list[int], current: int) -> int:
        return self._member.pick(enabled, current)

    def choose(self, n: int) -> int:
        return self._member.choose(n)

    def yielded(self, thread: int) -> None:
        self._member.yielded(thread)
