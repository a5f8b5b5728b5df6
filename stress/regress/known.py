"""Schedules of past findings, told by where they depart from the usual: `BUG WORKLOAD SWITCHES [SIZE=N ...]` a line."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from racer import UsageError
from racer.core.switches import parse
from stress import workloads
from stress.workload import Parameters

FILE = Path(__file__).with_name("known.txt")
HEAD = "# Smallest schedules of past findings, written by `make matrix`: bug, workload, switches, sizes not as usual.\n"
PREFIX = "switches:"


class Known(NamedTuple):
    """A schedule that showed a bug once: `strategy` follows it as far as it can, whatever the scheme."""

    bug: str
    workload: str
    strategy: str
    sizes: tuple[str, ...] = ()

    def parameters(self) -> Parameters:
        """Return the workload's parameters; UsageError for a workload or size there is not."""
        defaults = workloads.by_name(self.workload).defaults
        given = dict(size.lower().split("=", 1) for size in self.sizes)
        for name, value in given.items():
            if name not in vars(defaults) or name == "trace" or not value.isdecimal():
                raise UsageError(f"sizes are written as ENTRIES=2 or CROSS=1, got {name.upper()}={value}")
        numbers = {name: int(value) for name, value in given.items()}
        if "cross" in numbers:
            numbers["cross"] = bool(numbers["cross"])
        return defaults.with_options(**numbers)


def read(path: Path = FILE) -> list[Known]:
    """Return the schedules of a file; UsageError, with file and line, for one that is none."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    found = []
    for number, line in enumerate(lines, start=1):
        if line and not line.startswith("#"):
            try:
                found.append(read_line(line))
            except ValueError as error:
                raise UsageError(f"{path}:{number}: {error}") from None
    return found


def read_line(line: str) -> Known:
    """Return the schedule on a line.

    >>> read_line("B2 remap switches:c32f.f23c;487.0 ENTRIES=2").parameters().entries
    2
    """
    words = line.split()
    if len(words) < len(("bug", "workload", "switches")) or not words[2].startswith(PREFIX):
        raise UsageError(f"a known schedule is written as BUG WORKLOAD {PREFIX}LIST [SIZE=N ...], got {line!r}")
    known = Known(words[0], words[1], words[2], tuple(words[3:]))
    in_order(known.bug)
    parse(known.strategy.removeprefix(PREFIX))
    if any("=" not in size for size in known.sizes):
        raise UsageError(f"sizes are written as ENTRIES=2 or CROSS=1, got {' '.join(known.sizes)}")
    known.parameters()
    return known


def write(fresh: Iterable[Known], path: Path = FILE) -> None:
    """Put schedules into a file, in the order of their bugs; those of the same bugs that it had go."""
    new = list(fresh)
    bugs = {each.bug for each in new}
    kept = [each for each in read(path) if each.bug not in bugs]
    lines = [" ".join((*each[:3], *each.sizes)) for each in sorted([*kept, *new], key=lambda each: in_order(each.bug))]
    path.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")


def in_order(bug: str) -> tuple[int, int]:
    """Return where a bug stands in history; UsageError for what is no number of one.

    >>> in_order("P8") < in_order("B2") < in_order("B12") < in_order("C1")
    True
    """
    known = re.fullmatch(r"([PBCD])([0-9]{1,3})[a-z]?", bug)
    if known is None:
        raise UsageError(f"bugs are numbered as in docs/bugs.md, such as P3 or B12, got {bug!r}")
    return "PBCD".index(known[1]), int(known[2])
