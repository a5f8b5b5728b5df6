"""The Makefile hands its variables on, and refuses an interpreter that is too old."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TARGETS = (
    "help",
    "venv",
    "stress",
    "verify",
    "reproduce",
    "replay",
    "test",
    "check",
    "lint",
    "types",
    "bench",
    "determinism",
    "clean",
)


def make(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *words], cwd=ROOT, capture_output=True, text=True, check=False)


def test_help_is_the_default_and_names_every_target() -> None:
    done = make()
    assert done.returncode == 0
    for target in TARGETS:
        assert re.search(rf"^  make {target} ", done.stdout, re.MULTILINE), target


HANDED_ON = {
    (
        "stress",
        "WORKLOAD=remap",
        "SCHEME=seed",
        "SEED=0x7",
    ): "-m stress run --workload 'remap' --scheme 'seed' --seed '0x7'",
    ("stress", "STRATEGY=pct:3,k=412", "VCPUS=4"): "-m stress run --strategy 'pct:3,k=412' --vcpus '4'",
    ("stress", "SCHEME=my schemes.py:Own", "CROSS=1"): "-m stress run --scheme 'my schemes.py:Own' --cross",
    ("stress", "CROSS=0"): "-m stress run",
    ("stress", "MODE=free", "SECONDS=2"): "-m stress run --mode 'free' --seconds '2'",
    ("stress", "EXECUTIONS=9", "REGISTRARS=3", "PROCESSES=1"): "--registrars '3' --executions '9' --processes '1'",
    (
        "verify",
        "WORKLOAD=a",
        "SCHEME=seed",
        "MAX_EXECUTIONS=9",
    ): "-m stress verify --workload 'a' --scheme 'seed' --max-executions '9'",
    ("verify", "ENTRIES=2", "CALLS=1", "PROCESSES=1"): "-m stress verify --entries '2' --calls '1' --processes '1'",
    ("verify", "VERBOSE=1"): "-m stress verify --verbose",
    (
        "reproduce",
        "WORKLOAD=remap",
        "SCHEME=seed",
        "SEED=7",
    ): "-m stress reproduce --workload 'remap' --scheme 'seed' --seed '7'",
    ("replay", "FILE=a b.schedule"): "-m stress replay 'a b.schedule'",
    ("replay", "FILE=a", "WORKLOAD=remap"): "-m stress replay --workload 'remap' 'a'",
}


@pytest.mark.parametrize("words", HANDED_ON, ids=str)
def test_variables_become_options(words: tuple[str, ...]) -> None:
    done = make("-n", *words)
    commands = " ".join(done.stdout.replace("\\\n", " ").split())
    assert commands.endswith(HANDED_ON[words]) or f"{HANDED_ON[words]} " in commands


def test_an_interpreter_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = make("venv", "PYTHON=python9.99", f"VENV={tmp_path / 'venv'}")
    assert done.returncode == 2
    assert "python9.99: no such interpreter; racer needs Python >= 3.11" in done.stderr


def test_an_interpreter_that_is_too_old_is_named(tmp_path: Path) -> None:
    old = tmp_path / "python3.10"
    old.write_text('#!/bin/sh\ncase "$1" in -V) echo "Python 3.10.0";; *) exit 1;; esac\n')
    old.chmod(0o755)
    done = make("venv", f"PYTHON={old}", f"VENV={tmp_path / 'venv'}")
    assert done.returncode == 2
    assert "is Python 3.10.0; racer needs Python >= 3.11" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_each_interpreter_has_an_environment_of_its_own() -> None:
    assert ".venv-python3.12/bin/python" in make("-n", "stress", "PYTHON=/somewhere/python3.12").stdout
    assert ".venv/bin/python" in make("-n", "stress").stdout
