"""How often a strategy shows an outcome: exact probabilities, by brute force over the flat model, and what is seen."""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import permutations, product

import pytest

import racer
from tests.engine.flat import Op, Program, Run, Steps, endings, parallel, replayed
from tests.engine.programs import SHARED, abba, inc, lost_signal
from tests.strategies.shares import Judge, deadlock, observed, tolerance, value_of


def two_apart() -> Program:
    """Depth 2: thread 2 reads x between two writes of thread 1 that are far apart."""

    def writer() -> Steps:
        yield Op("write", "x", 1)
        for _ in range(3):
            yield Op("point")
        yield Op("write", "x", 2)

    def reader() -> Steps:
        if (yield Op("read", "x")) == 1:
            yield Op("write", "seen", 1)

    return parallel({**SHARED, "seen": ("shared", 0)}, writer, reader)


def three_in_turn() -> Program:
    """Depth 3: thread 2 reads after the first write and again after the last, nothing of it in between."""

    def writer() -> Steps:
        for value in (1, 2, 3):
            yield Op("write", "x", value)

    def reader() -> Steps:
        first = yield Op("read", "x")
        second = yield Op("read", "x")
        if (first, second) == (1, 3):
            yield Op("write", "seen", 1)

    return parallel({**SHARED, "seen": ("shared", 0)}, writer, reader)


def asleep_between() -> Program:
    """Depth 2: thread 2 reads x while thread 1 sleeps, which is a step like any other as long as nobody loops."""

    def writer() -> Steps:
        yield Op("write", "x", 1)
        yield Op("sleep")
        yield Op("write", "x", 2)

    def reader() -> Steps:
        yield Op("sleep")
        if (yield Op("read", "x")) == 1:
            yield Op("write", "seen", 1)

    return parallel({**SHARED, "seen": ("shared", 0)}, writer, reader)


PROGRAMS: dict[str, tuple[Program, Judge]] = {
    "asleep between": (asleep_between(), value_of("seen", 1)),
    "inc(2)": (inc(2), value_of("x", 1)),
    "abba": (abba(), deadlock),
    "lost signal": (lost_signal(), deadlock),
    "two apart": (two_apart(), value_of("seen", 1)),
    "three in turn": (three_in_turn(), value_of("seen", 1)),
}


def pct_runs(program: Program, depth: int, length: int) -> Iterator[Run]:
    """Yield the run of every outcome of PCT's random choices, all equally likely: initial order and change points."""
    threads = range(len(program.threads))
    for ranks in permutations(threads):
        for points in product(range(1, length + 1), repeat=depth - 1):
            run = Run(program)
            priority = {thread: depth + rank for rank, thread in enumerate(ranks)}
            while enabled := run.enabled():
                step = len(run.done) + 1
                chosen = max(enabled, key=priority.__getitem__)
                for low, point in enumerate(points, 1):
                    if point == step:
                        priority[chosen] = low
                        chosen = max(enabled, key=priority.__getitem__)
                run.step(chosen)
            yield run


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("name", PROGRAMS)
def test_pct_shows_an_outcome_as_often_as_its_random_choices_say(name: str, depth: int) -> None:
    program, judge = PROGRAMS[name]
    length = 7
    outcomes = Counter(judge(run) for run in pct_runs(program, depth, length))
    exact = outcomes[True] / outcomes.total()
    assert observed(program, judge, f"pct:{depth},k={length}") == pytest.approx(exact, abs=tolerance(exact))


DEPTHS = {"inc(2)": 2, "asleep between": 2, "abba": 2, "lost signal": 1, "two apart": 2, "three in turn": 3}


@pytest.mark.parametrize("name", DEPTHS)
def test_pct_of_the_right_depth_keeps_its_promise(name: str) -> None:
    program, judge = PROGRAMS[name]
    depth, threads = DEPTHS[name], len(program.threads)
    length = max(len(ending.schedule) for ending in endings(program))
    runs = [judge(run) for run in pct_runs(program, depth, length)]
    promised = 1 / (threads * length ** (depth - 1))
    assert sum(runs) / len(runs) >= promised
    assert not any(judge(run) for d in range(1, depth) for run in pct_runs(program, d, length))  # it is that deep
    assert observed(program, judge, f"pct:{depth},k={length}") >= promised - tolerance(promised)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_random_walk_shows_an_outcome_as_often_as_its_tree_says(name: str) -> None:
    program, judge = PROGRAMS[name]
    exact = 0.0
    for ending in endings(program):
        run = replayed(program, ending.schedule)
        exact += ending.share * judge(run)
    assert observed(program, judge, "random") == pytest.approx(exact, abs=tolerance(exact))


def test_pct_gives_every_order_of_threads_the_same_share() -> None:
    def child(order: list[str]) -> None:
        order.append(racer.current_name())

    def test() -> None:
        order: list[str] = []
        threads = [racer.Thread(target=partial(child, order), name=name) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        racer.count("".join(order))

    result = racer.explore(test, strategy="pct:1,k=20", executions=6000, seed=2)
    exact: Counter[str] = Counter()
    for ranks in permutations(range(5)):  # 4 is main: it starts a, b, c, d in this order as long as it is highest
        exact[order_of(ranks)] += 1
    for order, n in exact.items():
        share = n / 120
        assert result.counters[order] / 6000 == pytest.approx(share, abs=4.5 * (share * (1 - share) / 6000) ** 0.5)


def order_of(ranks: tuple[int, ...]) -> str:
    """Return the order in which threads 0..3 run when main is 4 and all have these ranks."""
    ran: list[int] = []
    started = 0
    while len(ran) < 4:
        able = [t for t in range(started) if t not in ran] + ([4] if started < 4 else [])
        chosen = max(able, key=ranks.__getitem__)
        if chosen == 4:
            started += 1
        else:
            ran.append(chosen)
    return "".join("abcd"[t] for t in ran)
