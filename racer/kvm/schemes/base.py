"""What a scheme is: the functions of the kernel that decide when the pointers to the areas change."""

from typing import TYPE_CHECKING, ClassVar

import racer
from racer.kvm import dirty, guest, machine_check, one_reg
from racer.kvm.areas import KvmppcVpa
from racer.kvm.guest_memory import GuestMemory, Memslot
from racer.kvm.layout import SIZEOF_LPPACA, YIELD_COUNT, swapped
from racer.kvm.memory import HostMemory
from racer.kvm.papr import EINVAL, H_PARAMETER, H_SUCCESS
from racer.kvm.specification import SINCE_V4_14, Rules
from racer.kvm.stolen_time import Locked, StolenTime
from racer.kvm.vcore import (
    INACTIVE,
    RUNNING,
    SLEEPING,
    Vcore,
    assign_ptids,
    enter_and_leave,
    kvmppc_start_thread,
    kvmppc_vcore_blocked,
    kvmppc_wait_for_exec,
    reset_counts,
    wake,
)
from racer.kvm.vcpu import BUSY_IN_HOST, RUNNABLE, STOPPED, Vcpu

if TYPE_CHECKING:
    from racer.kvm.vm import Vm


def numbers(text: str) -> frozenset[str]:
    """Return the numbers of known bugs that a text lists.

    >>> sorted(numbers("P1 B12"))
    ['B12', 'P1']
    """
    return frozenset(text.split())


