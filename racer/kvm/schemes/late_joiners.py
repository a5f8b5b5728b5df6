"""The scheme `late-joiners`: Linux v3.8 to v4.0 (2f12f034, "Fixes for late-joining threads").

While vcpus are updated the vcore is STARTING, not RUNNING: a vcpu that comes for the first time then waits for the run
(C3). Each vcpu's own task applies what was asked for when it begins to run it, so that a late joiner has its areas, and
logs its dispatch before it starts the thread (B5).
"""

from racer.kvm.dispatch_log import kvmppc_create_dtl_entry
from racer.kvm.schemes.seed import vpa_update_pending
from racer.kvm.schemes.snapshot import Snapshot
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


class LateJoiners(Snapshot):
    """S4b."""

    bugs = Snapshot.bugs - {"B5", "C3"}

    def kvmppc_run_vcpu(self, vcpu: Vcpu) -> None:
        """Run a vcpu; what was asked for before is applied first, by its own task."""
        if vpa_update_pending(vcpu):  # B5
            self.kvmppc_update_vpas(vcpu)
        super().kvmppc_run_vcpu(vcpu)

    def kvmppc_join_running_core(self, vcpu: Vcpu) -> None:
        """Start a late joiner; its vcore is in the guest already."""
        kvmppc_create_dtl_entry(vcpu)  # B5: before the thread, which will not wait for us
        kvmppc_start_thread(vcpu)

    def kvmppc_run_core(self, vc: Vcore) -> None:
        """Take the vcpus of a vcore into the guest and out again. Called with vc->lock held."""
        vcpus_to_update = [vcpu for vcpu in vc.runnable_threads if vpa_update_pending(vcpu)]
        reset_counts(vc)
        vc.vcore_state = STARTING  # C3
        if vcpus_to_update:
            vc.lock.release()
            for vcpu in vcpus_to_update:
                self.kvmppc_update_vpas(vcpu)
            vc.lock.acquire()

        vcpus = assign_ptids(vc)
        if not vcpus:
            vc.vcore_state = INACTIVE
            return
        self.kvmppc_dispatch(vcpus)
        vc.vcore_state = RUNNING
        enter_and_leave(vc, vcpus[0])
