"""The portfolio: who runs an execution is decided by its seed, and it is the execution that one alone would show."""

from collections import Counter
from typing import Any

import pytest

import racer
from racer.core.rng import execution_seed
from racer.strategies.portfolio import Portfolio
from tests.engine.flat import body
from tests.engine.programs import KNOWN, lockinc

MEMBERS = ("random", "pct:2", "pct:3", "pos", "surw")


def member(portfolio: Portfolio, seed: int) -> str:
    portfolio.begin(seed)
    return portfolio._member.text


def test_every_member_gets_its_share() -> None:
    portfolio = Portfolio()
    shares = Counter(member(portfolio, execution_seed(7, index)) for index in range(5000))
    assert set(shares) == set(MEMBERS)
    assert all(count == pytest.approx(1000, abs=4.5 * 28.3) for count in shares.values())


def test_small_seeds_are_shared_out_too() -> None:
    assert {member(Portfolio(), seed) for seed in range(40)} == set(MEMBERS)


def test_an_execution_is_that_of_the_member_alone() -> None:
    test = body(lockinc(3))
    text = racer.explore(test, strategy="portfolio", executions=1).strategy
    assert text == "portfolio:k=22,1=3:2+4:2+5:2,2=3:2+4:2+5:2"
    portfolio = racer.strategy(text)
    assert isinstance(portfolio, Portfolio)
    seen = set()
    for seed in range(30):
        alone = member(portfolio, seed)
        seen.add(alone.partition(",")[0].partition(":1")[0])
        first, second = (racer.explore(test, strategy=s, executions=1, seed=seed) for s in (text, alone))
        assert (first.digest, first.steps) == (second.digest, second.steps)
    assert len(seen) == len(MEMBERS)


@pytest.mark.parametrize("name", ["portfolio:k=20,1=0:2+3:2+4:40,2=3:2+4:2", "surw:1=3:2+4:2,2=3:2+4:9"])
def test_a_shorter_text_shows_the_same_execution_with_its_seed(name: str) -> None:
    test = body(lockinc(3))
    shown = set()
    for seed in range(40):
        strategy: Any = racer.strategy(name)
        whole = racer.explore(test, strategy=strategy, executions=1, seed=seed)
        again = racer.explore(test, strategy=strategy.alone, executions=1, seed=seed)
        assert (again.digest, again.strategy) == (whole.digest, strategy.alone)
        shown.add(strategy.alone)
    surw = {text for text in shown if text.startswith("surw:")}
    assert len(surw) == 2
    assert not any("," in text for text in surw)


def test_what_its_members_find_it_finds() -> None:
    for name in ("abba", "lost signal", "two waiters"):
        known = KNOWN[name]
        result = racer.explore(body(known.program), strategy="portfolio", executions=400, seed=1, keep_going=True)
        assert result.interleavings == known.classes
        assert result.failed
