"""Benchmarks of verifications: the programs are what they are said to be, and the parts make up the whole."""

from functools import partial
from math import comb

import pytest

import racer
from racer.engine import pool
from racer.engine.baton import Baton, make_baton
from stress.bench import exhaustive, lengths, memory, proofs, textbook
from stress.bench.bare import Bare, Program
from stress.bench.exhaustive import Textbook, follow, less, parts_of, schedules_of, split
from stress.bench.measure import Effort, Sample
from stress.bench.relay import Relay, turns_of
from stress.bench.textbook import bare_lastzero, bare_lockinc, lastzero, lockinc, two_adders, two_threads

TINY = Effort(rounds=1, scale=0.0005)
SMALL = Textbook("lockinc(3)", partial(lockinc, 3), partial(bare_lockinc, 3), 6, 1, 1e12)


@pytest.mark.parametrize("program", exhaustive.PROGRAMS, ids=lambda program: program.name)
def test_a_textbook_program_has_the_interleavings_that_are_told_of_it(program: Textbook) -> None:
    result = racer.verify(program.test)
    assert (result.verdict, result.exhausted, result.redundant) == ("PASS", True, 0)
    assert result.executions == program.interleavings


@pytest.mark.parametrize("program", [partial(bare_lockinc, 3), partial(bare_lastzero, 4)])
def test_the_bare_baton_runs_the_textbook_programs(program: Program) -> None:
    assert Bare().run(program, 50) == 50


def test_a_verification_is_split_into_parts_that_add_up() -> None:
    samples = {name: [Sample(2, wall, wall)] for name, wall in (("relay", 1.0), ("follow", 4.0), ("verify", 9.0))}
    parts = parts_of(samples)
    assert {name: each.wall for name, (each,) in parts.items()} == {"hand-over": 1.0, "steps": 3.0, "analysis": 5.0}
    assert sum(exhaustive.microseconds(each) for (each,) in parts.values()) == pytest.approx(4.5e6)
    assert less(Sample(2, 3, 2), Sample(2, 1, 1)) == Sample(2, 2, 1)


def test_the_rows_of_a_split_state_what_is_demanded_and_what_is_wanted() -> None:
    rows = split(SMALL, TINY)
    assert [row.what.removeprefix("lockinc(3), ") for row in rows] == [
        "6 interleavings", "wanted", "hand-over", "steps", "analysis",
    ]  # fmt: skip
    assert [row.met for row in rows] == [True, False, None, None, None]
    assert {row.name for row in rows} == {"verify"}


def test_a_program_with_other_interleavings_than_stated_is_not_timed() -> None:
    wrong = Textbook("lockinc(3)", partial(lockinc, 3), partial(bare_lockinc, 3), 7, 1, 1)
    with pytest.raises(racer.UsageError, match="has 7 interleavings, got 6"):
        split(wrong, TINY)


def test_the_schedules_of_a_verification_are_all_different_and_can_be_followed() -> None:
    schedules = schedules_of(partial(lastzero, 3))
    assert len(set(schedules)) == len(schedules) == 12
    assert follow(partial(lastzero, 3), schedules * 2) == 24
    for schedule in schedules:
        assert racer.replay(partial(lastzero, 3), schedule).schedule.threads == schedule.threads


def test_what_cannot_be_followed_is_no_measurement() -> None:
    schedules = schedules_of(partial(lockinc, 2))
    with pytest.raises(racer.DivergenceError):
        follow(partial(lockinc, 3), schedules)


@pytest.mark.parametrize("test", [partial(lockinc, 3), partial(lastzero, 4)], ids=["lockinc", "lastzero"])
def test_the_relay_hands_over_as_often_as_the_executions_do(
    test: exhaustive.Body, monkeypatch: pytest.MonkeyPatch
) -> None:
    wakes: list[int] = []

    def counted() -> Baton:
        made = make_baton()

        def wake() -> object:
            wakes.append(1)
            return made.wake()

        return made._replace(wake=wake)

    schedules = schedules_of(test)
    monkeypatch.setattr(pool, "make_baton", counted)
    monkeypatch.setattr(pool, "_pool", None)  # a pool of threads with such batons
    follow(test, schedules)
    into_the_loop = 1
    hand_overs = len(wakes) - into_the_loop
    turns = turns_of(schedule.threads for schedule in schedules)
    assert len(turns) - 1 == hand_overs
    pool.pool().close()


def test_a_relay_takes_every_turn_and_gives_the_threads_back() -> None:
    before = len(pool.pool().idle)
    for _ in range(3):
        assert Relay([0, 1, 0, 2, 1, 0]).run() == 5
    assert len(pool.pool().idle) == max(before, 3)
    assert Relay([0]).run() == 0


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("length", [100, 1000])
def test_two_threads_make_executions_of_the_length_asked_for(length: int, shared: bool) -> None:
    result = racer.verify(partial(two_threads, length, shared=shared), max_executions=lengths.EXECUTIONS)
    assert result.steps / result.executions == pytest.approx(length, rel=0.03)
    assert result.executions == lengths.EXECUTIONS
    assert result.exhausted is not shared, "6 interleavings, or very many"


def test_a_curve_has_a_row_for_each_length_and_an_exponent() -> None:
    rows = lengths.curve_rows("own variables", TINY, (40, 80, 160), (80, 160))
    assert [row.unit for row in rows] == ["ns/step"] * 3 + [""]
    assert [row.ratio for row in rows[:1]] == [1]
    assert rows[-1].demand is not None
    assert "80 to 160 steps" in rows[-1].what


def test_an_exponent_above_linear_is_not_met() -> None:
    assert lengths.fitted("", [1.0, 1.05, 2.0]).met is True
    assert lengths.fitted("", [1.0, 1.2, 2.0]).met is False


def test_there_are_more_interleavings_than_are_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    assert comb(2 * textbook.ADDS, textbook.ADDS) > memory.VERIFIED
    monkeypatch.setattr(textbook, "ADDS", 3)
    assert racer.verify(two_adders).executions == comb(6, 3)


def test_memory_is_watched_over_a_verification() -> None:
    row = memory.watch_verification(2000)
    assert row.value is not None
    assert row.value < 4 * memory.FLAT_KIB, "2,000 executions leave nothing behind"
    assert row.met is None, "too short to be judged"
    assert "after 2,000 executions" in row.note


def test_every_bounded_workload_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs, "cpus", lambda: 1)
    rows = proofs.proof_rows(TINY)
    assert {row.what.partition(" ")[0] for row in rows} == {"(a)", "(b)", "(c)", "(d)", "(e)", "(f)"}
    assert len(rows) == 6 * len(proofs.SCHEMES)
    assert all("cut short after 5 executions" in row.note for row in rows)
