"""An outer hypervisor (L0), under which this host (L1) is a guest itself: nested v2, from v6.8 on.

It enters and leaves the guests of L1's vcpus, and keeps their yield_counts when it has been told where a VPA lies. So
it uses an address that L1 pinned, on CPUs and at times of its own.
"""

from typing import TYPE_CHECKING

import racer
from racer.kvm import guest
from racer.kvm.layout import PMCREGS_IN_USE
from racer.kvm.pointer import NULL, Pointer

if TYPE_CHECKING:
    from racer.kvm.vcpu import Vcpu


class OuterVcpu:
    """What the outer hypervisor knows of a vcpu. Its lock is held while the address of the VPA is used or changed."""

    vpa: "racer.field[Pointer]" = racer.field(NULL, guarded_by="lock")

    def __init__(self, vcpu: "Vcpu") -> None:
        self.name = f"L0 {vcpu.name}"
        self.lock = racer.SpinLock(name=f"{self.name}.lock")

    def kvmhv_nestedv2_set_vpa(self, vpa: Pointer) -> None:
        """Be told where the VPA lies, or with NULL (all ones, there) that there is none. A hypercall of L1's."""
        with self.lock:
            self.vpa = vpa

    def kvmhv_nestedv2_vcpu_free(self) -> None:
        """Forget the vcpu. A hypercall of L1's."""
        with self.lock:
            self.vpa = NULL

    def look(self) -> None:
        """See whether the guest uses the performance monitor: the outer hypervisor may at any time."""
        with self.lock:
            vpa = self.vpa
            if vpa:
                racer.count("outer-looks")
                vpa.load(PMCREGS_IN_USE)

    def bump_on_entry(self, vcpu: "Vcpu") -> None:
        """Make the yield_count even."""
        vcpu.between_bumps = True
        with self.lock:
            guest.bump_at_entry(vcpu, self.vpa)

    def leave_guest(self, vcpu: "Vcpu") -> None:
        """Make the yield_count odd."""
        with self.lock:
            guest.bump_at_exit(vcpu, self.vpa)
        vcpu.between_bumps = False
