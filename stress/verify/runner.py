"""Verifies one cell in this process: every interleaving, every finding, judged against what the workload states."""

from dataclasses import replace

import racer
from racer.report.text import describe
from stress import runner
from stress.cell import INCONCLUSIVE, Found
from stress.judge import UNKNOWN
from stress.runner import Body, Tell
from stress.verify.bounded import find
from stress.verify.cell import BoundedCell, Proof, Search
from stress.verify.judge import judge

STRATEGY = "dpor"
PROBES = 200
# Longer than anybody waits for a step: a machine with too much to do may stand still for seconds.
STALL_AFTER = 60.0


def verify_cell(cell: BoundedCell, tell: Tell) -> Proof:
    """Verify a cell and judge it. What stops the harness itself leaves it undecided."""
    workload = find(cell.workload)
    assert workload is not None
    body = runner.body_of(cell)

    def progress(now: racer.Snapshot) -> None:
        tell(Search(now.executions, now.findings, now.interleavings, now.total, now.seconds))

    try:
        unreduced = racer.estimate_interleavings(body, probes=PROBES, stall_after=STALL_AFTER)
        result = racer.verify(
            body,
            keep_going=True,
            max_executions=cell.executions or None,
            jobs=cell.jobs,
            checkpoint=cell.checkpoint or None,
            progress=progress,
            stall_after=STALL_AFTER,
        )
    except (racer.StallError, racer.DivergenceError, racer.NondeterminismError) as error:
        return Proof(cell, UNKNOWN, INCONCLUSIVE, f"{type(error).__name__}: {error}")
    proof = proof_of(cell, result, unreduced.interleavings)
    for finding in result.findings:
        proof.found += (found(proof, finding, body),)
    judge(proof, workload)
    return proof


def proof_of(cell: BoundedCell, result: racer.Result, unreduced: int) -> Proof:
    """Return what a verification showed as the outcome of its cell, without its findings and not judged yet."""
    return Proof(
        cell,
        result.verdict,
        executions=result.executions,
        steps=result.steps,
        failed=result.failed,
        first_failure=None if result.first_failure is None else result.first_failure + 1,
        interleavings=result.interleavings,
        counters=result.counters,
        seconds=result.seconds,
        exhausted=result.exhausted,
        redundant=result.redundant,
        unreduced=unreduced,
    )


def found(proof: Proof, finding: racer.Finding, body: Body) -> Found:
    """Return a finding as text; its schedule is kept in a file. The first of its kind in a cell is replayed."""
    cell = proof.cell
    assert finding.schedule is not None
    assert finding.execution is not None
    digest = finding.execution.digest
    number = finding.execution.index + 1
    where = f"{runner.where(cell)}, execution {number:,}, seen in {finding.count:,}"
    if finding.kind not in proof.kinds:
        where += f", replayed {runner.replays(body, finding.schedule, digest)} of {runner.REPLAYS}"
    file = runner.schedule_file(cell, finding, STRATEGY).write(runner.FOLDER, proof.distinct(finding.kind))
    block = describe(replace(finding, schedule=None), where, stacks=False)
    return Found(
        kind=finding.kind,
        message=finding.message,
        block=f"{block}\n    replay:    make replay FILE={runner.quoted(str(file))}\n",
        count=finding.count,
        threads=len({side.thread for side in finding.sides} - {"main"}),
        execution=number,
        strategy=STRATEGY,
        schedule=str(finding.schedule),
        digest=digest,
        file=str(file),
    )
