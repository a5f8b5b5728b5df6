"""Runs one cell in this process: explores, replays what was found, judges. Standard library and racer only."""

from collections.abc import Callable
from pathlib import Path

import racer
from racer.kvm import schemes
from racer.report.text import describe
from stress import workloads
from stress.cell import FREE, INCONCLUSIVE, Cell, Found, Outcome, Progress
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
    """Explore a cell under each of its strategies in turn, sharing the executions."""
    outcome = Outcome(cell, "PASS")
    body = body_of(cell)
    for share, strategy in zip(shares(cell), cell.strategies, strict=True):
        done = outcome.executions, len(outcome.found), outcome.interleavings

        def progress(now: racer.Snapshot, done: tuple[int, int, int] = done) -> None:
            tell(Progress(done[0] + now.executions, done[1] + now.findings, done[2] + now.interleavings))

        if share:
            result = racer.explore(
                body, strategy=strategy, executions=share, seed=cell.seed, keep_going=True, progress=progress
            )
            merge(outcome, result, body)
    return outcome


def shares(cell: Cell) -> list[int]:
    """Return how many executions each strategy gets; the first ones get what does not divide.

    A share of 0 (fewer executions than strategies) is left out.
    """
    each, over = divmod(cell.executions, len(cell.strategies))
    return [each + (i < over) for i in range(len(cell.strategies))]


def merge(outcome: Outcome, result: racer.Result, body: Body) -> None:
    """Add what one campaign showed to the outcome of its cell."""
    if result.first_failure is not None and outcome.first_failure is None:
        outcome.first_failure = outcome.executions + result.first_failure + 1
    for finding in result.findings:
        outcome.found += (found(outcome, finding, result, body),)
    worst = ("PASS", UNKNOWN, "FAIL")
    outcome.verdict = max(outcome.verdict, result.verdict, key=worst.index)
    outcome.why = outcome.why or (result.reason if result.verdict == UNKNOWN else "")
    outcome.executions += result.executions
    outcome.steps += result.steps
    outcome.failed += result.failed
    outcome.interleavings += result.interleavings
    outcome.interleavings_capped |= result.interleavings_capped
    outcome.seconds += result.seconds
    for name, count in result.counters.items():
        outcome.counters[name] = outcome.counters.get(name, 0) + count


def run_free(cell: Cell) -> Outcome:
    """Run a cell with nothing but the operating system scheduling it."""
    outcome = Outcome(cell, "PASS")
    body = body_of(cell)
    merge(outcome, racer.run_free(body, cell.seconds or 0.0, seed=cell.seed, noise=True), body)
    return outcome


def found(outcome: Outcome, finding: racer.Finding, result: racer.Result, body: Body) -> Found:
    """Return a finding as text. The first of its kind in a cell is replayed, and its schedule is kept in a file."""
    cell = outcome.cell
    first = finding.kind not in outcome.kinds
    threads = len({side.thread for side in finding.sides})
    if finding.schedule is None or finding.seed is None or finding.execution is None:
        block = describe(finding, f"{where(cell)}, free mode: no seed repeats it")
        return Found(finding.kind, finding.message, f"{block}\n", finding.count, threads)
    digest = finding.execution.digest
    number = outcome.executions + finding.execution.index + 1
    how = f"strategy {result.strategy}, seed {seed_text(finding.seed)}, execution {number} of {cell.executions}"
    file = ""
    if first:
        how += f", replayed {replays(body, finding.schedule, digest)} of {REPLAYS}"
        file = str(schedule_file(cell, finding, result.strategy).write(FOLDER))
    block = describe(finding, f"{where(cell)}, {how}", reproduce_line(cell, result.strategy, finding.seed)) + "\n"
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
        strategy=result.strategy,
        schedule=str(finding.schedule),
        digest=digest,
        file=file,
    )


def where(cell: Cell) -> str:
    """Return workload and scheme in words."""
    return f"workload {cell.title}, scheme {cell.scheme}"


def replays(body: Body, schedule: racer.Schedule, digest: str) -> int:
    """Replay a schedule REPLAYS times and return how many had the digest."""
    return sum(racer.replay(body, schedule).digest == digest for _ in range(REPLAYS))


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
    return "make reproduce " + " ".join(f"{name}={quoted(value)}" for name, value in words.items())


def quoted(text: str) -> str:
    """Return a value as a shell reads it back.

    >>> quoted("pct:3,k=412"), quoted("my schemes.py:Mine")
    ('pct:3,k=412', "'my schemes.py:Mine'")
    """
    plain = all(letter.isalnum() or letter in "-_./:,=+@%" for letter in text)
    return text if plain else "'" + text.replace("'", "'\\''") + "'"
