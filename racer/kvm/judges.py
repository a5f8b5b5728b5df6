"""The invariants of the model, judged: at the moment of a use, at a guest entry, and when the machine has ended.

A judge looks at values that operations have read, at notes that were taken in the step which wrote such a value, or
at the end of the execution: so it finds the same in every execution that orders conflicting operations in the same way.
None knows which scheme it judges.
"""

from typing import TYPE_CHECKING

import racer
from racer.kvm import serial
from racer.kvm.layout import SIZEOF_LPPACA
from racer.kvm.memory import report_corruption
from racer.kvm.papr import FUNCTION_NAMES, H_PARAMETER, H_SUCCESS, REGISTERING, return_name
from racer.kvm.pointer import HostPointer, Pointer
from racer.kvm.specification import Area, Registered

if TYPE_CHECKING:
    from racer.kvm.areas import KvmppcVpa
    from racer.kvm.hcalls import Call
    from racer.kvm.vcpu import Vcpu
    from racer.kvm.vm import Vm

# Guest entry and exit.


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
    for area in vcpu.areas:
        noted, area.noted = area.noted, area.waiting()
        check_page(area)
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
    if logged == vcpu.logged_before:
        here = racer.side("enter", "guest, dispatch not logged", skip=2)
        message = f"{vcpu.name} entered the guest with no log entry made for it"
        racer.violation("dispatch-not-logged", message, sides=(here,))
    vcpu.logged_before = logged


def check_page(area: "KvmppcVpa") -> None:
    """Report an area that has changed and lies in another page than was asked for last.

    Its flag has just been read, and no request was on its way from then until next_gpa is read here: every one that
    had begun by now was recorded by then.
    """
    recorded, addr = area.recorded, area.pinned_addr
    if area.changes == area.checked:
        return
    area.checked = area.changes
    racer.count("entries-after-update")
    if area.noted is not None or not recorded:
        return
    gpa = area.next_gpa
    if recorded == area.asked and isinstance(addr, HostPointer) and addr.pin.gpa != gpa:
        here = racer.side("enter", f"guest with {area.label} at {addr.pin.gpa:#x}", skip=2)
        message = f"{area.label} lies at {addr.pin.gpa:#x}, asked for last was {gpa:#x}"
        racer.violation("last-request", message, sides=(area.requested, here) if area.requested else (here,))


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


# The dispatch log.


def check_log_bounds(vcpu: "Vcpu", at: HostPointer, end: Pointer) -> None:
    """Report an entry that was not written into the log that the vcpu has."""
    if isinstance(end, HostPointer) and end.frame is at.frame and at.at < end.at:
        return
    here = racer.side("store", f"dtl entry at {at!r}, log ends at {end!r}", skip=1)
    racer.violation("dtl-bounds", f"{vcpu.name}'s dtl_ptr lies outside of its dispatch log", sides=(here,))


def report_index(vcpu: "Vcpu", index: int, entries: int, here: racer.Side) -> None:
    """Report a dtl_idx that counts entries which are not there."""
    racer.violation(
        "dtl-bounds", f"{vcpu.name}'s dtl_idx became {index} when its log had {entries} entries", sides=(here,)
    )


# The end of an execution.


def check_requests(vm: "Vm", *, mappings_changed: bool) -> None:
    """Report answers that no order of the calls explains, and areas that are not what was asked for last.

    All tasks have ended and every vcpu has entered once more.
    """
    for vcpu in vm.runners:
        calls = [[c for c in caller.calls if c.target_id == vcpu.vcpu_id] for caller in vm.vcpus.values()]
        calls = [each for each in calls if each]
        actual = registered(vcpu)
        if mappings_changed or any(call.wrote is None for each in calls for call in each):
            wanted = serial.last_accepted(calls)
            explained = all(matches(vm, has, want) for has, want in zip(actual, wanted, strict=True))
        else:
            finals = serial.finals(vm, calls)
            if finals is None:
                continue
            if not finals:
                report_codes(vcpu, calls)
                finals = {Registered(*each) for each in serial.product_of_last(calls)}
            explained = any(
                all(matches(vm, has, {want}) for has, want in zip(actual, final, strict=True)) for final in finals
            )
        if not explained:
            report_not_last(vcpu, actual)
        check_dependency(vm, vcpu, actual, calls)
        if vm.scheme.logs_dispatches:
            check_log_position(vcpu)
    check_strangers(vm)


def check_strangers(vm: "Vm") -> None:
    """Report calls for processors that do not exist and were not refused."""
    for caller in vm.vcpus.values():
        for call in caller.calls:
            if call.target_id not in vm.vcpus and call.code != H_PARAMETER:
                what = f"{name_of(call.subfunc)} for processor {call.target_id}, which is none"
                message = f"{what}, gave {return_name(call.code)}"
                racer.violation("return-code", message, sides=(racer.side("check", caller.name, skip=2),))


