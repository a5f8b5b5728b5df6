"""One check of a scheme: a known schedule, the answers, a workload, or a bounded verification; and what came of it."""

from collections.abc import Iterator
from dataclasses import dataclass

from stress import plan
from stress.regress import known
from stress.verify.bounded import WORKLOADS as BOUNDED
from stress.workload import Parameters

PASS, FAIL, UNKNOWN, FAULT = "PASS", "FAIL", "UNKNOWN", "FAULT"
KNOWN, ANSWERS, WORKLOAD, VERIFY = "known", "answers", "workload", "verify"

# Executions of each workload: a minute and a half of CPU in all, half of that on two.
BUDGET = {"cross-register": 2400, "remap": 1200, "one-reg": 1200}
USUAL = 600
# Bounds of each bounded workload in which `deferred` is soon exhausted; another scheme may have more interleavings.
VERIFIED = 2000
ENTRIES = 1
CALLS = {"one-vcpu": 4}
FEW_CALLS = 2

USUAL_SIZES = Parameters()


@dataclass(frozen=True)
class Job:
    """A check to be made: of which sort, with which workload, and how."""

    sort: str
    scheme: str
    workload: str = ""
    parameters: Parameters = USUAL_SIZES
    strategy: str = plan.STRATEGY
    executions: int = 1
    seed: int = 0
    bug: str = ""

    @property
    def title(self) -> str:
        """What is checked, in words."""
        cross = " --cross" if self.parameters.cross else ""
        return " ".join(word for word in (self.sort, self.bug, f"{self.workload}{cross}") if word)


@dataclass(frozen=True)
class Check:
    """What a check showed.

    `block` tells a finding to a person; `why` what kept the check from a verdict. `exhausted` says that there are no
    other interleavings. `seconds` are of CPU time. `broken` says that the process it was made in is not to be used any
    more.
    """

    title: str
    verdict: str
    kind: str = ""
    message: str = ""
    block: str = ""
    why: str = ""
    executions: int = 0
    exhausted: bool = False
    seconds: float = 0.0
    broken: bool = False


Stage = tuple[str, list[Job]]


def stages(scheme: str, seed: int, scale: float = 1.0) -> Iterator[Stage]:
    """Yield the checks of a scheme in stages: what failed before, then what is cheap, then what is dear.

    `scale` is for who has less time: how much of each budget there is.
    """
    yield "past findings and answers", [Job(ANSWERS, scheme), *remembered(scheme)]
    yield "workloads", list(sampled(scheme, seed, scale))
    yield "verification", list(verified(scheme, scale))


def remembered(scheme: str) -> Iterator[Job]:
    """Yield a check for each schedule that showed something once."""
    for each in known.read():
        yield Job(KNOWN, scheme, each.workload, each.parameters(), each.strategy, bug=each.bug)


def sampled(scheme: str, seed: int, scale: float) -> Iterator[Job]:
    """Yield a check for each workload, guest-trace both ways; those that take longest first."""
    asked = plan.Asked()
    columns = [(workload, sizes.applied(workload)) for workload, sizes in plan.columns(asked)]
    for workload, parameters in sorted(columns, key=lambda each: -BUDGET.get(each[0].name, USUAL)):
        executions = max(1, round(scale * BUDGET.get(workload.name, USUAL)))
        yield Job(WORKLOAD, scheme, workload.name, parameters, executions=executions, seed=seed)


def verified(scheme: str, scale: float) -> Iterator[Job]:
    """Yield a check for each bounded workload, in bounds that are soon exhausted."""
    for workload in BOUNDED:
        parameters = workload.defaults.with_options(entries=ENTRIES, calls=CALLS.get(workload.name, FEW_CALLS))
        yield Job(VERIFY, scheme, workload.name, parameters, executions=max(1, round(scale * VERIFIED)))
