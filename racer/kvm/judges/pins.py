"""What is judged of pins: begin and end of an area go together; when all is over none is left, no canary was hurt."""

from typing import TYPE_CHECKING

import racer
from racer.kvm.memory import report_corruption
from racer.kvm.pointer import HostPointer, Pointer

if TYPE_CHECKING:
    from racer.kvm.areas import KvmppcVpa
    from racer.kvm.vm import Vm


def check_pair(area: "KvmppcVpa", begin: Pointer, end: Pointer) -> None:
    """Report that somebody has read the begin of one area and the end of another: they are two words, and two reads."""
    if not isinstance(begin, HostPointer) or (isinstance(end, HostPointer) and end.pin is begin.pin):
        return
    here = racer.side("read", f"{begin!r} to {end!r}", skip=1)
    other = "no area" if not isinstance(end, HostPointer) else f"the area at {end.pin.gpa:#x}"
    message = f"{here.thread} took the begin of {area.label} at {begin.pin.gpa:#x} with the end of {other}"
    racer.violation("torn-read", message, sides=(area.requested, here) if area.requested else (here,))


def report_uninitialised(vpa: HostPointer) -> None:
    """Report that an outer hypervisor was told of a VPA before that was one."""
    here = racer.side("use", f"{vpa.frame.name} +{vpa.at:#x}", skip=1)
    message = f"{here.thread} used a VPA that nobody had initialised"
    racer.violation("uninitialised-vpa", message, sides=(vpa.pin.taken, here))


def check_pins(vm: "Vm") -> None:
    """Report pins that nobody gave back, and frames that lost more references than they had. All vcpus are freed."""
    for frame in vm.host.frames:
        for pin in frame.pins:
            here = racer.side("check", pin.shown, skip=2)
            message = f"a pin of {pin.shown} is left over after every vcpu was freed"
            racer.violation("pin-imbalance", message, sides=(pin.taken, here))
        if frame.refs < 0:
            here = racer.side("check", frame.name, skip=2)
            message = f"{frame.name} lost {-frame.refs} references more than it had"
            racer.violation("pin-imbalance", message, sides=(here,))


def check_canaries(vm: "Vm") -> None:
    """Report victims' frames that somebody wrote to."""
    for frame, at in vm.host.corrupted():
        report_corruption(frame, at)
