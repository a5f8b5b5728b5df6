"""reboot: the machine is reset while areas are registered, and another kernel runs in the same memory."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import racer
from racer.kvm.ioctl import system_reset
from racer.kvm.vm import Vm
from stress.workload import CLEAN, Parameters, Workload
from stress.workloads.calls import (
    SEEDS,
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


def run_kernel(vm: Vm, plan: AreaPlan, seed: int, parameters: Parameters, kernel: int) -> None:
    """Run vcpus and registrars until all have stopped; each kernel has places of its own for its areas."""
    targets = range(len(vm.runners))
    registrars = len(vm.callers)
    threads = [vm.task(vcpu, PlainGuest(parameters.entries, guests_seed(seed, n))) for n, vcpu in enumerate(vm.runners)]
    for n, vcpu in enumerate(vm.callers):
        caller = Caller(plan, kernel * registrars + n, seed)
        threads.append(racer.Thread(target=caller.make, args=(vcpu, targets, parameters.calls), name=vcpu.name))
    run_together(threads)


def play(scheme: "Scheme", parameters: Parameters) -> None:
    """Run one kernel, reset the machine, run another."""
    seed = racer.choose(SEEDS)
    names = [f"registrar{n}" for n in range(parameters.registrars)]
    vm = Vm(scheme, parameters.vcpus, threads_per_core=2, callers=names, ioctls=True)
    plan = AreaPlan(vm, 2 * max(parameters.registrars, 1))
    start_with(vm, plan, seed)
    vm.switch_on()
    run_kernel(vm, plan, seed, parameters, 0)
    system_reset(vm)
    run_kernel(vm, plan, seed // 2, parameters, 1)
    vm.finish()


def build(scheme: "Callable[[], Scheme]", parameters: Parameters) -> Callable[[], None]:
    """Return the test body."""
    return lambda: play(scheme(), parameters)


STALE = frozenset({"stale-registration"})
WORKLOAD = Workload(
    name="reboot",
    summary="The machine is reset while areas are registered, and another kernel runs in the same memory.",
    build=build,
    defaults=Parameters(vcpus=2, registrars=1, entries=1, calls=4),
    expected={
        "unpinned": STALE,
        "immediate": STALE,
        "seed": STALE,
        "seed-logged": STALE,
        "dropped-locks": STALE,
        "snapshot": STALE | {"return-code"},
        "late-joiners": STALE | {"return-code"},
        "dirty-tracking": STALE | {"return-code"},
        "own-task": CLEAN,
        "single-vcpu": CLEAN,
        "nested": CLEAN,
        "deferred": CLEAN,
        "always-locked": CLEAN,
    },
    allowed=with_kinds(),
    raced="entries-after-update",
)
