"""First findings: counted as they are, with those that gave up; the interval holds what it should."""

import io
import json
from functools import partial
from operator import neg

import pytest
from rich.console import Console

import racer
from racer.core.rng import SplitMix64
from stress.bench import screen
from stress.bench.benchmarks import ENTRIES
from stress.bench.chance import Searches, wilson
from stress.bench.first_finding import NAME, RACE, STRATEGIES, Subject, named_search, row_of, search, subjects
from stress.bench.row import Row
from stress.bench.spread import spread
from stress.classics import CLASSICS


def test_at_least_eight_classics_and_the_race_in_two_workloads_are_searched() -> None:
    names = list(subjects())
    assert len(names) == len(set(names)) == len(CLASSICS) + 2
    assert sum("immediate" in name for name in names) == 2
    assert len(CLASSICS) >= 8
    assert {"random", "pct:2", "pct:3", "pos", "surw", "portfolio"} == set(STRATEGIES)


@pytest.mark.parametrize("strategy", ["random", "pct:2", "portfolio"])
def test_a_search_is_counted_up_to_its_first_finding(strategy: str) -> None:
    body = CLASSICS["double-checked"].body
    most = 40
    searches = search(Subject(body, most), strategy, range(1, 21))
    results = [
        racer.explore(body, strategy=strategy, executions=most, seed=seed, keep_going=True) for seed in range(1, 21)
    ]
    firsts = [result.first_failure for result in results]
    assert list(searches.found) == [first + 1 for first in firsts if first is not None]
    assert searches.missed == firsts.count(None)


def test_a_search_that_gives_up_is_counted_as_such() -> None:
    searches = search(Subject(CLASSICS["bounded-retry"].body, 5), "pct:2", range(1, 4))
    assert (searches.found, searches.missed, searches.executions) == ((), 3, 15)
    row = row_of("bounded-retry", "pct:2", searches)
    assert (row.value, row.high) == (None, None)
    assert row.low is not None
    assert row.low > 1


def test_the_search_in_the_model_ends_with_the_race_and_nothing_else() -> None:
    subject = subjects()["one-vcpu, immediate"]
    for seed in range(3):
        result = racer.explore(subject.body, executions=subject.most, seed=seed)
        assert {finding.kind for finding in result.findings} == {RACE}
    searches = named_search(("one-vcpu, immediate", "random", 3))
    assert len(searches.found) == 3


def test_the_mean_counts_the_executions_of_searches_that_gave_up() -> None:
    searches = Searches((1, 3), missed=2, most=10)
    assert searches.executions == 24
    assert searches.mean == 12
    assert (searches.within(0.5), searches.within(0.51)) == (3, None)
    assert Searches((), 2, 10).mean is None
    low, high = Searches((), 2, 10).interval
    assert low == pytest.approx(1 / wilson(0, 20)[1])
    assert high is None


def test_without_misses_the_mean_is_that_of_the_sample() -> None:
    assert Searches((2, 4, 9), 0, 10).mean == 5
    assert Searches((1, 1), 0, 10).interval[0] == 1


@pytest.mark.parametrize(("one_in", "most"), [(2, 50), (20, 1000), (20, 15)])
def test_the_interval_holds_the_true_mean_95_times_in_100(one_in: int, most: int) -> None:
    """Also where most searches give up: they say as much of the chance as the others."""
    random = SplitMix64(9)

    def drawn() -> int | None:
        return next((n for n in range(1, most + 1) if random.below(one_in) == 0), None)

    held = 0
    for _ in range(400):
        each = [drawn() for _ in range(60)]
        found = tuple(n for n in each if n is not None)
        low, high = Searches(found, each.count(None), most).interval
        held += low <= one_in <= (high or low)
    assert 0.92 <= held / 400 <= 0.98


def some_rows() -> list[Row]:
    return [
        row_of("easy", "random", Searches((1, 2, 3), 0, 100)),
        row_of("easy", "pct:2", Searches((50,), 2, 100)),
        row_of("hard", "random", Searches((), 3, 100)),
        row_of("hard", "pct:2", Searches((99, 1, 2), 0, 100)),
    ]


def printed(rows: list[Row]) -> str:
    out = Console(file=io.StringIO(), width=150)
    screen.show(out, rows, {name: entry.tables for name, entry in ENTRIES.items() if entry.tables is not None})
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def test_the_tables_have_a_row_for_a_subject_and_a_column_for_a_strategy() -> None:
    lines = [line.split() for line in printed(some_rows()).splitlines()]
    assert lines.count(["subject", "seeds", "random", "pct:2"]) == 2
    assert ["easy", "3", "2.0", "1.2..5.3", "250", "45..1,416", "-2"] in lines
    assert ["easy", "3", "2", "|", "3", ">", "100", "|", ">", "100"] in lines
    assert ["hard", "3", ">", "79", "-3", "34", "12..99"] in lines


def test_rows_with_tables_of_their_own_are_in_no_other_and_a_crash_is_in_the_first() -> None:
    text = printed([*some_rows(), Row("step", "a read", "ns", 1.0), Row(NAME, "", "", note="boom", crashed=True)])
    assert "easy: random" not in text
    assert "a read" in text
    assert "CRASHED" in text
    assert "boom" in text


def test_a_row_is_written_with_its_detail() -> None:
    written = json.loads(json.dumps(some_rows()[1].as_json()))
    assert written["detail"] == {
        "subject": "easy", "strategy": "pct:2", "seeds": 3, "found": 1, "given_up_after": 100, "median": None,
        "within_95": None,
    }  # fmt: skip
    assert written["value"] == 250


@pytest.mark.parametrize("processes", [1, 2])
def test_work_is_spread_and_comes_back_in_order(processes: int) -> None:
    assert spread(neg, [3, 1, 2], processes) == [-3, -1, -2]


def test_a_subject_is_searched_at_the_size_that_its_title_says() -> None:
    body = subjects()["reorder (6 setters)"].body
    assert isinstance(body, partial)
    assert body.keywords == {"setters": 6}
