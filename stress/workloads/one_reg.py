"""one-reg: userspace saves, restores and clears the areas of vcpus that others register areas for meanwhile."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import racer
from racer.core.rng import SplitMix64
from racer.kvm import userspace
from racer.kvm.ioctl import Saved, all_vcpus, kvm_get_vpa, kvm_put_vpa, nothing_saved, vcpu_load
from racer.kvm.one_reg import KVM_REG_PPC_VPA_ADDR, KVM_REG_PPC_VPA_DTL, KVM_REG_PPC_VPA_SLB, value_of
from racer.kvm.papr import H_VPA_DEREG_VPA
from racer.kvm.vcpu import Vcpu
from racer.kvm.vm import Vm, kvmppc_vcpu_run
from stress.workload import CLEAN, Parameters, Workload
from stress.workloads.calls import (
    CLOSE,
    SEEDS,
    SHORT_MOMENTS,
    USUALLY,
    AreaPlan,
    Caller,
    PlainGuest,
    dtl_length,
    guests_seed,
    run_together,
    slb_length,
    start_with,
)
from stress.workloads.history import with_kinds

if TYPE_CHECKING:
    from racer.kvm.schemes.base import Scheme

RACED = "sets-in-guest"
ROUNDS = 2
A_WHILE = 12
# What userspace does in some executions: it takes memory away for a while, stops all vcpus besides, or sets and clears
# over and over the areas of the one vcpu whose VPA hypercalls take away.
TAKES_MEMORY, STOPS_ALL, KEEPS_TO_ONE = (0, 5, 6), 1, (2, 3, 4)
TAKES_VPA_AWAY = (H_VPA_DEREG_VPA,) * 16


class Owner:
    """The process that owns the machine: it saves vcpus' areas, sets others or none, and restores what it saved."""

    def __init__(self, vm: Vm, plan: AreaPlan, seed: int) -> None:
        self.vm = vm
        self.plan = plan
        self.mode = seed % 8
        self.keeps_to_one = self.mode in KEEPS_TO_ONE
        self.random = SplitMix64(guests_seed(seed, 30))

    def run(self, rounds: int) -> None:
        """Go through so many rounds, each about one vcpu."""
        for _ in range(rounds):
            target = len(self.vm.runners) - 1 if self.keeps_to_one else self.random.below(len(self.vm.runners))
            vcpu = self.vm.runners[target]
            if self.mode == STOPS_ALL:
                with all_vcpus(self.vm):
                    racer.count("stops")
            if self.mode in TAKES_MEMORY:
                self.set_twice(vcpu, self.incoming(target))
            elif self.keeps_to_one:
                kvm_put_vpa(vcpu, self.incoming(target))
                kvm_put_vpa(vcpu, nothing_saved())
            else:
                saved = kvm_get_vpa(vcpu)
                kvm_put_vpa(vcpu, self.incoming(target) if self.random.below(2) else nothing_saved())
                if self.vm.scheme.has_one_reg and self.random.below(2):
                    kvm_put_vpa(vcpu, saved)

    def set_twice(self, vcpu: Vcpu, areas: Saved) -> None:
        """Set areas whose memory goes away for a while, and set them again when it is back."""
        kvm_put_vpa(vcpu, areas)
        slot = self.plan.vpa_slot
        userspace.delete_memslot(self.vm.memory, slot)
        for _ in range(A_WHILE):
            racer.point("a while")
        userspace.create_memslot(self.vm.memory, slot)
        kvm_put_vpa(vcpu, areas)

    def incoming(self, target: int) -> Saved:
        """Return areas as they come with a machine that is migrated here."""
        i = self.plan.index(target, self.plan.requesters - 1, self.random.below(2))
        return {
            KVM_REG_PPC_VPA_ADDR: self.plan.vpa(i),
            KVM_REG_PPC_VPA_SLB: value_of(KVM_REG_PPC_VPA_SLB, self.plan.slb(i), slb_length(i)),
            KVM_REG_PPC_VPA_DTL: value_of(KVM_REG_PPC_VPA_DTL, self.plan.dtl(i), dtl_length(i)),
        }


def run_again_and_again(vcpu: Vcpu, seed: int, entries: int) -> None:
    """Be a vcpu's task, which returns to userspace between its runs."""
    for n in range(ROUNDS):
        kvmppc_vcpu_run(vcpu, PlainGuest(entries, seed + n, SHORT_MOMENTS))


def make_calls(caller: Caller, vcpu: Vcpu, targets: range, calls: int) -> None:
    """Be the task of a vcpu whose guest only makes calls."""
    with vcpu_load(vcpu):
        caller.make(vcpu, targets, calls)


def play(scheme: "Scheme", parameters: Parameters) -> None:
    """Run vcpus, registrars and their owner against each other once."""
    seed = racer.choose(SEEDS)
    names = [f"registrar{n}" for n in range(parameters.registrars)]
    vm = Vm(scheme, parameters.vcpus, threads_per_core=2, callers=names, ioctls=True)
    plan = AreaPlan(vm, parameters.registrars + 1)
    start_with(vm, plan, seed // 8)
    vm.switch_on()
    owner = Owner(vm, plan, seed)
    takes_memory = owner.mode in TAKES_MEMORY
    everybody = range(parameters.vcpus)
    threads = []
    for n, vcpu in enumerate(vm.runners):
        task = (vcpu, guests_seed(seed, n), parameters.entries)
        threads.append(racer.Thread(target=run_again_and_again, args=task, name=vcpu.name))
    for n, vcpu in enumerate(vm.callers):
        caller = Caller(plan, n, seed, focus=CLOSE if owner.keeps_to_one else USUALLY)
        if owner.keeps_to_one:
            caller.table = TAKES_VPA_AWAY
        arguments = (caller, vcpu, everybody, 0 if takes_memory else parameters.calls)
        threads.append(racer.Thread(target=make_calls, args=arguments, name=vcpu.name))
    threads.append(racer.Thread(target=owner.run, args=(3 if owner.keeps_to_one else 2,), name="userspace"))
    run_together(threads)
    vm.finish(mappings_changed=takes_memory)


def build(scheme: "Callable[[], Scheme]", parameters: Parameters) -> Callable[[], None]:
    """Return the test body."""
    return lambda: play(scheme(), parameters)


DEADLOCK = frozenset({"deadlock"})
WORKLOAD = Workload(
    name="one-reg",
    summary="Userspace saves, restores and clears areas of vcpus by ONE_REG while hypercalls change them.",
    build=build,
    defaults=Parameters(vcpus=2, registrars=1, entries=1, calls=4),
    expected={
        "unpinned": DEADLOCK,
        "immediate": DEADLOCK,
        "seed": DEADLOCK,
        "seed-logged": DEADLOCK,
        "dropped-locks": DEADLOCK,
        "snapshot": DEADLOCK | {"return-code", "last-request"},
        "late-joiners": DEADLOCK | {"return-code", "last-request"},
        "dirty-tracking": DEADLOCK | {"return-code", "last-request"},
        "own-task": DEADLOCK | {"return-code", "last-request"},
        "single-vcpu": frozenset({"return-code", "last-request"}),
        "nested": frozenset({"return-code", "last-request"}),
        "deferred": CLEAN,
        "always-locked": CLEAN,
    },
    allowed=with_kinds(),
    raced=RACED,
    # D3 and D4 show in about 10 of 1000 each.
    executions=1500,
)
