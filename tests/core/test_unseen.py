"""What is said of interleavings not seen: numbers by hand, and how often a bound holds for known distributions."""

from math import comb, log, sqrt

import pytest

from racer.core.interleavings import SeenClasses
from racer.core.rng import SplitMix64
from racer.core.unseen import Missed, Unseen
from racer.sampling import curve

BY_HAND = {
    "one execution, depth 2": (Missed(2, 1, threads=2, length=4, longest=4), 1 - 1 / 8),
    "ten of them": (Missed(2, 10, threads=2, length=4, longest=4), (1 - 1 / 8) ** 10),
    "depth 1 needs the right thread first": (Missed(1, 3, threads=3, length=1000, longest=9), (2 / 3) ** 3),
    "depth 3": (Missed(3, 1000, threads=3, length=20, longest=20), (1 - 1 / (3 * 400)) ** 1000),
    "one thread and one step": (Missed(2, 1, threads=1, length=1, longest=1), 0.0),
    "no executions": (Missed(2, 0, threads=1, length=1, longest=1), 1.0),
    "hopeless": (Missed(1000, 10**6, threads=50, length=10**6, longest=9), 1.0),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_the_probability_of_a_miss_under_pct_is_that_by_hand(name: str) -> None:
    missed, probability = BY_HAND[name]
    assert missed.probability == pytest.approx(probability, rel=1e-12)


def unseen(executions: int, distinct: int, once: int, half: int) -> Unseen:
    return Unseen(executions, ((executions // 2, half), (executions, distinct)), once)


def test_the_estimate_is_the_share_of_executions_whose_interleaving_came_once() -> None:
    assert unseen(200, 50, 20, 40).new == 0.1
    assert Unseen(1, ((1, 1),), 1).new == 1.0


def test_many_executions_are_bounded_as_mcallester_and_schapire_say() -> None:
    million = unseen(1_000_000, 400_000, 100_000, 250_000)
    assert million.at_most() == pytest.approx(0.1 + (2 * sqrt(2) + sqrt(3)) * sqrt(log(3 / 0.025) / 1e6))


def test_where_nothing_new_came_later_the_bound_is_that_of_so_many_failed_tosses() -> None:
    late = unseen(1000, 6, 0, 6).at_most()
    assert late is not None
    assert (1 - late) ** 500 == pytest.approx(0.025)


@pytest.mark.parametrize(("k", "m"), [(1, 10), (5, 50), (45, 50), (300, 500)])
def test_the_bound_is_no_lower_than_the_exact_one_of_coin_tosses_and_not_far_above(k: int, m: int) -> None:
    found = unseen(2 * m, 100 + k, m, 100).at_most()
    assert found is not None
    tail = sum(comb(m, i) * found**i * (1 - found) ** (m - i) for i in range(k + 1))
    assert 0.025 / 20 < tail <= 0.025


def test_where_everything_is_new_nothing_better_than_certainty_is_claimed() -> None:
    assert unseen(1000, 1000, 1000, 500).at_most() == 1.0
    assert Unseen(1, ((1, 1),), 1).at_most() == 1.0


def test_more_confidence_costs_a_higher_bound() -> None:
    bounds = [unseen(1000, 60, 5, 50).at_most(c) for c in (0.5, 0.9, 0.95, 0.999)]
    assert bounds == sorted(bounds, key=float)  # type: ignore[arg-type]
    assert len(set(bounds)) == 4


NONE = {
    "no sample": Unseen(100, ((100, 1),), 0, why="executions under round-robin are not drawn independently"),
    "no executions": Unseen(0),
}


@pytest.mark.parametrize("name", NONE)
def test_there_is_no_number_where_it_would_mean_nothing(name: str) -> None:
    assert (NONE[name].new, NONE[name].at_most()) == (None, None)


def test_a_campaign_stopped_by_what_it_found_has_an_estimate_and_no_bound() -> None:
    stopped = Unseen(3, ((1, 1), (2, 2), (3, 3)), 3, stopped=True)
    assert (stopped.new, stopped.at_most()) == (1.0, None)


def test_where_all_were_executed_nothing_is_left() -> None:
    assert (Unseen(6, exhausted=True).new, Unseen(6, exhausted=True).at_most()) == (0.0, 0.0)


DISTRIBUTIONS = {
    "six alike": [1 / 6] * 6,
    "two hundred alike": [1 / 200] * 200,
    "one rare": [0.99, 0.01],
    "halving": [2.0**-i for i in range(1, 30)],
    "long tail": [1 / (i * sum(1 / j for j in range(1, 2001))) for i in range(1, 2001)],
}


def campaigns(shares: list[float], executions: int, runs: int) -> list[tuple[Unseen, float]]:
    """What is said after so many executions, and the true probability of a new interleaving; seeds are fixed."""
    sums, total = [], 0.0
    for share in shares:
        total += share
        sums.append(int(total * 2**53))
    found = []
    draws = SplitMix64(11)
    for _ in range(runs):
        seen, left = SeenClasses(), dict(enumerate(shares))
        for index in range(executions):
            drawn = draws.next() >> 11
            place = next((i for i, limit in enumerate(sums) if drawn < limit), 0)
            seen.add(hash((place, 1)), index)
            left.pop(place, None)
        firsts, once = seen.periods()
        found.append((Unseen(executions, curve(firsts, executions), once), sum(left.values())))
    return found


@pytest.mark.parametrize("executions", [10, 100])
@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_the_estimate_is_right_on_average(name: str, executions: int) -> None:
    runs = campaigns(DISTRIBUTIONS[name], executions, 200)
    errors = [float(said.new or 0) - true for said, true in runs]
    mean = sum(errors) / len(errors)
    deviation = sqrt(sum((error - mean) ** 2 for error in errors)) / len(errors)
    assert -4.5 * deviation - 1e-9 <= mean <= 1 / executions + 4.5 * deviation


@pytest.mark.parametrize("confidence", [0.5, 0.95])
@pytest.mark.parametrize("executions", [10, 100])
@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_the_bound_holds_as_often_as_it_says(name: str, executions: int, confidence: float) -> None:
    runs = campaigns(DISTRIBUTIONS[name], executions, 200)
    held = [true <= (said.at_most(confidence) or 0.0) for said, true in runs]
    assert sum(held) >= confidence * len(held)


def test_the_bound_says_something_where_there_is_something_to_say() -> None:
    for said, _ in campaigns(DISTRIBUTIONS["six alike"], 1000, 5):
        assert (said.at_most() or 1) < 0.01
    for said, true in campaigns(DISTRIBUTIONS["long tail"], 1000, 5):
        assert (said.at_most() or 1) < true + 0.15
