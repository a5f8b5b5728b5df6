"""Interpreters are found by running them, and one seed has to have one digest."""

import sys
from collections import Counter
from pathlib import Path

import pytest

from stress import determinism

ONE = "ab" * 32
OTHER = "cd" * 32


def test_this_interpreter_is_found() -> None:
    mine = determinism.version(sys.executable)
    assert mine.startswith(f"{sys.version_info.major}.{sys.version_info.minor}")
    assert mine in [each.name for each in determinism.interpreters()]


def test_no_version_is_found_twice() -> None:
    names = [each.name for each in determinism.interpreters()]
    assert len(names) == len(set(names))


SCRIPTS = {
    "that fails": "#!/bin/sh\nexit 127\n",
    "that is not executable as such": "no interpreter",
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_file_that_is_called_python_is_not_enough(name: str, tmp_path: Path) -> None:
    path = tmp_path / "python3.12"
    path.write_text(SCRIPTS[name])
    path.chmod(0o755)
    assert determinism.version(str(path)) == ""


VERDICTS = {
    "one digest": ({ONE: 100}, 0),
    "two digests": ({ONE: 99, OTHER: 1}, 1),
    "a run without a digest": ({ONE: 99, "no end within 60 s": 1}, 3),
    "a run that stalled": ({ONE: 99, "exit 3: UNKNOWN: no step for 5 s": 1}, 3),
    "a run that broke": ({ONE: 99, "exit 4: oh": 1}, 4),
    "two digests and a run without one": ({ONE: 98, OTHER: 1, "exit 4: oh": 1}, 1),
    "no interpreter": ({}, 3),
}


@pytest.mark.parametrize("name", VERDICTS)
def test_the_exit_code_tells_how_many_digests_there_were(name: str) -> None:
    digests, code = VERDICTS[name]
    assert determinism.verdict(Counter(digests)) == code


@pytest.mark.parametrize("runs", ["0", "-3", "many"])
def test_the_number_of_runs_must_be_a_number(runs: str) -> None:
    assert determinism.main([runs]) == 2
