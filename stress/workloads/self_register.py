"""self-register: every vcpu registers and unregisters its own areas between its guest entries."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import racer
from racer.kvm.papr import H_REGISTER_VPA
from racer.kvm.vcpu import Exit, Vcpu
from racer.kvm.vm import Vm
from stress.workload import CLEAN, Parameters, Workload
from stress.workloads.calls import BROKEN_MAY_SHOW, SEEDS, AreaPlan, Caller, PlainGuest, guests_seed, run_together

if TYPE_CHECKING:
    from racer.kvm.schemes.base import Scheme

RACED = "calls-beside-guest"


class SelfRegisteringGuest(PlainGuest):
    """A guest that leaves for calls about its own areas, and for interrupts."""

    def __init__(self, stays: int, seed: int, caller: Caller, me: int, calls: int) -> None:
        super().__init__(stays, seed)
        self.caller = caller
        self.me = me
        self.calls = calls
        self.beside = [vcpu for n, vcpu in enumerate(caller.vm.runners) if n != me]

    def next_exit(self, vcpu: Vcpu) -> Exit | None:
        """Make the next call, if there is one left."""
        del vcpu
        if not self.calls or self.random.below(4) == 0:
            return None
        self.calls -= 1
        self.left += 1
        ask = self.caller.draw([self.me])
        self.caller.prepare(ask)
        return Exit(H_REGISTER_VPA, (ask.flags, ask.target, ask.gpa), wrote=ask.wrote)

    def returned(self, code: int) -> None:
        """Note whether another vcpu was in the guest meanwhile."""
        del code
        if any(vcpu.between_bumps for vcpu in self.beside):
            racer.count(RACED)


def play(scheme: "Scheme", parameters: Parameters) -> None:
    """Run the vcpus against each other once."""
    seed = racer.choose(SEEDS)
    vm = Vm(scheme, parameters.vcpus, threads_per_core=2)
    plan = AreaPlan(vm, 1)
    vm.switch_on()
    tasks = []
    for n, vcpu in enumerate(vm.runners):
        # A vcpu's own areas and its own draws.
        caller = Caller(plan, 0, seed + n)
        guest = SelfRegisteringGuest(parameters.entries, guests_seed(seed, n), caller, n, parameters.calls)
        tasks.append(vm.task(vcpu, guest))
    run_together(tasks)
    vm.finish()


def build(scheme: "Callable[[], Scheme]", parameters: Parameters) -> Callable[[], None]:
    """Return the test body."""
    return lambda: play(scheme(), parameters)


WORKLOAD = Workload(
    name="self-register",
    summary="Every vcpu registers and unregisters its own areas between its guest entries, beside others of its vcore.",
    build=build,
    defaults=Parameters(vcpus=3, registrars=0, entries=2, calls=3),
    expected={
        "immediate": CLEAN,
        "seed": frozenset({"atomic-sleep", "null-pointer"}),
        "deferred": CLEAN,
        "always-locked": CLEAN,
    },
    allowed=BROKEN_MAY_SHOW,
    raced=RACED,
)
