"""The regression test of a scheme: what it checks, its verdict, and what it shows."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

import racer
from racer.kvm.schemes import SCHEMES, template
from stress import cli
from stress.matrix.rows import ROWS
from stress.regress import known, made
from stress.regress.check import ANSWERS, FAIL, FAULT, KNOWN, PASS, UNKNOWN, VERIFY, WORKLOAD, Check, Job, stages
from stress.regress.command import CODES
from stress.regress.made import checked
from stress.regress.screen import Live, closing, verdict_of
from stress.verify.bounded import NAMES as BOUNDED
from stress.workloads import NAMES

ROOT = Path(__file__).parents[2]
TEMPLATE = f"{template.__file__}:MyScheme"
RIGHT = ("deferred", "always-locked", TEMPLATE)
# Of each budget, a part: enough for everything to happen at least once.
LITTLE = {KNOWN: 1.0, ANSWERS: 1.0, WORKLOAD: 0.05, VERIFY: 0.01}
SCHEME_OF = {row.bug: row.scheme for row in ROWS}
# Where schemes that come through known schedules, answers and most workloads are caught.
CAUGHT_IN = {"dirty-tracking": "one-reg", "own-task": "cede-prod", "single-vcpu": "one-reg", "nested": "one-reg"}


def silent(_: object) -> None:
    """Take no notice of progress."""


def jobs_of(scheme: str, scale: float = 1.0) -> list[Job]:
    return [job for _, jobs in stages(scheme, 1, scale) for job in jobs]


def first_failure(jobs: list[Job]) -> Check | None:
    return next((check for check in (checked(job, silent) for job in jobs) if check.verdict != PASS), None)


def test_past_findings_come_first_and_nothing_is_left_out() -> None:
    jobs = jobs_of("deferred")
    sorts = [job.sort for job in jobs]
    assert sorts == [ANSWERS] + [KNOWN] * len(known.read()) + [WORKLOAD] * (len(NAMES) + 1) + [VERIFY] * len(BOUNDED)
    assert {job.workload for job in jobs if job.sort == WORKLOAD} == set(NAMES)
    assert {job.parameters.cross for job in jobs if job.workload == "guest-trace"} == {False, True}
    assert [job.workload for job in jobs if job.sort == VERIFY] == list(BOUNDED)
    assert [job.bug for job in jobs if job.sort == KNOWN] == [each.bug for each in known.read()]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("sort", [KNOWN, ANSWERS, WORKLOAD, VERIFY])
@pytest.mark.parametrize("scheme", RIGHT, ids=["deferred", "always-locked", "template"])
def test_a_right_scheme_passes(scheme: str, sort: str) -> None:
    assert first_failure([job for job in jobs_of(scheme, LITTLE[sort]) if job.sort == sort]) is None


@pytest.mark.timeout(60)
@pytest.mark.parametrize("scheme", [name for name in SCHEMES if name not in RIGHT])
def test_a_scheme_with_a_bug_of_history_fails(scheme: str) -> None:
    where = CAUGHT_IN.get(scheme, "cross-register")
    check = first_failure([job for job in jobs_of(scheme) if job.sort == WORKLOAD and job.workload == where])
    assert check is not None
    assert check.verdict == FAIL


@pytest.mark.parametrize("each", known.read(), ids=lambda each: each.bug)
def test_a_known_schedule_still_shows_a_finding_where_it_was_found(each: known.Known) -> None:
    job = Job(KNOWN, SCHEME_OF[each.bug], each.workload, each.parameters(), each.strategy)
    assert checked(job, silent).verdict == FAIL


def test_what_a_check_found_is_seen_again_by_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    job = next(job for job in jobs_of("immediate") if job.workload == "cross-register")
    check = checked(job, silent)
    line = re.search(r"reproduce: make (reproduce .*)", check.block)
    assert line
    command, *words = shlex.split(line[1])
    options = [word for pair in words for word in (f"--{pair.partition('=')[0].lower()}", pair.partition("=")[2])]
    cli.main([command, *options])
    shown = capsys.readouterr().out
    assert f"FAIL {check.kind}: " in shown
    assert " ".join(check.message.split()) in " ".join(shown.split())


def test_what_a_verification_found_is_seen_again_by_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    job = next(job for job in jobs_of("seed") if job.sort == VERIFY)
    check = checked(job, silent)
    line = re.search(r"reproduce: make (reproduce .*)", check.block)
    assert line
    command, *words = shlex.split(line[1])
    options = [word for pair in words for word in (f"--{pair.partition('=')[0].lower()}", pair.partition("=")[2])]
    cli.main([command, *options])
    assert f"FAIL {check.kind}: " in capsys.readouterr().out


MINE = """
import os, time
import racer
from racer.kvm.schemes import Deferred


