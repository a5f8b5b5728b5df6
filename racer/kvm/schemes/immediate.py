"""The scheme `immediate`: as before the patch (Linux v3.4), bugs and all. The caller changes the target's pointers.

The marks P1 to P8 name the bugs (docs/model.md has their list). The areas are struct kvmppc_vpa here as in the other
schemes; of it this one uses pinned_addr (then vcpu->arch.vpa, .dtl, .slb_shadow) and pinned_end (then .dtl_end).
"""

from racer.kvm.areas import init_vpa
from racer.kvm.guest_memory import UnsignedLong, kvmppc_pin_guest_page, kvmppc_unpin_guest_page
from racer.kvm.layout import LENGTH_HWORD, LENGTH_WORD, SIZEOF_DTL_ENTRY
from racer.kvm.papr import (
    H_PARAMETER,
    H_RESOURCE,
    H_SUCCESS,
    H_VPA_DEREG_DTL,
    H_VPA_DEREG_VPA,
    H_VPA_REG_DTL,
    H_VPA_REG_VPA,
    subfunction,
)
from racer.kvm.pointer import NULL
from racer.kvm.schemes.base import Scheme
from racer.kvm.specification import S1
from racer.kvm.vcore import wake
from racer.kvm.vcpu import Vcpu
from racer.kvm.vm import kvmppc_find_vcpu


class Immediate(Scheme):
    """S1. No lock anywhere; the run loop knows nothing of areas (P1)."""

    rules = S1

    def do_h_register_vpa(self, vcpu: Vcpu, flags: int, vcpuid: int, vpa: int) -> int:
        """Register or deregister at once, whatever the target is doing."""
        tvcpu = kvmppc_find_vcpu(vcpu.kvm, vcpuid)
        if tvcpu is None:
            return H_PARAMETER
        subfunc = subfunction(flags)
        if subfunc in (0, 4):
            return H_PARAMETER
        if subfunc < 4:
            return self.register(vcpu, tvcpu, subfunc, vpa)
        return self.unregister(tvcpu, subfunc)

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

    def h_prod(self, vcpu: Vcpu, target: int) -> int:
        """Prod a vcpu: the wake-up goes to the caller (P8)."""
        tvcpu = kvmppc_find_vcpu(vcpu.kvm, target)
        if tvcpu is None:
            return H_PARAMETER
        tvcpu.prodded = 1
        if vcpu.ceded:
            wake(vcpu)
        return H_SUCCESS

    def h_confer(self, vcpu: Vcpu, target: int, yield_count: int) -> int:
        """Do nothing, as until v3.12."""
        del vcpu, target, yield_count
        return H_SUCCESS

    def kvmppc_vcpu_woken(self, vcpu: Vcpu) -> bool:
        """Whether a ceded vcpu has reason to run: nobody looks at prodded here (P8)."""
        del vcpu
        return False

    def kvmppc_core_vcpu_free(self, vcpu: Vcpu) -> None:
        """Unpin what the vcpu still has."""
        kvm = vcpu.kvm.memory
        if vcpu.dtl.pinned_addr:
            kvmppc_unpin_guest_page(kvm, vcpu.dtl.pinned_addr)
        if vcpu.slb_shadow.pinned_addr:
            kvmppc_unpin_guest_page(kvm, vcpu.slb_shadow.pinned_addr)
        if vcpu.vpa.pinned_addr:
            kvmppc_unpin_guest_page(kvm, vcpu.vpa.pinned_addr)
