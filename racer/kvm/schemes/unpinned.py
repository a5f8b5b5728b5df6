"""The scheme `unpinned`: Linux v3.1 (a8606e20, "Handle some PAPR hcalls in the kernel"), where the hypercall began.

All of the guest's RAM is pinned while the VM lives, so that a host address never becomes invalid: an area that is
replaced or taken back only means that the host writes to memory which is the guest's own again. The caller changes the
target's pointers, with no lock anywhere. The marks P1 to P8 and C5 name the bugs (docs/model.md has their list). Of the
areas' struct kvmppc_vpa this scheme uses pinned_addr (then vcpu->arch.vpa, .dtl, .slb_shadow) and pinned_end (then
.dtl_end).
"""

import racer
from racer.kvm.areas import init_vpa
from racer.kvm.guest_memory import GuestMemory
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
    subfunction,
)
from racer.kvm.pointer import NULL, HostPointer
from racer.kvm.ram_pages import RamPages
from racer.kvm.schemes.base import Scheme, numbers
from racer.kvm.specification import S0
from racer.kvm.vcore import INACTIVE, SLEEPING, Vcore, wake
from racer.kvm.vcpu import Vcpu
from racer.kvm.vm import Vm, kvmppc_find_vcpu


class Unpinned(Scheme):
    """S0. No lock anywhere; the run loop knows nothing of areas (P1)."""

    rules = S0
    areas_are_big_endian = False  # B10
    sets_bit_of_status = False  # B11
    confers = False
    finds_vcpus_under_kvm_lock = True  # B15
    bugs = numbers("P1 P5 P6 P7 P8 B6 B7 B10 B11 B15 C5 D5 D8")

    def guest_memory(self, host: HostMemory) -> GuestMemory:
        """Return memory that is pinned as a whole."""
        return RamPages(host)

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
        """Check, and store the new pointer on the target."""
        if vpa & 0x7F:
            return H_PARAMETER
        memory = vcpu.kvm.memory
        assert isinstance(memory, RamPages)
        vpap = tvcpu.areas[subfunc - 1]
        va = memory.look_up(vpa, vpap.label)
        if not isinstance(va, HostPointer):
            return H_PARAMETER
        length = va.load(LENGTH_HWORD if subfunc == H_VPA_REG_VPA else LENGTH_WORD)
        if va.at + length > va.pin.limit or length < (640, 48, 8)[subfunc - 1]:
            return H_PARAMETER
        if subfunc >= H_VPA_REG_DTL and not tvcpu.vpa.pinned_addr:  # P5: nothing keeps it there
            return H_RESOURCE
        if subfunc == H_VPA_REG_DTL:
            length -= length % SIZEOF_DTL_ENTRY
        vpap.pinned_addr = va
        if subfunc == H_VPA_REG_VPA:
            init_vpa(va)  # P7: whether or not the target is in the guest
        vpap.pinned_end = va + length  # P6: a reader may come between
        return H_SUCCESS

    def unregister(self, tvcpu: Vcpu, subfunc: int) -> int:
        """Forget what the target has."""
        if subfunc == H_VPA_DEREG_VPA:
            if tvcpu.slb_shadow.pinned_addr or tvcpu.dtl.pinned_addr:  # P5
                return H_RESOURCE
            vpap = tvcpu.vpa
        elif subfunc == H_VPA_DEREG_DTL:
            vpap = tvcpu.dtl
        else:
            vpap = tvcpu.slb_shadow
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

    def kvmppc_vcore_blocked(self, vc: Vcore) -> None:
        """Sleep until one of the vcpus, all of them ceded, has reason to run. Called with vc->lock held."""
        seen = vc.wq.load()
        vc.vcore_state = SLEEPING
        vc.lock.release()
        all_idle = True
        for v in vc.runnable_threads:  # C5: who joins meanwhile changes the list
            all_idle = all_idle and bool(v.ceded) and not self.kvmppc_vcpu_woken(v)
        if all_idle:
            racer.may_sleep("kvmppc_vcore_blocked")
            vc.wq.wait(lambda now: now != seen)
        vc.lock.acquire()
        vc.vcore_state = INACTIVE

    def kvmppc_core_vcpu_free(self, vcpu: Vcpu) -> None:
        """Let go of nothing: no vcpu holds anything."""

    def kvmppc_core_destroy_vm(self, kvm: Vm) -> None:
        """Unpin the guest's RAM."""
        assert isinstance(kvm.memory, RamPages)
        kvm.memory.release_ram_pages()
