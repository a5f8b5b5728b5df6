"""What is judged of pins and canaries when every vcpu is freed: nothing is left over, nobody else was written over."""

from typing import TYPE_CHECKING

import racer
from racer.kvm.memory import report_corruption

if TYPE_CHECKING:
    from racer.kvm.vm import Vm


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
