"""Fairness: a loop that waits keeps nobody from running, and a program without such loops is not touched."""

import pytest

import racer
from racer.core.operation import MODIFIED
from racer.core.rng import SplitMix64
from racer.strategies.fair import PATIENCE, QUIET, Fair
from tests.engine.told import both


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
    assert racer.explore(test, strategy="pct:2", executions=1, max_steps=9).strategy == "pct:2,k=9"  # if all are


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


class Relation:
    """The paper's way to put it: who gives way to whom, and who was scheduled since each yielded last."""

    def __init__(self, threads: int) -> None:
        self.all = set(range(threads))
        self.gives_way: dict[int, set[int]] = {thread: set() for thread in self.all}
        self.scheduled: dict[int, set[int]] = {thread: set(self.all) for thread in self.all}

    def take(self, thread: int, *, yields: bool) -> None:
        for other in self.all:
            self.gives_way[other].discard(thread)
            self.scheduled[other].add(thread)
        if yields:
            self.gives_way[thread] |= self.all - self.scheduled[thread]
            self.scheduled[thread] = {thread}

    def let(self, enabled: list[int]) -> list[int]:
        return [thread for thread in enabled if not self.gives_way[thread] & set(enabled)]


@pytest.mark.parametrize("threads", [1, 2, 3, 5])
def test_it_is_the_relation_of_the_paper_and_somebody_may_always_go_on(threads: int) -> None:
    draws = SplitMix64(5)
    steps, relation = Steps(threads), Relation(threads)
    stood = dict.fromkeys(steps.all, 0)
    held_back = 0
    for _ in range(4000):
        enabled = [thread for thread in steps.all if draws.below(4)] or steps.all
        able = steps.fair.let(enabled)
        assert able == relation.let(enabled)
        assert able
        held_back += able != enabled
        chosen, yields = able[0], draws.below(3) > 0  # the same thread, as far as may be
        steps.take(chosen, yields=yields)
        relation.take(chosen, yields=yields)
        stood = {thread: 0 if thread == chosen else stood[thread] + 1 for thread in steps.all}
        assert max(stood.values()) < 40 * threads
    assert held_back > 500 or threads == 1


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
