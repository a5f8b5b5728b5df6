"""The bug table as a document: written whole, or a row of it anew."""

import re
from pathlib import Path

from stress.matrix.measure import SEEDS, SEQUENTIAL, SHRINK, STRATEGY, Measured
from stress.matrix.row import Row
from stress.runner import quoted
from stress.seeds import seed_text

FILE = Path("docs/bugs.md")
HEAD = f"""# The bugs this code had, and what finds them

Made by `make matrix`; a row anew: `make matrix ROW=B4`. The numbers are those of docs/model.md. The same workloads run
on every scheme and no test spells out an interleaving: a bug is found by general detectors, and told by kind and place
of what they find.

*executions* is the median over {SEEDS} seeds of what the strategy `{STRATEGY}` took to find it, in brackets how many
of the seeds found it within the budget. *smallest* is what is left of the schedule after shrinking (at most {SHRINK}
executions): preemptions (leaving a thread that could go on), threads that take a step and steps up to the finding, the
start of the machine among them. *mended in* is the scheme that came without the bug, or the earliest after it whose
other bugs do not look like it, and the executions that it was clean of it in.

| bug | what | in | found by | workload | executions | smallest | mended in |
| --- | --- | --- | --- | --- | --- | --- | --- |
"""
AGAIN = """
## The smallest schedules again

Each line shows one execution: the schedule is told by where it departs from "go on for as long as you can".

"""
BELOW = """
B16 is a bug of guests, C8 and C9 are no bugs: what they changed is how the schemes `own-task` and later are built.
"""


def row_line(row: Row, now: Measured) -> str:
    """Return a row of the table."""
    if not row.workload:
        return f"| {row.bug} | {row.title} | | {row.why} | | | | |"
    found = f"`{now.kind}`" if now.found else "**not found**"
    if now.error:
        found = f"**undecided**: {now.error}"
    return (
        f"| {row.bug} | {row.title} | `{row.scheme}` | {found} | `{row.workload}` | {executions(row, now)} |"
        f" {smallest(now)} | {mended(row, now)} |"
    )


def executions(row: Row, now: Measured) -> str:
    """Return the median of the executions, and how many seeds found it."""
    seen = sum(first is not None for first in now.firsts)
    if row.workload == SEQUENTIAL:
        return "no race"
    value = now.median
    return f"{f'above {row.executions:,}' if value is None else f'{value:,.0f}'} ({seen} of {len(now.firsts)})"


def smallest(now: Measured) -> str:
    """Return the size of the smallest schedule."""
    if now.small is None:
        return ""
    small = now.small
    return f"{small.preemptions} preemptions, {small.threads} threads, {small.steps} steps"


def mended(row: Row, now: Measured) -> str:
    """Return which scheme is clean of the bug."""
    if not row.mended:
        return "still open"
    if now.unclean:
        return f"`{row.mended}` is **not clean**: {now.unclean}"
    return f"`{row.mended}`, clean in {now.clean:,}" if now.clean else f"`{row.mended}`"


def again_line(row: Row, now: Measured) -> str:
    """Return the line that repeats the smallest schedule, or the first finding."""
    if not now.found or row.workload == SEQUENTIAL:
        return ""
    strategy = now.small.strategy if now.small else now.schedule
    # Under switches the seed draws nothing.
    seed = "0x0" if now.small else seed_text(now.seed)
    detect = [kind for kind in row.detect if kind not in {"exception", "deadlock"}]
    more = f" DETECT={','.join(row.detect)}" if detect else ""
    line = f"make reproduce WORKLOAD={row.workload} SCHEME={row.scheme} STRATEGY={quoted(strategy)} SEED={seed}{more}"
    return f"- {row.bug}: `{line}` (found with seed {seed_text(now.seed)})"


def written(rows: tuple[Row, ...], results: dict[str, Measured], before: str) -> str:
    """Return the document; rows that were not measured now are as they were before."""
    known = {match[1]: match[0] for match in re.finditer(r"^\| ([PBCD]\d+) \|.*$", before, re.MULTILINE)}
    repeated = {match[1]: match[0] for match in re.finditer(r"^- ([PBCD]\d+): .*$", before, re.MULTILINE)}
    lines, again = [], []
    for row in rows:
        if row.bug in results:
            lines.append(row_line(row, results[row.bug]))
            again.append(again_line(row, results[row.bug]))
        else:
            lines.append(known.get(row.bug, f"| {row.bug} | {row.title} | `{row.scheme}` | not measured yet | | | | |"))
            again.append(repeated.get(row.bug, ""))
    return HEAD + "\n".join(lines) + "\n" + BELOW + AGAIN + "\n".join(filter(None, again)) + "\n"
