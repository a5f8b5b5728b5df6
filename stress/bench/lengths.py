"""What an execution of a verification costs by its length, for two threads: linear, or more."""

from collections.abc import Mapping, Sequence
from functools import partial
from math import log

import racer
from stress.bench.measure import Effort, Sample, Work, interleaved, timed
from stress.bench.row import Row, at_most, cost, row
from stress.bench.textbook import two_threads

NAME = "length"
LENGTHS = (100, 300, 1_000, 3_000, 10_000)
STEPS = 60_000
"""So many steps a sample has at least, however short its executions are."""
EXECUTIONS = 6
FITTED = LENGTHS[2:]
"""The lengths at which what every execution costs, however short it is, no longer shows."""
LINEAR = 1.1
"""The greatest exponent that counts as linear; what timing blurs is less."""
CURVES = {"own variables": False, "one variable": True}


def length_rows(effort: Effort) -> list[Row]:
    """Time executions of several lengths, and fit a power of the length."""
    return [row for curve in CURVES for row in curve_rows(curve, effort, LENGTHS, FITTED)]


def curve_rows(curve: str, effort: Effort, lengths: Sequence[int], long: Sequence[int]) -> list[Row]:
    """Time one curve: the cost of a step at each length, and of an execution as a power of its length, if long."""
    samples = interleaved({str(length): verifies(length, curve, effort) for length in lengths}, effort.rounds)
    first = samples[str(lengths[0])]
    rows = [
        row(
            NAME, f"{curve}, {length:,} steps", "ns/step", samples[str(length)], read=cost,
            reference=f"at {lengths[0]}", beside=first,
        )
        for length in lengths
    ]  # fmt: skip
    exponents = [exponent({length: samples[str(length)][at] for length in long}) for at in range(effort.rounds)]
    what = f"{curve}, {min(long):,} to {max(long):,} steps: cost of an execution is length to the power of"
    return [*rows, fitted(what, exponents)]


def verifies(length: int, curve: str, effort: Effort) -> Work:
    """Return the work of verifying executions of about this length; its amount is in steps."""
    test = partial(two_threads, length, shared=CURVES[curve])
    times = max(1, effort.of(STEPS) // (EXECUTIONS * length))

    def work() -> int:
        return sum(racer.verify(test, max_executions=EXECUTIONS).steps for _ in range(times))

    return lambda: timed(work)


def exponent(samples: Mapping[int, Sample]) -> float:
    """Return the exponent of the cost of an execution by its length, from a sample of steps for each length.

    >>> [round(exponent({10: Sample(1, 1, 1), 1000: Sample(1, each, 1)}), 3) for each in (1, 100)]
    [1.0, 2.0]
    """
    x = [log(length) for length in samples]
    y = [log(length * sample.wall / sample.amount) for length, sample in samples.items()]
    middle = sum(x) / len(x)
    return sum((each - middle) * of for each, of in zip(x, y, strict=True)) / sum((each - middle) ** 2 for each in x)


def fitted(what: str, exponents: Sequence[float]) -> Row:
    """Return the row of the exponents of some rounds."""
    middle = sorted(exponents)[len(exponents) // 2]
    return Row(NAME, what, "", middle, min(exponents), max(exponents), demand=at_most(LINEAR))
