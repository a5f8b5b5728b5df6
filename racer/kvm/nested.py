"""An outer hypervisor (L0), under which this host (L1) is a guest itself: nested v2, from v6.8 on.

It enters and leaves the guests of L1's vcpus, and keeps their yield_counts when it has been told where a VPA lies. So
it uses an address that L1 pinned, on CPUs and at times of its own.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import racer
from racer.kvm import guest, judges
from racer.kvm.layout import PMCREGS_IN_USE, SHARED_PROCESSOR, STATUS
from racer.kvm.pointer import NULL, HostPointer, Pointer

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
            if isinstance(vpa, HostPointer):
                racer.count("outer-looks")
                if not vpa.load(STATUS) & SHARED_PROCESSOR:
                    judges.report_uninitialised(vpa)
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


class OuterHypervisor:
    """The outer hypervisor by itself: it looks at the VPAs it knows now and then, and again while the machine ends."""

    looks = 4
    looks_at_the_end = 3

    def __init__(self, vcpus: "Iterable[Vcpu]") -> None:
        self.vcpus = [vcpu.outer for vcpu in vcpus if vcpu.outer is not None]
        self.ending: racer.Atomic[int] = racer.Atomic(0, name="L0 ending")
        self.thread = racer.Thread(target=self.run, name="L0", daemon=True)

    def run(self) -> None:
        """Look at every VPA so many times."""
        for _ in range(self.looks):
            self.look()
        self.ending.wait(bool)
        for _ in range(self.looks_at_the_end):
            self.look()

    def look(self) -> None:
        """Look at every VPA."""
        for vcpu in self.vcpus:
            vcpu.look()
