"""The regression test: what it checks, and its verdict."""

from pathlib import Path

import pytest

from racer.kvm.schemes import template
from stress.regress import known
from stress.regress.check import ANSWERS, KNOWN, VERIFY, WORKLOAD, Check, Job, checked, jobs_of
from stress.regress.command import closing, exit_code, line_of
from stress.verify.bounded import NAMES as BOUNDED
from stress.workloads import NAMES

TEMPLATE = f"{template.__file__}:MyScheme"


def test_known_schedules_come_first_and_nothing_is_left_out() -> None:
    jobs = list(jobs_of("deferred", 1))
    assert [job.sort for job in jobs] == sorted(
        (job.sort for job in jobs), key=[KNOWN, ANSWERS, WORKLOAD, VERIFY].index
    )
    assert [job.name for job in jobs if job.sort == WORKLOAD] == list(NAMES)
    assert [job.name for job in jobs if job.sort == VERIFY] == list(BOUNDED)
    assert len([job for job in jobs if job.sort == KNOWN]) == len(known.read())


@pytest.mark.parametrize("scheme", ["deferred", "always-locked", TEMPLATE])
def test_a_right_scheme_passes(scheme: str) -> None:
    for sort, name, executions in ((ANSWERS, "", 1), (WORKLOAD, "cross-register", 30), (VERIFY, "one-vcpu", 50)):
        assert checked(Job(sort, scheme, name, executions=executions)).verdict == "PASS"


@pytest.mark.parametrize("scheme", ["unpinned", "immediate", "seed", "dropped-locks", "snapshot", "late-joiners"])
def test_a_broken_scheme_fails(scheme: str) -> None:
    check = checked(Job(WORKLOAD, scheme, "cross-register", executions=300))
    assert check.verdict == "FAIL"
    assert "make reproduce WORKLOAD=cross-register" in check.block


@pytest.mark.parametrize("each", known.read(), ids=lambda each: each.bug)
def test_a_known_schedule_is_harmless_in_a_scheme_that_is_right(each: known.Known) -> None:
    job = Job(KNOWN, "deferred", f"{each.bug} in {each.workload}", each.strategy, seed=0)
    assert checked(job).verdict == "PASS"


def test_known_schedules_are_kept_in_the_order_of_their_bugs(tmp_path: Path) -> None:
    file = tmp_path / "known.txt"
    known.write([known.Known("B4", "remap", "switches:b2c;1"), known.Known("P1", "remap", "switches:;")], file)
    known.write([known.Known("B4", "cross-register", "switches:b3c;1")], file)
    assert [each[:2] for each in known.read(file)] == [("P1", "remap"), ("B4", "cross-register")]


@pytest.mark.parametrize(
    ("verdicts", "wanted", "code", "word"),
    [
        (["PASS", "PASS"], 2, 0, "PASS"),
        (["PASS", "FAIL"], 2, 1, "FAIL"),
        (["PASS", "UNKNOWN"], 2, 3, "UNKNOWN"),
        (["PASS"], 2, 3, "UNKNOWN"),
        (["UNKNOWN", "FAIL"], 2, 1, "FAIL"),
    ],
)
def test_the_verdict_is_that_of_the_checks(verdicts: list[str], wanted: int, code: int, word: str) -> None:
    checks = [Check("a check", verdict) for verdict in verdicts]
    assert exit_code(checks, wanted) == code
    assert closing("mine", checks, wanted).startswith(f"{word}: mine")


def test_a_line_tells_what_was_found() -> None:
    line = line_of(Check("workload remap", "FAIL", "stale-pointer", "a page"))
    assert line.split() == ["FAIL", "workload", "remap", "stale-pointer:", "a", "page"]
