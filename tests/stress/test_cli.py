"""The command line: bad input gets one clear line and code 2; runs, reproductions and replays end as they should."""

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
ONE = ["--workload", "cross-register", "--scheme", "immediate", "--seed", "1"]
LIST_OF_SCHEMES = "immediate.*always-locked.*deferred"

BAD = {
    "unknown scheme": (["run", "--scheme", "defered"], LIST_OF_SCHEMES),
    "unknown workload": (
        ["run", "--workload", "nothing"],
        "cross-register.*self-register.*remap.*teardown.*guest-trace",
    ),
    "unknown strategy": (["run", "--strategy", "luck"], "random.*pct"),
    "depth of pct": (["run", "--strategy", "pct:0"], "pct"),
    "seed that is no number": (["run", "--seed", "seven"], "decimal or 0x hexadecimal, got 'seven'"),
    "seed too large": (["run", "--seed", "0x1ffffffffffffffff"], "from 0 to 2\\^64-1"),
    "negative seed": (["run", "--seed", "-1"], "seed"),
    "no vcpus": (["run", "--vcpus", "0"], "vcpus must be between 1 and 64, got 0"),
    "too many vcpus": (["run", "--vcpus", "65"], "vcpus must be between 1 and 64, got 65"),
    "vcpus that are no number": (["run", "--vcpus", "two"], "vcpus.*two"),
    "negative calls": (["run", "--calls", "-1"], "calls must be between 0"),
    "no executions": (["run", "--executions", "0"], "executions must be at least 1, got 0"),
    "unknown mode": (["run", "--mode", "fast"], "controlled, free"),
    "no seconds": (["run", "--mode", "free", "--seconds", "0"], "seconds must be above 0"),
    "endless": (["run", "--mode", "free", "--seconds", "nan"], "seconds must be above 0"),
    "seconds in controlled mode": (["run", "--seconds", "3"], "seconds are for MODE=free"),
    "a strategy in free mode": (["run", "--mode", "free", "--strategy", "random"], "free mode has no strategy"),
    "no processes": (["run", "--processes", "0"], "processes must be between 1 and 256"),
    "cross for another workload": (["run", "--workload", "remap", "--cross"], "--cross is for guest-trace"),
    "a trace for another workload": (["run", "--workload", "remap", "--trace", "x"], "--trace is for guest-trace"),
    "a trace that is not there": (["run", "--workload", "guest-trace", "--trace", "no.txt"], "no.txt"),
    "a scheme file that is not there": (["run", "--scheme", "no/such.py:Scheme"], "no/such.py"),
    "unknown option": (["run", "--fast"], "--fast"),
    "unknown command": (["walk"], "walk"),
    "reproduce without a seed": (["reproduce", "--workload", "remap", "--scheme", "seed"], "reproduce needs seed"),
    "reproduce of nothing": (["reproduce"], "reproduce needs workload, scheme, seed"),
    "reproduce of an unknown workload": (["reproduce", *ONE, "--workload", "x"], "unknown workload 'x'"),
    "replay of no file": (["replay", ""], "replay needs FILE="),
    "replay of a missing file": (["replay", "no.schedule"], "no.schedule: No such file"),
}


def ended(arguments: list[str]) -> int:
    try:
        return cli.main(arguments)
    except SystemExit as end:
        return int(end.code or 0)


@pytest.mark.parametrize("name", BAD)
def test_bad_input_gets_one_clear_line(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, reason = BAD[name]
    assert ended(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert shown.err.startswith("error: ")
    assert re.search(reason, shown.err)


def run(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stress", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.fixture(scope="module")
def caught(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder in which `immediate` was caught in a small run, and what that printed."""
    folder = tmp_path_factory.mktemp("caught")
    done = run("run", *ONE, "--executions", "300", folder=folder)
    assert done.returncode in (0, 3), done.stdout + done.stderr
    return folder, done.stdout


def test_a_run_prints_its_seed_first_and_its_claim_last(caught: tuple[Path, str]) -> None:
    lines = caught[1].strip().splitlines()
    assert lines[0].startswith("racer stress: seed 0x1, ")
    assert lines[-1].startswith("Shown: in 300 executions")
    assert lines[-1].endswith("so a PASS is no proof.")


def test_the_printed_line_reproduces_the_finding(caught: tuple[Path, str]) -> None:
    folder, output = caught
    line = re.search(r"reproduce: make reproduce (.*)", output)
    assert line
    options = [
        word for pair in line[1].split() for word in (f"--{pair.partition('=')[0].lower()}", pair.partition("=")[2])
    ]
    done = run("reproduce", *options, folder=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^digest [0-9a-f]{64}$", done.stdout, re.MULTILINE)
    headline = next(line for line in output.splitlines() if line.startswith("FAIL "))
    assert headline in done.stdout


def test_the_printed_line_asks_for_ten_replays(caught: tuple[Path, str]) -> None:
    assert "replayed 10 of 10" in caught[1]


def test_the_schedule_file_replays_in_a_new_process(caught: tuple[Path, str]) -> None:
    folder, _ = caught
    files = sorted((folder / ".racer").glob("*.schedule"))
    assert files
    for file in files:
        done = run("replay", str(file), folder=folder)
        assert done.returncode == 0, done.stdout + done.stderr
        kind = re.search(r"^kind (.*)$", file.read_text(), re.MULTILINE)
        digest = re.search(r"^digest (.*)$", file.read_text(), re.MULTILINE)
        assert kind
        assert digest
        assert f"FAIL {kind[1]}" in done.stdout
        assert digest[0] in done.stdout


def test_a_schedule_file_of_another_workload_is_refused(caught: tuple[Path, str]) -> None:
    folder, _ = caught
    file = next(iter((folder / ".racer").glob("*.schedule")))
    done = run("replay", str(file), "--workload", "remap", folder=folder)
    assert done.returncode == 2
    assert "is of workload cross-register, asked for was remap" in done.stderr


def test_the_number_of_processes_changes_nothing() -> None:
    tables = []
    for processes in ("1", "2"):
        done = run("run", "--workload", "cross-register", "--executions", "40", "--processes", processes)
        lines = done.stdout.splitlines()
        tables.append(lines[next(i for i, line in enumerate(lines) if line.startswith("scheme ")) :])
    assert tables[0] == tables[1]


@pytest.fixture
def endless() -> Iterator[subprocess.Popen[str]]:
    """A run that does not end by itself, alone in its session; whatever happens, nothing of it is left."""
    started = subprocess.Popen(
        [sys.executable, "-m", "stress", "run", "--executions", "1000000"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield started
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        started.communicate()


@pytest.mark.timeout(60)
def test_ctrl_c_ends_with_the_table_so_far(endless: subprocess.Popen[str]) -> None:
    assert endless.stdout is not None
    first = endless.stdout.readline()
    while not endless.stdout.readline().isspace():
        pass
    os.killpg(endless.pid, signal.SIGINT)
    output, errors = endless.communicate()
    assert first.startswith("racer stress: seed")
    assert endless.returncode == 130
    assert "not run" in output
    assert "cells were not run" in output.splitlines()[-1]
    assert "Traceback" not in output + errors
