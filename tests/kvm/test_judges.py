"""What the judges say, and what they must never say: one row a scene."""

from collections.abc import Callable

import pytest

import racer
from racer.kvm import userspace
from racer.kvm.layout import YIELD_COUNT
from racer.kvm.papr import H_CONFER, H_PROD, H_SUCCESS
from racer.kvm.papr import H_VPA_DEREG_SLB as NOT_SLB
from racer.kvm.papr import H_VPA_DEREG_VPA as NOT_VPA
from racer.kvm.papr import H_VPA_REG_DTL as DTL
from racer.kvm.papr import H_VPA_REG_SLB as SLB
from racer.kvm.papr import H_VPA_REG_VPA as VPA
from racer.kvm.pointer import HostPointer
from racer.kvm.schemes import SCHEMES, Deferred
from racer.kvm.vcpu import LEAVE, Exit, Vcpu
from racer.kvm.vm import Vm, kvmppc_vcpu_run
from tests.kvm.running import clean, kinds, register

BASE = 0x10000
CLEAN: frozenset[str] = frozenset()


class Script:
    """A guest whose stays are functions; after the last one it leaves."""

    def __init__(self, *stays: Callable[[Vcpu], Exit | None]) -> None:
        self.stays = list(stays)

    def run(self, vcpu: Vcpu) -> Exit | None:
        return self.stays.pop(0)(vcpu) if self.stays else LEAVE

    def returned(self, code: int) -> None:
        assert code == H_SUCCESS


def machine(scheme: type[Deferred] = Deferred, vcpus: int = 1) -> Vm:
    vm = Vm(scheme(), vcpus, threads_per_core=1, callers=["caller"])
    vm.memory.add_memslot(BASE, 4)
    return vm


def entered_while(*asked: tuple[int, int, int | None]) -> Callable[[], None]:
    """The vcpu has a VPA and is in the guest; meanwhile another one makes these calls for it."""

    def body() -> None:
        vm = machine()
        (vcpu,) = vm.runners
        register(vm, vcpu, 0, VPA, BASE, 1024)
        vm.one_more_entry()

        def meanwhile(_: Vcpu) -> None:
            for call in asked:
                register(vm, vm.callers[0], 0, *call)

        kvmppc_vcpu_run(vcpu, Script(meanwhile))
        vm.finish()

    return body


def huge_area() -> None:
    vm = Vm(Deferred(), 1, threads_per_core=1)
    vm.memory.add_memslot(BASE, 2, huge=2)
    register(vm, vm.runners[0], 0, VPA, BASE + 0xF00, 1024)
    vm.one_more_entry()
    vm.finish()


def unmapped(case: int) -> None:
    vm = machine()
    (vcpu,) = vm.runners
    register(vm, vcpu, 0, VPA, BASE, 1024)
    if case == 2:
        register(vm, vcpu, 0, DTL, BASE + 0x1000, 96)
    if case == 0:
        vm.one_more_entry()
    userspace.unmap(vm.memory, vm.memory.pages[0])
    vm.one_more_entry()
    vm.finish(mappings_changed=True)


def overlapping() -> None:
    vm = machine(vcpus=2)
    for vcpu in vm.runners:
        register(vm, vcpu, vcpu.vcpu_id, VPA, BASE, 1024)
    vm.one_more_entry()
    vm.one_more_entry()
    vm.finish()


def late_requests() -> None:
    vm = machine()
    register(vm, vm.callers[0], 0, VPA, BASE, 1024)
    register(vm, vm.callers[0], 0, SLB, BASE + 0x400, 64)
    vm.finish(quiesce=False)


NEVER_FINDINGS = (
    ("D1: the old area is written until the next entry", entered_while((NOT_VPA, 0, None))),
    ("the last request before the entry wins", entered_while((VPA, BASE + 0x400, 1024), (VPA, BASE + 0x800, 1024))),
    ("D6: registered, gone and registered again", entered_while((NOT_VPA, 0, None), (VPA, BASE, 1024))),
    ("D7: a request that comes during the entry", entered_while((VPA, BASE + 0x400, 1024))),
    ("D8: an area across 4 KiB of a huge page", huge_area),
    ("D5: the page is unmapped under the pin", lambda: unmapped(0)),
    ("D2: the page is gone when the request is applied", lambda: unmapped(1)),
    ("D2: a DTL is left without its VPA", lambda: unmapped(2)),
    ("two areas over each other", overlapping),
    ("requests that are never applied", late_requests),
)


@pytest.mark.parametrize(("name", "scene"), NEVER_FINDINGS, ids=[row[0].replace(" ", "-") for row in NEVER_FINDINGS])
def test_what_is_never_a_finding_is_none(name: str, scene: Callable[[], None]) -> None:
    clean(scene)


