"""The scheme `dirty-tracking`: Linux v3.10 (c35635ef, "Report VPA and DTL modifications in dirty map").

An area knows the guest address it was pinned at and whether the host has written to it since that was last told to
userspace (B7). It has to lie within one host page, whatever the size of the page that backs it. Without a word in its
message the commit also pins the address that was sampled, not next_gpa read again (C1).
"""

from racer.kvm.areas import KvmppcVpa
from racer.kvm.guest_memory import GuestMemory, UnsignedLong, kvmppc_pin_guest_page, kvmppc_unpin_guest_page
from racer.kvm.memory import HostMemory
from racer.kvm.pointer import NULL, Pointer
from racer.kvm.schemes.late_joiners import LateJoiners
from racer.kvm.stolen_time import Locked, StolenTime
from racer.kvm.vcpu import Vcpu


class DirtyTracking(LateJoiners):
    """S4c."""

    tracks_dirty = True  # B7
    stolen_time: type[StolenTime] = Locked  # B13
    bugs = LateJoiners.bugs - {"B7", "B13", "C1"}

    def guest_memory(self, host: HostMemory) -> GuestMemory:
        """Return memory of which an area may have one host page at most."""
        memory = GuestMemory(host)
        memory.one_host_page = True
        return memory

    def kvmppc_update_vpa(self, vcpu: Vcpu, vpap: KvmppcVpa) -> None:
        """Apply one request. Called with vpa_update_lock held; drops it to pin, which may sleep."""
        kvm = vcpu.kvm.memory
        while True:
            gpa = vpap.next_gpa
            vcpu.vpa_update_lock.release()
            va: Pointer = NULL
            nb = UnsignedLong(0)
            if gpa:
                va = kvmppc_pin_guest_page(kvm, gpa, nb, vpap.label)  # C1
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
        if vpap.pinned_addr:
            kvmppc_unpin_guest_page(kvm, vpap.pinned_addr, vpap.gpa, dirty=vpap.dirty)  # B7
        vpap.gpa = gpa
        vpap.dirty = 0
        vpap.pinned_addr = va
        if va:
            vpap.pinned_end = va + vpap.len

    def kvmppc_core_vcpu_free(self, vcpu: Vcpu) -> None:
        """Unpin what the vcpu still has."""
        kvm = vcpu.kvm.memory
        vcpu.vpa_update_lock.acquire()
        for vpap in (vcpu.dtl, vcpu.slb_shadow, vcpu.vpa):
            if vpap.pinned_addr:
                kvmppc_unpin_guest_page(kvm, vpap.pinned_addr, vpap.gpa, dirty=vpap.dirty)  # B7
        vcpu.vpa_update_lock.release()
