"""Writes what the README's commands print into the README: `make readme`.

The comment before a console block says which lines to show, separated by ` | `: a pattern (its first match), a pattern
and `*3` (its first three), or two patterns joined by ` .. ` (all lines from the first to the second). What lies between
becomes a line of three dots.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
BLOCK = re.compile(r"(<!-- (?:slow; )?shows: (.*?) -->\n```console\n\$ ([^\n]*)\n)(.*?)```", re.DOTALL)
DOTS = "..."


def printed(command: str) -> list[str]:
    """Run a command and return its lines."""
    env = {name: value for name, value in os.environ.items() if name not in ("MAKELEVEL", "MAKEFLAGS", "MFLAGS")}
    done = subprocess.run(command, shell=True, cwd=ROOT, env=env, capture_output=True, text=True, check=False)  # noqa: S602
    return [line.rstrip() for line in done.stdout.splitlines()]


def chosen(lines: list[str], shows: str) -> set[int]:
    """Return the numbers of the lines that a comment asks for."""
    numbers: set[int] = set()
    for item in shows.split(" | "):
        first, to, last = item.partition(" .. ")
        pattern, _, times = first.partition(" *")
        at = [number for number, line in enumerate(lines) if re.search(pattern, line)][: int(times or 1)]
        if not at:
            sys.exit(f"nothing printed matches {pattern!r}")
        if to:
            end = next(number for number in range(at[0], len(lines)) if re.search(last, lines[number]))
            numbers.update(range(at[0], end + 1))
        numbers.update(at)
    return numbers


def elided(lines: list[str], keep: set[int]) -> Iterator[str]:
    """Yield the lines to keep, with dots for what was left out; blank lines at gaps do not count."""
    gap = blank = False
    for number, line in enumerate(lines):
        if number in keep:
            if gap or blank:
                yield DOTS if gap else ""
            gap = blank = False
            yield line
        else:
            gap = gap or bool(line)
            blank = True
    if gap:
        yield DOTS


class Rewriter:
    """Replaces blocks one after the other. `make reproduce` is given what the first finding above it printed."""

    def __init__(self) -> None:
        self.reproduce = ""

    def __call__(self, match: re.Match[str]) -> str:
        """Return a block with what its command prints now."""
        head, shows, command, _ = match.groups()
        if command.startswith("make reproduce") and self.reproduce:
            head = head.replace(command, self.reproduce)
            command = self.reproduce
        lines = printed(command)
        kept = list(elided(lines, chosen(lines, shows)))
        said = (line.partition("reproduce: ")[2] for line in kept if "reproduce: " in line)
        self.reproduce = self.reproduce or next(said, "")
        return head + "".join(f"{line}\n" for line in kept) + "```"


def main() -> None:
    """Rewrite the README."""
    README.write_text(BLOCK.sub(Rewriter(), README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
