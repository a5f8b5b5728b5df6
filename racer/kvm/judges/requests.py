"""What is judged of the requests when all is over: the answers, and that the areas are those asked for last."""

from typing import TYPE_CHECKING

import racer
from racer.kvm import serial
from racer.kvm.judges.log import check_log_position
from racer.kvm.papr import FUNCTION_NAMES, H_PARAMETER, REGISTERING, return_name
from racer.kvm.pointer import HostPointer
from racer.kvm.specification import Area, Registered

if TYPE_CHECKING:
    from racer.kvm.areas import KvmppcVpa
    from racer.kvm.hcalls import Call
    from racer.kvm.vcpu import Vcpu
    from racer.kvm.vm import Vm


def check_requests(vm: "Vm", *, mappings_changed: bool) -> None:
    """Report answers that no order of the calls explains, and areas that are not what was asked for last.

    All tasks have ended and every vcpu has entered once more.
    """
    for vcpu in vm.runners:
        calls = [[c for c in caller.calls if c.target_id == vcpu.vcpu_id] for caller in vm.vcpus.values()]
        calls = [each for each in (*calls, vm.set_calls[vcpu.vcpu_id]) if each]
        actual = registered(vcpu)
        if mappings_changed or any(call.wrote is None for each in calls for call in each):
            wanted = serial.last_accepted(calls)
            explained = all(map(matches, vcpu.areas, actual, wanted, [vm] * 3))
        else:
            explained = check_order(vm, vcpu, calls, actual)
        if not explained:
            report_not_last(vcpu, actual)
        check_dependency(vm, vcpu, actual, calls)
        if vm.scheme.logs_dispatches:
            check_log_position(vcpu)
    check_strangers(vm)


def check_order(vm: "Vm", vcpu: "Vcpu", calls: "list[list[Call]]", actual: Registered) -> bool:
    """Report answers that no order of the calls explains; return whether one that does leads to the areas there are."""

    def as_asked(final: Registered) -> bool:
        return all(map(matches, vcpu.areas, actual, [{want} for want in final], [vm] * 3))

    verdict = serial.explained(vm, calls, as_asked)
    if verdict.verdict == "no" and verdict.unexplained is not None:
        report_codes(vcpu, calls, verdict.unexplained.args[0])
        return any(as_asked(Registered(*each)) for each in serial.product_of_last(calls))
    return verdict.verdict != "no"


def check_strangers(vm: "Vm") -> None:
    """Report calls for processors that do not exist and were not refused."""
    for caller in vm.vcpus.values():
        for call in caller.calls:
            if call.target_id not in vm.vcpus and call.code != H_PARAMETER:
                what = f"{name_of(call.subfunc)} for processor {call.target_id}, which is none"
                message = f"{what}, gave {return_name(call.code)}"
                racer.violation("return-code", message, sides=(racer.side("check", caller.name, skip=2),))


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


def matches(area: "KvmppcVpa", has: Area, wanted: set[Area], vm: "Vm") -> bool:
    """Whether an area was wanted, or rightly dropped because its memory was gone or too short (facts D2).

    What userspace asked for again after that has to be there (D3).
    """
    if has in wanted or (has is not None and (has[0], serial.ANY_LENGTH) in wanted):
        return True
    return has is None and not area.renewed and any(want is not None and was_short(vm, want) for want in wanted)


def was_short(vm: "Vm", area: tuple[int, int]) -> bool:
    """Whether a pin at the area's address failed, or found less than the area's length."""
    gpa, length = area
    return gpa in vm.memory.failed or vm.memory.shortest.get(gpa, length) < length


def report_codes(vcpu: "Vcpu", calls: "list[list[Call]]", unexplained: "Call") -> None:
    """Report answers that no order of the calls gives, by the call with which that became so."""
    shown = "; ".join(
        f"{each[0].caller.name}: " + ", ".join(f"{name_of(c.subfunc)} {return_name(c.code)}" for c in each)
        for each in calls
    )
    what = f"{name_of(unexplained.subfunc)} of {unexplained.caller.name}"
    message = f"no order of the calls for {vcpu.name} gives these answers, {what} among them: {shown}"
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
    lost = [area.requested for area, has in zip(vcpu.areas, actual, strict=True) if area.renewed and has is None]
    here = racer.side("check", vcpu.name, skip=2)
    racer.violation("last-request", message, sides=(*filter(None, lost), here))


def check_dependency(vm: "Vm", vcpu: "Vcpu", actual: Registered, calls: "list[list[Call]]") -> None:
    """Report a DTL or SLB shadow without a VPA, unless an area was dropped for want of memory (facts D2)."""
    if actual.vpa is not None or (actual.dtl is None and actual.slb_shadow is None):
        return
    wanted = [(call.gpa, call.wrote or 0) for each in calls for call in each if call.subfunc in REGISTERING]
    if any(was_short(vm, area) for area in wanted):
        return
    which = "DTL" if actual.dtl is not None else "SLB shadow"
    message = f"{vcpu.name} has a {which} registered and no VPA"
    area = vcpu.dtl if actual.dtl is not None else vcpu.slb_shadow
    here = racer.side("check", vcpu.name, skip=2)
    racer.violation("area-dependency", message, sides=(area.requested, here) if area.requested else (here,))
