"""Fairness: a loop that waits keeps nobody from running, and a program without such loops is not touched."""

from collections import Counter
from collections.abc import Callable

import pytest

import racer
from racer.core.operation import MODIFIED
from racer.core.rng import SplitMix64
from racer.strategies.fair import PATIENCE, QUIET, Fair
from tests.engine.told import both

Wait = Callable[[], object]

YIELDS: dict[str, Wait] = {
    "sleep": lambda: racer.sleep(1),
    "event": lambda: racer.Event().wait(timeout=1),
    "semaphore": lambda: racer.Semaphore(0).acquire(timeout=1),
}
NONE: dict[str, Wait] = {
    "point": racer.point,
    "nothing": lambda: None,
    "trylock": lambda: racer.Semaphore(0).acquire(blocking=False),
}


def spinners(wait: Wait, *, steps: int = 5) -> Callable[[], None]:
    """Return a test in which two threads wait in a loop for a third one, which has a few things to do first."""

    def test() -> None:
        flag, other = racer.Shared(False), racer.Shared(0)

        def spin() -> None:
            while not flag.value:
                wait()

        def work() -> None:
            for i in range(steps):  # events that the loops do not conflict with
                other.value = i
            flag.value = True

        both(spin, spin, work)

    return test


@pytest.mark.parametrize("strategy", [*racer.STRATEGIES, "pct:1", "pct:2", "pct:1,k=1"])
@pytest.mark.parametrize("wait", YIELDS)
def test_loops_that_yield_let_others_go_on_at_once(wait: str, strategy: str) -> None:
    result = racer.explore(spinners(YIELDS[wait]), strategy=strategy, executions=300, seed=3, max_steps=200)
    assert result.verdict == "PASS"


@pytest.mark.parametrize("strategy", [*racer.STRATEGIES, "pct:1", "pct:2", "pct:1,k=1"])
@pytest.mark.parametrize("wait", NONE)
def test_loops_that_do_not_yield_let_others_go_on_before_long(wait: str, strategy: str) -> None:
    result = racer.explore(spinners(NONE[wait]), strategy=strategy, executions=200, seed=3, max_steps=12 * QUIET)
    assert result.verdict == "PASS"


@pytest.mark.parametrize("strategy", [*racer.STRATEGIES, "pct:1", "pct:2", "pct:1,k=1"])
def test_loops_that_modify_something_let_others_go_on_in_the_end(strategy: str) -> None:
    """As one that takes a lock, looks, and gives it back."""
    tries: list[racer.Atomic[int]] = []

    def wait() -> None:
        tries[-1].add(1)

    def test() -> None:
        tries.append(racer.Atomic(0))
        spinners(wait)()

    result = racer.explore(test, strategy=strategy, executions=40, seed=3, max_steps=6 * PATIENCE)
    assert result.verdict == "PASS"


def ready(wait: Wait) -> Callable[[], None]:
    """Main waits until four threads are ready."""

    def test() -> None:
        count = racer.Atomic(0)
        for _ in range(4):
            racer.Thread(target=lambda: count.add(1)).start()
        while count.load() < 4:
            wait()

    return test


def test_main_waits_for_four_threads() -> None:
    """The yardstick of Shuttle: with a yield 50 steps are always enough, without some schedule needs more."""
    passed = racer.explore(ready(lambda: racer.sleep(0)), strategy="pct:1", executions=100, max_steps=50)
    assert (passed.verdict, passed.executions) == ("PASS", 100)
    failed = racer.explore(ready(lambda: None), strategy="pct:1", executions=100, max_steps=50, keep_going=True)
    assert {finding.kind for finding in failed.findings} == {"step-limit"}
    assert 0 < failed.failed < 100


# -- nobody is held back for nothing -------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", ["random", "pct:1", "pct:2", "pos", "surw", "portfolio"])
def test_who_sleeps_once_may_be_first_all_the_same(strategy: str) -> None:
    """A sleep is no order: what comes after it may come before all that others do."""

    def test() -> None:
        done = racer.Shared(False)

        def late() -> None:
            racer.sleep(1)
            done.value = True

        thread = racer.Thread(target=late)
        thread.start()
        assert not done.value, "the other was expected to sleep for longer"
        thread.join()

    result = racer.explore(test, strategy=strategy, executions=100, seed=1, keep_going=True)
    assert 20 <= result.failed <= 80 or (strategy == "random" and result.failed > 5)


@pytest.mark.parametrize("strategy", ["pct:1", "pct:3"])
def test_a_waiting_loop_goes_on_as_soon_as_it_can(strategy: str) -> None:
    """It keeps its priority: where it has the higher one, what it waits for is all that the other does before it."""

    def test() -> None:
        flag, after = racer.Shared(False), racer.Shared(0)

        def spin() -> None:
            while not flag.value:
                racer.sleep(1)
            racer.count(f"after {after.value}")

        def work() -> None:
            flag.value = True
            for i in range(1, 9):
                after.value = i

        both(spin, work)

    result = racer.explore(test, strategy=strategy, executions=300, seed=2)
    assert result.counters["after 0"] + result.counters.get("after 1", 0) > 75
    assert result.counters["after 8"] > 75


