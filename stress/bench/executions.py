"""Executions a second of two small programs, beside the bare baton."""

from collections.abc import Callable
from dataclasses import dataclass

import racer
from stress.bench import bare
from stress.bench.measure import Effort, Sample, interleaved, timed
from stress.bench.programs import bare_locked_increments, bare_lost_update, locked_increments, lost_update
from stress.bench.row import Row, at_least, row

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
    """Time the lost update shared out over two processes."""
    executions = effort.of(40_000)
    samples = interleaved(
        {
            "two": lambda: explored(lost_update, executions, jobs=2),
            "one": lambda: explored(lost_update, executions),
        },
        effort.rounds,
    )
    return [
        row(
            "processes",
            "the lost update, jobs=2 on two CPUs",
            "executions/s",
            samples["two"],
            reference="jobs=1",
            beside=samples["one"],
        )
    ]
