"""Verification against every interleaving of a small piece of the model, enumerated without any reduction."""

from collections.abc import Callable, Hashable
from typing import NamedTuple

import pytest

import racer
from racer.kvm import judges
from racer.kvm.layout import LENGTH_HWORD, LENGTH_WORD
from racer.kvm.memory import PAGE_SIZE
from racer.kvm.papr import H_REGISTER_VPA, H_VPA_DEREG_SLB, H_VPA_REG_SLB, H_VPA_REG_VPA, flags_word
from racer.kvm.schemes import Deferred, by_name
from racer.kvm.schemes.deferred import vpa_update_pending
from racer.kvm.vm import Vm
from tests.stress.unreduced import every_interleaving

BASE = 0x1000


def machine(scheme: str) -> Vm:
    """A vcpu that has a VPA and an SLB shadow in use, and a registrar."""
    vm = Vm(by_name(scheme)(), 1, threads_per_core=1, callers=["registrar0"], orders_calls=False)
    vm.memory.add_memslot(BASE, 2)
    (vcpu,) = vm.runners
    for page, (subfunc, member) in enumerate(((H_VPA_REG_VPA, LENGTH_HWORD), (H_VPA_REG_SLB, LENGTH_WORD))):
        gpa = BASE + page * PAGE_SIZE
        vm.memory.poke(gpa, member, 1024)
        vm.hcall(vcpu, H_REGISTER_VPA, flags_word(subfunc), vcpu.vcpu_id, gpa)
    apply(vm)
    return vm


def apply(vm: Vm) -> None:
    """Apply what waits, in the scheme in which anything waits."""
    (vcpu,) = vm.runners
    if isinstance(vm.scheme, Deferred) and vpa_update_pending(vcpu):
        vm.scheme.kvmppc_update_vpas(vcpu)


def against_a_deregistration(scheme: str, use: Callable[[Vm], None], seen: set[Hashable]) -> Callable[[], None]:
    """The core of a race: a vcpu uses its areas while another unregisters the SLB shadow.

    Each execution adds to `seen` what came of it: the areas, and all memory.
    """

    def body() -> None:
        vm = machine(scheme)
        call = (vm.callers[0], H_REGISTER_VPA, flags_word(H_VPA_DEREG_SLB), vm.runners[0].vcpu_id, 0)
        threads = [
            racer.Thread(target=use, args=(vm,), name="vcpu0"),
            racer.Thread(target=vm.hcall, args=call, name="registrar0"),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seen.add(outcome(vm))

    return body


def enter(vm: Vm) -> None:
    apply(vm)
    vm.scheme.machine_check(vm.runners[0])


def enter_twice(vm: Vm) -> None:
    enter(vm)
    enter(vm)


def be_judged(vm: Vm) -> None:
    judges.entered(vm.runners[0])


def outcome(vm: Vm) -> Hashable:
    areas = [(area.update_pending, area.next_gpa, repr(area.pinned_addr)) for area in vm.runners[0].areas]
    frames = [(frame.refs, frame.owner, bytes(frame.data)) for frame in vm.host.frames]
    return tuple(areas), tuple(frames)


class Case(NamedTuple):
    """What the vcpu does, the interleavings there are without reduction, and the kinds found in them."""

    scheme: str
    use: Callable[[Vm], None]
    interleavings: int
    kinds: set[str]


CASES = {
    "immediate": Case("immediate", enter_twice, 3_002, {"stale-pointer"}),
    "deferred": Case("deferred", enter, 6_294, set()),
    "always-locked": Case("always-locked", enter_twice, 935, set()),
    # What a judge looks at is an operation like any other, or it would find one thing here and another there.
    "a judge": Case("immediate", be_judged, 461, set()),
}


@pytest.mark.parametrize("name", CASES)
def test_verify_shows_what_every_interleaving_shows(name: str) -> None:
    case = CASES[name]
    reduced: set[Hashable] = set()
    result = racer.verify(against_a_deregistration(case.scheme, case.use, reduced), keep_going=True)
    every: set[Hashable] = set()
    enumerated = every_interleaving(against_a_deregistration(case.scheme, case.use, every))
    assert enumerated.taken == case.interleavings
    assert reduced == every
    assert {finding.signature for finding in result.findings} == enumerated.found
    assert {finding.kind for finding in result.findings} == case.kinds
    assert (result.executions, result.redundant, result.exhausted) == (len(enumerated.classes), 0, True)
