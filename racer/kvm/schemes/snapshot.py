"""The scheme `snapshot`: Linux v3.8 (913d3ff9, "Don't access runnable threads list without vcore lock").

The vcpus that need an update are taken down before vc->lock is dropped (C2), a blocked vcore looks at its list under
the lock only (C5), and a vcore with nothing to run goes back to INACTIVE (C4). What else lay between: the VPA is
initialised only if there is one, and userspace can read and set the areas (55b665b0, v3.7: B3, B6); secondary threads
clear their vcpu before they count as napping (7b444c67, v3.8: C6). The vcore is still RUNNING too early (C3).
"""

from racer.kvm.areas import init_vpa
from racer.kvm.layout import SIZEOF_LPPACA_ALIGNED
from racer.kvm.schemes.dropped_locks import DroppedLocks
from racer.kvm.schemes.seed import vpa_update_pending
from racer.kvm.vcore import (
    INACTIVE,
    RUNNING,
    Vcore,
    assign_ptids,
    enter_and_leave,
    kvmppc_vcore_blocked,
    reset_counts,
)
from racer.kvm.vcpu import Vcpu


class Snapshot(DroppedLocks):
    """S4a."""

    naps_before_clearing_vcpu = False  # C6
    has_one_reg = True  # B6
    pins_under_srcu = True  # B9
    clearing_a_dtl_takes_a_length = True  # C7
    sizeof_lppaca = SIZEOF_LPPACA_ALIGNED  # D11
    bugs = DroppedLocks.bugs - {"B3", "B6", "B9", "C2", "C4", "C5", "C6"} | {"C7", "D3", "D4", "D11"}

    def kvmppc_update_vpas(self, vcpu: Vcpu) -> None:
        """Apply every request that waits for a vcpu."""
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

    def kvmppc_vcore_blocked(self, vc: Vcore) -> None:
        """Sleep until one of the vcpus, all of them ceded, has reason to run. Called with vc->lock held."""
        kvmppc_vcore_blocked(vc)  # C5

    def kvmppc_run_core(self, vc: Vcore) -> None:
        """Take the vcpus of a vcore into the guest and out again. Called with vc->lock held."""
        vcpus_to_update = [vcpu for vcpu in vc.runnable_threads if vpa_update_pending(vcpu)]  # C2
        reset_counts(vc)
        vc.vcore_state = RUNNING  # C3: who comes now for the first time starts its thread at once
        if vcpus_to_update:
            vc.lock.release()
            for vcpu in vcpus_to_update:
                self.kvmppc_update_vpas(vcpu)
            vc.lock.acquire()

        vcpus = assign_ptids(vc)
        if not vcpus:
            vc.vcore_state = INACTIVE  # C4: nothing to run; should never happen
            return
        self.kvmppc_dispatch(vcpus)
        enter_and_leave(vc, vcpus[0])
