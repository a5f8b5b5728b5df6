"""cede-prod: vcpus sleep with H_CEDE, wake each other with H_PROD and look at each other with H_CONFER."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import racer
from racer.kvm.hcalls import kvmppc_h_cede
from racer.kvm.papr import H_CONFER, H_PROD
from racer.kvm.vcpu import LEAVE, Exit, Vcpu
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


class RingGuest(PlainGuest):
    """A guest that hands one token round all vcpus: it cedes until it has it, leaves it to the next and prods that one.

    As in any guest, the token is what counts and a prod is only a wake-up: H_CEDE may return for no reason. With a
    right H_PROD this ends.
    """

    def __init__(self, rounds: int, seed: int, tokens: "list[racer.Atomic[int]]", me: int, next_id: int) -> None:
        super().__init__(rounds, seed)
        self.mine = tokens[me]
        self.after = tokens[(me + 1) % len(tokens)]
        self.next_id = next_id
        self.confers = 1

    def run(self, vcpu: Vcpu) -> Exit | None:
        """Cede for the token, hand it on, or leave."""
        if self.left == 0:
            return LEAVE
        if not self.mine.load():
            kvmppc_h_cede(vcpu)
            return None
        if self.confers and self.random.below(2):
            self.confers -= 1
            return Exit(H_CONFER, (self.next_id, 2))
        self.left -= 1
        self.mine.store(0)
        self.after.store(1)
        return Exit(H_PROD, (self.next_id,))


def play(scheme: "Scheme", parameters: Parameters) -> None:
    """Run the ring once; a registrar changes the vcpus' areas meanwhile."""
    seed = racer.choose(SEEDS)
    names = [f"registrar{n}" for n in range(parameters.registrars)]
    vm = Vm(scheme, parameters.vcpus, threads_per_core=2, callers=names)
    plan = AreaPlan(vm, max(parameters.registrars, 1))
    start_with(vm, plan, seed)
    vm.switch_on()
    everybody = range(parameters.vcpus)
    ids = [vcpu.vcpu_id for vcpu in vm.runners]
    tokens: list[racer.Atomic[int]] = [racer.Atomic(int(n == 0), name=f"token of vcpu{n}") for n in everybody]
    tasks = []
    for n, vcpu in enumerate(vm.runners):
        next_id = ids[(n + 1) % parameters.vcpus]
        guest = RingGuest(parameters.entries, guests_seed(seed, n), tokens, n, next_id)
        tasks.append(vm.task(vcpu, guest))
    registrars = [
        racer.Thread(target=Caller(plan, n, seed).make, args=(vcpu, everybody, parameters.calls), name=vcpu.name)
        for n, vcpu in enumerate(vm.callers)
    ]
    run_together(tasks + registrars)
    vm.finish()


def build(scheme: "Callable[[], Scheme]", parameters: Parameters) -> Callable[[], None]:
    """Return the test body."""
    return lambda: play(scheme(), parameters)


WORKLOAD = Workload(
    name="cede-prod",
    summary="vcpus sleep with H_CEDE, wake each other with H_PROD and look at each other's VPA with H_CONFER.",
    build=build,
    defaults=Parameters(vcpus=3, registrars=1, entries=1, calls=4),
    expected={
        "immediate": frozenset({"deadlock"}),
        "seed": frozenset({"deadlock", "atomic-sleep"}),
        "deferred": CLEAN,
        "always-locked": CLEAN,
    },
    allowed=BROKEN_MAY_SHOW,
    raced="ceded",
)