def test_pct_of_depth_one_lets_nobody_in_between_in_a_long_program() -> None:
    """Else its guarantee would be lost where k is large."""

    def test() -> None:
        cell = racer.Shared(0)

        def write() -> None:
            for i in range(1, 1801):
                cell.value = i

        def look() -> None:
            racer.count(f"saw {cell.value}")

        both(write, look)

    result = racer.explore(test, strategy="pct:1,k=2000", executions=40, seed=5)
    assert set(result.counters) == {"saw 0", "saw 1800"}
    cut_in = racer.explore(test, strategy="pct:1,k=900", executions=40, seed=5)
    assert set(cut_in.counters) - {"saw 0", "saw 1800"}


def test_a_cut_pilot_does_not_say_how_long_an_execution_is() -> None:
    """The length of a loop that waited in vain would void the bound that k stands for."""

    def test() -> None:
        if racer.choose(2):
            both(racer.point, racer.point)
            return
        while racer.choose(1) == 0:
            racer.point()

    for strategy, wanted in (("pct:2", "pct:2,k=10"), ("portfolio", "portfolio:k=10,none")):
        result = racer.explore(test, strategy=strategy, executions=1, max_steps=70)
        assert result.strategy == wanted
    assert racer.explore(ready(lambda: None), strategy="pct:2", executions=1, max_steps=9).strategy == "pct:2,k=9"


# -- the rule itself -----------------------------------------------------------------------------------------------


class Steps:
    """An execution in which threads 0..n-1 take the steps they are told to."""

    def __init__(self, threads: int, patience: int = PATIENCE) -> None:
        self.order: list[int] = []
        self.codes: list[int] = []
        self.fair = Fair(patience)
        self.fair.attach(self)  # type: ignore[arg-type]  # this is all of it that is looked at
        for _ in range(threads):
            self.fair.created()
        self.all = list(range(threads))

    def take(self, thread: int, *, yields: bool = False, modifies: bool = False) -> None:
        self.order.append(thread)
        self.codes.append(MODIFIED if modifies else 0)
        if yields:
            self.fair.yielded(thread)


def test_the_second_yield_without_the_others_is_one_too_many() -> None:
    steps = Steps(3)
    yielding = []
    for yields in (True, False, True):
        steps.take(0, yields=yields)
        yielding.append(steps.fair.yielding)
    assert yielding == [False, False, True]
    assert steps.fair.let(steps.all) == [1, 2]
    assert steps.fair.let([0]) == [0]  # the others are blocked
    assert steps.fair.let([0, 2]) == [2]
    steps.take(2)
    assert steps.fair.let([0, 2]) == [0, 2]
    assert steps.fair.let(steps.all) == [1, 2]
    steps.take(1)
    assert steps.fair.let(steps.all) == [0, 1, 2]
    steps.take(0, yields=True)  # the others have just run
    assert steps.fair.let(steps.all) == [0, 1, 2]
    steps.take(0, yields=True)
    assert steps.fair.let(steps.all) == [1, 2]


def test_somebody_may_always_go_on() -> None:
    draws = SplitMix64(5)
    for n in (1, 2, 3, 5):
        steps = Steps(n)
        waited = Counter[int]()
        for _ in range(3000):
            enabled = [thread for thread in steps.all if draws.below(4)] or steps.all
            able = steps.fair.let(enabled)
            assert set(able) <= set(enabled)
            thread = able[0]  # always the same, as far as may be
            steps.take(thread, yields=draws.below(3) > 0)
            waited.update({other: 1 for other in enabled if other != thread})
            waited[thread] = 0
            assert not waited or max(waited.values()) < 20 * n


def test_who_has_stood_too_long_is_told_the_longest_first() -> None:
    steps = Steps(4)
    for thread in (3, 2, 1):
        steps.take(thread)
    for step in range(PATIENCE - 2):
        assert steps.fair.starved(steps.all) == []
        steps.take(0, modifies=step % 100 == 0)
    assert steps.fair.starved(steps.all) == [3]
    steps.take(0)
    assert steps.fair.starved(steps.all) == [3, 2]
    assert steps.fair.starved([1, 2]) == [2]
    steps.take(0)
    assert steps.fair.starved(steps.all) == [3, 2, 1]
    assert steps.fair.starved([1, 2, 3]) == []  # nobody ran instead of them
    steps.take(2)
    assert steps.fair.starved(steps.all) == [3, 1]


def test_it_is_sooner_if_nothing_was_modified() -> None:
    steps = Steps(2, patience=5000)
    for _ in range(QUIET):
        steps.take(0, modifies=True)
    for _ in range(QUIET):
        assert steps.fair.starved(steps.all) == []
        steps.take(0)
    assert steps.fair.starved(steps.all) == [1]
