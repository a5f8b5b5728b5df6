"""teardown: vcpus stop and are freed while requests for them still come in, accepted and never applied."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import racer
from racer.kvm.vm import Vm
from stress.workload import CLEAN, Parameters, Workload
from stress.workloads.calls import (
    BROKEN_MAY_SHOW,
    SEEDS,
    AreaPlan,
    Caller,
    PlainGuest,
    guests_seed,
    run_together,
    start_with,
)

if TYPE_CHECKING:
    from racer.kvm.schemes.base import Scheme


def play(scheme: "Scheme", parameters: Parameters) -> None:
    """Run vcpus for a short time and registrars for longer; then free everything as it is."""
    seed = racer.choose(SEEDS)
    names = [f"registrar{n}" for n in range(parameters.registrars)]
    vm = Vm(scheme, parameters.vcpus, threads_per_core=2, callers=names)
    plan = AreaPlan(vm, max(parameters.registrars, 1))
    start_with(vm, plan, seed)
    vm.switch_on()
    everybody = range(parameters.vcpus)
    tasks = [vm.task(vcpu, PlainGuest(parameters.entries, guests_seed(seed, n))) for n, vcpu in enumerate(vm.runners)]
    registrars = [
        racer.Thread(target=Caller(plan, n, seed).make, args=(vcpu, everybody, parameters.calls), name=vcpu.name)
        for n, vcpu in enumerate(vm.callers)
    ]
    run_together(tasks + registrars)
    vm.finish(quiesce=False)


def build(scheme: "Callable[[], Scheme]", parameters: Parameters) -> Callable[[], None]:
    """Return the test body."""
    return lambda: play(scheme(), parameters)


WORKLOAD = Workload(
    name="teardown",
    summary="vcpus stop and are freed while requests for them still come in, accepted and never applied.",
    build=build,
    defaults=Parameters(vcpus=2, registrars=2, entries=1, calls=6),
    expected={
        "immediate": frozenset({"pin-imbalance"}),
        "seed": frozenset({"atomic-sleep"}),
        "deferred": CLEAN,
        "always-locked": CLEAN,
    },
    allowed=BROKEN_MAY_SHOW,
    raced="late-requests",
)
