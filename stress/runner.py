"""Runs one cell in this process: explores, replays what was found, judges. Standard library and racer only."""

from collections.abc import Callable
from pathlib import Path

import racer
from racer.kvm import schemes
from racer.report.text import describe
from stress import workloads
from stress.cell import FREE, INCONCLUSIVE, USUAL, Cell, Found, Outcome, Progress
from stress.detect import ALL
from stress.judge import UNKNOWN, judge
from stress.schedule_file import ScheduleFile
from stress.seeds import seed_text

FOLDER = Path(".racer")
REPLAYS = 10

Body = Callable[[], None]
Tell = Callable[[Progress], None]


def body_of(cell: Cell) -> Body:
    """Return the test body of a cell."""
    return workloads.by_name(cell.workload).build(schemes.by_name(cell.scheme), cell.parameters)


def run_cell(cell: Cell, tell: Tell) -> Outcome:
    """Run a cell and judge it. What stops the harness itself (stall, divergence, chance) leaves it undecided."""
    workload = workloads.by_name(cell.workload)
    try:
        outcome = run_free(cell) if cell.mode == FREE else explore(cell, tell)
    except (racer.StallError, racer.DivergenceError, racer.NondeterminismError) as error:
        return Outcome(cell, UNKNOWN, INCONCLUSIVE, f"{type(error).__name__}: {error}")
    if workload.windows is not None:
        outcome.windows = workload.windows(cell.parameters)
    judge(outcome, workload)
    return outcome


def explore(cell: Cell, tell: Tell) -> Outcome:
    """Explore a cell under its strategy."""

    def progress(now: racer.Snapshot) -> None:
        tell(Progress(now.executions, now.findings, now.interleavings))

    body = body_of(cell)
    result = racer.explore(
        body,
        strategy=cell.strategy,
        executions=cell.executions,
        seed=cell.seed,
        detect=cell.detect,
        keep_going=True,
        progress=progress,
    )
    return outcome_of(cell, result, body)


def run_free(cell: Cell) -> Outcome:
    """Run a cell with nothing but the operating system scheduling it."""
    body = body_of(cell)
    return outcome_of(cell, racer.run_free(body, cell.seconds or 0.0, seed=cell.seed, noise=True), body)


def outcome_of(cell: Cell, result: racer.Result, body: Body) -> Outcome:
    """Return what a campaign showed as the outcome of its cell, not judged yet."""
    outcome = Outcome(
        cell,
        result.verdict,
        why=result.reason if result.verdict == UNKNOWN else "",
        executions=result.executions,
        steps=result.steps,
        failed=result.failed,
        first_failure=None if result.first_failure is None else result.first_failure + 1,
        interleavings=result.interleavings,
        interleavings_capped=result.interleavings_capped,
        counters=result.counters,
        seconds=result.seconds,
        unseen=result.unseen,
        shares=result.shares,
    )
    for finding in result.findings:
        outcome.found += (found(outcome, finding, body),)
    return outcome


def found(outcome: Outcome, finding: racer.Finding, body: Body) -> Found:
    """Return a finding as text. The first of its kind in a cell is replayed, and its schedule is kept in a file."""
    cell = outcome.cell
    first = finding.kind not in outcome.kinds
    threads = len({side.thread for side in finding.sides})
    if finding.schedule is None or finding.seed is None or finding.execution is None:
        block = describe(finding, f"{where(cell)}, free mode: no seed repeats it", stacks=False)
        return Found(finding.kind, finding.message, f"{block}\n", finding.count, threads)
    digest = finding.execution.digest
    number = finding.execution.index + 1
    how = f"strategy {finding.strategy}, seed {seed_text(finding.seed)}, execution {number} of {cell.executions}"
    file = ""
    if first:
        how += f", replayed {replays(body, finding.schedule, digest, cell.detect)} of {REPLAYS}"
        file = str(schedule_file(cell, finding, finding.strategy).write(FOLDER))
    block = describe(
        finding, f"{where(cell)}, {how}", reproduce_line(cell, finding.strategy, finding.seed), stacks=False
    )
    block += "\n"
    if file:
        block += f"    replay:    make replay FILE={quoted(file)}\n"
    return Found(
        kind=finding.kind,
        message=finding.message,
        block=block,
        count=finding.count,
        threads=threads,
        execution=number,
        seed=finding.seed,
        strategy=finding.strategy,
        schedule=str(finding.schedule),
        digest=digest,
        file=file,
    )


def where(cell: Cell) -> str:
    """Return workload and scheme in words."""
    return f"workload {cell.title}, scheme {cell.scheme}"


def replays(body: Body, schedule: racer.Schedule, digest: str, detect: tuple[str, ...] = USUAL) -> int:
    """Replay a schedule REPLAYS times and return how many had the digest."""
    return sum(racer.replay(body, schedule, detect=detect).digest == digest for _ in range(REPLAYS))


def schedule_file(cell: Cell, finding: racer.Finding, strategy: str) -> ScheduleFile:
    """Return the schedule file of a finding."""
    assert finding.execution is not None
    return ScheduleFile(
        workload=cell.workload,
        scheme=cell.scheme,
        parameters=cell.parameters,
        strategy=strategy,
        seed=finding.seed or 0,
        kind=finding.kind,
        digest=finding.execution.digest,
        schedule=str(finding.schedule),
    )


def reproduce_line(cell: Cell, strategy: str, seed: int) -> str:
    """Return the command that shows an execution again, with every parameter that is not the default."""
    defaults = workloads.by_name(cell.workload).defaults
    words = {"WORKLOAD": cell.workload, "SCHEME": cell.scheme, "STRATEGY": strategy}
    for name, value in cell.parameters.changed_from(defaults).items():
        words[name.upper()] = str(int(value) if isinstance(value, bool) else value)
    words["SEED"] = seed_text(seed)
    if cell.detect != USUAL:
        words["DETECT"] = "all" if cell.detect == ALL else ",".join(cell.detect)
    return "make reproduce " + " ".join(f"{name}={quoted(value)}" for name, value in words.items())


def quoted(text: str) -> str:
    """Return a value as a shell reads it back.

    >>> quoted("pct:3,k=412"), quoted("my schemes.py:Mine")
    ('pct:3,k=412', "'my schemes.py:Mine'")
    """
    plain = all(letter.isalnum() or letter in "-_./:,=+@%" for letter in text)
    return text if plain else "'" + text.replace("'", "'\\''") + "'"
