"""dirty-log: userspace copies the pages that the dirty log names while the host writes to areas that come and go."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import racer
from racer.kvm.dirty import copy_dirty_pages, start_dirty_log
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

ROUNDS = 4
RACED = "rounds-in-guest"


def migrate(vm: Vm) -> None:
    """Be the migration: round after round over all memory."""
    for _ in range(ROUNDS):
        for slot in vm.memory.initial:
            if any(vcpu.between_bumps for vcpu in vm.runners):
                racer.count(RACED)
            racer.count("dirty-pages", copy_dirty_pages(vm, slot))


def play(scheme: "Scheme", parameters: Parameters) -> None:
    """Run vcpus and registrars while userspace migrates the machine."""
    seed = racer.choose(SEEDS)
    names = [f"registrar{n}" for n in range(parameters.registrars)]
    vm = Vm(scheme, parameters.vcpus, threads_per_core=2, callers=names)
    plan = AreaPlan(vm, max(parameters.registrars, 1), apart=True)
    start_dirty_log(vm)
    start_with(vm, plan, seed)
    vm.switch_on()
    targets = range(parameters.vcpus)
    threads = [vm.task(vcpu, PlainGuest(parameters.entries, guests_seed(seed, n))) for n, vcpu in enumerate(vm.runners)]
    for n, vcpu in enumerate(vm.callers):
        arguments = (vcpu, targets, parameters.calls)
        threads.append(racer.Thread(target=Caller(plan, n, seed).make, args=arguments, name=vcpu.name))
    threads.append(racer.Thread(target=migrate, args=(vm,), name="migration"))
    run_together(threads)
    # not once more into the guest: what is written last shows whether it was told
    vm.finish(quiesce=False)


def build(scheme: "Callable[[], Scheme]", parameters: Parameters) -> Callable[[], None]:
    """Return the test body."""
    return lambda: play(scheme(), parameters)


LOST = frozenset({"lost-dirty"})
WORKLOAD = Workload(
    name="dirty-log",
    summary="Userspace copies the pages that the dirty log names while the host writes to areas that come and go.",
    build=build,
    defaults=Parameters(vcpus=2, registrars=1, entries=3, calls=4),
    expected={
        "unpinned": LOST,
        "immediate": LOST,
        "seed": LOST,
        "seed-logged": LOST,
        "dropped-locks": LOST,
        "snapshot": LOST,
        "late-joiners": LOST,
        "dirty-tracking": frozenset({"yield-count-parity"}),
        "own-task": CLEAN,
        "single-vcpu": CLEAN,
        "nested": CLEAN,
        "deferred": CLEAN,
        "always-locked": CLEAN,
    },
    allowed=with_kinds("lost-dirty"),
    raced=RACED,
)
