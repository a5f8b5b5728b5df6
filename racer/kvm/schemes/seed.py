"""The scheme `seed`: the patch exactly as committed (2e25aa5f), with the slips that later commits mended.

The marks B1 to B12 name them (docs/model.md has their list). The dispatch log has no writer yet.
"""

from racer.kvm.areas import KvmppcVpa, init_vpa
from racer.kvm.guest_memory import UnsignedLong, kvmppc_pin_guest_page, kvmppc_unpin_guest_page
from racer.kvm.layout import LENGTH_HWORD, LENGTH_WORD, SIZEOF_DTL_ENTRY, SIZEOF_LPPACA_ALIGNED, SIZEOF_REG_VPA
from racer.kvm.papr import (
    H_PARAMETER,
    H_RESOURCE,
    H_SUCCESS,
    H_VPA_DEREG_DTL,
    H_VPA_DEREG_SLB,
    H_VPA_DEREG_VPA,
    H_VPA_REG_DTL,
    H_VPA_REG_SLB,
    H_VPA_REG_VPA,
    L1_CACHE_BYTES,
    subfunction,
)
from racer.kvm.pointer import NULL, Pointer
from racer.kvm.schemes.base import numbers
from racer.kvm.schemes.immediate import Immediate
from racer.kvm.specification import S2
from racer.kvm.vcore import kvmppc_start_thread
from racer.kvm.vcpu import Vcpu
from racer.kvm.vm import kvmppc_find_vcpu


def vpa_is_registered(vpap: KvmppcVpa) -> bool:
    """Whether the guest may take the area for registered. Called with vpa_update_lock held."""
    if vpap.update_pending:
        return vpap.next_gpa != 0
    return bool(vpap.pinned_addr)


def vpa_update_pending(vcpu: Vcpu) -> bool:
    """Whether a request waits; looked at without vpa_update_lock: one that comes later is served at the next entry."""
    return bool(vcpu.vpa.update_pending or vcpu.slb_shadow.update_pending or vcpu.dtl.update_pending)


