"""The scheme `immediate`: as before the patch (Linux v3.4), bugs and all. The caller changes the target's pointers.

Since v3.4 (93e60249) the guest's RAM is not pinned as a whole: kvmppc_pin_guest_page takes a reference on the page of
each area, and whoever takes an area away gives it back. The order of the checks changed with it. The marks P1 to P8
name the bugs (docs/model.md has their list).
"""

from racer.kvm.areas import init_vpa
from racer.kvm.guest_memory import GuestMemory, UnsignedLong, kvmppc_pin_guest_page, kvmppc_unpin_guest_page
from racer.kvm.layout import LENGTH_HWORD, LENGTH_WORD, SIZEOF_DTL_ENTRY
from racer.kvm.memory import HostMemory
from racer.kvm.papr import (
    H_PARAMETER,
    H_RESOURCE,
    H_SUCCESS,
    H_VPA_DEREG_DTL,
    H_VPA_DEREG_VPA,
    H_VPA_REG_DTL,
    H_VPA_REG_VPA,
)
from racer.kvm.pointer import NULL
from racer.kvm.schemes.unpinned import Unpinned
from racer.kvm.specification import S1
from racer.kvm.vcpu import Vcpu
from racer.kvm.vm import Vm


class Immediate(Unpinned):
    """S1. No lock anywhere; the run loop knows nothing of areas (P1)."""

    rules = S1
    pins_under_srcu = False  # B9
    bugs = Unpinned.bugs | {"P2", "P3", "P4", "B9"}

    def guest_memory(self, host: HostMemory) -> GuestMemory:
        """Return memory whose pages are pinned one by one, as long as somebody uses them."""
        return GuestMemory(host)

    def register(self, vcpu: Vcpu, tvcpu: Vcpu, subfunc: int, vpa: int) -> int:
        """Check, pin, and store the new pointer on the target."""
        kvm = vcpu.kvm.memory
        if vpa & 0x7F:
            return H_PARAMETER
        if subfunc >= H_VPA_REG_DTL and not tvcpu.vpa.pinned_addr:  # P5: nothing keeps it there
            return H_RESOURCE
        # a new area: pin the page it lies in
        vpap = tvcpu.areas[subfunc - 1]
        nb = UnsignedLong()
        va = kvmppc_pin_guest_page(kvm, vpa, nb, vpap.label)
        if not va:
            return H_PARAMETER
        length = va.load(LENGTH_HWORD if subfunc == H_VPA_REG_VPA else LENGTH_WORD)
        if length > nb.value or length < (640, 48, 16)[subfunc - 1]:
            kvmppc_unpin_guest_page(kvm, va)
            return H_PARAMETER
        if subfunc == H_VPA_REG_DTL:
            length -= length % SIZEOF_DTL_ENTRY
        if vpap.pinned_addr:
            # P2: asks the target, unpins the caller's; P3: while the target may be using it; P4: unlocked
            kvmppc_unpin_guest_page(kvm, vcpu.areas[subfunc - 1].pinned_addr)
        vpap.pinned_addr = va
        if subfunc == H_VPA_REG_VPA:
            init_vpa(va)  # P7: whether or not the target is in the guest
        vpap.pinned_end = va + length  # P6: a reader may come between
        return H_SUCCESS

    def unregister(self, tvcpu: Vcpu, subfunc: int) -> int:
        """Unpin what the target has and forget it."""
        kvm = tvcpu.kvm.memory
        if subfunc == H_VPA_DEREG_VPA:
            if tvcpu.slb_shadow.pinned_addr or tvcpu.dtl.pinned_addr:  # P5
                return H_RESOURCE
            vpap = tvcpu.vpa
        elif subfunc == H_VPA_DEREG_DTL:
            vpap = tvcpu.dtl
        else:
            vpap = tvcpu.slb_shadow
        if not vpap.pinned_addr:
            return H_SUCCESS
        kvmppc_unpin_guest_page(kvm, vpap.pinned_addr)  # P3
        vpap.pinned_addr = NULL
        return H_SUCCESS

    def kvmppc_core_vcpu_free(self, vcpu: Vcpu) -> None:
        """Unpin what the vcpu still has."""
        kvm = vcpu.kvm.memory
        if vcpu.dtl.pinned_addr:
            kvmppc_unpin_guest_page(kvm, vcpu.dtl.pinned_addr)
        if vcpu.slb_shadow.pinned_addr:
            kvmppc_unpin_guest_page(kvm, vcpu.slb_shadow.pinned_addr)
        if vcpu.vpa.pinned_addr:
            kvmppc_unpin_guest_page(kvm, vcpu.vpa.pinned_addr)

    def kvmppc_core_destroy_vm(self, kvm: Vm) -> None:
        """Let go of nothing: the vcpus have."""
