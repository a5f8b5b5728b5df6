"""The scheme `deferred`: the patch's design with its known slips mended, each marked with the fact that names it.

The caller only records a request under the target's vpa_update_lock; the target applies it when nothing uses its
pointers. Line by line this follows the patch as Linux had it from v3.8 on (docs/model.md lists the marks).
"""

from racer.kvm.areas import KvmppcVpa, init_vpa
from racer.kvm.dispatch_log import kvmppc_create_dtl_entry
from racer.kvm.guest_memory import UnsignedLong, kvmppc_pin_guest_page, kvmppc_unpin_guest_page
from racer.kvm.layout import LENGTH_HWORD, LENGTH_WORD, SIZEOF_DTL_ENTRY, SIZEOF_LPPACA, SIZEOF_REG_VPA
from racer.kvm.one_reg import set_one_reg_in_one_go
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
from racer.kvm.schemes.base import Scheme, numbers
from racer.kvm.vcore import (
    INACTIVE,
    RUNNING,
    STARTING,
    Vcore,
    assign_ptids,
    enter_and_leave,
    kvmppc_start_thread,
    reset_counts,
)
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


class Deferred(Scheme):
    """S2 with what S3 to S4b mended, and without what they broke."""

    logs_dispatches = True
    has_one_reg = True
    tracks_dirty = True
    bugs = numbers("D1 D2 D5 D6 D7 D8")

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
            if length < SIZEOF_LPPACA:  # B8: not sizeof(struct lppaca)
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

    def kvmppc_set_one_reg(self, vcpu: Vcpu, reg: int, value: int) -> int:
        """Set a register that holds an area."""
        return set_one_reg_in_one_go(vcpu, reg, value)  # D3, D4

    def kvmppc_update_vpa(self, vcpu: Vcpu, vpap: KvmppcVpa) -> None:
        """Apply one request. Called with vpa_update_lock held; drops it to pin, which may sleep (B1)."""
        kvm = vcpu.kvm.memory
        while True:
            gpa = vpap.next_gpa
            vcpu.vpa_update_lock.release()
            va: Pointer = NULL
            nb = UnsignedLong(0)  # B2: the pin leaves it alone when it fails
            if gpa:
                va = kvmppc_pin_guest_page(kvm, gpa, nb, vpap.label)  # C1: the sample, not next_gpa
            vcpu.vpa_update_lock.acquire()
            if gpa == vpap.next_gpa:
                break
            # asked for something else meanwhile: let go of this page and try again
            if va:
                kvmppc_unpin_guest_page(kvm, va)

        vpap.update_pending = 0
        if va and nb.value < vpap.len:  # B2: only if there is a page
            # shorter than when the request was checked: userspace has split or replaced the page meanwhile;
            # the area is dropped
            kvmppc_unpin_guest_page(kvm, va)
            va = NULL
        if vpap.pinned_addr:
            # the page of the old area gets the mark, and its flag is used up before anybody sees the new one
            kvmppc_unpin_guest_page(kvm, vpap.pinned_addr, vpap.gpa, dirty=vpap.dirty)
        vpap.gpa = gpa
        vpap.dirty = 0
        vpap.pinned_addr = va
        if va:
            vpap.pinned_end = va + vpap.len

    def kvmppc_update_vpas(self, vcpu: Vcpu) -> None:
        """Apply every request that waits for a vcpu, at a moment when nothing uses its areas."""
        vcpu.vpa_update_lock.acquire()
        if vcpu.vpa.update_pending:
            self.kvmppc_update_vpa(vcpu, vcpu.vpa)
            if vcpu.vpa.pinned_addr:  # B3
                init_vpa(vcpu.vpa.pinned_addr)
        if vcpu.dtl.update_pending:
            self.kvmppc_update_vpa(vcpu, vcpu.dtl)
            vcpu.dtl_ptr = vcpu.dtl.pinned_addr
            vcpu.dtl_index = 0
        if vcpu.slb_shadow.update_pending:
            self.kvmppc_update_vpa(vcpu, vcpu.slb_shadow)
        vcpu.vpa_update_lock.release()

    def kvmppc_core_vcpu_free(self, vcpu: Vcpu) -> None:
        """Unpin what the vcpu still has; requests that were never applied hold nothing."""
        kvm = vcpu.kvm.memory
        vcpu.vpa_update_lock.acquire()
        if vcpu.dtl.pinned_addr:
            kvmppc_unpin_guest_page(kvm, vcpu.dtl.pinned_addr, vcpu.dtl.gpa, dirty=vcpu.dtl.dirty)
        if vcpu.slb_shadow.pinned_addr:
            kvmppc_unpin_guest_page(kvm, vcpu.slb_shadow.pinned_addr, vcpu.slb_shadow.gpa, dirty=vcpu.slb_shadow.dirty)
        if vcpu.vpa.pinned_addr:
            kvmppc_unpin_guest_page(kvm, vcpu.vpa.pinned_addr, vcpu.vpa.gpa, dirty=vcpu.vpa.dirty)
        vcpu.vpa_update_lock.release()

    def kvmppc_run_vcpu(self, vcpu: Vcpu) -> None:
        """Run a vcpu; what was asked for before is applied first, by its own task."""
        if vpa_update_pending(vcpu):  # B5: or a late joiner would go without
            self.kvmppc_update_vpas(vcpu)
        super().kvmppc_run_vcpu(vcpu)

    def kvmppc_join_running_core(self, vcpu: Vcpu) -> None:
        """Start a late joiner; its vcore is in the guest already."""
        kvmppc_create_dtl_entry(vcpu)  # B5: before the thread, which will not wait for us
        kvmppc_start_thread(vcpu)

    def kvmppc_run_core(self, vc: Vcore) -> None:
        """Take the vcpus of a vcore into the guest and out again. Called with vc->lock held."""
        # C2: a snapshot, for the list may grow while the lock is dropped
        vcpus_to_update = [vcpu for vcpu in vc.runnable_threads if vpa_update_pending(vcpu)]
        reset_counts(vc)
        vc.vcore_state = STARTING  # C3: not RUNNING, or a late joiner would start its thread now
        if vcpus_to_update:
            vc.lock.release()  # B1: the update may sleep
            for vcpu in vcpus_to_update:
                self.kvmppc_update_vpas(vcpu)
            vc.lock.acquire()

        vcpus = assign_ptids(vc)
        if not vcpus:
            vc.vcore_state = INACTIVE  # C4: nothing to run; should never happen
            return
        for vcpu in vcpus:
            kvmppc_create_dtl_entry(vcpu)
        for vcpu in vcpus:
            kvmppc_start_thread(vcpu)  # B4: after every update
        vc.vcore_state = RUNNING
        enter_and_leave(vc, vcpus[0])
