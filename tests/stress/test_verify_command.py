"""The command `verify`: what it prints, its exit codes, Ctrl-C; each run in a process of its own."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stress import cli

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}

OWN = """
from racer.kvm.schemes import Deferred


class Leaks(Deferred):
    def kvmppc_core_vcpu_free(self, vcpu):
        pass
"""


def verify(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "stress", "verify", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=ENVIRONMENT)


def test_a_run_prints_the_workload_in_words_a_row_and_what_is_proved(tmp_path: Path) -> None:
    done = verify(tmp_path, "--workload", "c", "--entries", "1", "--calls", "1", "--scheme", "deferred")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert "(c) two-registrars: one vcpu enters once; " in done.stdout
    assert re.search(r"^ {4}deferred +PASS +yes +\d+ +~\d", done.stdout, re.MULTILINE)
    assert "nothing is found in deferred in (c) (" in lines[-1]
    assert "Not proved: " in lines[-1]


def test_a_finding_of_a_users_scheme_has_two_sides_a_file_and_exit_code_1(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN)
    done = verify(tmp_path, "--workload", "c", "--entries", "1", "--calls", "1", "--scheme", "own.py:Leaks")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "FAIL pin-imbalance: " in done.stdout
    assert re.search(r"^ {4}\S+ +pin .*step \d+ .*\n {4}main +check ", done.stdout, re.MULTILINE)
    assert "NOT as stated: own.py:Leaks in (c)" in done.stdout.splitlines()[-1]
    found = re.search(r"make replay FILE=(\S+)", done.stdout)
    assert found is not None
    again = subprocess.run(
        [sys.executable, "-m", "stress", "replay", found[1]],
        cwd=tmp_path, capture_output=True, text=True, check=False, env=ENVIRONMENT,
    )  # fmt: skip
    assert "FAIL pin-imbalance: " in again.stdout
    assert again.returncode == 1


def test_what_is_not_exhausted_ends_with_exit_code_3(tmp_path: Path) -> None:
    done = verify(tmp_path, "--workload", "c", "--scheme", "always-locked", "--max-executions", "5")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "not exhausted in 5 executions" in done.stdout
    assert "undecided: always-locked in (c) (5 executions)" in done.stdout.splitlines()[-1]


BAD = {
    "unknown workload": (["--workload", "remap"], r"workload 'remap': .* a \(one-vcpu\), .* f \(three-areas\)"),
    "unknown scheme": (["--scheme", "defered"], "immediate, seed, deferred, always-locked"),
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
    command = [sys.executable, "-m", "stress", "verify", "--entries", "2", "--calls", "9", "--processes", "2"]
    started = subprocess.Popen(
        command,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=ENVIRONMENT,
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
