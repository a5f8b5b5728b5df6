"""What so many searches say of a chance: how many executions until the first finding, with those that gave up."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt

Z = 1.96
"""Two-sided 95 %."""


@dataclass(frozen=True)
class Searches:
    """Searches of one kind: at which execution each had its finding, and how many gave up after `most` executions.

    Each execution of a campaign finds by the same chance, whatever the ones before have shown (the strategies here
    do not learn). So all executions of all searches together estimate that chance, with those of the searches that
    gave up counted for what they are: executions without a finding.

    >>> some = Searches((1, 2, 2, 3), missed=1, most=10)
    >>> some.executions, some.mean, some.within(0.5), some.within(0.9)
    (18, 4.5, 2, None)
    """

    found: Sequence[int]
    missed: int
    most: int

    @property
    def executions(self) -> int:
        """How many executions there were in all."""
        return sum(self.found) + self.missed * self.most

    @property
    def mean(self) -> float | None:
        """The mean number of executions until a finding; None if there was none."""
        return self.executions / len(self.found) if self.found else None

    @property
    def interval(self) -> tuple[float, float | None]:
        """The mean's 95 % interval (Wilson's, of the chance); there is no upper end without a finding."""
        low, high = wilson(len(self.found), self.executions)
        return 1 / high, 1 / low if low > 0 else None

    def within(self, share: float) -> int | None:
        """Return in how many executions such a share of the searches had its finding; None if fewer ever had."""
        rank = max(1, ceil(share * (len(self.found) + self.missed)))
        return sorted(self.found)[rank - 1] if rank <= len(self.found) else None


def wilson(hits: int, tries: int) -> tuple[float, float]:
    """Return the 95 % interval of a chance of which `hits` of `tries` were seen (E. B. Wilson, JASA 1927).

    >>> [round(end, 3) for end in wilson(5, 10)], [round(end, 3) for end in wilson(0, 100)]
    ([0.237, 0.763], [0.0, 0.037])
    """
    square = Z * Z
    middle = (hits + square / 2) / (tries + square)
    reach = Z / (tries + square) * sqrt(hits * (tries - hits) / tries + square / 4)
    return max(0.0, middle - reach) if hits else 0.0, min(1.0, middle + reach) if hits < tries else 1.0
