"""nested: an outer hypervisor writes to the VPAs that it was told of while registrars change them and the VM ends."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import racer
from racer.kvm.vm import Vm
from stress.workload import CLEAN, Parameters, Workload
from stress.workloads.calls import (
    SEEDS,
    SHORT_MOMENTS,
    AreaPlan,
    Caller,
    PlainGuest,
    guests_seed,
    run_together,
    start_with,
)
from stress.workloads.history import with_kinds

if TYPE_CHECKING:
    from racer.kvm.schemes.base import Scheme


def play(scheme: "Scheme", parameters: Parameters) -> None:
    """Run vcpus and registrars under an outer hypervisor once; it goes on while the vcpus are freed."""
    seed = racer.choose(SEEDS)
    names = [f"registrar{n}" for n in range(parameters.registrars)]
    vm = Vm(scheme, parameters.vcpus, threads_per_core=1, callers=names, outer=True)
    plan = AreaPlan(vm, max(parameters.registrars, 1))
    start_with(vm, plan, seed)
    vm.switch_on()
    targets = range(parameters.vcpus)
    threads = []
    for n, vcpu in enumerate(vm.runners):
        threads.append(vm.task(vcpu, PlainGuest(parameters.entries, guests_seed(seed, n), SHORT_MOMENTS)))
    for n, vcpu in enumerate(vm.callers):
        arguments = (vcpu, targets, parameters.calls)
        threads.append(racer.Thread(target=Caller(plan, n, seed).make, args=arguments, name=vcpu.name))
    run_together(threads)
    vm.finish()


def build(scheme: "Callable[[], Scheme]", parameters: Parameters) -> Callable[[], None]:
    """Return the test body."""
    return lambda: play(scheme(), parameters)


NULL = frozenset({"null-pointer"})
PARITY = frozenset({"yield-count-parity"})
WORKLOAD = Workload(
    name="nested",
    summary="An outer hypervisor writes to the VPAs that it was told of while they change, and while the VM ends.",
    build=build,
    defaults=Parameters(vcpus=2, registrars=1, entries=3, calls=4),
    expected={
        "unpinned": PARITY,
        "immediate": NULL,
        "seed": NULL,
        "seed-logged": NULL,
        "dropped-locks": NULL,
        "snapshot": CLEAN,
        "late-joiners": CLEAN,
        "dirty-tracking": CLEAN,
        "own-task": CLEAN,
        "single-vcpu": CLEAN,
        "nested": frozenset({"stale-pointer"}),
        "deferred": CLEAN,
        "always-locked": CLEAN,
    },
    allowed=with_kinds("stale-pointer", "canary-corruption"),
    raced="calls-in-guest",
)
