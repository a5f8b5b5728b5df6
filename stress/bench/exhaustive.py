"""Executions a second of a verification, and where the time goes: hand-over, steps, analysis.

Three works on the same executions. *verify* is the verification. *follow* runs each of its executions again from its
schedule: the same threads take the same steps, and nothing is analysed. *relay* hands the turn to and fro between as
many OS threads in the same order, and takes no steps. So hand-over is relay, steps are follow less relay, and analysis
is verify less follow: choosing, taking down what was touched, races, sequences, going back.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import racer
from racer.campaign import run_once
from racer.core.schedule import Schedule
from racer.engine import turnstile
from racer.engine.driver import Driver, collect_young
from racer.engine.pool import Worker
from racer.judging import BUILT_IN, Asked
from racer.strategies.replay import Replay
from stress.bench import bare
from stress.bench.executions import BARE
from stress.bench.measure import Effort, Sample, Work, interleaved, timed
from stress.bench.relay import Relay, turns_of
from stress.bench.row import Row, at_least, row
from stress.bench.textbook import bare_lastzero, bare_lockinc, lastzero, lockinc

NAME = "verify"
VERIFY, FOLLOW, RELAY = "verify", "follow", "relay"
REPEATS = 8
STALL_AFTER = 5.0
MOST_STEPS = 100_000

Body = Callable[[], None]


@dataclass(frozen=True)
class Textbook:
    """A program in both its forms, how many interleavings it has, how many a second are demanded, and are wanted."""

    name: str
    test: Body
    bare: bare.Program
    interleavings: int
    demand: float
    wanted: float


PROGRAMS = (
    Textbook("lockinc(6)", partial(lockinc, 6), partial(bare_lockinc, 6), 720, 2_000, 5_000),
    Textbook("lastzero(8)", partial(lastzero, 8), partial(bare_lastzero, 8), 704, 1_000, 2_500),
)


def exhaustive_rows(effort: Effort) -> list[Row]:
    """Time the verification of the textbook programs, and split the time."""
    return [row for program in PROGRAMS for row in split(program, effort)]


def split(program: Textbook, effort: Effort) -> list[Row]:
    """Time one program in all its works, in turns."""
    samples = interleaved(works_of(program, effort.of(REPEATS)), effort.rounds)
    verified = samples[VERIFY]

    def rated(what: str, demand: float) -> Row:
        return row(
            NAME, f"{program.name}, {what}", "executions/s", verified, demand=at_least(demand),
            reference=BARE, beside=samples[BARE],
        )  # fmt: skip

    return [
        rated(f"{program.interleavings} interleavings", program.demand),
        rated("wanted", program.wanted),
        *(
            row(NAME, f"{program.name}, {part}", "us each", of_part, read=microseconds, reference="of", beside=verified)
            for part, of_part in parts_of(samples).items()
        ),
    ]


def parts_of(samples: Mapping[str, Sequence[Sample]]) -> dict[str, list[Sample]]:
    """Return what each part of a verification took, round by round."""
    return {
        "hand-over": list(samples[RELAY]),
        "steps": [less(*pair) for pair in zip(samples[FOLLOW], samples[RELAY], strict=True)],
        "analysis": [less(*pair) for pair in zip(samples[VERIFY], samples[FOLLOW], strict=True)],
    }


def less(more: Sample, part: Sample) -> Sample:
    """Return what is left of a work without a part of it."""
    return Sample(more.amount, more.wall - part.wall, more.cpu - part.cpu)


def microseconds(sample: Sample) -> float:
    """Return what one took."""
    return sample.wall / sample.amount * 1e6


def works_of(program: Textbook, repeats: int) -> dict[str, Work]:
    """Return all works, each with as many executions; UsageError if the program has not those it should have."""
    schedules = schedules_of(program.test)
    if len(schedules) != program.interleavings:
        raise racer.UsageError(f"{program.name} has {program.interleavings} interleavings, got {len(schedules)}")
    executions = repeats * len(schedules)
    turns = turns_of(schedule.threads for schedule in schedules * repeats)
    baton = bare.Bare()
    return {
        VERIFY: lambda: timed(lambda: sum(racer.verify(program.test).executions for _ in range(repeats))),
        FOLLOW: lambda: timed(lambda: follow(program.test, schedules * repeats)),
        RELAY: lambda: timed(lambda: Relay(turns).run() and executions),
        BARE: lambda: timed(lambda: baton.run(program.bare, executions)),
    }


def schedules_of(test: Body) -> list[Schedule]:
    """Return the schedules that a verification executes, in its order. The test's main thread must end last."""
    orders: dict[tuple[int, ...], None] = {}

    def watched() -> None:
        test()
        run = turnstile.running()
        assert run is not None
        orders[tuple(run.order)] = None

    racer.verify(watched)
    return [Schedule(order) for order in orders]


def follow(test: Body, schedules: Sequence[Schedule]) -> int:
    """Run a test under each of some schedules, with all that a verification has on but its analysis."""
    driver = Driver(STALL_AFTER)

    def loop(worker: Worker) -> int:
        for schedule in schedules:
            replay = Replay(schedule)
            run = run_once(test, replay, 0, worker, MOST_STEPS, Asked.of(BUILT_IN))
            if replay.why is not None or len(run.order) != len(schedule):
                raise racer.DivergenceError(replay.step, replay.why or "the execution ended elsewhere")
            run.release()
            collect_young()
            driver.executions += 1
        return len(schedules)

    return driver.run(loop, lambda: None)
