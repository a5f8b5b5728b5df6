"""Dirty tracking: which pages of the guest the host wrote to, so that a migration copies them again.

From v3.10 on (commit c35635ef): a flag for each area, set after each write of the host's; collected under
vpa_update_lock into the log of the memslot; handed on to the page when the area is unpinned. The SLB shadow has none:
the host only reads it. Where userspace keeps no log (`start_dirty_log`) flags are left alone.
"""

from typing import TYPE_CHECKING

from racer.kvm.dirty_log import PAGE_SHIFT, DirtyLog
from racer.kvm.guest_memory import Memslot

if TYPE_CHECKING:
    from racer.kvm.areas import KvmppcVpa
    from racer.kvm.memory import Frame
    from racer.kvm.vcpu import Vcpu
    from racer.kvm.vm import Vm


def start_dirty_log(vm: "Vm") -> None:
    """Let userspace keep a dirty log of the machine; before it runs."""
    vm.host.dirty_log = DirtyLog()
    for vcpu in vm.vcpus.values():
        for vpap in (vcpu.vpa, vcpu.dtl):
            vpap.tracked = vm.scheme.tracks_dirty


def kvmppc_harvest_vpa_dirty(vpap: "KvmppcVpa", slot: Memslot, found: set[int]) -> None:
    """Collect the flag of an area that lies in a slot, and only then. Called with vpa_update_lock held."""
    if not vpap.dirty or not vpap.pinned_addr:
        return
    gfn = vpap.gpa >> PAGE_SHIFT
    if not slot.base_gfn <= gfn < slot.base_gfn + len(slot.pages):
        return
    vpap.dirty = 0
    found.add(gfn)


def kvm_vm_ioctl_get_dirty_log(vm: "Vm", slot: Memslot) -> set[int]:
    """Return the pages of a slot that were written since this was asked last: first marked ones, then each vcpu's."""
    log = vm.host.dirty_log
    assert log is not None
    with vm.memory.slots_lock:
        found = log.collect(slot.base_gfn, len(slot.pages))
        if vm.scheme.tracks_dirty:
            for vcpu in vm.vcpus.values():
                harvest(vcpu, slot, found)
    return found


def harvest(vcpu: "Vcpu", slot: Memslot, found: set[int]) -> None:
    """Collect the flags of a vcpu's areas that the host writes to."""
    scheme = vcpu.kvm.scheme
    with vcpu.vpa_update_lock:
        scheme.kvmppc_harvest_vpa_dirty(vcpu.vpa, slot, found)
        scheme.kvmppc_harvest_vpa_dirty(vcpu.dtl, slot, found)


def copy_dirty_pages(vm: "Vm", slot: Memslot) -> int:
    """Be a migration's round over one slot: ask which pages are dirty and copy them; return how many they were."""
    dirty = sorted(kvm_vm_ioctl_get_dirty_log(vm, slot))
    for gfn in dirty:
        frame, _ = slot.pages[gfn - slot.base_gfn].look_up()
        if frame is not None:
            frame.atomically("copy", copied, frame, gfn)
    return len(dirty)


def copied(frame: "Frame", gfn: int) -> None:
    """Note that userspace has a copy of a page as it is now; run by `atomically`."""
    log = frame.memory.dirty_log
    assert log is not None
    log.uncopied.pop(gfn, None)
