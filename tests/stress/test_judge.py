"""A run's outcome is judged against what its workload states."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from racer.kvm.schemes import Scheme
from stress import judge, workloads
from stress.cell import EXPECTED, FAILED, FAULT, INCONCLUSIVE, Cell, Found, Outcome
from stress.workload import ENOUGH, Parameters, Workload

EXPECTATIONS: Mapping[str, frozenset[str]] = {"broken": frozenset({"stale", "sleep"}), "good": frozenset()}
STATED = Workload(
    name="stated",
    summary="For these tests.",
    build=lambda scheme, parameters: lambda: None,
    expected=EXPECTATIONS,
    raced="raced",
    allowed={"broken": frozenset({"parity"}), "good": frozenset({"parity"})},
    expected_crossed={"broken": frozenset()},
)


def outcome(
    scheme: str, kinds: list[str], *, raced: int = 1, full: bool = True, free: bool = False, cross: bool = False
) -> Outcome:
    cell = Cell("stated", scheme, Parameters(cross=cross), "random", 1, 10, seconds=1.0 if free else None, full=full)
    found = tuple(Found(kind, "", "", 1) for kind in kinds)
    return Outcome(cell, "FAIL" if kinds else "PASS", found=found, counters={"raced": raced})


CASES = {
    "all that was expected": (outcome("broken", ["stale", "sleep"]), EXPECTED),
    "more that is allowed": (outcome("broken", ["stale", "sleep", "parity"]), EXPECTED),
    "one kind is missing": (outcome("broken", ["stale"]), FAILED),
    "nothing in a broken scheme": (outcome("broken", []), FAILED),
    "missing in a reduced run": (outcome("broken", ["stale"], full=False), INCONCLUSIVE),
    "a kind nobody expects": (outcome("broken", ["stale", "sleep", "deadlock"]), FAILED),
    "clean where it should be": (outcome("good", []), EXPECTED),
    "a finding where there should be none": (outcome("good", ["stale"]), FAILED),
    "allowed means nothing where clean is expected": (outcome("good", ["parity"]), FAILED),
    "a finding in a reduced run": (outcome("good", ["stale"], full=False), FAILED),
    "a scheme of the user's own, clean": (outcome("my.py:Own", []), EXPECTED),
    "a scheme of the user's own, not clean": (outcome("my.py:Own", ["stale"]), FAILED),
    "nothing raced": (outcome("good", [], raced=0), INCONCLUSIVE),
    "nothing raced in a broken scheme": (outcome("broken", [], raced=0), INCONCLUSIVE),
    "nothing raced, but something was found": (outcome("good", ["stale"], raced=0), FAILED),
    "free mode need not catch": (outcome("broken", [], free=True), EXPECTED),
    "free mode may catch": (outcome("broken", ["stale"], free=True), EXPECTED),
    "free mode must not find in a good one": (outcome("good", ["stale"], free=True), FAILED),
    "crossed has expectations of its own": (outcome("broken", [], cross=True), EXPECTED),
    "crossed and clean means clean": (outcome("broken", ["stale"], cross=True), FAILED),
}


@pytest.mark.parametrize("name", CASES)
def test_an_outcome_is_judged(name: str) -> None:
    seen, judged = CASES[name]
    judge.judge(seen, STATED)
    assert seen.judged == judged
    assert (seen.verdict == "UNKNOWN") == (judged == INCONCLUSIVE and "raced" in name)
    assert bool(seen.why) == (judged != EXPECTED)


def asked_for(scheme: type[Scheme]) -> tuple[str, ...]:
    return ("joins",) if scheme.shares_vcores else ()


@pytest.mark.parametrize(
    ("scheme", "executions", "judged"),
    [("deferred", ENOUGH, INCONCLUSIVE), ("deferred", ENOUGH - 1, EXPECTED), ("single-vcpu", ENOUGH, EXPECTED)],
)
def test_a_long_run_in_which_a_situation_never_came_up_says_nothing(scheme: str, executions: int, judged: str) -> None:
    seen = outcome(scheme, [])
    seen.executions = executions
    judge.judge(seen, replace(STATED, shown=asked_for))
    assert seen.judged == judged
    assert ("joins" in seen.why) == (judged == INCONCLUSIVE)


CODES = {
    (EXPECTED,): 0,
    (EXPECTED, FAILED): 1,
    (EXPECTED, INCONCLUSIVE): 3,
    (INCONCLUSIVE, FAILED): 1,
    (FAILED, FAULT): 4,
    (): 3,
}


@pytest.mark.parametrize("judged", CODES, ids=str)
def test_the_exit_code_is_that_of_the_worst_cell(judged: tuple[str, ...]) -> None:
    outcomes = [outcome("good", []) for _ in judged]
    for each, word in zip(outcomes, judged, strict=True):
        each.judged = word
    assert judge.exit_code(outcomes) == CODES[judged]


@pytest.mark.parametrize("name", workloads.NAMES)
def test_every_workload_states_what_it_is_and_what_must_come_out(name: str) -> None:
    workload = workloads.by_name(name)
    assert workload.name == name
    assert workload.summary.endswith(".")
    assert workload.must_find("immediate") or workload.must_find("seed")
    assert not workload.must_find("deferred")
    assert not workload.must_find("always-locked")
