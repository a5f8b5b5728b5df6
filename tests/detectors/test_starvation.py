"""starvation: tries in vain while others succeed."""

from collections.abc import Callable

import pytest

import racer
from tests.detectors.judged import Body, together

FAIR = ["random", "round-robin", "pct", "pos", "surw"]


def kinds(test: Body, strategy: str, max_steps: int) -> set[str]:
    result = racer.explore(test, strategy=strategy, executions=2, max_steps=max_steps, detect=["starvation"])
    return {finding.kind for finding in result.findings}


def exchange_in_vain() -> None:
    version = racer.Atomic(0, name="version")

    def update() -> None:
        while True:
            version.compare_exchange(seen := version.load(), seen + 1)

    def expect_what_never_is() -> None:
        while not version.compare_exchange(-1, 0):
            racer.sleep(0)

    together(update, expect_what_never_is)


@pytest.mark.parametrize("strategy", FAIR)
def test_who_always_fails_while_others_succeed_starves(strategy: str) -> None:
    result = racer.explore(
        exchange_in_vain, strategy=strategy, executions=6, max_steps=6_000, detect=["starvation"], keep_going=True
    )
    (finding,) = (each for each in result.findings if each.kind == "starvation")
    assert [(side.thread, side.action, side.what) for side in finding.sides] == [
        ("t0", "compare-exchange", "version"),
        ("t1", "compare-exchange", "version"),
    ]
    assert finding.message.startswith("t1 tried version ")
    assert " and always failed, while t0 succeeded " in finding.message


def takes_turns() -> None:
    lock = racer.Lock()

    def attempt() -> None:
        while True:
            if lock.acquire(blocking=False):
                lock.release()

    together(attempt, attempt)


def nobody_succeeds() -> None:
    """A livelock or a deadlock, if anything: nobody else succeeds either."""
    lock = racer.Lock()
    lock.acquire()

    def attempt() -> None:
        while not lock.acquire(blocking=False):
            racer.sleep(0)

    together(attempt, attempt)


def fails_at_first() -> None:
    lock = racer.Lock()
    lock.acquire()

    def attempt() -> None:
        while not lock.acquire(blocking=False):
            racer.sleep(0)
        while True:
            racer.point()

    together(attempt, lock.release)


def gives_up() -> None:
    version = racer.Atomic(0)

    def update() -> None:
        while True:
            version.add(1)

    def attempt() -> None:
        for _ in range(1000):
            version.compare_exchange(-1, 0)
        while True:
            racer.point()

    together(update, attempt)


def blocked() -> None:
    """It waits as it should; who is let is for the schedule to say."""
    lock = racer.Lock()

    def use() -> None:
        while True:
            with lock:
                pass

    together(use, use, use)


@pytest.mark.parametrize("strategy", ["random", "round-robin"])
@pytest.mark.parametrize("test", [takes_turns, nobody_succeeds, fails_at_first, gives_up, blocked])
def test_who_gets_it_now_and_then_does_not_starve(test: Callable[[], None], strategy: str) -> None:
    assert kinds(test, strategy, 3000) == {"step-limit"}


def test_an_execution_that_ends_is_not_judged() -> None:
    def test() -> None:
        done = racer.Atomic(0)

        def attempt() -> None:
            for _ in range(1000):
                done.compare_exchange(-1, 0)

        def update() -> None:
            for _ in range(1000):
                done.compare_exchange(0, 0)

        together(attempt, update)

    assert kinds(test, "random", 9000) == set()
