"""A virtual machine: how it is built, how its vcpus' tasks run, how it ends."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import racer
from racer.kvm import judges
from racer.kvm.dirty import copy_dirty_pages
from racer.kvm.hcalls import Call, kvmppc_pseries_do_hcall
from racer.kvm.ioctl import Ioctls, vcpu_load
from racer.kvm.layout import SHARED_PROC_FIELD
from racer.kvm.memory import PAGE_MASK, HostMemory
from racer.kvm.nested import OuterHypervisor
from racer.kvm.srcu import Srcu
from racer.kvm.vcore import Vcore, leave_vcore
from racer.kvm.vcpu import LEAVE, RESUME_GUEST, Exit, Guest, Vcpu

if TYPE_CHECKING:
    from racer.kvm.schemes.base import Scheme

SWITCH_OFF = "off"


class Idle:
    """A guest that leaves at once: it serves to make one more entry."""

    def run(self, vcpu: Vcpu) -> Exit | None:
        """Do nothing."""
        del vcpu
        return LEAVE

    def returned(self, code: int) -> None:
        """Never called."""


class Vm:
    """One virtual machine under one scheme. Built in the test body, before its threads start.

    `vcpus` is how many vcpus run, or their processor numbers; `threads_per_core` of them share a vcore. `callers` are
    further vcpus, each alone in its vcore, which never enter the guest: they make calls for threads of the same name.
    With `orders_calls` a call's begin and its answer are operations, so that the judges know which calls came after
    others had their answers; without, they go by each caller's own order. `ioctls` says that userspace makes ioctls
    meanwhile, so that there are the locks that they take; `outer` that there is an outer hypervisor; `timebase` that
    time passes, so that some of it can be stolen; `little_endian` that the host is, while the areas never are.
    `strict` makes a finding of a write to an area whose deregistration has returned, which is no bug (D1).
    `asked`, every area asked for since the machine was reset last, `booted_anew` and `set_calls` are notes for judges.
    """

    def __init__(
        self,
        scheme: "Scheme",
        vcpus: int | Sequence[int] = 2,
        *,
        threads_per_core: int = 2,
        callers: Iterable[str] = (),
        ioctls: bool = False,
        outer: bool = False,
        timebase: bool = False,
        little_endian: bool = False,
        strict: bool = False,
        orders_calls: bool = True,
    ) -> None:
        self.scheme = scheme
        self.orders_calls = orders_calls
        self.host = HostMemory()
        self.memory = scheme.guest_memory(self.host)
        if scheme.pins_under_srcu:
            self.memory.srcu = Srcu()
        self.vcpus: dict[int, Vcpu] = {}
        self.vcores: list[Vcore] = []
        ids = range(vcpus) if isinstance(vcpus, int) else vcpus
        self.runners = [self._add_vcpu(vcpu_id, f"vcpu{n}") for n, vcpu_id in enumerate(ids)]
        share = threads_per_core if scheme.shares_vcores else 1
        for first in range(0, len(self.runners), share):
            self._add_vcore(self.runners[first : first + share])
        free = max(self.vcpus, default=0) + 1
        self.callers = [self._add_vcpu(free + n, name) for n, name in enumerate(callers)]
        for caller in self.callers:
            self._add_vcore([caller])
        is_nested = any(vcpu.outer is not None for vcpu in self.runners)
        self.outer = OuterHypervisor(self.runners) if outer and is_nested else None
        self.stolen_time = scheme.stolen_time(self.vcores) if timebase else None
        if self.stolen_time is not None:
            for vcpu in self.runners:
                self.stolen_time.add(vcpu)
        self.little_endian = little_endian
        self.strict = strict
        self.host.swapped = little_endian and not scheme.areas_are_big_endian
        if little_endian and not scheme.sets_bit_of_status:
            self.host.shared_processor = SHARED_PROC_FIELD
        self.ioctls = Ioctls(list(self.vcpus.values())) if ioctls else None
        self.asked: set[tuple[int, int, int]] = set()
        self.booted_anew = False
        self.set_calls: dict[int, list[Call]] = {vcpu_id: [] for vcpu_id in self.vcpus}

    def _add_vcpu(self, vcpu_id: int, name: str) -> Vcpu:
        vcpu = self.vcpus[vcpu_id] = self.scheme.new_vcpu(self, vcpu_id, name)
        return vcpu

    def _add_vcore(self, vcpus: list[Vcpu]) -> None:
        vcore = Vcore(self, len(self.vcores), len(vcpus))
        self.vcores.append(vcore)
        for vcpu in vcpus:
            vcpu.vcore = vcore

    def switch_on(self) -> None:
        """Start the secondary hardware threads."""
        for vcore in self.vcores:
            for hardware in vcore.threads:
                hardware.thread.start()
        if self.outer is not None:
            self.outer.thread.start()

    def task(self, vcpu: Vcpu, guest: Guest) -> racer.Thread:
        """Return the thread, not started, that runs a vcpu with this guest program until the program asks to leave."""
        return racer.Thread(target=kvmppc_vcpu_run, args=(vcpu, guest), name=vcpu.name)

    def hcall(self, caller: Vcpu, opcode: int, *args: int, wrote: int | None = None) -> int:
        """Make a hypercall for a vcpu that is not in the guest, on the calling thread; return its code.

        `wrote` is the length that the guest put into the area for this call, for the judges of return codes.
        """
        return kvmppc_pseries_do_hcall(caller, opcode, args, wrote)

    def static_bytes_left(self, gpa: int) -> int | None:
        """Return the bytes from a guest address to the end of its page, None where there is no memory.

        No operation: for judges, when userspace has left memory alone.
        """
        page = self.memory.page_at(gpa)
        frame, base = page.mapping if page is not None else (None, 0)
        return None if frame is None else self.memory.bytes_left(frame, base + (gpa & PAGE_MASK))

    def one_more_entry(self) -> None:
        """Run every vcpu once more, one after the other, on the calling thread: all that was asked for gets applied."""
        for vcpu in self.runners:
            kvmppc_vcpu_run(vcpu, Idle())

    def switch_off(self) -> None:
        """End the hardware threads; all tasks must have ended."""
        for vcore in self.vcores:
            for hardware in vcore.threads:
                hardware.kvm_vcpu.store(SWITCH_OFF)
            for hardware in vcore.threads:
                hardware.thread.join()

    def free(self) -> None:
        """Free the vcpus; the hardware threads must have ended."""
        if self.outer is not None:
            self.outer.ending.store(1)
        for vcpu in self.vcpus.values():
            self.scheme.kvmppc_core_vcpu_free(vcpu)
        if self.outer is not None:
            self.outer.thread.join()
        self.scheme.kvmppc_core_destroy_vm(self)

    def finish(self, *, quiesce: bool = True, mappings_changed: bool = False) -> None:
        """End the machine, once all tasks have, and judge what came of it.

        `quiesce` makes every vcpu enter once more before; without it requests may be left that are never applied.
        `mappings_changed` says that userspace changed memory meanwhile, so that return codes depend on more than calls.
        """
        if quiesce:
            self.one_more_entry()
        self.switch_off()
        if quiesce:
            judges.check_requests(self, mappings_changed=mappings_changed)
            if self.little_endian:
                judges.check_guests_view(self)
        if self.host.dirty_log is not None:
            for slot in self.memory.initial:
                copy_dirty_pages(self, slot)
            judges.check_dirty(self)
        self.free()
        judges.check_pins(self)
        judges.check_canaries(self)
        racer.count("updates", sum(area.changes for vcpu in self.vcpus.values() for area in vcpu.areas))
        racer.count("entries", sum(vcpu.entries for vcpu in self.runners))
        racer.count("calls", sum(call.code == 0 for vcpu in self.vcpus.values() for call in vcpu.calls))


def kvmppc_find_vcpu(kvm: Vm, vcpuid: int) -> Vcpu | None:
    """Return the vcpu of this processor number. vcpus live until the machine ends: no reference is needed."""
    if kvm.ioctls is not None and kvm.scheme.finds_vcpus_under_kvm_lock:
        with kvm.ioctls.lock:  # B15: the caller has its vcpu's mutex already
            return kvm.vcpus.get(vcpuid)
    return kvm.vcpus.get(vcpuid)


def kvmppc_vcpu_run(vcpu: Vcpu, guest: Guest) -> None:
    """Be the task of a vcpu: run it, make the hypercalls it comes out with, until its guest asks to leave."""
    vcpu.guest = guest
    stolen_time = vcpu.kvm.stolen_time
    with vcpu_load(vcpu):
        if stolen_time is not None:
            stolen_time.kvmppc_core_vcpu_load(vcpu)
        kvm_arch_vcpu_ioctl_run(vcpu, guest)
        if stolen_time is not None:
            stolen_time.kvmppc_core_vcpu_put(vcpu)
    vcpu.left = True


def kvm_arch_vcpu_ioctl_run(vcpu: Vcpu, guest: Guest) -> None:
    """Run a vcpu until its guest asks to leave; what it comes out with on the way is seen to here."""
    scheme = vcpu.kvm.scheme
    while True:
        judges.note_pending(vcpu)
        scheme.kvmppc_run_vcpu(vcpu)
        left = vcpu.trap
        if left is RESUME_GUEST:
            continue
        if left is None or not left.opcode:
            break
        guest.returned(kvmppc_pseries_do_hcall(vcpu, left.opcode, left.args, left.wrote))
    leave_vcore(vcpu)
