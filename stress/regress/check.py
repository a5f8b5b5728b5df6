"""One check of a scheme: a known schedule, the answers, a workload, or a bounded verification."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace

import racer
from racer.kvm import schemes
from racer.report.text import describe
from stress import answers, detect, runner, workloads
from stress.cell import Cell
from stress.judge import UNKNOWN
from stress.regress import known
from stress.verify.bounded import NAMES as BOUNDED
from stress.verify.bounded import find
from stress.workload import Parameters, Workload

STRATEGY = "portfolio"
# Executions of each workload: about a minute in all, on two processors.
BUDGET = {"cross-register": 4000, "remap": 2000, "one-reg": 2000}
USUAL = 1000
VERIFIED = 3000
MAX_STEPS = 20_000
STALL_AFTER = 60.0
PASS, FAIL = "PASS", "FAIL"

KNOWN, ANSWERS, WORKLOAD, VERIFY = "known schedule", "answers", "workload", "verify"


@dataclass(frozen=True)
class Job:
    """A check to be made: of which sort, of what, and how."""

    sort: str
    scheme: str
    name: str = ""
    strategy: str = STRATEGY
    executions: int = 1
    seed: int = 1

    @property
    def title(self) -> str:
        """What is checked, in words."""
        return f"{self.sort} {self.name}".strip()


@dataclass(frozen=True)
class Check:
    """What a check showed. `block` tells a finding to a person; `why` what kept the check from a verdict."""

    title: str
    verdict: str
    kind: str = ""
    message: str = ""
    block: str = ""
    why: str = ""
    executions: int = 0
    exhausted: bool = False
    seconds: float = 0.0


def jobs_of(scheme: str, seed: int) -> Iterator[Job]:
    """Yield every check of a scheme: what failed before comes first, what takes long before what does not."""
    for each in known.read():
        yield Job(KNOWN, scheme, f"{each.bug} in {each.workload}", each.strategy, seed=0)
    yield Job(ANSWERS, scheme)
    for name in workloads.NAMES:
        yield Job(WORKLOAD, scheme, name, executions=BUDGET.get(name, USUAL), seed=seed)
    for name in BOUNDED:
        yield Job(VERIFY, scheme, name, executions=VERIFIED)


def checked(job: Job, tell: object = None) -> Check:
    """Make a check."""
    del tell
    before = os.times()
    try:
        made = {KNOWN: replayed, ANSWERS: answered, WORKLOAD: explored, VERIFY: verified}[job.sort](job)
    except (racer.StallError, racer.DivergenceError, racer.NondeterminismError) as error:
        made = Check(job.title, UNKNOWN, why=f"{type(error).__name__}: {error}")
    after = os.times()
    return replace(made, seconds=after.user + after.system - before.user - before.system)


def died(job: Job, code: int | None) -> Check:
    """Return what came of a check whose process died."""
    return Check(job.title, UNKNOWN, why=f"the process ended with code {code}")


def replayed(job: Job) -> Check:
    """Follow a known schedule as far as it can be followed."""
    name = job.name.rpartition(" in ")[2]
    return campaign(job, workloads.by_name(name), workloads.by_name(name).defaults)


def explored(job: Job) -> Check:
    """Run a workload."""
    workload = workloads.by_name(job.name)
    return campaign(job, workload, workload.defaults)


def campaign(job: Job, workload: Workload, parameters: Parameters) -> Check:
    """Run a workload under the strategy of a job."""
    body = workload.build(schemes.by_name(job.scheme), parameters)
    result = racer.explore(
        body,
        strategy=job.strategy,
        executions=job.executions,
        seed=job.seed,
        detect=detect.ALL,
        max_steps=MAX_STEPS,
        stall_after=STALL_AFTER,
    )
    if result.findings:
        finding = result.findings[0]
        cell = Cell(workload.name, job.scheme, parameters, finding.strategy, finding.seed or 0, 1, detect=detect.ALL)
        again = runner.reproduce_line(cell, finding.strategy, finding.seed or 0)
        return failed(job, result, describe(finding, f"{job.title}, scheme {job.scheme}", again))
    if job.sort == WORKLOAD and not result.counters.get(workload.raced):
        return Check(job.title, UNKNOWN, why=f"nothing raced: {workload.raced} is 0", executions=result.executions)
    return Check(job.title, PASS, executions=result.executions)


def failed(job: Job, result: racer.Result, block: str) -> Check:
    """Return the check that a finding came of."""
    finding = result.findings[0]
    return Check(job.title, FAIL, finding.kind, finding.message, block, executions=result.executions)


def answered(job: Job) -> Check:
    """Ask for every answer without a race."""
    executions = 0
    for body in answers.bodies(schemes.by_name(job.scheme)):
        result = racer.explore(body, strategy="round-robin", executions=1, max_steps=10 * MAX_STEPS, detect=detect.ALL)
        executions += 1
        if result.findings:
            return failed(job, result, describe(result.findings[0], f"{job.title}, scheme {job.scheme}"))
    return Check(job.title, PASS, executions=executions)


def verified(job: Job) -> Check:
    """Go through the interleavings of a bounded workload, as many as there is time for."""
    workload = find(job.name)
    assert workload is not None
    parameters = workload.bounds("deferred")
    body = workload.build(schemes.by_name(job.scheme), parameters)
    result = racer.verify(body, detect=detect.ALL, max_executions=job.executions, stall_after=STALL_AFTER)
    if result.findings:
        again = f"make verify WORKLOAD={workload.name} SCHEME={runner.quoted(job.scheme)}"
        finding = replace(result.findings[0], schedule=None)
        return failed(job, result, describe(finding, f"{job.title}, scheme {job.scheme}", again))
    return Check(job.title, PASS, executions=result.executions, exhausted=result.exhausted)