class Scheme:
    """A locking scheme. One is made for each execution, in the test body.

    A scheme must give `do_h_register_vpa` and `kvmppc_core_vcpu_free`; what else it does not give is as it was before
    the patch (the run loop) or is now (H_PROD, H_CONFER). `rules` says which answers its H_REGISTER_VPA has to give.
    `bumps_before_too_late_test` puts the yield_count's entry bump where it was until v3.13 (facts B12), and
    `naps_before_clearing_vcpu` the end of a secondary thread's run as it was until v3.7 (C6).
    `logs_dispatches` says that every dispatch gets a dispatch log entry before the guest runs.
    `has_one_reg` says that userspace can read and set the areas (from v3.7 on, B6); `sizeof_lppaca` is what that takes
    for a VPA's length (D11), and `clearing_a_dtl_takes_a_length` how it was until v4.1 (C7).
    `finds_vcpus_under_kvm_lock` is how a hypercall found its target until v5.1 (B15).
    `pins_under_srcu` says that the array of memslots is not freed while a pin looks for a page in it (B9).
    On a little-endian host, `areas_are_big_endian` says that members are converted (B10), `h_confer_converts` that the
    yield_count that H_CONFER looks at is (B10 between v3.17 and v4.0), `sets_bit_of_status` that the bit for a shared
    processor is set where the guest looks (B11). `confers` says that H_CONFER does anything.
    `stolen_time` is how it is counted (B13, B14).
    `tracks_dirty` says that the dirty log gets to know what the host writes (from v3.10 on, B7).
    `shares_vcores` says that vcpus of one vcore run together; otherwise each has a vcore of its own.
    `bugs` names the known bugs that the scheme has, by their numbers in docs/model.md: for who states what is to be
    expected of it. No judge looks at it.
    """

    rules: Rules = SINCE_V4_14
    bumps_before_too_late_test = False
    naps_before_clearing_vcpu = False
    logs_dispatches = False
    shares_vcores = True
    has_one_reg = False
    sizeof_lppaca = SIZEOF_LPPACA
    clearing_a_dtl_takes_a_length = False
    finds_vcpus_under_kvm_lock = False
    tracks_dirty = False
    areas_are_big_endian = True
    sets_bit_of_status = True
    h_confer_converts = True
    confers = True
    stolen_time: type[StolenTime] = Locked
    pins_under_srcu = True
    bugs: ClassVar[frozenset[str]] = frozenset()

    def guest_memory(self, host: HostMemory) -> GuestMemory:
        """Return the memory of a virtual machine that is being built."""
        return GuestMemory(host)

    def new_vcpu(self, kvm: "Vm", vcpu_id: int, name: str) -> Vcpu:
        """Return a vcpu of a virtual machine that is being built."""
        return Vcpu(kvm, vcpu_id, name)

    # Hypercalls.

    def do_h_register_vpa(self, vcpu: Vcpu, flags: int, vcpuid: int, vpa: int) -> int:
        """Register or deregister an area of vcpu `vcpuid` on behalf of `vcpu`; return the code."""
        raise NotImplementedError

    def h_prod(self, vcpu: Vcpu, target: int) -> int:
        """Make a ceded vcpu run again, or its next H_CEDE return at once."""
        tvcpu = vcpu.kvm.vcpus.get(target)
        if tvcpu is None:
            return H_PARAMETER
        tvcpu.prodded = 1
        if tvcpu.ceded:
            wake(tvcpu)
        return H_SUCCESS

    def h_confer(self, vcpu: Vcpu, target: int, yield_count: int) -> int:
        """Yield to a vcpu if it still is where the caller saw it: the one reader of another vcpu's area."""
        tvcpu = vcpu.kvm.vcpus.get(target)
        if tvcpu is None:
            return H_PARAMETER
        if self.kvmppc_get_yield_count(tvcpu) == yield_count:
            tvcpu.yielded_to += 1  # the host's scheduler would be told here
        return H_SUCCESS

    def kvmppc_get_yield_count(self, vcpu: Vcpu) -> int:
        """Return the yield_count of any vcpu, 0 if it has no VPA; the lock keeps pointer and page in place."""
        with vcpu.vpa_update_lock:
            vpa = vcpu.vpa.pinned_addr
            count = vpa.load(YIELD_COUNT) if vpa else 0
        native = vcpu.kvm.little_endian and not self.h_confer_converts
        return swapped(YIELD_COUNT, count) if native else count

    def kvmppc_vcpu_woken(self, vcpu: Vcpu) -> bool:
        """Whether a ceded vcpu has reason to run."""
        return bool(vcpu.prodded)

    # What userspace asks for.

    def kvmppc_get_one_reg(self, vcpu: Vcpu, reg: int) -> int:
        """Return what a register holds for an area of the vcpu, or -EINVAL where there is no such register."""
        return one_reg.kvmppc_get_one_reg(vcpu, reg) if self.has_one_reg else EINVAL

    def kvmppc_set_one_reg(self, vcpu: Vcpu, reg: int, value: int) -> int:
        """Set a register that holds an area of the vcpu; return 0 or -EINVAL."""
        return one_reg.kvmppc_set_one_reg(vcpu, reg, value) if self.has_one_reg else EINVAL

    def kvmppc_harvest_vpa_dirty(self, vpap: KvmppcVpa, slot: Memslot, found: set[int]) -> None:
        """Collect the dirty flag of an area. Called with vpa_update_lock held."""
        dirty.kvmppc_harvest_vpa_dirty(vpap, slot, found)

    # The run loop.

    def kvmppc_run_vcpu(self, vcpu: Vcpu) -> None:
        """Run a vcpu, by its own task or another's of the vcore, until it has something to do outside the guest."""
        vc = vcpu.vcore
        vcpu.trap = None
        vc.lock.acquire()
        vcpu.ceded = 0
        prev_state = vcpu.state
        vcpu.state = RUNNABLE
        vc.runnable_threads.add_tail(vcpu)
        if prev_state == STOPPED:
            self.kvmppc_first_run(vc, vcpu)
        elif prev_state == BUSY_IN_HOST:
            vc.n_busy -= 1
        while vcpu.state == RUNNABLE:
            if vc.n_busy or vc.vcore_state != INACTIVE:
                kvmppc_wait_for_exec(vcpu)
                continue
            if self.kvmppc_all_ceded(vc):
                self.kvmppc_vcore_blocked(vc)
            else:
                self.kvmppc_run_core(vc)
        vc.lock.release()

    def kvmppc_all_ceded(self, vc: Vcore) -> bool:
        """Whether every vcpu has ceded and none has reason to run; those that have one go on."""
        all_ceded = True
        for v in vc.runnable_threads:
            ceded = v.ceded
            if ceded and self.kvmppc_vcpu_woken(v):
                v.prodded = 0
                v.ceded = ceded = 0
            all_ceded = all_ceded and bool(ceded)
        return all_ceded

    def kvmppc_vcore_blocked(self, vc: Vcore) -> None:
        """Sleep until one of the vcpus, all of them ceded, has reason to run. Called with vc->lock held."""
        kvmppc_vcore_blocked(vc)

    def kvmppc_first_run(self, vc: Vcore, vcpu: Vcpu) -> None:
        """Let a vcpu that runs for the first time join its vcore at once, if that is in the guest just now."""
        vcore_state = vc.vcore_state
        if vcore_state == RUNNING and vc.exit_count() == 0:
            racer.count("late-joins")
            vcpu.ptid = len(vc.runnable_threads) - 1
            self.kvmppc_join_running_core(vcpu)
        elif vcore_state == SLEEPING:
            wake(vcpu)

    def kvmppc_join_running_core(self, vcpu: Vcpu) -> None:
        """Start a late joiner; its vcore is in the guest already."""
        kvmppc_start_thread(vcpu)

    def kvmppc_run_core(self, vc: Vcore) -> None:
        """Take the vcpus of a vcore into the guest and out again. Called with vc->lock held."""
        vcpus = assign_ptids(vc)
        if not vcpus:
            return
        reset_counts(vc)
        vc.vcore_state = RUNNING
        self.kvmppc_dispatch(vcpus)
        enter_and_leave(vc, vcpus[0])

    def kvmppc_dispatch(self, vcpus: list[Vcpu]) -> None:
        """Start the vcpus' hardware threads."""
        for vcpu in vcpus:
            kvmppc_start_thread(vcpu)

    # Real-mode code, and what the hardware makes of the areas.

    def bump_on_entry(self, vcpu: Vcpu) -> None:
        """Make the yield_count even."""
        guest.bump_on_entry(vcpu)

    def leave_guest(self, vcpu: Vcpu) -> None:
        """Read what the VPA says on the way out; make the yield_count odd."""
        guest.leave_guest(vcpu)

    def machine_check(self, vcpu: Vcpu) -> None:
        """Reload the SLB from the shadow buffer."""
        machine_check.reload_slb(vcpu)

    # The end.

    def kvmppc_core_vcpu_free(self, vcpu: Vcpu) -> None:
        """Let go of what the vcpu's areas pin."""
        raise NotImplementedError

    def kvmppc_core_destroy_vm(self, kvm: "Vm") -> None:
        """Let go of what the machine itself holds; every vcpu has been freed."""
