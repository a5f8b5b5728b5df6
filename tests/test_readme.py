"""What the README shows is executed: its commands run, its examples print what it says they print.

In a fenced block, a line that begins with `$ ` is a command, what follows is its output; `...` on a line of its own
stands for any number of lines. Numbers may differ, nothing else. A block after a comment `slow` takes a minute or more
and is left out unless RACER_README=all is set. `make readme` writes what is printed now.
"""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
FENCE = re.compile(r"(<!-- slow; [^>]*-->\n)?```(\w*)\n(.*?)```", re.DOTALL)
NUMBER = re.compile(r"0x[0-9a-f]+|\b[0-9a-f]{16,64}\b|\d[\d,.]*")


@dataclass(frozen=True)
class Command:
    """A command of the README and the output shown."""

    line: str
    output: tuple[str, ...]


def fences(language: str) -> list[str]:
    every = os.environ.get("RACER_README") == "all"
    return [body for slow, name, body in FENCE.findall(TEXT) if name == language and (every or not slow)]


def commands() -> list[Command]:
    found = []
    for block in fences("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, *output = part.splitlines()
            found.append(Command(line, tuple(output)))
    return found


def shape(line: str) -> str:
    """A line with its numbers, its column widths and the paths of files under .racer taken out."""
    return " ".join(re.sub(r"racer1:\S+", "racer1:", NUMBER.sub("0", line)).split())


def assert_shown(shown: tuple[str, ...], printed: list[str]) -> None:
    lines = [shape(line) for line in printed if line.strip()]
    at = 0
    gap = False
    for line in (shape(line) for line in shown if line.strip()):
        if line == "...":
            gap = True
            continue
        found = lines.index(line, at) if gap and line in lines[at:] else at
        assert found < len(lines), f"the README shows {line!r}, the output has ended"
        assert lines[found] == line, f"the README shows {line!r}, printed is {lines[found]!r}"
        at, gap = found + 1, False
    assert gap or at == len(lines), f"the README does not show {lines[at]!r}"


def as_run_here(line: str) -> list[str]:
    """Return a command's words, run by this interpreter and without setting an environment up."""
    words = shlex.split(line)
    if words[0] == "make":
        return [
            *words,
            f"VENV={Path(sys.executable).parents[1]}",
            "--no-print-directory",
            "-o",
            f"{Path(sys.executable).parents[1]}/.base",
        ]
    if words[0] == "racer":
        return [sys.executable, "-c", "from racer.cli import main; main()", *words[1:]]
    return [sys.executable if words[0] == "python" else words[0], *words[1:]]


@pytest.mark.timeout(170)
@pytest.mark.parametrize("command", commands(), ids=lambda command: command.line)
def test_a_command_prints_what_the_readme_shows(command: Command) -> None:
    done = subprocess.run(
        as_run_here(command.line),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "140"},
    )
    assert_shown(command.output, done.stdout.splitlines() + done.stderr.splitlines())


@pytest.mark.parametrize("example", fences("python"))
def test_an_example_runs_and_prints_what_it_says(example: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(example, "README.md", "exec"), {"__name__": "readme"})  # noqa: S102
    said = [line.partition("# prints: ")[2] for line in example.splitlines() if "# prints: " in line]
    assert capsys.readouterr().out.splitlines() == said


def test_the_readme_has_commands_and_examples() -> None:
    assert len(commands()) >= 2
    assert len(fences("python")) >= 1
