"""byte-order: areas are registered and used, and vcpus confer, on a little-endian host; the areas are big-endian."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import racer
from racer.kvm.layout import LENGTH_HWORD
from racer.kvm.papr import H_REGISTER_VPA, H_VPA_REG_VPA, flags_word
from racer.kvm.vm import Vm
from stress.workload import CLEAN, Parameters, Workload
from stress.workloads.calls import SEEDS, AreaPlan, Caller, PlainGuest, guests_seed, run_together, start_with
from stress.workloads.history import with_kinds

if TYPE_CHECKING:
    from racer.kvm.schemes.base import Scheme

RACED = "calls-in-guest"
# A length that reads the same in both orders: who takes it for its own order gets as far as to use the VPA.
SAME_BOTH_WAYS = 0x0404


def start_with_vpas(vm: Vm, plan: AreaPlan) -> None:
    """Ask for a VPA for each vcpu, of a length that no byte order mistakes."""
    for n, vcpu in enumerate(vm.runners):
        gpa = plan.vpa(plan.index(n, 0, 1))
        vm.memory.poke(gpa, LENGTH_HWORD, SAME_BOTH_WAYS)
        vm.hcall(vcpu, H_REGISTER_VPA, flags_word(H_VPA_REG_VPA), vcpu.vcpu_id, gpa, wrote=SAME_BOTH_WAYS)


def play(scheme: "Scheme", parameters: Parameters) -> None:
    """Run vcpus and, in every other execution, registrars on a little-endian host."""
    seed = racer.choose(SEEDS)
    names = [f"registrar{n}" for n in range(parameters.registrars)]
    vm = Vm(scheme, parameters.vcpus, threads_per_core=1, callers=names, little_endian=True)
    plan = AreaPlan(vm, max(parameters.registrars, 1), apart=True)
    same_both_ways = seed % 2 == 0
    if same_both_ways:
        start_with_vpas(vm, plan)
    else:
        start_with(vm, plan, seed // 2)
    vm.switch_on()
    targets = range(parameters.vcpus)
    threads = [vm.task(vcpu, PlainGuest(parameters.entries, guests_seed(seed, n))) for n, vcpu in enumerate(vm.runners)]
    for n, vcpu in enumerate(vm.callers):
        arguments = (vcpu, targets, 0 if same_both_ways else parameters.calls)
        threads.append(racer.Thread(target=Caller(plan, n, seed).make, args=arguments, name=vcpu.name))
    run_together(threads)
    vm.finish()


def build(scheme: "Callable[[], Scheme]", parameters: Parameters) -> Callable[[], None]:
    """Return the test body."""
    return lambda: play(scheme(), parameters)


NATIVE = frozenset({"return-code", "byte-order", "shared-processor"})
WORKLOAD = Workload(
    name="byte-order",
    summary="Areas are registered and used, and vcpus confer, on a little-endian host.",
    build=build,
    defaults=Parameters(vcpus=2, registrars=1, entries=3, calls=4),
    expected={
        "unpinned": NATIVE,
        "immediate": NATIVE,
        "seed": NATIVE,
        "seed-logged": NATIVE,
        "dropped-locks": NATIVE,
        "snapshot": NATIVE,
        "late-joiners": NATIVE,
        "dirty-tracking": NATIVE,
        "own-task": CLEAN,
        "single-vcpu": CLEAN,
        "nested": CLEAN,
        "deferred": CLEAN,
        "always-locked": CLEAN,
    },
    allowed=with_kinds("byte-order"),
    raced=RACED,
)
