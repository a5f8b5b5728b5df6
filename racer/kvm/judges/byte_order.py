"""What is judged of the byte order when all is over: what the guest reads in its VPAs, all of them big-endian."""

from typing import TYPE_CHECKING

import racer
from racer.kvm.judges.entry import overlaps
from racer.kvm.layout import SHARED_PROCESSOR, STATUS, YIELD_COUNT
from racer.kvm.papr import H_CONFER
from racer.kvm.pointer import HostPointer

if TYPE_CHECKING:
    from racer.kvm.vcpu import Vcpu
    from racer.kvm.vm import Vm


def check_guests_view(vm: "Vm") -> None:
    """Report VPAs that tell the guest of another processor than it has. Every vcpu has entered and left once more."""
    for vcpu in vm.runners:
        vpa = vcpu.vpa.pinned_addr
        if isinstance(vpa, HostPointer) and not overlaps(vm, vcpu, vpa.pin.gpa):
            data = vpa.frame.data[vpa.at :]
            check_vpa(vcpu, STATUS.unpack(data), YIELD_COUNT.unpack(data))
            if vm.scheme.confers:
                check_confer(vm, vcpu, YIELD_COUNT.unpack(data))


def check_vpa(vcpu: "Vcpu", status: int, count: int) -> None:
    """Report a shared processor that looks dedicated, and a yield_count that says that the vcpu runs."""
    here = racer.side("check", f"{vcpu}'s VPA", skip=2)
    if not status & SHARED_PROCESSOR:
        message = f"{vcpu}'s guest reads status {status:#x}: as if it had a processor to itself"
        racer.violation("shared-processor", message, sides=(here,))
    if not count & 1:
        message = f"{vcpu}'s guest reads yield_count {count:#x}, even, when the vcpu does not run"
        racer.violation("byte-order", message, sides=(here,))


def check_confer(vm: "Vm", vcpu: "Vcpu", count: int) -> None:
    """Report that conferring to a vcpu with its own yield_count does not yield to it."""
    before = vcpu.yielded_to
    vm.hcall(vm.runners[0], H_CONFER, vcpu.vcpu_id, count)
    if vcpu.yielded_to == before:
        here = racer.side("confer", f"to {vcpu} at {count:#x}", skip=2)
        message = f"a vcpu that confers to {vcpu}, whose yield_count is {count:#x} as it says, does not yield"
        racer.violation("never-yields", message, sides=(here,))
