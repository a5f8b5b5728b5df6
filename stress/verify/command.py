"""The command `verify`: what was asked for, run in worker processes, shown."""

from dataclasses import dataclass

from loguru import logger

import racer
from stress import screen as stress_screen
from stress.cell import FAULT, Outcome
from stress.crew import Crew
from stress.judge import INTERRUPTED, exit_code
from stress.plan import schemes_of
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
        )
        for workload in sorted(workloads_of(asked.workload), key=lambda each: -each.executions)
        for scheme in schemes_of(asked.scheme)
    ]


def workloads_of(workload: str | None) -> tuple[Bounded, ...]:
    """Return the workloads asked for, by name or letter."""
    if workload is None:
        return WORKLOADS
    found = find(workload)
    if found is None:
        names = ", ".join(f"{each.letter} ({each.name})" for each in WORKLOADS)
        raise racer.UsageError(f"unknown bounded workload {workload!r}: choose one of {names}")
    return (found,)


def verify_cells(cells: list[BoundedCell], processes: int, *, verbose: bool) -> int:
    """Verify cells in worker processes and show what comes; Ctrl-C ends with what there is so far."""
    out = stress_screen.console()
    processes = min(processes, len(cells))
    outcomes: dict[int, Outcome] = {}
    interrupted = False
    try:
        screen.head(out, cells, processes)
        with Live(out, cells) as live:
            for number, news in Crew(processes).run(list(cells)):
                live.take(number, news)
                if isinstance(news, Outcome):
                    outcomes[number] = news
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
