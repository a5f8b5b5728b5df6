"""Verification against every interleaving of a small piece of the model, enumerated without any reduction."""

from collections.abc import Callable, Hashable

import pytest

import racer
from racer.kvm.layout import LENGTH_HWORD, LENGTH_WORD
from racer.kvm.memory import PAGE_SIZE
from racer.kvm.papr import H_REGISTER_VPA, H_VPA_DEREG_SLB, H_VPA_REG_SLB, H_VPA_REG_VPA, flags_word
from racer.kvm.schemes import Deferred, by_name
from racer.kvm.schemes.deferred import vpa_update_pending
from racer.kvm.vm import Vm
from tests.stress.unreduced import every_interleaving

BASE = 0x1000


def entries_against_a_deregistration(scheme: str, entries: int, seen: set[Hashable]) -> Callable[[], None]:
    """The core of a race: a vcpu applies what waits and uses its SLB shadow, so often, while another unregisters it.

    Each execution adds to `seen` what came of it: what was found, the areas, and all memory.
    """

    def body() -> None:
        vm = Vm(by_name(scheme)(), 1, threads_per_core=1, callers=["registrar0"])
        vm.memory.add_memslot(BASE, 2)
        (vcpu,) = vm.runners
        for page, (subfunc, member) in enumerate(((H_VPA_REG_VPA, LENGTH_HWORD), (H_VPA_REG_SLB, LENGTH_WORD))):
            gpa = BASE + page * PAGE_SIZE
            vm.memory.poke(gpa, member, 1024)
            vm.hcall(vcpu, H_REGISTER_VPA, flags_word(subfunc), vcpu.vcpu_id, gpa)

        def apply() -> None:
            if isinstance(vm.scheme, Deferred) and vpa_update_pending(vcpu):
                vm.scheme.kvmppc_update_vpas(vcpu)

        def enter() -> None:
            for _ in range(entries):
                apply()
                vm.scheme.machine_check(vcpu)

        def unregister() -> None:
            vm.hcall(vm.callers[0], H_REGISTER_VPA, flags_word(H_VPA_DEREG_SLB), vcpu.vcpu_id, 0)

        apply()
        threads = [racer.Thread(target=enter, name="vcpu0"), racer.Thread(target=unregister, name="registrar0")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seen.add(outcome(vm))

    return body


def outcome(vm: Vm) -> Hashable:
    areas = [(area.update_pending, area.next_gpa, repr(area.pinned_addr)) for area in vm.runners[0].areas]
    frames = [(frame.refs, frame.owner, bytes(frame.data)) for frame in vm.host.frames]
    return tuple(areas), tuple(frames)


# Entries, interleavings without reduction, and the kinds found in them.
CASES: dict[str, tuple[int, int, set[str]]] = {
    "immediate": (2, 3_002, {"stale-pointer"}),
    "deferred": (1, 6_294, set()),
    "always-locked": (2, 677, set()),
}


@pytest.mark.parametrize("scheme", CASES)
def test_verify_shows_what_every_interleaving_shows(scheme: str) -> None:
    entries, interleavings, kinds = CASES[scheme]
    reduced: set[Hashable] = set()
    result = racer.verify(entries_against_a_deregistration(scheme, entries, reduced), keep_going=True)
    every: set[Hashable] = set()
    enumerated = every_interleaving(entries_against_a_deregistration(scheme, entries, every))
    assert enumerated.taken == interleavings
    assert reduced == every
    assert {finding.signature for finding in result.findings} == enumerated.found
    assert {finding.kind for finding in result.findings} == kinds
    assert (result.executions, result.redundant, result.exhausted) == (len(enumerated.classes), 0, True)