class Dies(Deferred):
    def __init__(self):
        os._exit(9)


class Dices(Deferred):
    def do_h_register_vpa(self, vcpu, flags, vcpuid, vpa):
        for _ in range(os.urandom(1)[0] % 7):
            racer.point()
        return super().do_h_register_vpa(vcpu, flags, vcpuid, vpa)


class Stands(Deferred):
    def do_h_register_vpa(self, vcpu, flags, vcpuid, vpa):
        time.sleep(3)
        return 0


class Lost(Deferred):
    def __init__(self):
        raise LookupError("what the author forgot")
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    file = tmp_path / "mine.py"
    file.write_text(MINE)
    return file


def test_chance_in_a_scheme_leaves_its_checks_undecided(mine: Path) -> None:
    job = next(job for job in jobs_of(f"{mine}:Dices") if job.sort == WORKLOAD)
    check = checked(job, silent)
    assert check.verdict == UNKNOWN
    assert "NondeterminismError" in check.why


def test_a_scheme_that_stands_still_is_undecided_and_its_process_not_used_again(
    mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(made, "STALL_AFTER", 0.5)
    job = next(job for job in jobs_of(f"{mine}:Stands") if job.sort == WORKLOAD)
    check = checked(job, silent)
    assert check.verdict == UNKNOWN
    assert check.broken
    time.sleep(3)  # what stands still has to be gone before the next test


def test_an_exception_in_a_scheme_is_a_finding(mine: Path) -> None:
    job = next(job for job in jobs_of(f"{mine}:Lost") if job.sort == WORKLOAD)
    check = checked(job, silent)
    assert (check.verdict, check.kind) == (FAIL, "exception")
    assert "what the author forgot" in check.message


def test_a_fault_of_racer_itself_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(racer, "explore", broken)
    check = checked(jobs_of("deferred")[0], silent)
    assert check.verdict == FAULT
    assert "ZeroDivisionError" in check.why


BAD = {
    "unknown scheme": (["--scheme", "defered"], "unknown scheme 'defered': choose one of"),
    "no such file": (["--scheme", "no/such.py:Mine"], "there is no file 'no/such.py'"),
    "no such class": (["--scheme", "{mine}:Other"], "there is no 'Other' in .*Dies, Dices"),
    "no class named": (["--scheme", "{mine}"], "path/to/file.py:Class"),
    "a class that is no scheme": (["--scheme", "{mine}:os"], "is not a subclass of"),
    "a syntax error": (["--scheme", "{slip}:Mine"], "slip.py' fails to import: SyntaxError"),
    "a seed that is none": (["--seed", "seven"], "decimal or 0x hexadecimal, got 'seven'"),
    "no processes": (["--processes", "0"], "processes must be between 1 and 256"),
    "a stray word": (["deferred"], "unexpected extra argument"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_gets_one_clear_line(name: str, mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    slip = mine.with_name("slip.py")
    slip.write_text("class Mine(:\n")
    arguments, reason = BAD[name]
    given = [word.format(mine=mine, slip=slip) for word in arguments]
    with pytest.raises(SystemExit) as end:
        cli.main(["regress", *given])
    shown = capsys.readouterr()
    assert end.value.code == 2
    assert shown.out == ""
    assert shown.err.startswith("error: ")
    assert shown.err.count("\n") == 1
    assert re.search(reason, shown.err)


def test_known_schedules_are_kept_in_the_order_of_their_bugs(tmp_path: Path) -> None:
    file = tmp_path / "known.txt"
    slow = known.Known("B4", "remap", "switches:b2c;1", ("ENTRIES=2",))
    known.write([slow, known.Known("P1", "guest-trace", "switches:;", ("CROSS=1",))], file)
    known.write([known.Known("B12", "cross-register", "switches:b3c;1")], file)
    assert [each.bug for each in known.read(file)] == ["P1", "B4", "B12"]
    assert known.read(file)[0].parameters().cross
    known.write([slow._replace(workload="teardown")], file)
    assert known.read(file)[1] == slow._replace(workload="teardown")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("B4 remap", "is written as BUG WORKLOAD switches:LIST"),
        ("B4 remap pct:3", "is written as BUG WORKLOAD switches:LIST"),
        ("B4 nowhere switches:;", "unknown workload 'nowhere'"),
        ("B4 remap switches:b2", "switches are written as"),
        ("E4 remap switches:;", "bugs are numbered as in docs/bugs.md"),
        ("B4 remap switches:; ENTRIES", "sizes are written as ENTRIES=2"),
        ("B4 remap switches:; HEIGHT=2", "sizes are written as ENTRIES=2 or CROSS=1, got HEIGHT=2"),
        ("B4 remap switches:; VCPUS=99", "vcpus must be between 1 and 64, got 99"),
    ],
)
def test_a_line_that_is_no_known_schedule_is_refused(line: str, reason: str, tmp_path: Path) -> None:
    file = tmp_path / "known.txt"
    file.write_text(f"# a remark\n{line}\n")
    with pytest.raises(racer.UsageError, match=f"known.txt:2: .*{reason}"):
        known.read(file)


@pytest.mark.parametrize(
    ("verdicts", "wanted", "code"),
    [
        ([PASS, PASS], 2, 0),
        ([PASS, FAIL], 2, 1),
        ([FAIL], 2, 1),
        ([UNKNOWN, FAIL], 2, 1),
        ([PASS, UNKNOWN], 2, 3),
        ([PASS], 2, 3),
        ([FAIL, FAULT], 2, 4),
    ],
)
def test_the_verdict_is_the_worst_of_the_checks(verdicts: list[str], wanted: int, code: int) -> None:
    checks = [Check("a check", verdict, why="so it is") for verdict in verdicts]
    plan = [("all", [Job(WORKLOAD, "mine")] * wanted)]
    verdict = verdict_of(checks, wanted)
    assert CODES[verdict] == code
    told = closing("mine", checks, plan)
    assert told.startswith(f"{verdict}: mine: ")
    assert ("1 not made" in told) == (len(checks) < wanted)


@pytest.mark.parametrize("colour", [False, True])
def test_a_line_fits_the_screen_with_and_without_colour(colour: bool) -> None:
    out = Console(width=80, force_terminal=colour, color_system="standard" if colour else None, highlight=False)
    job = Job(WORKLOAD, "mine", "cross-register")
    with out.capture() as capture:
        live = Live(out, [("all", [job, replace(job, seed=2)])])
        live.take(job, Check(job.title, FAIL, "stale-pointer", "a page that nobody had " * 9))
        live.take(replace(job, seed=2), Check(job.title, PASS, executions=1200))
    text = capture.get()
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert (plain != text) == colour
    lines = plain.splitlines()
    assert lines[0].startswith("[ 1/2] FAIL    workload cross-register")
    assert lines[1].split() == ["[", "2/2]", "PASS", "workload", "cross-register", "1,200", "executions"]
    assert max(map(len, lines)) <= 80


def run(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "stress", "regress", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80"},
    )


@pytest.mark.timeout(60)
def test_a_broken_scheme_ends_early_with_code_1_and_says_how_to_see_it_again() -> None:
    started = run("--scheme", "immediate", "--processes", "1")
    output, errors = started.communicate()
    assert started.returncode == 1, errors
    lines = output.splitlines()
    assert lines[0].startswith("racer regress: scheme immediate, ")
    assert "    reproduce: make reproduce WORKLOAD=" in output
    assert any(line.startswith("FAIL: immediate: ") and "not made" in line for line in lines)
    assert "workloads" not in lines


@pytest.mark.timeout(60)
def test_a_scheme_that_ends_the_process_is_a_fault(mine: Path) -> None:
    started = run("--scheme", f"{mine}:Dies", "--processes", "1")
    output, _ = started.communicate()
    assert started.returncode == 4
    assert "the worker process ended with code 9" in output


@pytest.mark.timeout(60)
def test_ctrl_c_ends_with_what_there_is() -> None:
    started = run("--processes", "1")
    try:
        assert started.stdout is not None
        while not started.stdout.readline().startswith("past findings"):
            pass
        os.killpg(started.pid, signal.SIGINT)
        output, errors = started.communicate()
        assert started.returncode == 130
        assert "UNKNOWN: deferred: " in output
        assert "not made" in output
        assert "Traceback" not in output + errors
    finally:
        if started.poll() is None:
            os.killpg(started.pid, signal.SIGKILL)
