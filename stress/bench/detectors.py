"""What detectors cost: the model's workload with all of them, beside the same with none."""

import racer
from stress import workloads
from stress.bench.measure import Effort, Sample, interleaved, timed
from stress.bench.model import WORKLOAD, body_of
from stress.bench.row import Row, row, times_at_least

NAME = "detectors"
SCHEME = "deferred"
ALL = "all"
NONE = "none"


def detector_rows(effort: Effort) -> list[Row]:
    """Time executions of the workload, judged by every detector there is and by none."""
    body, executions = body_of(SCHEME), effort.of(1000)

    def explores(*detect: str) -> Sample:
        return timed(lambda: racer.explore(body, executions=executions, detect=detect, keep_going=True).executions)

    samples = interleaved({ALL: lambda: explores(*racer.DETECTORS), NONE: explores}, effort.rounds)
    size = workloads.by_name(WORKLOAD).defaults.with_options(vcpus=2, registrars=2)
    return [
        row(
            NAME,
            f"{WORKLOAD}, {SCHEME}, {size.vcpus} vcpus, {size.registrars} registrars, {len(racer.DETECTORS)} detectors",
            "executions/s",
            samples[ALL],
            demand=times_at_least(0.5),
            reference=f"{WORKLOAD}, no detector",
            beside=samples[NONE],
        )
    ]
