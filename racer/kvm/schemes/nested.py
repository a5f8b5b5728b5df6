"""The scheme `nested`: Linux v6.8 with nested v2 (the series "KVM: PPC: Nested APIv2", 2023-12, patch 10 of 12).

An outer hypervisor keeps the yield_count and has to be told where the VPA lies. The update does not unpin what was
there: first the outer hypervisor forgets it, then it is unpinned; the new VPA is initialised, and only then told. All
under vpa_update_lock. When a vcpu is freed, the VPA is unpinned first, and the outer hypervisor is told last (D9). The
log has stolen time again (2022: B14).
"""

from typing import NamedTuple

from racer.kvm.areas import KvmppcVpa, init_vpa
from racer.kvm.guest_memory import UnsignedLong, kvmppc_pin_guest_page, kvmppc_unpin_guest_page
from racer.kvm.nested import OuterVcpu
from racer.kvm.pointer import NULL, Pointer
from racer.kvm.schemes.seed import vpa_update_pending
from racer.kvm.schemes.single_vcpu import SingleVcpu
from racer.kvm.stolen_time import OneCounter, StolenTime
from racer.kvm.vcpu import Vcpu
from racer.kvm.vm import Vm


class OldVpa(NamedTuple):
    """What an area was before an update."""

    pinned_addr: Pointer
    gpa: int
    dirty: int


def outer_of(vcpu: Vcpu) -> OuterVcpu:
    """Return what the outer hypervisor knows of a vcpu."""
    assert vcpu.outer is not None
    return vcpu.outer


class Nested(SingleVcpu):
    """S7."""

    stolen_time: type[StolenTime] = OneCounter  # B14
    bugs = SingleVcpu.bugs - {"B14"} | {"D9"}

    def new_vcpu(self, kvm: Vm, vcpu_id: int, name: str) -> Vcpu:
        """Return a vcpu that the outer hypervisor knows."""
        vcpu = Vcpu(kvm, vcpu_id, name)
        vcpu.outer = OuterVcpu(vcpu)
        return vcpu

    def exchange_vpa(self, vcpu: Vcpu, vpap: KvmppcVpa) -> OldVpa:
        """Apply one request; return what was there, still pinned. Called with vpa_update_lock held; drops it to pin."""
        kvm = vcpu.kvm.memory
        while True:
            gpa = vpap.next_gpa
            vcpu.vpa_update_lock.release()
            va: Pointer = NULL
            nb = UnsignedLong(0)
            if gpa:
                va = kvmppc_pin_guest_page(kvm, gpa, nb, vpap.label)
            vcpu.vpa_update_lock.acquire()
            if gpa == vpap.next_gpa:
                break
            # asked for something else meanwhile: let go of this page and try again
            if va:
                kvmppc_unpin_guest_page(kvm, va)

        vpap.update_pending = 0
        if va and nb.value < vpap.len:
            # only userspace asks for an area that does not end with its page; it is dropped
            kvmppc_unpin_guest_page(kvm, va)
            va = NULL
        old = OldVpa(vpap.pinned_addr, vpap.gpa, vpap.dirty)
        vpap.gpa = gpa
        vpap.dirty = 0
        vpap.pinned_addr = va
        if va:
            vpap.pinned_end = va + vpap.len
        return old

    def kvmppc_update_vpa(self, vcpu: Vcpu, vpap: KvmppcVpa) -> None:
        """Apply one request for an area that the outer hypervisor does not know of."""
        old = self.exchange_vpa(vcpu, vpap)
        if old.pinned_addr:
            kvmppc_unpin_guest_page(vcpu.kvm.memory, old.pinned_addr, old.gpa, dirty=old.dirty)

    def kvmppc_update_vpas(self, vcpu: Vcpu) -> None:
        """Apply every request that waits for a vcpu. Called by its own task."""
        if not vpa_update_pending(vcpu):
            return
        outer = outer_of(vcpu)
        vcpu.vpa_update_lock.acquire()
        if vcpu.vpa.update_pending:
            old = self.exchange_vpa(vcpu, vcpu.vpa)
            if old.pinned_addr:
                outer.kvmhv_nestedv2_set_vpa(NULL)
                kvmppc_unpin_guest_page(vcpu.kvm.memory, old.pinned_addr, old.gpa, dirty=old.dirty)
            if vcpu.vpa.pinned_addr:
                init_vpa(vcpu.vpa.pinned_addr)
                outer.kvmhv_nestedv2_set_vpa(vcpu.vpa.pinned_addr)
        if vcpu.dtl.update_pending:
            self.kvmppc_update_vpa(vcpu, vcpu.dtl)
            vcpu.dtl_ptr = vcpu.dtl.pinned_addr
            vcpu.dtl_index = 0
        if vcpu.slb_shadow.update_pending:
            self.kvmppc_update_vpa(vcpu, vcpu.slb_shadow)
        vcpu.vpa_update_lock.release()

    def bump_on_entry(self, vcpu: Vcpu) -> None:
        """Let the outer hypervisor make the yield_count even."""
        outer_of(vcpu).bump_on_entry(vcpu)

    def leave_guest(self, vcpu: Vcpu) -> None:
        """Let the outer hypervisor make the yield_count odd."""
        outer_of(vcpu).leave_guest(vcpu)

    def kvmppc_core_vcpu_free(self, vcpu: Vcpu) -> None:
        """Unpin what the vcpu still has, and only then have the outer hypervisor forget it (D9)."""
        super().kvmppc_core_vcpu_free(vcpu)
        outer_of(vcpu).kvmhv_nestedv2_vcpu_free()
