"""What is judged at guest entry and exit: requests that should have been applied, where areas lie, the yield_count."""

from typing import TYPE_CHECKING

import racer
from racer.kvm.layout import SIZEOF_LPPACA
from racer.kvm.papr import H_SUCCESS, REGISTERING
from racer.kvm.pointer import HostPointer, Pointer

if TYPE_CHECKING:
    from racer.kvm.areas import KvmppcVpa
    from racer.kvm.vcpu import Vcpu
    from racer.kvm.vm import Vm


def note_pending(vcpu: "Vcpu") -> None:
    """Take down which requests wait for a vcpu whose run begins now."""
    for area in vcpu.areas:
        area.noted = area.waiting()


def entered(vcpu: "Vcpu") -> None:
    """Report requests that the vcpu should have got before this entry, and a dispatch that should have been logged.

    A request has to be applied by the first entry after a run of the vcpu that began later, or after an entry that
    it came too late for. One that comes while an entry is being prepared is no finding (facts D7): it has another
    number than those that were taken down.
    """
    if vcpu.kvm.scheme.logs_dispatches:
        check_logged(vcpu)
    if vcpu.kvm.booted_anew:
        check_boot(vcpu)
    for area in vcpu.areas:
        recorded = area.recorded
        noted, area.noted = area.noted, area.waiting()
        check_page(area, area.recorded if racer.controlled() else recorded)
        if area.noted is not None and area.noted == noted:
            here = racer.side("enter", f"guest with stale {area.label}", skip=1)
            racer.violation(
                "stale-areas",
                f"{vcpu.name} entered the guest without {area.label} that had been asked for before its run began",
                sides=(area.requested, here) if area.requested else (here,),
            )


def check_logged(vcpu: "Vcpu") -> None:
    """Report an entry for which no log entry was made."""
    logged = vcpu.logged
    if logged > vcpu.logged_before + 1:
        here = racer.side("enter", "guest, dispatch logged twice", skip=2)
        message = f"{vcpu.name} entered the guest with {logged - vcpu.logged_before} log entries made for it"
        racer.violation("dispatch-logged-twice", message, sides=(here,))
    if logged == vcpu.logged_before:
        here = racer.side("enter", "guest, dispatch not logged", skip=2)
        message = f"{vcpu.name} entered the guest with no log entry made for it"
        racer.violation("dispatch-not-logged", message, sides=(here,))
    vcpu.logged_before = logged


def came_too_late(vcpu: "Vcpu") -> None:
    """Note that a dispatch was logged of which no entry came. No operation: the runner waits for this thread."""
    vcpu.logged_before = vcpu.dispatches


def check_boot(vcpu: "Vcpu") -> None:
    """Report areas that an earlier kernel of the machine registered: the host uses memory that it knows not of."""
    for kind, area in enumerate(vcpu.areas, start=1):
        gpa = area.lies_at
        if gpa is not None and (vcpu.vcpu_id, kind, gpa) not in vcpu.kvm.asked:
            here = racer.side("enter", f"guest with {area.label} at {gpa:#x}", skip=2)
            message = f"{area.label} at {gpa:#x} was registered before the machine was reset, and not since"
            racer.violation("stale-registration", message, sides=(area.requested, here) if area.requested else (here,))


def check_page(area: "KvmppcVpa", recorded: int) -> None:
    """Report an area that has changed and lies in another page than was asked for last.

    Its flag has just been read, when so many requests had been recorded; what the last of them asked for is known from
    the step that set the flag. A judge must not read next_gpa: that belongs to vpa_update_lock.
    """
    if area.changes == area.checked:
        return
    area.checked = area.changes
    racer.count("entries-after-update")
    check_asked(area, recorded)
    if area.noted is not None or not recorded:
        return
    addr, gpa = area.pinned_addr, area.recorded_gpa
    if recorded == area.asked and isinstance(addr, HostPointer) and addr.pin.gpa != gpa:
        here = racer.side("enter", f"guest with {area.label} at {addr.pin.gpa:#x}", skip=2)
        message = f"{area.label} lies at {addr.pin.gpa:#x}, asked for last was {gpa:#x}"
        racer.violation("last-request", message, sides=(area.requested, here) if area.requested else (here,))


def check_asked(area: "KvmppcVpa", recorded: int) -> None:
    """Report an area that has changed since the last entry without a request: all that were recorded had been served.

    An area is taken away, initialised or begun anew only because somebody has asked. Of a request that waits nothing is
    due yet. In free mode it is not known which of these came first.
    """
    served = recorded - (area.noted is not None)
    before, area.served = area.served, served
    if not racer.controlled() or not recorded or served > before:
        return
    here = racer.side("enter", f"guest with {area.label} changed", skip=3)
    message = f"{area.label} was changed, and nobody had asked for that since it was last"
    racer.violation("unasked-change", message, sides=(area.requested, here) if area.requested else (here,))


def report_parity(vcpu: "Vcpu", vpa: Pointer, count: int, *, entering: bool) -> None:
    """Report a yield_count that says the opposite of what the vcpu does, unless another area lies over it."""
    if not isinstance(vpa, HostPointer) or overlaps(vcpu.kvm, vcpu, vpa.pin.gpa):
        return
    here = racer.side("enter" if entering else "leave", f"guest with yield_count {count}", skip=1)
    racer.violation(
        "yield-count-parity",
        f"{vcpu.name} {'entered' if entering else 'left'} the guest and found yield_count {count},"
        f" {'even: as if it ran already' if entering else 'odd: as if it had not run'}",
        sides=(here,),
    )


def overlaps(vm: "Vm", vcpu: "Vcpu", gpa: int) -> bool:
    """Whether another area than this vcpu's VPA was registered over the VPA at `gpa`."""
    for caller in vm.vcpus.values():
        for call in caller.calls:
            if call.code != H_SUCCESS or call.subfunc not in REGISTERING:
                continue
            length = call.wrote or SIZEOF_LPPACA
            mine = call.subfunc == 1 and call.target_id == vcpu.vcpu_id
            if not mine and call.gpa < gpa + SIZEOF_LPPACA and gpa < call.gpa + length:
                return True
    return False
