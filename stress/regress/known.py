"""Schedules of past findings, told by where they depart from the usual: `BUG WORKLOAD SWITCHES` on a line each."""

import re
from pathlib import Path
from typing import NamedTuple

from racer.core.switches import parse

FILE = Path(__file__).with_name("known.txt")
HEAD = "# Smallest schedules of past findings, written by `make matrix`: bug, workload, switches.\n"


class Known(NamedTuple):
    """A schedule that showed a bug once: `strategy` follows it as far as it can, whatever the scheme."""

    bug: str
    workload: str
    strategy: str


def read(path: Path = FILE) -> list[Known]:
    """Return the schedules of a file; UsageError for one that is none."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    found = [Known(*line.split()) for line in lines if line and not line.startswith("#")]
    for each in found:
        parse(each.strategy.removeprefix("switches:"))
    return found


def write(fresh: list[Known], path: Path = FILE) -> None:
    """Put schedules into a file, in the order of their bugs; those of the same bugs that it had go."""
    bugs = {each.bug for each in fresh}
    kept = [each for each in read(path) if each.bug not in bugs]
    lines = [" ".join(each) for each in sorted([*kept, *fresh], key=lambda each: in_order(each.bug))]
    path.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")


def in_order(bug: str) -> tuple[int, int]:
    """Return where a bug stands in history.

    >>> in_order("P8") < in_order("B2") < in_order("B12") < in_order("C1")
    True
    """
    return "PBCD".index(bug[0]), int(re.sub(r"\D", "", bug))
