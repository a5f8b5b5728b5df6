"""The command `verify`: what was asked for, run in worker processes, shown."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from loguru import logger

import racer
from stress import screen as stress_screen
from stress.cell import FAULT, Outcome, Progress
from stress.crew import Crew, outcome_of
from stress.judge import INTERRUPTED, exit_code
from stress.plan import schemes_of
from stress.runner import FOLDER
from stress.verify import screen
from stress.verify.bounded import WORKLOADS, Bounded, find
from stress.verify.cell import BoundedCell
from stress.verify.closing import closing
from stress.verify.live import Live
from stress.verify.runner import STRATEGY


@dataclass(frozen=True)
class Asked:
    """A verification as it was asked for, in the user's words."""

    workload: str | None = None
    scheme: str | None = None
    max_executions: int | None = None
    entries: int | None = None
    calls: int | None = None
    resume: bool = False


def cells_of(asked: Asked) -> list[BoundedCell]:
    """Return the cells asked for, those that take longest first; UsageError for what is unknown."""
    if asked.max_executions is not None and asked.max_executions < 1:
        raise racer.UsageError(f"max-executions must be at least 1, got {asked.max_executions}")
    return [
        BoundedCell(
            workload=workload.name,
            scheme=scheme,
            parameters=workload.bounds(scheme).with_options(entries=asked.entries, calls=asked.calls),
            strategy=STRATEGY,
            seed=0,
            executions=asked.max_executions or 0,
            checkpoint=checkpoint_of(workload, scheme, asked) if asked.resume else "",
        )
        for workload in sorted(workloads_of(asked.workload), key=lambda each: -each.longest)
        for scheme in schemes_of(asked.scheme)
    ]


def checkpoint_of(workload: Bounded, scheme: str, asked: Asked) -> str:
    """Return the file in which a cell with these bounds keeps how far it is."""
    bounds = workload.bounds(scheme).with_options(entries=asked.entries, calls=asked.calls)
    name = re.sub(r"[^A-Za-z0-9.]+", "-", f"{workload.name}-{Path(scheme).name}-{bounds.entries}-{bounds.calls}")
    return str(FOLDER / f"verify-{name}.checkpoint")


def workloads_of(workload: str | None) -> tuple[Bounded, ...]:
    """Return the workloads asked for, by name or letter."""
    if workload is None:
        return WORKLOADS
    found = find(workload)
    if found is None:
        names = ", ".join(f"{each.letter} ({each.name})" for each in WORKLOADS)
        raise racer.UsageError(f"unknown bounded workload {workload!r}: choose one of {names}")
    return (found,)


def run(cells: list[BoundedCell], processes: int, take: Callable[[int, Progress | Outcome], None]) -> None:
    """Verify cells, a process for each; where there are fewer cells than processes, all of them for one at a time.

    The first is the better way: several processes for one cell have to wait for each other now and then, and cut off
    some executions that one alone would not have begun.
    """
    if len(cells) < processes or len(cells) == 1:
        jobs = processes if hasattr(os, "fork") else 1
        for number, cell in enumerate(cells):
            take(number, outcome_of(replace(cell, jobs=jobs), partial(take, number)))
        return
    for number, news in Crew(processes).run(list(cells)):
        take(number, news)


def verify_cells(cells: list[BoundedCell], processes: int, *, verbose: bool) -> int:
    """Verify cells in worker processes and show what comes; Ctrl-C ends with what there is so far."""
    out = stress_screen.console()
    outcomes: dict[int, Outcome] = {}
    interrupted = False
    try:
        screen.head(out, cells, processes)
        with Live(out, cells) as live:

            def take(number: int, news: Progress | Outcome) -> None:
                live.take(number, news)
                if isinstance(news, Outcome):
                    outcomes[number] = news

            run(cells, processes, take)
    except KeyboardInterrupt:
        interrupted = True
    done = [outcomes[number] for number in sorted(outcomes)]
    out.print()
    screen.blocks(out, done, verbose=verbose)
    for outcome in done:
        if outcome.judged == FAULT:
            logger.error("{} {}:\n{}", outcome.cell.scheme, outcome.cell.title, outcome.why)
    screen.table(out, cells, outcomes)
    out.print(closing(cells, outcomes), markup=False)
    return INTERRUPTED if interrupted else exit_code(done)
