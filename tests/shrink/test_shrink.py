"""Shrinking: a failing schedule becomes the smallest there is, and stays one that can be followed."""

import pytest

import racer
from racer.core.switches import Point, Switch, parse, text_of
from racer.shrink import Attempt, Run, shrink
from racer.shrinking import shrink as shrink_schedule
from stress.classics import CLASSICS
from stress.classics.classic import Classic

DETECT = ("exception", "deadlock")


def found(classic: Classic, seed: int) -> racer.Finding:
    return racer.explore(classic.body, executions=5000, seed=seed).findings[0]


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("name", CLASSICS)
def test_a_classic_shrinks_to_exactly_its_preemptions(name: str, seed: int) -> None:
    classic = CLASSICS[name]
    finding = found(classic, seed)
    assert finding.schedule is not None
    small = shrink_schedule(classic.body, finding.schedule, lambda each: each.kind in classic.kinds, DETECT)
    assert small is not None
    assert small.preemptions == classic.preemptions


@pytest.mark.parametrize("name", ["lost-update", "abba", "peterson", "philosophers", "check-then-act"])
def test_nothing_smaller_fails(name: str) -> None:
    classic = CLASSICS[name]
    if classic.preemptions:
        assert racer.verify(classic.body, preemptions=classic.preemptions - 1).verdict == "PASS"
    assert racer.verify(classic.body, preemptions=classic.preemptions).verdict == "FAIL"


@pytest.mark.parametrize("name", CLASSICS)
def test_the_text_of_what_is_left_shows_the_finding_again(name: str) -> None:
    classic = CLASSICS[name]
    finding = found(classic, 1)
    assert finding.schedule is not None
    small = shrink_schedule(classic.body, finding.schedule, lambda each: each.kind == finding.kind, DETECT)
    assert small is not None
    again = racer.explore(classic.body, strategy=small.strategy, executions=1, seed=5)
    assert finding.kind in {each.kind for each in again.findings}
    assert again.strategy == small.strategy


def test_shrinking_is_deterministic() -> None:
    classic = CLASSICS["philosophers"]
    schedule = found(classic, 1).schedule
    assert schedule is not None
    first, second = (shrink_schedule(classic.body, schedule, lambda _: True, DETECT) for _ in range(2))
    assert first == second


def test_a_schedule_without_the_finding_is_not_shrunk() -> None:
    schedule = found(CLASSICS["abba"], 1).schedule
    assert schedule is not None
    assert shrink_schedule(CLASSICS["abba"].body, schedule, lambda _: False, DETECT) is None


def test_a_budget_of_nothing_gives_back_what_was_given() -> None:
    schedule = found(CLASSICS["abba"], 1).schedule
    assert schedule is not None
    small = shrink_schedule(CLASSICS["abba"].body, schedule, lambda _: True, DETECT, budget=0)
    assert small is not None
    assert small.switches >= 1


def needs(*wanted: Switch) -> tuple[list[int], Run]:
    """Return a count of runs, and what runs a list in a subject that fails where all of these switches are made."""
    points = tuple(Point(thread, taken, (0, 1, 2), True) for thread in range(3) for taken in range(20))
    runs: list[int] = []

    def run(switches: tuple[Switch, ...]) -> Attempt:
        runs.append(len(switches))
        return Attempt(set(wanted) <= set(switches), switches, points, 60, 3)

    return runs, run


def test_what_is_not_needed_is_dropped_in_few_executions() -> None:
    wanted = (Switch(0, 3, 1), Switch(2, 7, 1))
    runs, run = needs(*wanted)
    many = tuple(Switch(thread, taken, 1) for thread in (0, 2) for taken in range(20))
    best = shrink(run(many), run, 120)
    assert best.switches == wanted
    assert len(runs) <= 121


@pytest.mark.parametrize("text", ["b12c.(30)3a;65.7", ";", ";5", "a1b;"])
def test_the_text_form_is_read_back(text: str) -> None:
    switches, values = parse(text)
    assert text_of(switches, values) == text


@pytest.mark.parametrize("text", ["", "b12", "b12c", "12;", "b12c;x", "b12c..;", "B1c;"])
def test_another_text_is_refused(text: str) -> None:
    with pytest.raises(racer.UsageError, match="switches are written as"):
        racer.strategy(f"switches:{text}")


def test_a_switch_that_cannot_be_made_is_passed() -> None:
    assert racer.explore(CLASSICS["abba"].body, strategy="switches:b2z.q1c;9", executions=1).verdict == "PASS"
