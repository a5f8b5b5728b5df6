"""What is judged of the dispatch log: its writer stays in it, and its index counts what is there."""

from typing import TYPE_CHECKING

import racer
from racer.kvm.pointer import HostPointer, Pointer

if TYPE_CHECKING:
    from racer.kvm.vcpu import Vcpu


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