class NeverApplies(Deferred):
    def kvmppc_update_vpas(self, vcpu: Vcpu) -> None:
        pass


class ForgetsPins(Deferred):
    def kvmppc_core_vcpu_free(self, vcpu: Vcpu) -> None:
        pass


class RefusesAll(Deferred):
    def do_h_register_vpa(self, vcpu: Vcpu, flags: int, vcpuid: int, vpa: int) -> int:
        return -16


class LogsNothing(Deferred):
    logs_dispatches = True

    def kvmppc_run_core(self, vc) -> None:  # type: ignore[no-untyped-def]
        super(Deferred, self).kvmppc_run_core(vc)


def used(vm: Vm) -> None:
    (vcpu,) = vm.runners
    register(vm, vcpu, 0, VPA, BASE, 1024)
    register(vm, vcpu, 0, SLB, BASE + 0x400, 64)
    vm.one_more_entry()
    vm.finish()


def index_ahead(vm: Vm) -> None:
    (vcpu,) = vm.runners
    register(vm, vcpu, 0, VPA, BASE, 1024)
    register(vm, vcpu, 0, DTL, BASE + 0x400, 96)
    vm.one_more_entry()
    vcpu.dtl_index = 5
    vm.finish()


def log_outside(vm: Vm) -> None:
    (vcpu,) = vm.runners
    register(vm, vcpu, 0, VPA, BASE, 1024)
    register(vm, vcpu, 0, DTL, BASE + 0x400, 96)
    vm.one_more_entry()
    at = vcpu.dtl_ptr
    assert isinstance(at, HostPointer)
    vcpu.dtl_ptr = at + 960
    vm.finish()


def wrong_parity(vm: Vm) -> None:
    (vcpu,) = vm.runners
    register(vm, vcpu, 0, VPA, BASE, 1024)
    vm.one_more_entry()
    vm.memory.guest_store(BASE, YIELD_COUNT, 2)
    vm.finish()


def dependency(vm: Vm) -> None:
    (vcpu,) = vm.runners
    register(vm, vcpu, 0, VPA, BASE, 1024)
    register(vm, vcpu, 0, SLB, BASE + 0x400, 64)
    vm.one_more_entry()
    with vcpu.vpa_update_lock:
        vcpu.vpa.next_gpa = 0
        vcpu.vpa.update_pending = 1
    vm.finish()


FINDINGS = (
    ("requests are never applied", NeverApplies, used, {"stale-areas", "last-request"}),
    ("pins are never given back", ForgetsPins, used, {"pin-imbalance"}),
    ("right calls are refused", RefusesAll, used, {"return-code"}),
    ("dispatches are not logged", LogsNothing, used, {"dispatch-not-logged"}),
    ("dtl_idx runs ahead", Deferred, index_ahead, {"dtl-bounds"}),
    ("dtl_ptr leaves the log", Deferred, log_outside, {"dtl-bounds"}),
    ("yield_count is even outside the guest", Deferred, wrong_parity, {"yield-count-parity"}),
    ("an SLB shadow without a VPA", Deferred, dependency, {"area-dependency", "last-request"}),
)


@pytest.mark.parametrize(
    ("name", "scheme", "scene", "kind"), FINDINGS, ids=[row[0].replace(" ", "-") for row in FINDINGS]
)
def test_what_is_a_finding_is_one(
    name: str, scheme: type[Deferred], scene: Callable[[Vm], None], kind: set[str]
) -> None:
    assert kinds(lambda: scene(machine(scheme))) == kind


def test_an_unexplained_order_is_told_from_one_that_another_order_explains() -> None:
    def body() -> None:
        vm = machine()
        register(vm, vm.callers[0], 0, VPA, BASE, 1024)

        def ask(*call: int) -> None:
            register(vm, vm.runners[0], 0, *call)

        others = [racer.Thread(target=ask, args=call) for call in ((SLB, BASE + 0x400, 64), (NOT_VPA,), (NOT_SLB,))]
        for thread in others:
            thread.start()
        for thread in others:
            thread.join()
        vm.finish()

    clean(body, executions=200)


@pytest.mark.parametrize("scheme", ["deferred", "always-locked"])
def test_h_confer_and_h_prod_answer_for_vcpus_that_are_there(scheme: str) -> None:
    def body() -> None:
        vm = Vm(SCHEMES[scheme](), 2)
        caller = vm.vcpus[0]
        assert vm.hcall(caller, H_CONFER, 1, 0) == H_SUCCESS
        assert vm.hcall(caller, H_PROD, 1) == H_SUCCESS
        assert vm.hcall(caller, H_CONFER, 9, 0) == -4
        assert vm.hcall(caller, H_PROD, 9) == -4
        assert vm.hcall(caller, 0x123) == -2

    clean(body)
