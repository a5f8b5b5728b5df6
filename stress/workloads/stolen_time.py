"""stolen-time: vcpus whose tasks go away and come back look at how much of their time was stolen."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import racer
from racer.kvm.papr import H_REGISTER_VPA, H_VPA_REG_DTL, H_VPA_REG_VPA
from racer.kvm.vcpu import Vcpu
from racer.kvm.vm import Vm, kvmppc_vcpu_run
from stress.workload import CLEAN, Parameters, Workload
from stress.workloads.calls import SEEDS, SHORT_MOMENTS, AreaPlan, PlainGuest, guests_seed, run_together
from stress.workloads.history import with_kinds

if TYPE_CHECKING:
    from racer.kvm.schemes.base import Scheme


def run_again_and_again(vcpu: Vcpu, seed: int, rounds: int) -> None:
    """Be a vcpu's task, which goes away between its runs."""
    for n in range(rounds):
        kvmppc_vcpu_run(vcpu, PlainGuest(1, seed + n, SHORT_MOMENTS))


def play(scheme: "Scheme", parameters: Parameters) -> None:
    """Run vcpus that have a log against each other once."""
    seed = racer.choose(SEEDS)
    vm = Vm(scheme, parameters.vcpus, threads_per_core=parameters.vcpus, timebase=True)
    plan = AreaPlan(vm, 1)
    for n, vcpu in enumerate(vm.runners):
        for subfunc in (H_VPA_REG_VPA, H_VPA_REG_DTL):
            ask = plan.ask(subfunc, vcpu, plan.index(n, 0, 1))
            vm.hcall(vcpu, H_REGISTER_VPA, ask.flags, ask.target, ask.gpa, wrote=ask.wrote)
    vm.switch_on()
    threads = []
    for n, vcpu in enumerate(vm.runners):
        arguments = (vcpu, guests_seed(seed, n), parameters.entries)
        threads.append(racer.Thread(target=run_again_and_again, args=arguments, name=vcpu.name))
    run_together(threads)
    vm.finish()


def build(scheme: "Callable[[], Scheme]", parameters: Parameters) -> Callable[[], None]:
    """Return the test body."""
    return lambda: play(scheme(), parameters)


PARITY = frozenset({"yield-count-parity"})
# Before these come to count anything twice their secondary threads are in each other's way (C3).
DEADLOCK = frozenset({"deadlock"})
STOLEN = frozenset({"stolen-time"})
WORKLOAD = Workload(
    name="stolen-time",
    summary="vcpus whose tasks go away and come back look at how much of their time was stolen.",
    build=build,
    defaults=Parameters(vcpus=2, registrars=0, entries=4, calls=0),
    expected={
        "unpinned": CLEAN,
        "immediate": CLEAN,
        "seed": PARITY | {"atomic-sleep"},
        "seed-logged": STOLEN,
        "dropped-locks": DEADLOCK,
        "snapshot": DEADLOCK,
        "late-joiners": STOLEN,
        "dirty-tracking": PARITY,
        "own-task": CLEAN,
        "single-vcpu": frozenset({"stolen-time-lost"}),
        "nested": CLEAN,
        "deferred": CLEAN,
        "always-locked": CLEAN,
    },
    allowed=with_kinds("stolen-time"),
    raced="entries",
)
