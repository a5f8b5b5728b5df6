"""How many distinct interleavings there are: known numbers, brute force, and what explore has seen."""

import math
from functools import partial

import pytest

import racer
from racer.core.rng import SplitMix64
from tests.engine.flat import Ending, Op, Program, body, endings, parallel, repeated
from tests.engine.programs import KNOWN
from tests.engine.told import both

OBJECTS = {
    "x": ("shared", 0), "y": ("shared", 0), "a": ("atomic", 0), "l": ("lock", None), "s": ("semaphore", 1),
    "e": ("event", False), "b": ("barrier", 2), "c": ("condition", None), "c.lock": ("lock", None),
}  # fmt: skip
PIECES = (
    (Op("read", "x"),),
    (Op("write", "x", 1),),
    (Op("read", "x"), Op("write", "y", 1)),
    (Op("read", "y"),),
    (Op("load", "a"),),
    (Op("add", "a", 1),),
    (Op("cas", "a", (1, 5)),),
    (Op("acquire", "l"), Op("release", "l")),
    (Op("acquire", "l"), Op("write", "x", 2), Op("release", "l")),
    (Op("try", "l"), Op("release", "l")),
    (Op("sem_acquire", "s"), Op("sem_release", "s")),
    (Op("sem_acquire", "s"),),
    (Op("set", "e"),),
    (Op("wait", "e"),),
    (Op("is_set", "e"), Op("clear", "e")),
    (Op("await", "a", 1),),
    (Op("bwait", "b", 2),),
    (Op("acquire", "c.lock"), Op("cwait", "c"), Op("release", "c.lock")),
    (Op("acquire", "c.lock"), Op("ctwait", "c"), Op("release", "c.lock")),
    (Op("acquire", "c.lock"), Op("notify", "c", 1), Op("release", "c.lock")),
    (Op("acquire", "c.lock"), Op("notify", "c", 2), Op("write", "y", 2), Op("release", "c.lock")),
    (Op("choose", value=2),),
    (Op("point"),),
    (Op("alive", "1"),),
)


def any_program(seed: int) -> Program:
    draws = SplitMix64(seed)
    threads = [
        repeated([op for _ in range(1 + draws.below(2)) for op in PIECES[draws.below(len(PIECES))]]) for _ in range(3)
    ]
    return parallel(OBJECTS, *threads)


def enough(found: list[Ending]) -> int:
    """Return after how many random executions one class was missed with a chance of less than one in 10,000."""
    return math.ceil(math.log(1e-4 / len(found)) / math.log1p(-min(0.9, *(e.share for e in found))))


@pytest.mark.parametrize("name", KNOWN)
def test_the_flat_model_counts_what_is_known(name: str) -> None:
    found = endings(KNOWN[name].program)
    assert (len(found), sum(e.deadlock for e in found)) == KNOWN[name][1:]
    assert sum(e.share for e in found) == pytest.approx(1)


@pytest.mark.parametrize("name", KNOWN)
def test_explore_sees_every_interleaving_and_no_more(name: str) -> None:
    executions = enough(endings(KNOWN[name].program))
    result = racer.explore(body(KNOWN[name].program), executions=min(executions, 1000), keep_going=True)
    assert result.interleavings == KNOWN[name].classes or (
        executions > 1000 and result.interleavings < KNOWN[name].classes
    )
    assert not result.interleavings_capped
    assert bool(result.failed) == bool(KNOWN[name].deadlocks)
    assert {finding.kind for finding in result.findings} <= {"deadlock"}


@pytest.mark.parametrize("strategy", ["pct:3", "round-robin"])
@pytest.mark.parametrize("name", ["inc(2)", "lockinc(3)", "abba", "readers(3)", "two waiters", "trylock twice"])
def test_no_strategy_sees_more_interleavings_than_there_are(name: str, strategy: str) -> None:
    result = racer.explore(body(KNOWN[name].program), executions=600, keep_going=True, strategy=strategy)
    assert 1 <= result.interleavings <= KNOWN[name].classes


