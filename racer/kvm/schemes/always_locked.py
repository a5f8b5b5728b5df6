"""The scheme `always-locked`: what the patch's message rejects. Every use of an area takes the vcpu's spinlock.

The caller changes the target's pointers as in `immediate`, but under the target's vpa_update_lock, which the target
takes on every guest entry and exit. Nothing is deferred, so there is nothing to apply in the run loop.
"""

import racer
from racer.kvm import guest, machine_check
from racer.kvm.areas import KvmppcVpa, mark_dirty
from racer.kvm.dispatch_log import kvmppc_create_dtl_entry
from racer.kvm.guest_memory import UnsignedLong, kvmppc_pin_guest_page, kvmppc_unpin_guest_page
from racer.kvm.layout import (
    LENGTH_HWORD,
    LENGTH_WORD,
    SHARED_PROCESSOR,
    SIZEOF_DTL_ENTRY,
    SIZEOF_LPPACA,
    SIZEOF_REG_VPA,
    STATUS,
    YIELD_COUNT,
)
from racer.kvm.one_reg import SUBFUNCTIONS, area_in, area_of, value_of
from racer.kvm.papr import (
    EINVAL,
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
from racer.kvm.pointer import NULL, HostPointer, Pointer
from racer.kvm.schemes.base import Scheme, numbers
from racer.kvm.vcore import kvmppc_start_thread
from racer.kvm.vcpu import Vcpu
from racer.kvm.vm import Vm, kvmppc_find_vcpu


def init_vpa(vcpu: Vcpu, vpa: Pointer) -> None:
    """Say in a VPA that its processor is shared, and whether it is in the guest. Called with vpa_update_lock held."""
    vpa.store(STATUS, SHARED_PROCESSOR)
    vpa.store(YIELD_COUNT, 2 if vcpu.running else 1)
    mark_dirty(vcpu.vpa)


class LockedVcpu(Vcpu):
    """A vcpu whose position in the log belongs to vpa_update_lock, not to its task."""

    dtl_ptr: "racer.field[Pointer]" = racer.field(NULL, guarded_by="vpa_update_lock")
    dtl_index: "racer.field[int]" = racer.field(0, guarded_by="vpa_update_lock")


class AlwaysLocked(Scheme):
    """SX. vpa_update_lock guards the pointers, the areas' memory and `running`."""

    logs_dispatches = True
    has_one_reg = True
    tracks_dirty = True
    bugs = numbers("D5 D8")

    def new_vcpu(self, kvm: Vm, vcpu_id: int, name: str) -> Vcpu:
        """Return a vcpu of a virtual machine that is being built."""
        return LockedVcpu(kvm, vcpu_id, name)

    def do_h_register_vpa(self, vcpu: Vcpu, flags: int, vcpuid: int, vpa: int) -> int:
        """Pin, check, and change the target's pointer under its lock. The pin may sleep and comes first."""
        kvm = vcpu.kvm.memory
        tvcpu = kvmppc_find_vcpu(vcpu.kvm, vcpuid)
        if tvcpu is None:
            return H_PARAMETER
        subfunc = subfunction(flags)
        va: Pointer = NULL
        length = 0
        if subfunc in (H_VPA_REG_VPA, H_VPA_REG_DTL, H_VPA_REG_SLB):
            if vpa & (L1_CACHE_BYTES - 1) or not vpa:
                return H_PARAMETER
            nb = UnsignedLong()
            va = kvmppc_pin_guest_page(kvm, vpa, nb, tvcpu.areas[subfunc - 1].label)
            if not va:
                return H_PARAMETER
            length = va.load(LENGTH_HWORD if subfunc == H_VPA_REG_VPA else LENGTH_WORD)
            if length > nb.value or length < SIZEOF_REG_VPA:
                kvmppc_unpin_guest_page(kvm, va)
                return H_PARAMETER

        return self.replace(tvcpu, subfunc, va, length)

    def replace(self, tvcpu: Vcpu, subfunc: int, va: Pointer, length: int) -> int:
        """Change the target's pointer under its lock if that may be, and unpin what is not used; return the code."""
        with tvcpu.vpa_update_lock:
            err, vpap, length = self.check_request(tvcpu, subfunc, length)
            unused, gpa, dirty = va, 0, 0
            if vpap is not None:
                unused, gpa, dirty = vpap.pinned_addr, vpap.gpa, vpap.dirty
                self.change(tvcpu, vpap, va, length)
        if unused:
            kvmppc_unpin_guest_page(tvcpu.kvm.memory, unused, gpa, dirty=dirty)
        return err

    def change(self, tvcpu: Vcpu, vpap: KvmppcVpa, va: Pointer, length: int) -> None:
        """Store the new pointer. Called with vpa_update_lock held."""
        vpap.dirty = 0
        vpap.pinned_addr = va
        if isinstance(va, HostPointer):
            vpap.gpa = va.pin.gpa
            vpap.pinned_end = va + length
        if vpap is tvcpu.vpa and va:
            init_vpa(tvcpu, va)
        if vpap is tvcpu.dtl:
            tvcpu.dtl_ptr = va
            tvcpu.dtl_index = 0

    def kvmppc_get_one_reg(self, vcpu: Vcpu, reg: int) -> int:
        """Return where an area is."""
        vpap = area_of(vcpu, reg)
        with vcpu.vpa_update_lock:
            begin, end = vpap.pinned_addr, vpap.pinned_end
        if not isinstance(begin, HostPointer) or not isinstance(end, HostPointer):
            return 0
        return value_of(reg, begin.pin.gpa, end.at - begin.at)

    def kvmppc_set_one_reg(self, vcpu: Vcpu, reg: int, value: int) -> int:
        """Pin and change the pointer as the hypercall does."""
        addr, length = area_in(reg, value, self.sizeof_lppaca)
        va: Pointer = NULL
        if addr:
            if addr & (L1_CACHE_BYTES - 1):
                return EINVAL
            nb = UnsignedLong(0)
            va = kvmppc_pin_guest_page(vcpu.kvm.memory, addr, nb, area_of(vcpu, reg).label)
            if va and length > nb.value:
                kvmppc_unpin_guest_page(vcpu.kvm.memory, va)
                va = NULL
            if not va:
                return EINVAL
        err = self.replace(vcpu, SUBFUNCTIONS[reg][0 if addr else 1], va, length)
        area_of(vcpu, reg).renewed = bool(addr) and not err
        return EINVAL if err else 0

    def check_request(self, tvcpu: Vcpu, subfunc: int, length: int) -> tuple[int, KvmppcVpa | None, int]:
        """Return the code, the area to change if it is a success, and its length. Called with vpa_update_lock held."""
        if subfunc == H_VPA_REG_VPA:
            return (H_SUCCESS, tvcpu.vpa, length) if length >= SIZEOF_LPPACA else (H_PARAMETER, None, length)
        if subfunc == H_VPA_REG_DTL:
            if length < SIZEOF_DTL_ENTRY:
                return H_PARAMETER, None, length
            length -= length % SIZEOF_DTL_ENTRY
        if subfunc in (H_VPA_REG_DTL, H_VPA_REG_SLB):
            vpap = tvcpu.dtl if subfunc == H_VPA_REG_DTL else tvcpu.slb_shadow
            return (H_SUCCESS, vpap, length) if tvcpu.vpa.pinned_addr else (H_RESOURCE, None, length)
        if subfunc == H_VPA_DEREG_VPA:
            if tvcpu.dtl.pinned_addr or tvcpu.slb_shadow.pinned_addr:
                return H_RESOURCE, None, length
            return H_SUCCESS, tvcpu.vpa, length
        if subfunc in (H_VPA_DEREG_DTL, H_VPA_DEREG_SLB):
            return H_SUCCESS, tvcpu.dtl if subfunc == H_VPA_DEREG_DTL else tvcpu.slb_shadow, length
        return H_PARAMETER, None, length

    def bump_on_entry(self, vcpu: Vcpu) -> None:
        """Make the yield_count even, under the lock."""
        with vcpu.vpa_update_lock:
            vcpu.running = 1
            guest.bump_on_entry(vcpu)

    def leave_guest(self, vcpu: Vcpu) -> None:
        """Make the yield_count odd, under the lock."""
        with vcpu.vpa_update_lock:
            guest.leave_guest(vcpu)
            vcpu.running = 0

    def machine_check(self, vcpu: Vcpu) -> None:
        """Reload the SLB from the shadow buffer, under the lock."""
        with vcpu.vpa_update_lock:
            machine_check.reload_slb(vcpu)

    def kvmppc_join_running_core(self, vcpu: Vcpu) -> None:
        """Log the dispatch of a late joiner and start it."""
        self.create_dtl_entries([vcpu])
        kvmppc_start_thread(vcpu)

    def kvmppc_dispatch(self, vcpus: list[Vcpu]) -> None:
        """Log the dispatches and start the threads."""
        self.create_dtl_entries(vcpus)
        super().kvmppc_dispatch(vcpus)

    def create_dtl_entries(self, vcpus: list[Vcpu]) -> None:
        """Log a dispatch of each vcpu, under its lock."""
        for vcpu in vcpus:
            with vcpu.vpa_update_lock:
                kvmppc_create_dtl_entry(vcpu)

    def kvmppc_core_vcpu_free(self, vcpu: Vcpu) -> None:
        """Unpin what the vcpu still has."""
        with vcpu.vpa_update_lock:
            for vpap in (vcpu.dtl, vcpu.slb_shadow, vcpu.vpa):
                if vpap.pinned_addr:
                    kvmppc_unpin_guest_page(vcpu.kvm.memory, vpap.pinned_addr)
