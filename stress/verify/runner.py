"""Verifies one cell in this process: every interleaving, every finding, judged against what the workload states."""

from dataclasses import replace

import racer
from racer.report.text import describe
from stress import runner
from stress.cell import INCONCLUSIVE, Found
from stress.judge import UNKNOWN
from stress.runner import Body, Tell
from stress.verify.cell import BoundedCell, Proof, Search
from stress.verify.judge import judge

STRATEGY = "dpor"


def verify_cell(cell: BoundedCell, tell: Tell) -> Proof:
    """Verify a cell and judge it. What stops the harness itself leaves it undecided."""
    body = runner.body_of(cell)

    def progress(now: racer.Snapshot) -> None:
        tell(Search(now.executions, now.findings, now.interleavings, now.total, now.seconds))

    try:
        result = racer.verify(body, keep_going=True, max_executions=cell.executions or None, progress=progress)
    except (racer.StallError, racer.DivergenceError, racer.NondeterminismError) as error:
        return Proof(cell, UNKNOWN, INCONCLUSIVE, f"{type(error).__name__}: {error}")
    proof = Proof(
        cell,
        result.verdict,
        why=result.reason if result.verdict == UNKNOWN else "",
        executions=result.executions,
        steps=result.steps,
        failed=result.failed,
        first_failure=None if result.first_failure is None else result.first_failure + 1,
        interleavings=result.interleavings,
        counters=result.counters,
        seconds=result.seconds,
        exhausted=result.exhausted,
        redundant=result.redundant,
    )
    for finding in result.findings:
        proof.found += (found(proof, finding, body),)
    judge(proof)
    return proof


def found(proof: Proof, finding: racer.Finding, body: Body) -> Found:
    """Return a finding as text. The first of its kind in a cell is replayed, and its schedule is kept in a file."""
    cell = proof.cell
    assert finding.schedule is not None
    assert finding.execution is not None
    number = finding.execution.index + 1
    digest = finding.execution.digest
    where = f"{runner.where(cell)}, interleaving {number}, seen in {finding.count}"
    file = ""
    if finding.kind not in proof.kinds:
        times = runner.replays(body, finding.schedule, digest)
        where += f", replayed {times} of {runner.REPLAYS}"
        file = str(runner.schedule_file(cell, finding, STRATEGY).write(runner.FOLDER))
    block = describe(replace(finding, schedule=None), where) + "\n"
    if file:
        block += f"    replay:    make replay FILE={runner.quoted(file)}\n"
    return Found(
        finding.kind, finding.message, block, finding.count, len({side.thread for side in finding.sides}),
        execution=number, strategy=STRATEGY, schedule=str(finding.schedule), digest=digest, file=file,
    )  # fmt: skip
