"""What a benchmark says: one value, what was demanded of it, what it was measured beside."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from stress.bench.measure import Effort, Sample, ratios


@dataclass(frozen=True)
class Demand:
    """A bound: on the value, or on its ratio to the reference."""

    limit: float
    least: bool
    of_ratio: bool = False

    def met_by(self, value: float | None, ratio: float | None) -> bool | None:
        """Return whether the bound is kept; None where there is nothing to judge."""
        judged = ratio if self.of_ratio else value
        if judged is None:
            return None
        return judged >= self.limit if self.least else judged <= self.limit

    def __str__(self) -> str:
        """Return the bound in words."""
        return f"{'at least' if self.least else 'at most'} {self.limit:,g}{' x' if self.of_ratio else ''}"


def at_least(limit: float) -> Demand:
    """Demand a value of at least so much."""
    return Demand(limit, least=True)


def at_most(limit: float) -> Demand:
    """Demand a value of at most so much."""
    return Demand(limit, least=False)


def times_at_least(limit: float) -> Demand:
    """Demand at least so many times the reference."""
    return Demand(limit, least=True, of_ratio=True)


def times_at_most(limit: float) -> Demand:
    """Demand at most so many times the reference."""
    return Demand(limit, least=False, of_ratio=True)


@dataclass(frozen=True)
class Row:
    """One line of the table.

    `value` is the median of the rounds, between `low` and `high`; `cpu` the microseconds of CPU time that one of the
    unit took; `ratio` the median over the rounds of value to reference. A row without a value says why in `note`;
    `detail` is what a benchmark with tables of its own shows besides.
    """

    name: str
    what: str
    unit: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    cpu: float | None = None
    demand: Demand | None = None
    reference: str = ""
    reference_value: float | None = None
    ratio: float | None = None
    note: str = ""
    crashed: bool = False
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def met(self) -> bool | None:
        """Whether the demand is met; None where nothing is demanded or nothing was measured."""
        return None if self.demand is None else self.demand.met_by(self.value, self.ratio)

    def as_json(self) -> dict[str, Any]:
        """Return the row as it is written to a file."""
        fields = asdict(self)
        fields["demand"] = None if self.demand is None else str(self.demand)
        return fields | {"met": self.met}


def rate(sample: Sample) -> float:
    """How much a second."""
    return sample.rate


def cost(sample: Sample) -> float:
    """Nanoseconds for one."""
    return sample.cost


def row(
    name: str,
    what: str,
    unit: str,
    samples: Sequence[Sample],
    *,
    read: Callable[[Sample], float] = rate,
    demand: Demand | None = None,
    reference: str = "",
    beside: Sequence[Sample] = (),
    note: str = "",
) -> Row:
    """Return the row of some samples, `beside` those of the reference."""
    values = [read(sample) for sample in samples]
    references = [read(sample) for sample in beside]
    return Row(
        name=name,
        what=what,
        unit=unit,
        value=median(values),
        low=min(values),
        high=max(values),
        cpu=median(sample.cpu / sample.amount for sample in samples) * 1e6,
        demand=demand,
        reference=reference,
        reference_value=median(references) if references else None,
        ratio=median(ratios(values, references)) if references else None,
        note=note,
    )


Benchmark = Callable[[Effort], list[Row]]
