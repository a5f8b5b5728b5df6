"""What a campaign says of interleavings it did not show, held against programs whose interleavings are all known."""

from collections.abc import Callable
from math import sqrt
from typing import Any

import pytest

import racer
from racer.campaign import Tally
from racer.core.interleavings import SeenClasses
from racer.sampling import unseen_of
from racer.strategies import DRAWN, STRATEGIES
from tests.engine.flat import Op, Program, Steps, body, endings, parallel, repeated

READERS = 3


def order(threads: int) -> Program:
    """Each thread enters a locked section once: every order leaves another value."""

    def thread(number: int) -> Callable[[], Steps]:
        def steps() -> Steps:
            yield Op("acquire", "l")
            value = yield Op("read", "x")
            yield Op("write", "x", value * (threads + 1) + number)
            yield Op("release", "l")

        return steps

    return parallel({"x": ("shared", 0), "l": ("lock", None)}, *[thread(n) for n in range(1, threads + 1)])


def late_readers() -> Program:
    """Readers of x that first do other things, each more than the one before, and a writer: some classes are rare."""

    def reader(number: int) -> Callable[[], Steps]:
        def steps() -> Steps:
            for _ in range(number):
                yield Op("point")
            seen = yield Op("read", "x")
            yield Op("write", f"seen{number}", seen)

        return steps

    writer = repeated([Op("point"), Op("write", "x", 1)])
    own: dict[str, tuple[str, Any]] = {f"seen{n}": ("shared", 0) for n in range(READERS)}
    return parallel({"x": ("shared", 0), **own}, writer, *[reader(n) for n in range(READERS)])


class Known:
    """A program whose classes are told apart by the values of some objects at the end, and their exact shares."""

    def __init__(self, program: Program, *tells: str) -> None:
        found = endings(program)
        self.shares = {tuple(ending.values[name] for name in tells): ending.share for ending in found}
        assert len(self.shares) == len(found)

        def at_the_end(value: Callable[[str], Any]) -> None:
            racer.count(f"told {tuple(map(value, tells))}")

        self.test = body(program, at_the_end)

    def still_unseen(self, result: racer.Result) -> float:
        """Return the true probability that the next execution of a random walk shows something new."""
        return sum(share for told, share in self.shares.items() if f"told {told}" not in result.counters)


@pytest.fixture(scope="module", params=["orders", "late readers"])
def known(request: pytest.FixtureRequest) -> Known:
    if request.param == "orders":
        return Known(order(4), "x")
    return Known(late_readers(), *[f"seen{n}" for n in range(READERS)])


def explored(known: Known, executions: int, seed: int, **options: Any) -> tuple[racer.Result, racer.Unseen]:
    result = racer.explore(known.test, executions=executions, seed=seed, keep_going=True, **options)
    assert result.unseen is not None
    return result, result.unseen


def test_the_curve_is_what_shorter_campaigns_show(known: Known) -> None:
    result, unseen = explored(known, 130, 3)
    assert [executions for executions, _ in unseen.curve] == [1, 2, 5, 10, 20, 50, 100, 130]
    for executions, distinct in unseen.curve:
        assert racer.explore(known.test, executions=executions, seed=3).interleavings == distinct
    assert unseen.curve[-1] == (130, result.interleavings)


def test_the_end_of_a_campaign_is_on_the_curve_once(known: Known) -> None:
    assert [executions for executions, _ in explored(known, 50, 3)[1].curve] == [1, 2, 5, 10, 20, 50]


@pytest.mark.parametrize("executions", [1, 7, 30, 100])
def test_what_came_once_is_counted_exactly(known: Known, executions: int) -> None:
    result, unseen = explored(known, executions, 9)
    told = [n for name, n in result.counters.items() if name.startswith("told ")]
    assert sum(told) == executions
    assert (len(told), told.count(1)) == (result.interleavings, unseen.once)
    assert unseen.new == told.count(1) / executions


@pytest.mark.parametrize("executions", [10, 40])
def test_the_estimate_is_right_on_average_and_the_bound_holds(known: Known, executions: int) -> None:
    errors, held = [], 0
    for seed in range(120):
        result, unseen = explored(known, executions, seed)
        true, bound = known.still_unseen(result), unseen.at_most()
        assert unseen.new is not None
        assert bound is not None
        errors.append(unseen.new - true)
        held += true <= bound
    mean = sum(errors) / len(errors)
    deviation = sqrt(sum((error - mean) ** 2 for error in errors)) / len(errors)
    assert -4.5 * deviation <= mean <= 1 / executions + 4.5 * deviation
    assert held >= 0.95 * len(errors)


@pytest.mark.parametrize("strategy", ["random", "pct:2", "portfolio"])
@pytest.mark.parametrize("jobs", [2, 3])
def test_processes_together_say_what_one_says(known: Known, strategy: str, jobs: int) -> None:
    (one, alone), (several, together) = (
        explored(known, 151, 5, strategy=strategy, jobs=number) for number in (1, jobs)
    )
    assert together == alone
    assert (several.shares, several.strategy) == (one.shares, one.strategy)


