"""estimate_interleavings: how many orders of steps a test has, by random probes."""

import pytest

import racer
from tests.engine.told import both


def two_threads(steps: int) -> None:
    """Two threads of so many steps each; their `begin` is one more."""

    def go() -> None:
        for _ in range(steps):
            racer.point()

    both(go, go)


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_the_estimate_of_a_small_test_is_near_the_number_that_an_enumeration_counts(steps: int) -> None:
    counted = enumerated(steps)
    estimate = racer.estimate_interleavings(lambda: two_threads(steps), probes=2000)
    assert abs(estimate.interleavings - counted) <= 4 * estimate.error + 1
    assert estimate.error < counted / 10
    assert estimate.probes == 2000


def enumerated(steps: int) -> int:
    """Count by trying every choice at every step, depth first."""

    class Every:
        text = "every"
        every_step = True

        def __init__(self) -> None:
            self.path: list[list[int]] = []  # at each step: what was chosen, out of how many

        def begin(self, seed: int) -> None:
            self.depth = 0

        def created(self, thread: int) -> None:
            pass

        def yielded(self, thread: int) -> None:
            pass

        def pick(self, enabled: list[int], current: int) -> int:
            if self.depth == len(self.path):
                self.path.append([0, len(enabled)])
            self.depth += 1
            return enabled[self.path[self.depth - 1][0]]

        def choose(self, n: int) -> int:
            raise AssertionError("no choices here")

    strategy, count = Every(), 0
    while True:
        racer.explore(lambda: two_threads(steps), strategy=strategy, executions=1)
        count += 1
        while strategy.path and strategy.path[-1][0] == strategy.path[-1][1] - 1:
            strategy.path.pop()
        if not strategy.path:
            return count
        strategy.path[-1][0] += 1


def test_choices_multiply() -> None:
    assert racer.estimate_interleavings(lambda: racer.choose(3) or racer.choose(1), probes=5).interleavings == 3


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(racer.UsageError, match="probes must be a whole number of at least 1, got 0"):
        racer.estimate_interleavings(lambda: None, probes=0)
