"""Guest entry and exit, the real-mode code of a hardware thread: the yield_count, and what is read on the way out."""

from typing import TYPE_CHECKING

from racer.kvm import judges
from racer.kvm.areas import mark_dirty
from racer.kvm.layout import PMCREGS_IN_USE, YIELD_COUNT
from racer.kvm.pointer import Pointer

if TYPE_CHECKING:
    from racer.kvm.vcpu import Vcpu

EXITING = 0x100  # one thread in the exit count of entry_exit_count
COUNT_MASK = 0xFFFFFFFF


def kvmppc_hv_entry(vcpu: "Vcpu", *, primary: bool) -> None:
    """Take a vcpu into the guest, run it, take it out. A thread that comes when others leave already goes back."""
    vc = vcpu.vcore
    scheme = vcpu.kvm.scheme
    if scheme.bumps_before_too_late_test:
        scheme.bump_on_entry(vcpu)
    if vc.entry_exit_count.update(enter_unless_exiting) >= EXITING:
        judges.came_too_late(vcpu)
        return  # secondary_too_late
    if not scheme.bumps_before_too_late_test:
        scheme.bump_on_entry(vcpu)
    if primary:
        vc.in_guest.store(1)
    else:
        vc.in_guest.wait(is_set)

    run_guest(vcpu)

    vc.entry_exit_count.add(EXITING)
    scheme.leave_guest(vcpu)
    if primary:
        vc.entry_exit_count.wait(all_left)
        vc.in_guest.store(0)


def kvmhv_p9_guest_entry(vcpu: "Vcpu") -> None:
    """Take a vcpu into the guest, run it, take it out: since POWER9 it does not wait for others, nor they for it."""
    scheme = vcpu.kvm.scheme
    scheme.bump_on_entry(vcpu)
    run_guest(vcpu)
    scheme.leave_guest(vcpu)


def run_guest(vcpu: "Vcpu") -> None:
    """Run the guest's program for one stay."""
    judges.entered(vcpu)
    vcpu.entries += 1
    trap = vcpu.guest.run(vcpu)
    if trap is not None:
        vcpu.trap = trap


def bump_on_entry(vcpu: "Vcpu") -> None:
    """Make the yield_count even, for as long as the vcpu is in the guest."""
    vcpu.between_bumps = True
    bump_at_entry(vcpu, vcpu.vpa.pinned_addr)


def bump_at_entry(vcpu: "Vcpu", vpa: Pointer) -> None:
    """Make the yield_count even, in a VPA that lies at this address."""
    if vpa:
        count = vpa.load(YIELD_COUNT)
        vpa.store(YIELD_COUNT, (count + 1) & COUNT_MASK)
        if not count & 1:
            judges.report_parity(vcpu, vpa, count, entering=True)
        mark_dirty(vcpu.vpa)


def leave_guest(vcpu: "Vcpu") -> None:
    """See whether the guest uses the performance monitor; make the yield_count odd. The pointer is loaded once."""
    bump_at_exit(vcpu, vcpu.vpa.pinned_addr)
    vcpu.between_bumps = False


def bump_at_exit(vcpu: "Vcpu", vpa: Pointer) -> None:
    """Do so in a VPA that lies at this address."""
    if vpa:
        vpa.load(PMCREGS_IN_USE)
        count = vpa.load(YIELD_COUNT)
        vpa.store(YIELD_COUNT, (count + 1) & COUNT_MASK)
        if count & 1:
            judges.report_parity(vcpu, vpa, count, entering=False)
        mark_dirty(vcpu.vpa)


def enter_unless_exiting(count: int) -> int:
    """Count one thread more, unless one has begun to leave."""
    return count if count >= EXITING else count + 1


def all_left(count: int) -> bool:
    """Whether every thread that entered has begun to leave."""
    return count >> 8 == count & 0xFF


def is_set(value: int) -> bool:
    """Whether the primary thread has let the others go on."""
    return value != 0
