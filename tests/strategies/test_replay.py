"""The replay strategy alone: follows what it is given, and says where and why it cannot."""

import pytest

from racer import Schedule
from racer.core.strategy import GIVE_UP
from racer.strategies.replay import Replay


def replay(threads: tuple[int, ...] = (), values: tuple[int, ...] = ()) -> Replay:
    strategy = Replay(Schedule(threads, values))
    strategy.begin(0)
    return strategy


def test_it_follows_threads_and_values_and_begins_anew() -> None:
    strategy = replay((0, 1, 0), (4, 2))
    for _ in range(2):
        strategy.begin(0)
        assert [strategy.pick([0, 1], 0) for _ in range(3)] == [0, 1, 0]
        assert [strategy.choose(5) for _ in range(2)] == [4, 2]
        assert strategy.why is None
        assert strategy.step == 3


@pytest.mark.parametrize(
    ("threads", "enabled", "why"),
    [
        ((), [0], "the schedule ends here, and threads 0 could still go on"),
        ((2,), [0, 1], "the schedule says thread 2, and only 0, 1 can go on"),
    ],
)
def test_it_says_why_it_cannot_pick(threads: tuple[int, ...], enabled: list[int], why: str) -> None:
    strategy = replay(threads)
    assert strategy.pick(enabled, 0) == GIVE_UP
    assert (strategy.why, strategy.step) == (why, 0)


@pytest.mark.parametrize(
    ("values", "n", "why"), [((), 3, "no further value"), ((3,), 3, "the schedule's choice is 3, and only 0..2")]
)
def test_it_says_why_it_cannot_choose(values: tuple[int, ...], n: int, why: str) -> None:
    strategy = replay((), values)
    assert strategy.choose(n) == GIVE_UP
    assert strategy.why is not None
    assert why in strategy.why