@pytest.mark.parametrize("seed", range(50))
def test_explore_agrees_with_brute_force_on_any_program(seed: int) -> None:
    program = any_program(seed)
    found = endings(program)
    executions = min(enough(found), 300)
    result = racer.explore(body(program), executions=executions, keep_going=True, seed=seed)
    assert result.interleavings <= len(found)
    if executions < 300:
        assert result.interleavings == len(found)
        assert bool(result.failed) == any(e.deadlock for e in found)


@pytest.mark.parametrize("name", KNOWN)
def test_verify_executes_every_interleaving_once(name: str) -> None:
    result = racer.verify(body(KNOWN[name].program), keep_going=True)
    assert result.interleavings == KNOWN[name].classes
    assert KNOWN[name].deadlocks <= result.failed <= KNOWN[name].deadlocks + result.redundant
    assert result.exhausted
    assert result.executions == result.interleavings + result.redundant


def agrees(program: Program) -> None:
    found = endings(program)
    result = racer.verify(body(program), keep_going=True)
    assert result.interleavings == len(found)
    assert sum(e.deadlock for e in found) <= result.failed <= result.redundant + sum(e.deadlock for e in found)
    assert result.exhausted


@pytest.mark.parametrize("seed", range(50))
def test_verify_agrees_with_brute_force_on_any_program(seed: int) -> None:
    agrees(any_program(seed))


TRYING = [Op("try", "l"), Op("release", "l")]
LOCKING = [Op("acquire", "l"), Op("release", "l")]
ENTERING = [Op("sem_acquire", "s"), Op("sem_release", "s")]
WAITING = [Op("acquire", "c.lock"), Op("cwait", "c"), Op("release", "c.lock")]
TELLING = [Op("acquire", "c.lock"), Op("notify", "c", 2), Op("write", "y", 2), Op("release", "c.lock")]
CHOOSING = [Op("choose", value=2)]
HARD: list[list[list[Op]]] = [
    [[Op("wait", "e")], [Op("set", "e")], [Op("is_set", "e")]],
    [[Op("set", "e")], [Op("wait", "e")], [Op("is_set", "e")]],
    [[Op("set", "e")], [Op("wait", "e")], [Op("alive", "1")]],
    [ENTERING, ENTERING, [Op("alive", "1")]],
    [ENTERING, [Op("read", "x"), Op("alive", "1")], [Op("write", "x", 1), *ENTERING]],
    [ENTERING, [Op("alive", "1")], [Op("sem_acquire", "s")]],
    [TRYING, [Op("alive", "1")], LOCKING],
    [TRYING, TRYING, [Op("alive", "1")]],
    [WAITING, TELLING, [Op("alive", "1"), Op("read", "y")]],
    [[], [Op("alive", "1"), Op("alive", "1")]],
    [[Op("clear", "e")], [Op("set", "e")], [*CHOOSING, Op("wait", "e")]],
    [[Op("is_set", "e"), Op("clear", "e")], [*CHOOSING, Op("wait", "e")], [Op("set", "e")]],
    [[Op("set", "e")], [Op("set", "e")], [*CHOOSING, Op("wait", "e")]],
    [[Op("store", "a", 0)], [Op("store", "a", 0)], [*CHOOSING, Op("await", "a", 1)]],
    [[Op("add", "a", 1)], [Op("add", "a", 1)], [*CHOOSING, Op("await", "a", 1)]],
    [
        [Op("write", "y", 1)],
        [*LOCKING, Op("write", "y", 2)],
        [*LOCKING, Op("acquire", "l")],
        [Op("write", "y", 3)],
    ],
    [[Op("read", "y")], CHOOSING, [Op("write", "y", 2)], [Op("read", "y")]],
    [[Op("read", "y")], CHOOSING, [Op("read", "x")], [Op("write", "x", 1), Op("write", "y", 2)]],
    [[Op("write", "x", 1)], [*CHOOSING, Op("write", "y", 2)], [Op("read", "y"), Op("read", "x")]],
    [
        [Op("write", "y", 2)],
        [Op("read", "x"), Op("write", "y", 2)],
        [Op("write", "x", 1)],
        [*CHOOSING, Op("write", "x", 1)],
    ],
]
"""Programs that a search went wrong on."""


