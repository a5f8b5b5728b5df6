"""How many executions each strategy takes until its first finding, over many seeds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import racer
from racer.engine import turnstile
from racer.kvm import schemes
from stress import workloads
from stress.bench.chance import Searches
from stress.bench.measure import Effort
from stress.bench.row import Row
from stress.bench.spread import spread
from stress.classics import CLASSICS
from stress.crew import cpus

NAME = "first-finding"
STRATEGIES = ("random", "pct:2", "pct:3", "pos", "surw", "portfolio")
SEEDS = 200
MOST = 1000
MOST_OF_MODEL = 500
RACE = "stale-pointer"
BROKEN = "immediate"

Body = Callable[[], None]


@dataclass(frozen=True)
class Subject:
    """A test body with a bug, and after how many executions a search gives up."""

    body: Body
    most: int = MOST


def subjects() -> dict[str, Subject]:
    """Return every subject by name: the classics at the sizes that make them hard, and the race in the model."""
    found = {titled(name, classic.hard): Subject(classic.harder) for name, classic in CLASSICS.items()}
    for name, sizes in MODEL.items():
        workload = workloads.by_name(name)
        body = workload.build(schemes.by_name(BROKEN), workload.defaults.with_options(**sizes))
        found[titled(f"{name}, {BROKEN}", sizes)] = Subject(partial(race_only, body), MOST_OF_MODEL)
    return found


MODEL = {"cross-register": {"vcpus": 1, "registrars": 1}, "one-vcpu": {}}
"""Workloads of the model, in sizes at which a search takes less than a second."""


def titled(name: str, sizes: object) -> str:
    """Return a subject's name with the sizes that are not its defaults.

    >>> titled("reorder", {"setters": 6}), titled("abba", {})
    ('reorder (6 setters)', 'abba')
    """
    assert hasattr(sizes, "items")
    said = ", ".join(f"{n} {what if n != 1 else what.removesuffix('s')}" for what, n in sizes.items())
    return f"{name} ({said})" if said else name


def race_only(body: Body) -> None:
    """Run a test body of the model, and forget what it found besides the race.

    The broken scheme has a bug that needs no race, and shows it first.
    """
    body()
    run = turnstile.running()
    assert run is not None
    run.findings[:] = [finding for finding in run.findings if finding.kind == RACE]


def search(subject: Subject, strategy: str, seeds: Sequence[int]) -> Searches:
    """Search once with each seed, from scratch, until the first finding."""
    campaigns = [racer.explore(subject.body, strategy=strategy, executions=subject.most, seed=seed) for seed in seeds]
    found = tuple(campaign.executions for campaign in campaigns if campaign.findings)
    return Searches(found, len(campaigns) - len(found), subject.most)


def named_search(task: tuple[str, str, int]) -> Searches:
    """Search for the subject of a name under a strategy, with so many seeds."""
    name, strategy, seeds = task
    return search(subjects()[name], strategy, range(1, seeds + 1))


def first_finding_rows(effort: Effort) -> list[Row]:
    """Search for every subject under every strategy, on all the CPUs there are."""
    tasks = [(name, strategy, effort.of(SEEDS)) for name in subjects() for strategy in STRATEGIES]
    return rows_of(tasks, spread(named_search, tasks, cpus()))


def rows_of(tasks: Sequence[tuple[str, str, int]], searches: Sequence[Searches]) -> list[Row]:
    """Return a row for each kind of search."""
    return [row_of(name, strategy, each) for (name, strategy, _), each in zip(tasks, searches, strict=True)]


def row_of(name: str, strategy: str, searches: Searches) -> Row:
    """Return the row of one kind of search: the mean between the ends of its interval, and the rest as its detail."""
    low, high = searches.interval
    return Row(
        name=NAME,
        what=f"{name}: {strategy}",
        unit="executions",
        value=searches.mean,
        low=low,
        high=high,
        detail={
            "subject": name,
            "strategy": strategy,
            "seeds": len(searches.found) + searches.missed,
            "found": len(searches.found),
            "given_up_after": searches.most,
            "median": searches.within(0.5),
            "within_95": searches.within(0.95),
        },
    )
