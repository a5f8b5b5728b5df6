"""A scheme of the user's own, by file and class: judged as a good one, and none of its mistakes takes the run along."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCHEMES = """
import os

import racer
from racer.kvm.papr import H_RESOURCE
from racer.kvm.schemes import Deferred


class Good(Deferred):
    pass


class Forgets(Deferred):
    def do_h_register_vpa(self, vcpu, flags, vcpuid, vpa):
        super().do_h_register_vpa(vcpu, flags, vcpuid, vpa)
        return H_RESOURCE


class Dies(Deferred):
    def __init__(self):
        os._exit(9)


class Dices(Deferred):
    def do_h_register_vpa(self, vcpu, flags, vcpuid, vpa):
        for _ in range(os.urandom(1)[0] % 7):
            racer.point()
        return super().do_h_register_vpa(vcpu, flags, vcpuid, vpa)
"""

ENDS = {
    "Good": (0, "PASS"),
    "Forgets": (1, "not expected"),
    "Dies": (4, "the worker process ended with code 9"),
    "Dices": (3, "NondeterminismError"),
}


@pytest.mark.parametrize("name", ENDS)
def test_a_run_ends_with_the_code_that_fits(name: str, tmp_path: Path) -> None:
    code, words = ENDS[name]
    (tmp_path / "mine.py").write_text(SCHEMES)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "stress",
            "--scheme",
            f"mine.py:{name}",
            "--workload",
            "cross-register",
            "--executions",
            "40",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert words in done.stdout + done.stderr
    assert f"mine.py:{name}" in done.stdout.splitlines()[-1]


MISTAKES = {
    "no such class": ("mine.py:Other", "Good, Forgets, Dies, Dices"),
    "no such file": ("yours.py:Good", "yours.py"),
    "no class named": ("mine.py", "immediate"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_scheme_that_cannot_be_loaded_is_one_clear_line(name: str, tmp_path: Path) -> None:
    scheme, words = MISTAKES[name]
    (tmp_path / "mine.py").write_text(SCHEMES)
    done = subprocess.run(
        [sys.executable, "-m", "stress", "--scheme", scheme],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 2
    assert re.search(words, done.stderr)
    assert done.stderr.count("\n") == 1