def check_log_position(vcpu: "Vcpu") -> None:
    """Report a dtl_ptr that is not in the log the vcpu has, or is there without a log."""
    at, log = vcpu.dtl_ptr, vcpu.dtl
    begin, end = log.pinned_addr, log.pinned_end
    if not begin and not at:
        return
    match at, begin, end:
        case HostPointer(), HostPointer(), HostPointer() if at.frame is begin.frame and begin.at <= at.at < end.at:
            return
    here = racer.side("check", f"dtl_ptr {at!r}, log {begin!r} to {end!r}", skip=2)
    racer.violation("dtl-bounds", f"{vcpu.name}'s dtl_ptr lies outside of its dispatch log", sides=(here,))


def registered(vcpu: "Vcpu") -> Registered:
    """Return what a vcpu has, read once; report requests that are still waiting, and areas beyond their page."""
    found = []
    for area in vcpu.areas:
        if area.update_pending:
            here = racer.side("check", area.label, skip=2)
            message = f"a request for {area.label} is still pending after one more entry"
            racer.violation("last-request", message, sides=(area.requested, here) if area.requested else (here,))
        found.append(extent(area))
    return Registered(*found)


def extent(area: "KvmppcVpa") -> Area:
    """Return guest address and length of what an area has pinned."""
    begin, end = area.pinned_addr, area.pinned_end
    if not isinstance(begin, HostPointer):
        return None
    if not isinstance(end, HostPointer) or end.frame is not begin.frame:
        return begin.pin.gpa, -1
    if end.at > begin.pin.limit:
        here = racer.side("check", f"{area.label} up to {end!r}", skip=3)
        message = f"{area.label} reaches beyond the end of its page ({begin.pin.limit:#x} bytes)"
        racer.violation("out-of-bounds", message, sides=(begin.pin.taken, here))
    return begin.pin.gpa, end.at - begin.at


def matches(vm: "Vm", has: Area, wanted: set[Area]) -> bool:
    """Whether an area was wanted, or rightly dropped because its memory was gone or too short (facts D2)."""
    if has in wanted or (has is not None and (has[0], serial.ANY_LENGTH) in wanted):
        return True
    return has is None and any(want is not None and was_short(vm, want) for want in wanted)


def was_short(vm: "Vm", area: tuple[int, int]) -> bool:
    """Whether a pin at the area's address failed, or found less than the area's length."""
    gpa, length = area
    return gpa in vm.memory.failed or vm.memory.shortest.get(gpa, length) < length


def report_codes(vcpu: "Vcpu", calls: "list[list[Call]]") -> None:
    """Report answers that no order of the calls gives."""
    shown = "; ".join(
        f"{each[0].caller.name}: " + ", ".join(f"{name_of(c.subfunc)} {return_name(c.code)}" for c in each)
        for each in calls
    )
    message = f"no order of the calls for {vcpu.name} gives these answers: {shown}"
    racer.violation("return-code", message, sides=(racer.side("check", vcpu.name, skip=2),))


def name_of(subfunc: int) -> str:
    """Return a subfunction's name."""
    return FUNCTION_NAMES.get(subfunc, f"subfunction {subfunc}")


def report_not_last(vcpu: "Vcpu", actual: Registered) -> None:
    """Report areas that no order of the accepted requests leads to."""
    has = ", ".join(
        f"{kind} {'none' if area is None else f'{area[0]:#x}+{area[1]:#x}'}"
        for kind, area in zip(Registered._fields, actual, strict=True)
    )
    message = f"{vcpu.name}'s areas are not what was asked for last: {has}"
    racer.violation("last-request", message, sides=(racer.side("check", vcpu.name, skip=2),))


def check_dependency(vm: "Vm", vcpu: "Vcpu", actual: Registered, calls: "list[list[Call]]") -> None:
    """Report a DTL or SLB shadow without a VPA, unless an area was dropped for want of memory (facts D2)."""
    if actual.vpa is not None or (actual.dtl is None and actual.slb_shadow is None):
        return
    wanted = [(call.gpa, call.wrote or 0) for each in calls for call in each if call.subfunc in REGISTERING]
    if any(was_short(vm, area) for area in wanted):
        return
    which = "DTL" if actual.dtl is not None else "SLB shadow"
    message = f"{vcpu.name} has a {which} registered and no VPA"
    racer.violation("area-dependency", message, sides=(racer.side("check", vcpu.name, skip=2),))


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
