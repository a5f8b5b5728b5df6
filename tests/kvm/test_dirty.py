"""Every way to lose a write of the host's on its way into the dirty log is caught by the workload dirty-log."""

import pytest

import racer
from racer.kvm.areas import KvmppcVpa
from racer.kvm.dirty import copy_dirty_pages, start_dirty_log
from racer.kvm.guest_memory import Memslot
from racer.kvm.layout import YIELD_COUNT
from racer.kvm.papr import H_VPA_DEREG_VPA, H_VPA_REG_VPA
from racer.kvm.pointer import HostPointer
from racer.kvm.schemes import Deferred
from racer.kvm.vcpu import Vcpu
from racer.kvm.vm import Vm
from stress import workloads
from tests.kvm.breakages import Breakage
from tests.kvm.running import clean, register
from tests.kvm.test_broken_deferred import broken, name

EXECUTIONS = 600
OLD_PAGE = "kvmppc_unpin_guest_page(kvm, vpap.pinned_addr, vpap.gpa, dirty=vpap.dirty)"
COMMENT = "            # the page of the old area gets"
LOG = "        for vcpu in vcpus:\n            kvmppc_create_dtl_entry(vcpu)\n"

BREAKAGES = (
    Breakage("the old page is unpinned without its flag", OLD_PAGE, "kvmppc_unpin_guest_page(kvm, vpap.pinned_addr)"),
    Breakage("the next page gets the old one's mark", OLD_PAGE, OLD_PAGE.replace("vpap.gpa", "vpap.next_gpa")),
    Breakage("the flag is cleared too soon", COMMENT, "            vpap.dirty = 0\n" + COMMENT),
    Breakage("gpa is not kept up", "        vpap.gpa = gpa\n", ""),
    Breakage("the flag is cleared when the area is in use", LOG, LOG + "            vcpu.dtl.dirty = 0\n"),
)  # fmt: skip


class FlagThenData(Deferred):
    def bump_on_entry(self, vcpu: Vcpu) -> None:
        self.bump(vcpu)

    def leave_guest(self, vcpu: Vcpu) -> None:
        self.bump(vcpu)

    def bump(self, vcpu: Vcpu) -> None:
        vpa = vcpu.vpa.pinned_addr
        if vpa:
            vcpu.vpa.dirty = 1
            vpa.store(YIELD_COUNT, vpa.load(YIELD_COUNT) + 1)


class SetsNoFlag(FlagThenData):
    def bump(self, vcpu: Vcpu) -> None:
        vpa = vcpu.vpa.pinned_addr
        if vpa:
            vpa.store(YIELD_COUNT, vpa.load(YIELD_COUNT) + 1)


class ClearsInEverySlot(Deferred):
    def kvmppc_harvest_vpa_dirty(self, vpap: KvmppcVpa, slot: Memslot, found: set[int]) -> None:
        super().kvmppc_harvest_vpa_dirty(vpap, slot, found)
        vpap.dirty = 0


class ClearsAfterCollecting(Deferred):
    def kvmppc_harvest_vpa_dirty(self, vpap: KvmppcVpa, slot: Memslot, found: set[int]) -> None:
        before = vpap.dirty
        super().kvmppc_harvest_vpa_dirty(vpap, slot, found)
        if before:
            vpap.dirty = 0


def caught(scheme: type[Deferred]) -> set[str]:
    workload = workloads.by_name("dirty-log")
    result = racer.explore(workload.build(scheme, workload.defaults), executions=EXECUTIONS, seed=1, strategy="pct:3")
    return {finding.kind for finding in result.findings}


@pytest.mark.parametrize("breakage", BREAKAGES, ids=name)
def test_a_broken_update_loses_a_write(breakage: Breakage) -> None:
    assert caught(broken(breakage)) == {"lost-dirty"}


@pytest.mark.parametrize("scheme", [FlagThenData, SetsNoFlag, ClearsInEverySlot, ClearsAfterCollecting])
def test_a_broken_flag_loses_a_write(scheme: type[Deferred]) -> None:
    assert caught(scheme) == {"lost-dirty"}


def test_a_page_is_told_once_and_again_only_after_another_write() -> None:
    def body() -> None:
        vm = Vm(Deferred(), 1, threads_per_core=1)
        slot = vm.memory.add_memslot(0x10000, 2)
        start_dirty_log(vm)
        (vcpu,) = vm.runners
        register(vm, vcpu, 0, H_VPA_REG_VPA, 0x11000, 1024)
        vm.one_more_entry()
        assert copy_dirty_pages(vm, slot) == 1
        assert copy_dirty_pages(vm, slot) == 0
        vm.one_more_entry()
        assert copy_dirty_pages(vm, slot) == 1
        vm.one_more_entry()
        register(vm, vcpu, 0, H_VPA_DEREG_VPA)
        vm.one_more_entry()
        assert copy_dirty_pages(vm, slot) == 1
        assert not isinstance(vcpu.vpa.pinned_addr, HostPointer)
        vm.finish()

    clean(body)
