"""What a mutant has to live through, from cheap to dear."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

import racer
from racer.kvm.schemes import Scheme
from stress import answers, detect, workloads
from stress.verify.bounded import NAMES as BOUNDED
from stress.verify.bounded import find
from stress.workload import ENOUGH, Workload

STRATEGY = "portfolio"
MAX_STEPS = 20_000
# A machine with too much to do may stand still for seconds; a mutant that goes round for ever does so for longer.
STALL_AFTER = 30.0
FIRST_ANSWERS = 4
# Executions of each workload, level by level; each level has seeds of its own.
LITTLE = {"cross-register": 40, "remap": 15, "dirty-log": 10} | dict.fromkeys(
    ("cede-prod", "teardown", "self-register", "one-reg", "reboot", "nested", "byte-order", "guest-trace"), 5
)
SOME = {"cross-register": 300, "remap": 100, "dirty-log": 60} | dict.fromkeys(
    ("cede-prod", "teardown", "self-register", "one-reg", "reboot", "nested"), 40
)
MUCH = {"cross-register": 2000, "remap": 600} | dict.fromkeys(("cede-prod", "teardown", "one-reg", "dirty-log"), 200)
# Interleavings of each bounded workload, at most.
VERIFIED = 1000

Factory = Callable[[], Scheme]


def all_seen(result: racer.Result) -> list[str]:
    """Ask for no counters."""
    del result
    return []


class Trial(NamedTuple):
    """One thing to be lived through: what it is called, how it is run, and which counters it left at zero.

    A scheme under which what a workload is about never happens is as broken as one that does it wrong.
    """

    name: str
    run: Callable[[], racer.Result]
    unseen: Callable[[racer.Result], list[str]] = all_seen


class Level(NamedTuple):
    """Trials of about one price; `proof` says that some of them go through every interleaving."""

    name: str
    trials: Callable[[Factory, int], Iterator[Trial]]


def explored(name: str, body: Callable[[], None], executions: int, seed: int, strategy: str = STRATEGY) -> Trial:
    """Return the trial that samples interleavings."""
    return Trial(
        name,
        lambda: racer.explore(
            body,
            strategy=strategy,
            executions=executions,
            seed=seed,
            detect=detect.ALL,
            max_steps=MAX_STEPS,
            stall_after=STALL_AFTER,
        ),
    )


def answered(scheme: Factory, first: int, last: int | None) -> Iterator[Trial]:
    """Yield trials of the answers alone, without a race."""
    for body in islice(answers.bodies(scheme), first, last):
        yield explored("answers", body, 1, 0, "round-robin")


def first_answers(scheme: Factory, seed: int) -> Iterator[Trial]:
    """Yield the answers that tell most."""
    del seed
    return answered(scheme, 0, FIRST_ANSWERS)


def other_answers(scheme: Factory, seed: int) -> Iterator[Trial]:
    """Yield the rest of the answers."""
    del seed
    return answered(scheme, FIRST_ANSWERS, None)


def of_workload(workload: Workload, scheme: Factory, executions: int, seed: int) -> Trial:
    """Return the trial that samples interleavings of a workload."""
    trial = explored(workload.name, workload.build(scheme, workload.defaults), executions, seed)
    if executions < ENOUGH:
        return trial
    return trial._replace(unseen=lambda result: workload.unseen(lambda: scheme, result.counters, result.executions))


def sampled(budget: dict[str, int]) -> Callable[[Factory, int], Iterator[Trial]]:
    """Return what yields a trial of each of these workloads."""

    def trials(scheme: Factory, seed: int) -> Iterator[Trial]:
        for name, executions in budget.items():
            yield of_workload(workloads.by_name(name), scheme, executions, seed)

    return trials


def verified(scheme: Factory, seed: int) -> Iterator[Trial]:
    """Yield a verification of each bounded workload, as far as it goes."""
    del seed
    for name in BOUNDED:
        workload = find(name)
        assert workload is not None
        body = workload.build(scheme, workload.bounds("deferred"))
        yield Trial(
            f"verify {name}",
            lambda body=body: racer.verify(  # type: ignore[misc]
                body, detect=detect.ALL, max_executions=VERIFIED, max_steps=MAX_STEPS, stall_after=STALL_AFTER
            ),
        )


LEVELS = (
    Level("answers", first_answers),
    Level("bounded, 5 executions each", sampled(dict.fromkeys(BOUNDED, 5))),
    Level("workloads, a few executions", sampled(LITTLE)),
    Level("all answers", other_answers),
    Level("workloads, some executions", sampled(SOME)),
    Level("workloads, all executions", sampled(MUCH)),
    Level(f"verify, {VERIFIED} interleavings each", verified),
)
