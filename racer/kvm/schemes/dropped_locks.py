"""The scheme `dropped-locks`: Linux v3.6 (081f323b, "Drop locks around call to kvmppc_pin_guest_page").

The pin may sleep, so no spinlock is held round it any more: vc->lock is dropped while all vcpus are updated, before any
thread is started (which mends B4 too), and vpa_update_lock round each pin; if the request has changed meanwhile, the
page is let go of and all begins anew. nb is set first (B2). The marks C1 to C6 name what this broke.
"""

from racer.kvm.areas import KvmppcVpa
from racer.kvm.dispatch_log import kvmppc_create_dtl_entry
from racer.kvm.guest_memory import UnsignedLong, kvmppc_pin_guest_page, kvmppc_unpin_guest_page
from racer.kvm.pointer import NULL, Pointer
from racer.kvm.schemes.seed import vpa_update_pending
from racer.kvm.schemes.seed_logged import SeedLogged
from racer.kvm.vcore import RUNNING, Vcore, assign_ptids, enter_and_leave, kvmppc_start_thread, reset_counts
from racer.kvm.vcpu import Vcpu


class DroppedLocks(SeedLogged):
    """S3."""

    naps_before_clearing_vcpu = True  # C6
    bugs = SeedLogged.bugs - {"B1", "B2", "B4"} | {"C1", "C2", "C3", "C4", "C6", "D6"}

    def kvmppc_update_vpa(self, vcpu: Vcpu, vpap: KvmppcVpa) -> None:
        """Apply one request. Called with vpa_update_lock held; drops it to pin, which may sleep."""
        kvm = vcpu.kvm.memory
        while True:
            gpa = vpap.next_gpa
            vcpu.vpa_update_lock.release()
            va: Pointer = NULL
            nb = UnsignedLong(0)
            if gpa:
                va = kvmppc_pin_guest_page(kvm, vpap.next_gpa, nb, vpap.label)  # C1: read again, without the lock
            vcpu.vpa_update_lock.acquire()
            if gpa == vpap.next_gpa:
                break
            # asked for something else meanwhile: let go of this page and try again
            if va:
                kvmppc_unpin_guest_page(kvm, va)

        vpap.update_pending = 0
        if va and nb.value < vpap.len:
            # shorter than when the request was checked: userspace has split or replaced the page meanwhile;
            # the area is dropped
            kvmppc_unpin_guest_page(kvm, va)
            va = NULL
        if vpap.pinned_addr:
            kvmppc_unpin_guest_page(kvm, vpap.pinned_addr)
        vpap.pinned_addr = va
        if va:
            vpap.pinned_end = va + vpap.len

    def kvmppc_run_core(self, vc: Vcore) -> None:
        """Take the vcpus of a vcore into the guest and out again. Called with vc->lock held."""
        need_vpa_update = False
        for vcpu in vc.runnable_threads:
            need_vpa_update |= vpa_update_pending(vcpu)
        reset_counts(vc)
        vc.vcore_state = RUNNING  # C3: who comes now for the first time starts its thread at once
        if need_vpa_update:
            vc.lock.release()
            for vcpu in vc.runnable_threads:  # C2
                self.kvmppc_update_vpas(vcpu)
            vc.lock.acquire()

        vcpus = assign_ptids(vc)
        if not vcpus:
            return  # C4: nothing to run, and still RUNNING
        self.kvmppc_dispatch(vcpus)
        enter_and_leave(vc, vcpus[0])

    def kvmppc_dispatch(self, vcpus: list[Vcpu]) -> None:
        """Start the vcpus' hardware threads and log. Called with vc->lock held."""
        for vcpu in vcpus:
            kvmppc_start_thread(vcpu)
            kvmppc_create_dtl_entry(vcpu)  # D10: the other way round would do no harm
