"""The command `verify`: what it prints, its exit codes, Ctrl-C."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from stress import cli

ROOT = Path(__file__).parents[2]

OWN = """
from racer.kvm.schemes import Deferred


class Leaks(Deferred):
    def kvmppc_core_vcpu_free(self, vcpu):
        pass
"""
SMALL = ("--workload", "c", "--entries", "1", "--calls", "1")


class Ended(NamedTuple):
    """How a command ended, and what it printed."""

    code: int
    output: str


Run = Callable[..., Ended]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return what runs a command in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def ended(*arguments: str) -> Ended:
        code = cli.main([*arguments])
        return Ended(code, capsys.readouterr().out)

    return ended


def test_a_run_prints_the_workload_in_words_a_row_and_what_is_proved(run: Run) -> None:
    done = run("verify", *SMALL, "--scheme", "deferred")
    assert done.code == 0, done
    assert "(c) two-registrars: one vcpu enters once; " in done.output
    assert re.search(r"^ {4}deferred +PASS +yes +\d+ +~\d", done.output, re.MULTILINE)
    assert "nothing is found in deferred in (c) (" in done.output.splitlines()[-1]
    assert "Not proved: " in done.output.splitlines()[-1]


def test_a_finding_of_a_users_scheme_has_two_sides_a_file_and_exit_code_1(run: Run, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN)
    done = run("verify", *SMALL, "--scheme", "own.py:Leaks")
    assert done.code == 1, done
    assert "FAIL pin-imbalance: " in done.output
    assert re.search(r"^ {4}\S+ +pin .*step \d+ .*\n {4}main +check ", done.output, re.MULTILINE)
    assert "NOT as stated: own.py:Leaks in (c)" in done.output.splitlines()[-1]
    file = re.search(r"make replay FILE=(\S+)", done.output)
    assert file is not None
    again = run("replay", file[1])
    assert "FAIL pin-imbalance: " in again.output
    assert again.code == 1


def test_what_is_not_exhausted_ends_with_exit_code_3(run: Run) -> None:
    done = run("verify", "--workload", "c", "--scheme", "always-locked", "--max-executions", "5", "--processes", "1")
    assert done.code == 3, done
    assert "not exhausted in 5 executions" in done.output
    assert "undecided: always-locked in (c) (5 executions)" in done.output.splitlines()[-1]


def executions(done: Ended) -> int:
    (found,) = re.findall(r"\(([\d,]+) executions\)\. Not proved", done.output)
    return int(found.replace(",", ""))


def test_a_verification_goes_on_where_it_was_and_ends_as_one_that_was_not_interrupted(run: Run, tmp_path: Path) -> None:
    cell = ("verify", *SMALL, "--scheme", "deferred", "--processes", "1")
    whole = run(*cell)
    begun = run(*cell, "--resume", "--max-executions", "9")
    (kept,) = (tmp_path / ".racer").glob("*.checkpoint")
    assert (begun.code, executions(begun), kept.name) == (3, 9, "verify-two-registrars-deferred-1-1.checkpoint")
    ended = run(*cell, "--resume")
    assert (ended.code, executions(ended)) == (0, executions(whole))
    assert not kept.exists()


@pytest.mark.timeout(60)
def test_fewer_cells_than_processes_share_them_and_come_to_the_same(run: Run) -> None:
    shared = run("verify", *SMALL, "--scheme", "deferred", "--processes", "2")
    assert shared.code == 0, shared
    row = re.search(r"^ {4}deferred +PASS +yes +(\d+) +~\S+ +(\d+)", shared.output, re.MULTILINE)
    assert row is not None
    alone = run("verify", *SMALL, "--scheme", "deferred", "--processes", "1")
    assert int(row[1]) - int(row[2]) == executions(alone)


BAD = {
    "unknown workload": (["--workload", "remap"], r"workload 'remap': .* a \(one-vcpu\), .* f \(three-areas\)"),
    "unknown scheme": (["--scheme", "defered"], "immediate, seed, .*always-locked, deferred"),
    "no executions": (["--max-executions", "0"], "max-executions must be at least 1, got 0"),
    "no entries": (["--entries", "0"], "entries must be between 1 and 10000, got 0"),
    "no processes": (["--processes", "0"], "processes must be between 1 and 256, got 0"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_usage_is_one_line_with_what_is_allowed(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, words = BAD[case]
    with pytest.raises(SystemExit) as end:
        cli.main(["verify", *arguments])
    errors = capsys.readouterr().err
    assert end.value.code == 2
    assert re.search(words, errors)
    assert errors.count("\n") == 1


@pytest.fixture
def long_run(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A verification that takes long, alone in its session; whatever happens, nothing of it is left."""
    command = [sys.executable, "-m", "stress", "verify", "--entries", "1", "--calls", "2", "--processes", "2"]
    started = subprocess.Popen(
        command,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        yield started
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        started.communicate()


@pytest.mark.timeout(60)
def test_ctrl_c_shows_what_is_finished(long_run: subprocess.Popen[str]) -> None:
    assert long_run.stdout is not None
    while not (line := long_run.stdout.readline()).startswith("[1/24] "):
        assert line
    os.killpg(long_run.pid, signal.SIGINT)
    output, errors = long_run.communicate()
    assert long_run.returncode == 130
    assert "not run" in output
    assert "of 24 cells were not finished" in output.splitlines()[-1]
    assert "Traceback" not in output + errors
