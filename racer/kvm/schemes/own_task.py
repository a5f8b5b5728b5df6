"""The scheme `own-task`: Linux since v4.1 (d911f0be, "Simplify handling of VCPUs that need a VPA update").

Only a vcpu's own task applies what was asked for, when it begins to run it. A runner that finds a vcpu with a request
takes it off the vcore's list and wakes its task; that leaves kvmppc_run_vcpu, comes back, applies the request and joins
again. It may be the runner's own vcpu; then another task becomes the runner. vc->lock is not dropped in the middle of
kvmppc_run_core any more, so there is no state STARTING.

What else lay between: since v3.8 the vcore runs whenever one of its vcpus can, and any vcpu may join late, not only one
that runs for the first time; the yield_count is bumped after the too-late test (8c2dbb79, v3.13: B12); H_CONFER looks
at the target (v3.13); areas are big-endian, the shared processor bit is right (B10, B11); userspace can clear a log
(C7). H_PROD still wakes the caller (P8, until v4.10), and a VPA still has to have 1024 bytes (B8, until v4.13).
"""

import racer
from racer.kvm.schemes.base import Scheme
from racer.kvm.schemes.dirty_tracking import DirtyTracking
from racer.kvm.schemes.seed import vpa_update_pending
from racer.kvm.vcore import (
    INACTIVE,
    RUNNING,
    Vcore,
    assign_ptids,
    enter_and_leave,
    kvmppc_remove_runnable,
    kvmppc_wait_for_exec,
    reset_counts,
)
from racer.kvm.vcpu import BUSY_IN_HOST, RESUME_GUEST, RUNNABLE, Vcpu


class OwnTask(DirtyTracking):
    """S5."""

    bumps_before_too_late_test = False  # B12
    clearing_a_dtl_takes_a_length = False  # C7
    areas_are_big_endian = True  # B10
    sets_bit_of_status = True  # B11
    confers = True
    bugs = DirtyTracking.bugs - {"B10", "B11", "B12", "C7"}

    h_confer = Scheme.h_confer

    def kvmppc_update_vpas(self, vcpu: Vcpu) -> None:
        """Apply every request that waits for a vcpu. Called by its own task, when it is on no list."""
        if vpa_update_pending(vcpu):
            super().kvmppc_update_vpas(vcpu)

    def kvmppc_run_vcpu(self, vcpu: Vcpu) -> None:
        """Run a vcpu until it has something to do outside the guest, or an update to make."""
        vc = vcpu.vcore
        vcpu.trap = None
        self.kvmppc_update_vpas(vcpu)
        vc.lock.acquire()
        vcpu.ceded = 0
        if vcpu.state == BUSY_IN_HOST:
            vc.n_busy -= 1
        vcpu.state = RUNNABLE
        vc.runnable_threads.add_tail(vcpu)
        self.kvmppc_first_run(vc, vcpu)
        while vcpu.state == RUNNABLE:
            if vc.vcore_state != INACTIVE:
                kvmppc_wait_for_exec(vcpu)
                continue
            vc.runner = vcpu
            if self.kvmppc_all_ceded(vc):
                self.kvmppc_vcore_blocked(vc)
            else:
                self.kvmppc_run_core(vc)
            vc.runner = None
        other = vc.runnable_threads.first()
        if other is not None and vc.vcore_state == INACTIVE:
            other.cpu_run.store(1)  # somebody has to run the core
        vc.lock.release()

    def prepare_threads(self, vc: Vcore) -> None:
        """Send the vcpus that need an update back to their tasks. Called with vc->lock held."""
        for vcpu in vc.runnable_threads:
            if vpa_update_pending(vcpu):
                racer.count("sent-back" if vcpu is not vc.runner else "runner-sent-back")
                vcpu.trap = RESUME_GUEST
                kvmppc_remove_runnable(vc, vcpu)
                vcpu.cpu_run.store(1)

    def kvmppc_run_core(self, vc: Vcore) -> None:
        """Take the vcpus of a vcore into the guest and out again. Called with vc->lock held."""
        self.prepare_threads(vc)
        runner = vc.runner
        if runner is None or runner.state != RUNNABLE:
            return  # let another task be the runner
        vcpus = assign_ptids(vc)
        if not vcpus:
            return
        reset_counts(vc)
        vc.vcore_state = RUNNING
        self.kvmppc_dispatch(vcpus)
        enter_and_leave(vc, vcpus[0])
