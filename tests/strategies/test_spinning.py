"""Loops that wait: under every strategy they come to an end if they can, and are a livelock if they cannot."""

from collections.abc import Callable
from functools import partial

import pytest

import racer
from racer.strategies.fair import PATIENCE, QUIET
from tests.engine.told import both

Wait = Callable[[], object]

STRATEGIES = (*racer.STRATEGIES, "pct:1", "pct:2", "pct:1,k=1")
YIELDS: dict[str, Callable[[], Wait]] = {
    "sleep": lambda: lambda: racer.sleep(1),
    "event": lambda: partial(racer.Event().wait, timeout=1),
    "semaphore": lambda: partial(racer.Semaphore(0).acquire, timeout=1),
}
NONE: dict[str, Callable[[], Wait]] = {
    "point": lambda: racer.point,
    "nothing": lambda: lambda: None,
    "trylock": lambda: partial(racer.Semaphore(0).acquire, blocking=False),
}
"""Ways to wait a while, each made in the execution."""


def spinners(make: Callable[[], Wait]) -> Callable[[], None]:
    """Return a test in which two threads wait in a loop for a third one, which has a few things to do first."""

    def test() -> None:
        flag, other, wait = racer.Shared(False), racer.Shared(0), make()

        def spin() -> None:
            while not flag.value:
                wait()

        def work() -> None:
            for i in range(5):  # events that the loops do not conflict with
                other.value = i
            flag.value = True

        both(spin, spin, work)

    return test


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("wait", YIELDS)
def test_loops_that_yield_let_others_go_on_at_once(wait: str, strategy: str) -> None:
    result = racer.explore(spinners(YIELDS[wait]), strategy=strategy, executions=100, seed=3, max_steps=200)
    assert result.verdict == "PASS"


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("wait", NONE)
def test_loops_that_do_not_yield_let_others_go_on_before_long(wait: str, strategy: str) -> None:
    result = racer.explore(spinners(NONE[wait]), strategy=strategy, executions=60, seed=3, max_steps=12 * QUIET)
    assert result.verdict == "PASS"


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_loops_that_modify_something_let_others_go_on_in_the_end(strategy: str) -> None:
    """As one that takes a lock, looks, and gives it back."""
    test = spinners(lambda: partial(racer.Atomic(0).add, 1))
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


def in_vain(make: Callable[[], Wait]) -> Callable[[], None]:
    """Return a test in which two threads wait in a loop for what never comes."""

    def test() -> None:
        flag, wait = racer.Shared(False, name="flag"), make()

        def spin() -> None:
            while not flag.value:
                wait()

        both(spin, spin)

    return test


@pytest.mark.parametrize("strategy", ["pos", "pct:1,k=50", "surw:1=2:5+3:5", "portfolio:k=50,none", "round-robin"])
@pytest.mark.parametrize("wait", [*YIELDS, *NONE])
def test_a_loop_that_waits_in_vain_is_a_livelock(wait: str, strategy: str) -> None:
    limit = 1000 if wait in YIELDS else 40 * QUIET
    result = racer.explore(in_vain((YIELDS | NONE)[wait]), strategy=strategy, executions=1, seed=3, max_steps=limit)
    assert [finding.kind for finding in result.findings] == ["step-limit", "livelock"]
    assert [side.thread for side in result.findings[1].sides] == ["a", "b"]


def waits_for_the_fourth() -> None:
    """Four threads count themselves without a lock, and main waits for the fourth."""
    count = racer.Shared(0, name="count")

    def add() -> None:
        count.value += 1

    for name in "abcd":
        racer.Thread(target=add, name=name).start()
    while count.value < 4:
        racer.sleep(0)


@pytest.mark.parametrize("strategy", ["random", "pct:2", "pct:3", "pos", "surw", "portfolio"])
def test_who_waits_for_a_lost_update_is_in_a_livelock(strategy: str) -> None:
    result = racer.explore(waits_for_the_fourth, strategy=strategy, executions=200, seed=3, max_steps=400)
    assert [finding.kind for finding in result.findings] == ["step-limit", "livelock"]
    assert result.findings[1].message.endswith("everybody only went round: main (read of count)")


def test_without_a_preemption_nothing_is_lost_and_nobody_waits() -> None:
    assert racer.explore(waits_for_the_fourth, strategy="pct:1", executions=200, max_steps=60).verdict == "PASS"
