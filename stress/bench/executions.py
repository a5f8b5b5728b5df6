"""Executions a second of two small programs, beside the bare baton."""

from collections.abc import Callable
from dataclasses import dataclass

import racer
from stress.bench import bare
from stress.bench.measure import Effort, Sample, interleaved, timed
from stress.bench.programs import bare_locked_increments, bare_lost_update, locked_increments, lost_update
from stress.bench.row import Row, at_least, row
from stress.bench.textbook import two_adders

BARE = "bare baton"


def explored(test: Callable[[], None], executions: int, jobs: int = 1) -> Sample:
    """Explore with everything that a default run has, to the last execution whatever is found."""
    return timed(lambda: racer.explore(test, executions=executions, keep_going=True, jobs=jobs).executions)


@dataclass(frozen=True)
class Program:
    """A program in both its forms, how often it is run, and how often a second it should be."""

    name: str
    what: str
    test: Callable[[], None]
    bare: bare.Program
    executions: int
    demand: float


LOST_UPDATE = Program(
    "lost-update",
    "two threads, one update each, one of them lost at times",
    lost_update,
    bare_lost_update,
    20_000,
    25_000,
)
LOCKED = Program(
    "locked-increments",
    "three threads, five locked increments each",
    locked_increments,
    bare_locked_increments,
    5_000,
    2_500,
)


def beside_bare(program: Program, effort: Effort) -> list[Row]:
    """Time a program, in turns with its bare form."""
    executions = effort.of(program.executions)
    baton = bare.Bare()
    samples = interleaved(
        {
            program.name: lambda: explored(program.test, executions),
            BARE: lambda: timed(lambda: baton.run(program.bare, executions)),
        },
        effort.rounds,
    )
    return [
        row(
            program.name,
            program.what,
            "executions/s",
            samples[program.name],
            demand=at_least(program.demand),
            reference=BARE,
            beside=samples[BARE],
        )
    ]


def processes_rows(effort: Effort) -> list[Row]:
    """Time a campaign and a verification shared out over two processes."""
    executions = effort.of(40_000)
    interleavings = effort.of(40_000)
    works: dict[str, Callable[[int], Sample]] = {
        "the lost update": lambda jobs: explored(lost_update, executions, jobs),
        f"verification, {interleavings:,} interleavings": lambda jobs: verified(two_adders, interleavings, jobs),
    }
    return [shared_out(what, work, effort) for what, work in works.items()]


def verified(test: Callable[[], None], interleavings: int, jobs: int) -> Sample:
    """Verify so far."""
    return timed(lambda: racer.verify(test, max_executions=interleavings, jobs=jobs).executions)


def shared_out(what: str, work: Callable[[int], Sample], effort: Effort) -> Row:
    """Time a work in two processes, beside one."""
    samples = interleaved({"two": lambda: work(2), "one": lambda: work(1)}, effort.rounds)
    return row(
        "processes",
        f"{what}, jobs=2 on two CPUs",
        "executions/s",
        samples["two"],
        reference="jobs=1",
        beside=samples["one"],
    )