@pytest.mark.parametrize("strategy", ["pct:2", "pct:3,k=9", "pct:1"])
def test_under_pct_the_miss_of_a_bug_is_told(strategy: str) -> None:
    result, unseen = explored(Known(order(2), "x"), 50, 1, strategy=strategy)
    (missed,) = unseen.missed
    assert result.strategy == f"pct:{missed.depth},k={missed.length}"
    assert (missed.threads, missed.executions) == (3, 50)
    n, k, d = missed.threads, missed.length, missed.depth
    assert missed.probability == pytest.approx((1 - 1 / (n * k ** (d - 1))) ** 50)
    assert missed.longest * 50 >= result.steps


def test_the_steps_and_threads_are_the_most_of_any_execution() -> None:
    def test() -> None:
        for _ in range(racer.choose(3)):
            thread = racer.Thread(target=racer.point)
            thread.start()
            thread.join()

    result = racer.explore(test, strategy="pct:2,k=7", executions=40)
    assert result.unseen is not None
    (missed,) = result.unseen.missed
    assert (missed.threads, missed.longest) == (3, 10)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_shares_of_a_campaign_have_the_most_threads_and_steps_of_any(order: tuple[int, int]) -> None:
    shares = [Tally(threads=3, longest=20), Tally(threads=4, longest=10)]
    whole = shares[order[0]]
    whole.merge(shares[order[1]])
    assert (whole.threads, whole.longest) == (4, 20)


def lost_update() -> None:
    counter = racer.Shared(0, name="counter")

    def add() -> None:
        counter.value += 1

    threads = [racer.Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.value == 2


def test_a_portfolio_tells_what_each_member_did() -> None:
    result = racer.explore(lost_update, strategy="portfolio", executions=200, seed=4, keep_going=True)
    portfolio = racer.strategy(result.strategy)
    assert [share.strategy for share in result.shares] == list(portfolio.texts)  # type: ignore[attr-defined]
    assert sum(share.executions for share in result.shares) == 200
    assert all(20 < share.executions < 60 for share in result.shares)
    assert result.unseen is not None
    pct = [share for share in result.shares if share.strategy.startswith("pct")]
    assert [(f"pct:{m.depth},k={m.length}", m.executions) for m in result.unseen.missed] == [
        (share.strategy, share.executions) for share in pct
    ]
    assert sum(share.failed for share in result.shares) == result.failed > 0
    for share in result.shares:
        assert share.kinds == ({"exception": share.failed} if share.failed else {})


@pytest.mark.parametrize("seed", range(12))
def test_a_finding_names_the_one_strategy_that_shows_it_again(seed: int) -> None:
    result = racer.explore(lost_update, strategy="portfolio", executions=200, seed=seed)
    (finding,) = result.findings
    assert finding.seed is not None
    assert finding.execution is not None
    assert not finding.strategy.startswith("portfolio")
    again = racer.explore(lost_update, strategy=finding.strategy, executions=1, seed=finding.seed)
    assert again.digest == finding.execution.digest
    assert again.strategy == again.findings[0].strategy == finding.strategy


def test_a_deterministic_strategy_draws_no_sample_and_says_so() -> None:
    result = racer.explore(lost_update, strategy="round-robin", executions=20)
    assert result.unseen is not None
    assert (result.unseen.new, result.unseen.at_most()) == (None, None)
    assert result.unseen.why == "executions under round-robin are not drawn independently"
    assert result.unseen.curve[-1] == (20, 1)


def test_after_a_verification_nothing_is_left_to_see() -> None:
    unseen = racer.verify(lost_update, keep_going=True).unseen
    assert unseen is not None
    assert (unseen.new, unseen.at_most(0.999)) == (0.0, 0.0)


def test_a_verification_cut_short_is_no_sample() -> None:
    unseen = racer.verify(lost_update, keep_going=True, max_executions=2).unseen
    assert unseen is not None
    assert (unseen.new, unseen.at_most()) == (None, None)
    assert unseen.why == "executions under dpor are not drawn independently"


def test_every_built_in_strategy_but_round_robin_draws_a_sample() -> None:
    drawn = [name for name in STRATEGIES if isinstance(racer.strategy(name), DRAWN)]
    assert drawn == [name for name in STRATEGIES if name != "round-robin"]


def test_executions_that_were_cut_count_and_show_no_interleaving() -> None:
    def test() -> None:
        if racer.choose(2):
            for _ in range(20):
                racer.point()

    result = racer.explore(test, executions=50, max_steps=10, keep_going=True)
    assert result.unseen is not None
    assert 0 < result.failed < 50
    assert (result.unseen.executions, result.unseen.once, result.interleavings) == (50, 0, 1)


def test_a_campaign_that_stops_at_its_first_finding_has_no_bound() -> None:
    result = racer.explore(lost_update, executions=1000, seed=7)
    assert result.unseen is not None
    assert result.unseen.executions == result.executions < 1000
    assert result.unseen.stopped
    assert result.unseen.at_most() is None


def test_beyond_the_table_nothing_is_claimed() -> None:
    tally = Tally(executions=30, seen=SeenClasses(cap=10))
    for index in range(30):
        tally.seen.add(hash((index, 1)), index)
    unseen = unseen_of(tally, racer.strategy("random"), "random", 30)
    assert (unseen.new, unseen.at_most(), unseen.curve) == (None, None, ())
    assert unseen.why == "more interleavings came than the 10 that are told apart"


def test_free_mode_says_nothing_of_interleavings() -> None:
    assert racer.run_free(lambda: None, 0.01).unseen is None
