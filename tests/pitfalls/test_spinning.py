"""Loops that wait for another thread by looking again and again."""

from collections.abc import Callable

import pytest

import racer
from tests.engine.told import both


def counted_in(wait: Callable[[], object]) -> Callable[[], None]:
    """Four threads count up; main looks until all have."""

    def test() -> None:
        total = racer.Atomic(0)
        threads = [racer.Thread(target=total.add, args=(1,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        while total.load() < 4:
            wait()
        for thread in threads:
            thread.join()

    return test


def test_a_loop_that_lets_others_go_first_ends_under_priorities() -> None:
    test = counted_in(lambda: racer.sleep(0))
    result = racer.explore(test, strategy="pct:1,k=50", executions=100, max_steps=50)
    assert (result.verdict, result.executions) == ("PASS", 100)


def test_a_loop_that_does_not_is_noticed() -> None:
    test = counted_in(lambda: None)
    result = racer.explore(test, strategy="pct:1,k=50", executions=100, max_steps=50, keep_going=True)
    assert 0 < result.failed < 100
    assert {finding.kind for finding in result.findings} <= {"step-limit", "livelock"}


def looks(wait: Callable[[racer.Atomic[bool]], object]) -> Callable[[], None]:
    def test() -> None:
        flag, data = racer.Atomic(False), racer.Shared(0)

        def write() -> None:
            data.value = 1
            flag.store(True)

        def read() -> None:
            wait(flag)
            racer.count(f"saw {data.value}")

        both(write, read)

    return test


def spin(flag: racer.Atomic[bool]) -> None:
    while not flag.load():
        pass


def test_an_unbounded_loop_ends_at_the_limit_and_leaves_the_proof_open() -> None:
    """Forbidding it to go round would be unsound; going round for ever would be a hang."""
    result = racer.verify(looks(spin), max_steps=60, keep_going=True)
    assert not result.exhausted
    assert result.failed == 1
    assert {finding.kind for finding in result.findings} <= {"step-limit", "livelock"}
    assert set(result.counters) == {"saw 1"}


def test_the_same_loop_written_as_a_wait_is_one_interleaving() -> None:
    result = racer.verify(looks(lambda flag: flag.wait(bool)))
    assert (result.interleavings, result.verdict, result.counters) == (1, "PASS", {"saw 1": 1})


@pytest.mark.parametrize("rounds", [1, 3, 6])
def test_a_loop_with_a_bound_has_an_interleaving_for_each_round(rounds: int) -> None:
    def tries(flag: racer.Atomic[bool]) -> None:
        for _ in range(rounds):
            if flag.load():
                return

    result = racer.verify(looks(tries))
    # The flag is seen in one of the rounds, or in none and the data before, between or after.
    assert (result.interleavings, result.redundant, result.exhausted) == (rounds + 2, 0, True)