class Seed(Immediate):
    """S2. The run loop knows of areas now, and the hypercall does not touch the pointers."""

    rules = S2
    bugs = numbers("P8 B1 B2 B3 B4 B5 B6 B7 B8 B9 B10 B11 B12 B15 C5 D1 D2 D5 D7 D8")
    bumps_before_too_late_test = True  # B12

    def do_h_register_vpa(self, vcpu: Vcpu, flags: int, vcpuid: int, vpa: int) -> int:
        """Check the request and record it on the target."""
        kvm = vcpu.kvm.memory
        length = 0
        tvcpu = kvmppc_find_vcpu(vcpu.kvm, vcpuid)
        if tvcpu is None:
            return H_PARAMETER
        subfunc = subfunction(flags)
        if subfunc in (H_VPA_REG_VPA, H_VPA_REG_DTL, H_VPA_REG_SLB):
            # a new area: it begins on a cache line, and not at 0
            if vpa & (L1_CACHE_BYTES - 1) or not vpa:
                return H_PARAMETER
            # the length stands in the area itself: pin the page for as long as it takes to read it
            nb = UnsignedLong()
            va = kvmppc_pin_guest_page(kvm, vpa, nb)
            if not va:
                return H_PARAMETER
            length = va.load(LENGTH_HWORD if subfunc == H_VPA_REG_VPA else LENGTH_WORD)
            kvmppc_unpin_guest_page(kvm, va)
            # it holds its own header and ends with its page
            if length > nb.value or length < SIZEOF_REG_VPA:
                return H_PARAMETER
        else:
            vpa = 0

        tvcpu.vpa_update_lock.acquire()
        err, vpap, length = self.check_request(tvcpu, subfunc, length)
        if vpap is not None:
            vpap.next_gpa = vpa
            vpap.len = length
            vpap.update_pending = 1
        tvcpu.vpa_update_lock.release()
        return err

    def check_request(self, tvcpu: Vcpu, subfunc: int, length: int) -> tuple[int, KvmppcVpa | None, int]:
        """Return the code, the area to change if it is a success, and its length. Called with vpa_update_lock held."""
        if subfunc == H_VPA_REG_VPA:
            if length < SIZEOF_LPPACA_ALIGNED:  # B8
                return H_PARAMETER, None, length
            return H_SUCCESS, tvcpu.vpa, length
        if subfunc == H_VPA_REG_DTL:
            if length < SIZEOF_DTL_ENTRY:
                return H_PARAMETER, None, length
            length -= length % SIZEOF_DTL_ENTRY
            # only beside a VPA
            if not vpa_is_registered(tvcpu.vpa):
                return H_RESOURCE, None, length
            return H_SUCCESS, tvcpu.dtl, length
        if subfunc == H_VPA_REG_SLB:
            # only beside a VPA
            if not vpa_is_registered(tvcpu.vpa):
                return H_RESOURCE, None, length
            return H_SUCCESS, tvcpu.slb_shadow, length
        if subfunc == H_VPA_DEREG_VPA:
            # only when nothing is left that needs the VPA
            if vpa_is_registered(tvcpu.dtl) or vpa_is_registered(tvcpu.slb_shadow):
                return H_RESOURCE, None, length
            return H_SUCCESS, tvcpu.vpa, length
        if subfunc == H_VPA_DEREG_DTL:
            return H_SUCCESS, tvcpu.dtl, length
        if subfunc == H_VPA_DEREG_SLB:
            return H_SUCCESS, tvcpu.slb_shadow, length
        return H_PARAMETER, None, length

    def kvmppc_update_vpa(self, vcpu: Vcpu, vpap: KvmppcVpa) -> None:
        """Apply one request. Called with vc->lock and vpa_update_lock held."""
        kvm = vcpu.kvm.memory
        nb = UnsignedLong()  # B2: stays as it is when the pin fails
        vpap.update_pending = 0
        va: Pointer = NULL
        if vpap.next_gpa:
            va = kvmppc_pin_guest_page(kvm, vpap.next_gpa, nb, vpap.label)  # B1
            if nb.value < vpap.len:
                # shorter than when the request was checked: userspace has split or replaced the page meanwhile;
                # the area is dropped
                kvmppc_unpin_guest_page(kvm, va)
                va = NULL
        if vpap.pinned_addr:
            kvmppc_unpin_guest_page(kvm, vpap.pinned_addr)
        vpap.pinned_addr = va
        if va:
            vpap.pinned_end = va + vpap.len

    def kvmppc_update_vpas(self, vcpu: Vcpu) -> None:
        """Apply every request that waits for a vcpu."""
        vcpu.vpa_update_lock.acquire()
        if vcpu.vpa.update_pending:
            self.kvmppc_update_vpa(vcpu, vcpu.vpa)
            init_vpa(vcpu.vpa.pinned_addr)  # B3
        if vcpu.dtl.update_pending:
            self.kvmppc_update_vpa(vcpu, vcpu.dtl)
            vcpu.dtl_ptr = vcpu.dtl.pinned_addr
            vcpu.dtl_index = 0
        if vcpu.slb_shadow.update_pending:
            self.kvmppc_update_vpa(vcpu, vcpu.slb_shadow)
        vcpu.vpa_update_lock.release()

    def kvmppc_core_vcpu_free(self, vcpu: Vcpu) -> None:
        """Unpin what the vcpu still has."""
        kvm = vcpu.kvm.memory
        vcpu.vpa_update_lock.acquire()
        if vcpu.dtl.pinned_addr:
            kvmppc_unpin_guest_page(kvm, vcpu.dtl.pinned_addr)
        if vcpu.slb_shadow.pinned_addr:
            kvmppc_unpin_guest_page(kvm, vcpu.slb_shadow.pinned_addr)
        if vcpu.vpa.pinned_addr:
            kvmppc_unpin_guest_page(kvm, vcpu.vpa.pinned_addr)
        vcpu.vpa_update_lock.release()

    def kvmppc_dispatch(self, vcpus: list[Vcpu]) -> None:
        """Start the vcpus' hardware threads, and apply what was asked for. Called with vc->lock held."""
        for vcpu in vcpus:
            kvmppc_start_thread(vcpu)  # B4
            if vpa_update_pending(vcpu):
                self.kvmppc_update_vpas(vcpu)
