"""How a thing is measured: several rounds, each thing beside its reference, medians of what came out."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from statistics import median


@dataclass(frozen=True)
class Effort:
    """How much is done: the number of rounds, and the share of its full size that each gets."""

    rounds: int = 5
    scale: float = 1.0

    def of(self, full: int) -> int:
        """Return how many of `full` to do: at least one."""
        return max(1, int(full * self.scale))


FULL = Effort()
QUICK = Effort(rounds=3, scale=0.1)


@dataclass(frozen=True)
class Sample:
    """So much was done in so many seconds, on the clock and of CPU time."""

    amount: float
    wall: float
    cpu: float

    @property
    def rate(self) -> float:
        """How much a second."""
        return self.amount / self.wall

    @property
    def cost(self) -> float:
        """Nanoseconds for one."""
        return self.wall / self.amount * 1e9


Work = Callable[[], Sample]


def cpu_seconds() -> float:
    """Return the CPU time of this process and of the children it has waited for."""
    mine, theirs = getrusage(RUSAGE_SELF), getrusage(RUSAGE_CHILDREN)
    return mine.ru_utime + mine.ru_stime + theirs.ru_utime + theirs.ru_stime


def timed(work: Callable[[], float]) -> Sample:
    """Do a piece of work, which returns how much it was."""
    cpu, wall = cpu_seconds(), time.perf_counter()
    amount = work()
    return Sample(amount, time.perf_counter() - wall, cpu_seconds() - cpu)


class Laps:
    """Samples that a test body takes of itself, one for each execution."""

    def __init__(self, amount: float) -> None:
        self.amount = amount
        self.samples: list[Sample] = []

    def __enter__(self) -> None:
        """Start the clock."""
        self._cpu = time.process_time()
        self._wall = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        wall = time.perf_counter() - self._wall
        self.samples.append(Sample(self.amount, wall, time.process_time() - self._cpu))

    def typical(self) -> Sample:
        """Return the median: executions that are run a second time, recorded richly, do not show."""
        return Sample(self.amount, median(s.wall for s in self.samples), median(s.cpu for s in self.samples))


def interleaved(works: Mapping[str, Work], rounds: int) -> dict[str, list[Sample]]:
    """Do every work once a round and return the samples of each.

    A machine that is busy for a while is busy for all of them. Every other round goes backwards, so that no work
    always comes first. The first time, which warms things up, does not count.
    """
    for work in works.values():
        work()
    samples: dict[str, list[Sample]] = {name: [] for name in works}
    for number in range(rounds):
        order = list(works)
        for name in order if number % 2 == 0 else reversed(order):
            samples[name].append(works[name]())
    return samples


def ratios(values: Sequence[float], references: Sequence[float]) -> list[float]:
    """Return the ratio in each round."""
    return [value / reference for value, reference in zip(values, references, strict=True)]
