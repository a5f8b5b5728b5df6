"""Measures a row: how soon the bug is found, how small it can be made, and that the mended scheme is clean of it."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import racer
from racer.core.rng import SplitMix64
from racer.kvm import schemes
from racer.kvm.schemes import Scheme
from racer.kvm.specification import SINCE_V4_14
from racer.shrinking import Small, shrink
from stress import answers, workloads
from stress.matrix.row import Row

STRATEGY = "portfolio"
SEEDS = 5
FIRST = 64
MAX_STEPS = 20_000
STALL_AFTER = 60.0
SHRINK = 400
SEQUENTIAL = "answers"


@dataclass(frozen=True)
class Job:
    """A row to be measured, and the seed that the others are drawn from."""

    row: Row
    seed: int


@dataclass(frozen=True)
class Measured:
    """What came of a row. `firsts` are the executions it took by seed, None where the budget was not enough.

    `clean` is None where there is no mended scheme; `unclean` is what the mended one showed. `error` stopped it all.
    """

    bug: str
    kind: str = ""
    message: str = ""
    firsts: tuple[int | None, ...] = ()
    seed: int = 0
    small: Small | None = None
    schedule: str = ""
    clean: int | None = None
    unclean: str = ""
    error: str = ""

    @property
    def found(self) -> bool:
        """Whether the bug was found under any seed."""
        return any(first is not None for first in self.firsts)

    @property
    def median(self) -> float | None:
        """The median of the executions it took; None where most seeds' budgets were not enough."""
        if not self.firsts:
            return None
        value = median(float("inf") if first is None else first for first in self.firsts)
        return None if value == float("inf") else value

    @property
    def fine(self) -> bool:
        """Whether the row is as it should be: found, and the mended scheme is clean of it."""
        return not self.error and not self.unclean and self.found


Body = Callable[[], None]


def bodies_of(row: Row, scheme: str) -> list[Body]:
    """Return the test bodies of a row for a scheme."""
    found = schemes.by_name(scheme)
    if row.workload == SEQUENTIAL:
        # What is right is what PAPR asks for, whatever the scheme's version took for it.
        papr: type[Scheme] = type(found.__name__, (found,), {"rules": SINCE_V4_14})
        return list(answers.bodies(papr))
    workload = workloads.by_name(row.workload)
    return [workload.build(found, workload.defaults)]


def measured(job: Job, tell: object = None) -> Measured:
    """Measure a row."""
    del tell
    row = job.row
    if not row.workload:
        return Measured(row.bug)
    try:
        return hunted(row, job.seed)
    except (racer.StallError, racer.DivergenceError, racer.NondeterminismError) as error:
        return Measured(row.bug, error=f"{type(error).__name__}: {str(error).partition(chr(10))[0]}")


def died(job: Job, code: int | None) -> Measured:
    """Return what came of a row whose process died."""
    return Measured(job.row.bug, error=f"the process ended with code {code}")


def hunted(row: Row, seed: int) -> Measured:
    """Look for the bug under each seed, shrink what the first one found, and look at the mended scheme."""
    draws = SplitMix64(seed)
    seeds = [seed, *(draws.below(1 << 32) for _ in range(SEEDS - 1))]
    bodies = bodies_of(row, row.scheme)
    findings = [first_of(row, bodies, each) for each in seeds]
    firsts = tuple(None if found is None else found[0] for found in findings)
    best = min((found for found in findings if found is not None), key=lambda found: found[0], default=None)
    clean, unclean = mended(row, seeds[0])
    if best is None:
        return Measured(row.bug, firsts=firsts, seed=seed, clean=clean, unclean=unclean)
    _, body, finding = best
    small = None
    if finding.schedule is not None and row.workload != SEQUENTIAL:
        given = (body, finding.schedule, row.trace.matches, row.detect, SHRINK, STALL_AFTER)
        # Some are told by who called: that takes stacks.
        small = shrink(*given) or shrink(*given, rich=True)
    return Measured(
        row.bug,
        kind=finding.kind,
        message=finding.message,
        firsts=firsts,
        seed=finding.seed or 0,
        small=small,
        schedule=finding.strategy,
        clean=clean,
        unclean=unclean,
    )


def first_of(row: Row, bodies: list[Body], seed: int) -> tuple[int, Body, racer.Finding] | None:
    """Return the first execution, from 1, that shows the bug, its body and its finding."""
    budgets = growing(row.executions) if len(bodies) == 1 else [1]
    for before, body in enumerate(bodies):
        for executions in budgets:
            found = [finding for finding in explored(row, body, executions, seed) if row.trace.matches(finding)]
            if found:
                first = min(found, key=index)
                return before + index(first) + 1, body, first
    return None


def growing(most: int) -> list[int]:
    """Return budgets that grow fourfold up to the most: what is found soon does not pay for all.

    >>> growing(2000)
    [64, 256, 1024, 2000]
    """
    budgets = []
    budget = FIRST
    while budget < most:
        budgets.append(budget)
        budget *= 4
    return [*budgets, most]


def index(finding: racer.Finding) -> int:
    """Return the number of the execution that a finding is of."""
    return 0 if finding.execution is None else finding.execution.index


def explored(row: Row, body: Body, executions: int, seed: int) -> tuple[racer.Finding, ...]:
    """Return what a campaign shows."""
    return racer.explore(
        body,
        strategy=STRATEGY if executions > 1 else "round-robin",
        executions=executions,
        seed=seed,
        detect=row.detect,
        keep_going=True,
        max_steps=MAX_STEPS,
        stall_after=STALL_AFTER,
    ).findings


def mended(row: Row, seed: int) -> tuple[int | None, str]:
    """Return in how many executions the mended scheme is clean of the bug, and what it showed if it is not."""
    if not row.mended:
        return None, ""
    bodies = bodies_of(row, row.mended)
    executions = 1 if len(bodies) > 1 else row.executions
    for body in bodies:
        for finding in explored(row, body, executions, seed):
            if row.trace.matches(finding):
                return None, f"{finding.kind}: {finding.message}"
    return executions * len(bodies), ""
