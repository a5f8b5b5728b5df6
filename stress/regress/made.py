"""Makes a check in this process, and tells its finding, made small, with the line that shows it again."""

import os
import traceback
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import racer
from racer.kvm import schemes
from racer.report.text import describe
from racer.shrinking import shrink
from stress import answers, detect, runner, workloads
from stress.cell import Cell, Progress
from stress.regress.check import ANSWERS, FAIL, FAULT, KNOWN, PASS, UNKNOWN, VERIFY, WORKLOAD, Check, Job
from stress.runner import Tell

MAX_STEPS = 20_000
STALL_AFTER = 20.0
# Executions to make a finding small with: a second or two.
SHRINK = 300

Body = Callable[[], None]


def checked(job: Job, tell: Tell) -> Check:
    """Make a check, and tell for how many CPU seconds; a fault of racer itself is an outcome too."""
    before = os.times()
    try:
        made = answered(job) if job.sort == ANSWERS else campaign(job, tell)
    except racer.StallError as error:
        made = Check(job.title, UNKNOWN, why=f"StallError: {error}", broken=True)
    except (racer.DivergenceError, racer.NondeterminismError) as error:
        made = Check(job.title, UNKNOWN, why=f"{type(error).__name__}: {error}")
    except Exception:
        made = Check(job.title, FAULT, why=traceback.format_exc())
    after = os.times()
    return replace(made, seconds=after.user + after.system - before.user - before.system)


def died(job: Job, code: int | None) -> Check:
    """Return what came of a check whose process died."""
    return Check(job.title, FAULT, why=f"the worker process ended with code {code}")


def answered(job: Job) -> Check:
    """Ask for every answer, without a race."""
    executions = 0
    for body in answers.bodies(schemes.by_name(job.scheme)):
        result = racer.explore(
            body,
            strategy="round-robin",
            executions=1,
            detect=detect.ALL,
            max_steps=10 * MAX_STEPS,
            stall_after=STALL_AFTER,
        )
        executions += 1
        if result.findings:
            again = f"make regress SCHEME={runner.quoted(job.scheme)}"
            return failed(job, result.findings[0], executions, again)
    return Check(job.title, PASS, executions=executions)


def campaign(job: Job, tell: Tell) -> Check:
    """Run a workload under the strategy of the job, or verify it."""
    workload = workloads.by_name(job.workload)
    body = workload.build(schemes.by_name(job.scheme), job.parameters)
    result = explored(job, body, tell)
    if result.findings:
        return shown(job, body, result)
    unseen = workload.unseen(lambda: schemes.by_name(job.scheme), result.counters, result.executions)
    if job.sort != KNOWN and unseen:
        return Check(job.title, UNKNOWN, why=f"nothing raced: {', '.join(unseen)} is 0", executions=result.executions)
    return Check(job.title, PASS, executions=result.executions, exhausted=result.exhausted)


def explored(job: Job, body: Body, tell: Tell) -> racer.Result:
    """Return what comes of the executions of a job; the first that has a finding is the last."""

    def progress(now: racer.Snapshot) -> None:
        tell(Progress(now.executions, now.findings, now.interleavings))

    if job.sort == VERIFY:
        return racer.verify(
            body,
            detect=detect.ALL,
            max_executions=job.executions,
            max_steps=MAX_STEPS,
            progress=progress,
            stall_after=STALL_AFTER,
        )
    return racer.explore(
        body,
        strategy=job.strategy,
        executions=job.executions,
        seed=job.seed,
        detect=detect.ALL,
        max_steps=MAX_STEPS,
        progress=progress,
        stall_after=STALL_AFTER,
    )


def shown(job: Job, body: Body, result: racer.Result) -> Check:
    """Return the check that a finding came of, with the smallest schedule that shows the like."""
    finding = result.findings[0]
    if finding.schedule is None:  # of the campaign, not of one execution
        return failed(job, finding, result.executions, whole_line(job))
    strategy, seed = finding.strategy, finding.seed or 0
    small = None
    if job.sort != KNOWN:  # which is small already
        same = partial(alike, finding)
        small = shrink(body, finding.schedule, same, detect.ALL, SHRINK, stall_after=STALL_AFTER)
    if small is not None:
        strategy, seed = small.strategy, 0
        again = explored(replace(job, sort=KNOWN, strategy=strategy, executions=1, seed=seed), body, lambda _: None)
        finding = next((each for each in again.findings if alike(finding, each)), finding)
    cell = Cell(job.workload, job.scheme, job.parameters, strategy, seed, 1, detect=detect.ALL)
    return failed(job, finding, result.executions, runner.reproduce_line(cell, strategy, seed))


def alike(wanted: racer.Finding, found: racer.Finding) -> bool:
    """Whether a finding shows the same again."""
    return found.kind == wanted.kind


def failed(job: Job, finding: racer.Finding, executions: int, again: str) -> Check:
    """Return the check that a finding came of."""
    seen = f"seen in {job.title}, scheme {job.scheme}, execution {executions:,}"
    block = describe(replace(finding, schedule=None), seen, again)
    return Check(job.title, FAIL, finding.kind, finding.message, block, executions=executions)


def whole_line(job: Job) -> str:
    """Return the command that repeats a campaign, whose executions show something only together."""
    scheme = runner.quoted(job.scheme)
    if job.sort == WORKLOAD:
        words = f"WORKLOAD={job.workload} SCHEME={scheme} EXECUTIONS={job.executions} SEED={job.seed:#x} DETECT=all"
        return f"make stress {words}{' CROSS=1' if job.parameters.cross else ''}"
    return f"make regress SCHEME={scheme}"
