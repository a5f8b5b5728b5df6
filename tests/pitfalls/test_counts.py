"""The number of interleavings of every program that a tool miscounted, by verify and by brute force."""

import math
from collections.abc import Callable
from functools import partial
from itertools import islice, permutations

import pytest

import racer
from tests.engine.flat import Choice, Program, Schedule, body, endings, replayed
from tests.engine.programs import ainc, last_zero, lockinc, readers
from tests.pitfalls.programs import PITFALLS, tries, write_read, writers


def conflicts_with_nothing(program: Program, schedule: Schedule) -> Schedule | None:
    """Return the schedule and a step that may as well come next: a start or begin, where nobody looks at lives."""
    run = replayed(program, schedule)
    for thread in run.enabled():
        if run.pending[thread].kind in {"start", "begin"}:
            run.step(thread)
            if all(on.startswith("thread") and thread not in run.ended for on, _ in run.done[-1].touched):
                return (*schedule, Choice(thread))
    return None


def counted(program: Program) -> tuple[int, int]:
    """Return how many classes there are, and how many of them are deadlocks, by trying everything after every class."""
    layer: dict[object, Schedule] = {(): ()}
    found: dict[object, bool] = {}
    while layer:
        following: dict[object, Schedule] = {}
        for key, schedule in layer.items():
            alone = conflicts_with_nothing(program, schedule)
            run = replayed(program, schedule)
            if not run.enabled():
                found[key] = bool(run.started - run.ended)
            for longer in [alone] if alone else [(*schedule, choice) for choice in run.choices()]:
                following.setdefault(replayed(program, longer).key(), longer)
        layer = following
    return len(found), sum(found.values())


@pytest.mark.parametrize("name", PITFALLS)
def test_brute_force_counts_as_stated(name: str) -> None:
    assert counted(PITFALLS[name].program) == PITFALLS[name][2:4]


@pytest.mark.parametrize("name", ["broken exclusion", "key and value", "two philosophers", "conditional readers"])
def test_brute_force_misses_nothing_where_it_takes_a_step_alone(name: str) -> None:
    found = endings(PITFALLS[name].program)
    assert counted(PITFALLS[name].program) == (len(found), sum(ending.deadlock for ending in found))


def is_counted(name: str, program: Program) -> None:
    stated = PITFALLS[name]
    result = racer.verify(body(program), keep_going=True)
    assert (result.interleavings, result.exhausted) == (stated.classes, True)
    assert result.redundant == 0 or not stated.exact
    assert stated.deadlocks <= result.failed <= stated.deadlocks + result.redundant
    assert {finding.kind for finding in result.findings} == ({"deadlock"} if stated.deadlocks else set())


@pytest.mark.parametrize("name", PITFALLS)
def test_verify_counts_as_stated_in_whichever_order_the_threads_start(name: str) -> None:
    """Another order of starts is another first execution, from which everything else is derived."""
    main, *others = PITFALLS[name].program.threads
    for order in islice(permutations(others), 24):
        is_counted(name, Program((main, *order), PITFALLS[name].program.objects))


def one_silent_writer(n: int) -> int:
    """A write at place k of the order of all m has m + 1 - k places for its read; one of the writers does not read."""
    places = range(1, n + 2)
    return math.factorial(n) * sum(math.factorial(n + 1) // place for place in places)


def some_succeed(n: int) -> int:
    """The trylocks that succeed do so in any order; each of the others fails within one of their sections."""
    return sum(math.perm(n, got) * got ** (n - got) for got in range(1, n + 1))


FAMILIES: dict[str, tuple[Callable[[int], Program], Callable[[int], int], range]] = {
    "readers": (readers, lambda n: 2**n, range(1, 9)),
    "lockinc": (lockinc, math.factorial, range(2, 6)),
    "ainc": (ainc, math.factorial, range(2, 6)),
    "writers": (writers, math.factorial, range(2, 6)),
    "last zero": (last_zero, lambda n: (n + 3) * 2 ** (n - 2), range(2, 8)),
    "write-read": (write_read, one_silent_writer, range(1, 4)),
    "trylocks": (partial(tries, 0), some_succeed, range(1, 5)),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_of_programs_follows_its_formula(name: str) -> None:
    make, classes, sizes = FAMILIES[name]
    for n in sizes:
        result = racer.verify(body(make(n)))
        assert (result.interleavings, result.redundant, result.verdict) == (classes(n), 0, "PASS")
