"""A scheme to copy: `cp racer/kvm/schemes/template.py my.py`, change it, `make stress SCHEME=my.py:MyScheme`.

It works as it stands: a shortened `deferred` in which only the vcpu's own task applies requests, at the top of its run,
and the runner sends a vcpu with a request back to its task (what Linux does since v4.1).

What a scheme decides:
  do_h_register_vpa      what a register or deregister call does at once, and what it only records
  kvmppc_run_vcpu        what a vcpu's own task does before it joins its vcore; no lock is held, so it may sleep
  kvmppc_run_core        what the runner does for all vcpus of the core; vc->lock is held, so it must not sleep
  bump_on_entry, leave_guest, machine_check    the uses of the areas by real-mode code, which can wait for nobody
  kvmppc_core_vcpu_free  what is left to be unpinned when the machine ends
Whatever two threads touch has to be an operation that racer can schedule: the fields of Vcpu, KvmppcVpa and Vcore
are. State of your own goes into `racer.Shared`, `racer.Atomic` or a class with `racer.field`, made in `__init__`
(a scheme object is made anew for every execution); a plain attribute would be shared behind racer's back.
"""

from racer.kvm.areas import KvmppcVpa, init_vpa
from racer.kvm.dispatch_log import kvmppc_create_dtl_entry
from racer.kvm.guest_memory import UnsignedLong, kvmppc_pin_guest_page, kvmppc_unpin_guest_page
from racer.kvm.pointer import NULL, Pointer
from racer.kvm.schemes.deferred import Deferred, vpa_update_pending
from racer.kvm.vcore import (
    RUNNING,
    Vcore,
    assign_ptids,
    enter_and_leave,
    kvmppc_remove_runnable,
    kvmppc_start_thread,
    reset_counts,
)
from racer.kvm.vcpu import Vcpu


class MyScheme(Deferred):
    """Only a vcpu's own task applies requests. Inherits the hypercall, which records them, and the free."""

    # `rules` says which answers H_REGISTER_VPA has to give, for the judge of return codes; see specification.py.
    # rules = racer.kvm.specification.SINCE_V4_14

    def kvmppc_run_vcpu(self, vcpu: Vcpu) -> None:
        """Run a vcpu, as often as the runner sends it back for an update."""
        while True:
            if vpa_update_pending(vcpu):
                self.kvmppc_update_vpas(vcpu)
            super(Deferred, self).kvmppc_run_vcpu(vcpu)
            if vcpu.trap is not None:  # it left the guest for a reason of its own
                return

    def kvmppc_update_vpa(self, vcpu: Vcpu, vpap: KvmppcVpa) -> None:
        """Apply one request. Called with vpa_update_lock held, which is dropped for the pin."""
        memory = vcpu.kvm.memory
        while True:
            gpa = vpap.next_gpa
            va: Pointer = NULL
            nb = UnsignedLong(0)
            if gpa:
                vcpu.vpa_update_lock.release()
                va = kvmppc_pin_guest_page(memory, gpa, nb, vpap.label)
                vcpu.vpa_update_lock.acquire()
            if gpa == vpap.next_gpa:
                break
            if va:
                kvmppc_unpin_guest_page(memory, va)
        vpap.update_pending = 0
        if va and nb.value < vpap.len:
            kvmppc_unpin_guest_page(memory, va)
            va = NULL
        if vpap.pinned_addr:
            kvmppc_unpin_guest_page(memory, vpap.pinned_addr, vpap.gpa, dirty=vpap.dirty)
        vpap.gpa = gpa
        vpap.dirty = 0
        vpap.pinned_addr = va
        if va:
            vpap.pinned_end = va + vpap.len

    def kvmppc_update_vpas(self, vcpu: Vcpu) -> None:
        """Apply every request that waits for a vcpu. Called by its own task, when it is on no list."""
        with vcpu.vpa_update_lock:
            if vcpu.vpa.update_pending:
                self.kvmppc_update_vpa(vcpu, vcpu.vpa)
                if vcpu.vpa.pinned_addr:
                    init_vpa(vcpu.vpa.pinned_addr)
            if vcpu.dtl.update_pending:
                self.kvmppc_update_vpa(vcpu, vcpu.dtl)
                vcpu.dtl_ptr = vcpu.dtl.pinned_addr
                vcpu.dtl_index = 0
            if vcpu.slb_shadow.update_pending:
                self.kvmppc_update_vpa(vcpu, vcpu.slb_shadow)

    def kvmppc_run_core(self, vc: Vcore) -> None:
        """Send vcpus with a request back to their tasks, and take the others into the guest and out again."""
        for vcpu in vc.runnable_threads:
            if vpa_update_pending(vcpu):
                kvmppc_remove_runnable(vc, vcpu)
                vcpu.cpu_run.store(1)
        vcpus = assign_ptids(vc)
        if not vcpus:
            return
        reset_counts(vc)
        vc.vcore_state = RUNNING
        for vcpu in vcpus:
            kvmppc_create_dtl_entry(vcpu)
            kvmppc_start_thread(vcpu)
        enter_and_leave(vc, vcpus[0])
