"""Steps a second of the model: vcpus against registrars, under everything a default run has."""

from collections.abc import Callable

import racer
from racer.kvm import schemes
from stress import workloads
from stress.bench.measure import Effort, Sample, interleaved, timed
from stress.bench.row import Row, at_least, row

WORKLOAD = "cross-register"
SCHEMES = ("deferred", "immediate")


def model_rows(effort: Effort) -> list[Row]:
    """Time the workload under a scheme that is right and under one that is full of findings."""
    executions = effort.of(1000)
    works = {scheme: explores(scheme, executions) for scheme in SCHEMES}
    samples = interleaved(works, effort.rounds)
    size = workloads.by_name(WORKLOAD).defaults.with_options(vcpus=2, registrars=2)
    what = f"{size.vcpus} vcpus, {size.registrars} registrars"
    return [
        row(WORKLOAD, f"{scheme}, {what}", "steps/s", samples[scheme], demand=at_least(100_000)) for scheme in works
    ]


def body_of(scheme: str) -> Callable[[], None]:
    """Return the test body of the workload under a scheme."""
    workload = workloads.by_name(WORKLOAD)
    return workload.build(schemes.by_name(scheme), workload.defaults.with_options(vcpus=2, registrars=2))


def explores(scheme: str, executions: int) -> Callable[[], Sample]:
    """Return the work of exploring the workload under a scheme."""
    body = body_of(scheme)
    return lambda: timed(lambda: racer.explore(body, executions=executions, keep_going=True).steps)
