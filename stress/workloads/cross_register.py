"""cross-register: registrars register and unregister all three areas of vcpus that enter and leave the guest."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import racer
from racer.kvm.papr import H_CONFER
from racer.kvm.vcpu import Exit, Vcpu
from racer.kvm.vm import Vm
from stress.workload import CLEAN, Parameters, Workload
from stress.workloads.calls import (
    AT_ODDS,
    BROKEN_MAY_SHOW,
    CLOSE,
    MOMENTS,
    SEEDS,
    SHORT_MOMENTS,
    AreaPlan,
    Caller,
    PlainGuest,
    focus_of,
    guests_seed,
    run_together,
    start_with,
)

if TYPE_CHECKING:
    from racer.kvm.schemes.base import Scheme


class ConferringGuest(PlainGuest):
    """A guest that now and then leaves for H_CONFER, and so comes back through kvmppc_run_vcpu."""

    def next_exit(self, vcpu: Vcpu) -> Exit | None:
        """Confer to any vcpu, or be interrupted."""
        if self.random.below(3):
            return None
        others = vcpu.kvm.runners
        return Exit(H_CONFER, (others[self.random.below(len(others))].vcpu_id, 1))


def play(scheme: "Scheme", parameters: Parameters) -> None:
    """Run vcpus and registrars against each other once.

    In some executions the registrars ask for one area of one vcpu over and over; where they are at odds over it that
    vcpu runs alone.
    """
    seed = racer.choose(SEEDS)
    focus = focus_of(seed)
    times = 2 if focus == CLOSE else 1
    names = [f"registrar{n}" for n in range(parameters.registrars)]
    vm = Vm(scheme, parameters.vcpus, threads_per_core=2, callers=names)
    plan = AreaPlan(vm, max(parameters.registrars, 1))
    start_with(vm, plan, seed)
    vm.switch_on()
    everybody = range(parameters.vcpus)
    threads = []
    for n in everybody[-1:] if focus == AT_ODDS else everybody:
        moments = SHORT_MOMENTS if focus else MOMENTS
        guest = ConferringGuest(parameters.entries * times, guests_seed(seed, n), moments)
        threads.append(vm.task(vm.runners[n], guest))
    for n, vcpu in enumerate(vm.callers):
        caller = Caller(plan, n, seed, focus=focus)
        # few when at odds: a request that comes later hides what became of one before
        calls = (parameters.calls + 1) // 2 if focus == AT_ODDS else parameters.calls * times
        arguments = (vcpu, everybody, calls)
        threads.append(racer.Thread(target=caller.make, args=arguments, name=vcpu.name))
    run_together(threads)
    vm.finish()


def shown(scheme: "type[Scheme]") -> tuple[str, ...]:
    """Ask for vcpus that join a core which is in the guest already, where vcpus share one."""
    return ("late-joins",) if scheme.shares_vcores else ()


def build(scheme: "Callable[[], Scheme]", parameters: Parameters) -> Callable[[], None]:
    """Return the test body."""
    return lambda: play(scheme(), parameters)


WORKLOAD = Workload(
    name="cross-register",
    summary="Registrars register and unregister all three areas of vcpus that enter and leave the guest meanwhile.",
    build=build,
    defaults=Parameters(vcpus=2, registrars=2, entries=3, calls=6),
    expected={
        "immediate": frozenset({"stale-pointer"}),
        "seed": frozenset({"atomic-sleep", "null-pointer", "stale-pointer", "stale-areas"}),
        "deferred": CLEAN,
        "always-locked": CLEAN,
    },
    allowed=BROKEN_MAY_SHOW,
    raced="calls-in-guest",
    shown=shown,
    executions=2000,
)