@pytest.mark.parametrize("number", range(len(HARD)))
def test_verify_agrees_with_brute_force_where_it_is_hard(number: int) -> None:
    agrees(parallel(OBJECTS, *map(repeated, HARD[number])))


def started(*threads: list[Op]) -> Program:
    """Threads that start each other; main is the first."""
    return Program(tuple(map(repeated, threads)), OBJECTS)


STARTING = {
    "ends by a join": started(
        [Op("start", "1"), Op("alive", "1"), Op("alive", "1")],
        [Op("start", "2"), Op("write", "x", 1), Op("join", "2")],
        [Op("set", "e")],
    ),
    "alive beside a last read": started(
        [Op("start", "1"), Op("store", "a", 1)],
        [Op("start", "2"), Op("alive", "2")],
        [Op("load", "a"), Op("load", "a")],
    ),
    "choices at the end": started(
        [Op("start", "1"), Op("choose", value=2), Op("join", "1"), Op("start", "2"), Op("cas", "a", (1, 5))],
        [Op("choose", value=2), Op("await", "a", 1)],
        [Op("wait", "e")],
    ),
    "choices at other ends": started(
        [
            Op("start", "3"),
            Op("choose", value=2),
            Op("join", "3"),
            Op("start", "2"),
            Op("cas", "a", (1, 5)),
            Op("start", "1"),
        ],
        [*TRYING, Op("write", "x", 1)],
        [Op("wait", "e")],
        [Op("choose", value=2), Op("await", "a", 1)],
    ),
}


@pytest.mark.parametrize("name", STARTING)
def test_programs_whose_threads_start_each_other_are_counted_exactly(name: str) -> None:
    program = STARTING[name]
    found = endings(program)
    result = racer.explore(body(program), executions=enough(found), keep_going=True)
    assert result.interleavings == len(found)
    agrees(program)


def test_choices_of_many_threads_are_all_told_apart() -> None:
    """A sum of hashes that are nearly linear in what was chosen last would mistake one combination for another."""

    def test() -> None:
        def work(points: int) -> None:
            for _ in range(points):
                racer.point()
            racer.choose(2)

        both(*[partial(work, points) for points in range(4)])

    result = racer.verify(test)
    assert (result.interleavings, result.redundant) == (16, 0)
    for seed in range(20):
        assert racer.explore(test, executions=250, seed=seed).interleavings <= 16


def any_family(seed: int) -> Program:
    """A program whose four threads are started, and sometimes joined, by any that come before them."""
    draws = SplitMix64(seed)
    pieces = [[PIECES[draws.below(len(PIECES))] for _ in range(draws.below(3))] for _ in range(4)]
    for child in range(1, 4):
        parent = pieces[draws.below(child)]
        at = draws.below(len(parent) + 1)
        parent.insert(at, (Op("start", str(child)),))
        if draws.below(3) == 0:
            parent.insert(at + 1 + draws.below(len(parent) - at), (Op("join", str(child)),))
    return started(*[[op for piece in thread for op in piece] for thread in pieces])


@pytest.mark.parametrize("seed", range(40))
def test_any_family_of_threads_is_counted_exactly(seed: int) -> None:
    program = any_family(seed)
    found = endings(program)
    result = racer.explore(body(program), executions=min(enough(found), 300), keep_going=True, seed=seed)
    assert result.interleavings == len(found) or (enough(found) > 300 and result.interleavings < len(found))
    agrees(program)
