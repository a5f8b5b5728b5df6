"""The dispatch trace log's writer, which came right after the patch (commit 0456ec4f): one entry per dispatch."""

from typing import TYPE_CHECKING

import racer
from racer.kvm import judges
from racer.kvm.areas import mark_dirty
from racer.kvm.layout import DISPATCH_REASON, DTL_IDX, SIZEOF_DTL_ENTRY, dtl_entry
from racer.kvm.pointer import HostPointer, Pointer

if TYPE_CHECKING:
    from racer.kvm.vcpu import Vcpu

# The stolen ticks lie over the length word of the registered area. The model's are always fewer than any length that
# may be registered, so that a log that is registered again unwritten is refused.
STOLEN_TICKS = 4
GUEST_PC = 0xC000000000001000
GUEST_MSR = 0x8000000000009032


def kvmppc_create_dtl_entry(vcpu: "Vcpu") -> None:
    """Log that the vcpu is dispatched, if it has a log and a VPA."""
    dt = vcpu.dtl_ptr
    vpa = vcpu.vpa.pinned_addr
    vcpu.dispatches += 1
    counted = vcpu.kvm.stolen_time
    now, stolen = (vcpu.dispatches, STOLEN_TICKS) if counted is None else counted.log(vcpu)
    if dt and vpa:
        write_entry(vcpu, dt, vpa, dtl_entry(vcpu.vcore.pcpu, stolen, now, GUEST_PC, GUEST_MSR))
    vcpu.logged = vcpu.dispatches


def write_entry(vcpu: "Vcpu", dt: Pointer, vpa: Pointer, entry: bytes) -> None:
    """Write the entry first, then the index that announces it."""
    dt.store_bytes(DISPATCH_REASON, entry)
    assert isinstance(dt, HostPointer)
    dt.pin.entries += 1
    begin = dt
    dt = dt + SIZEOF_DTL_ENTRY
    end = vcpu.dtl.pinned_end
    judges.check_log_bounds(vcpu, begin, end)
    judges.check_pair(vcpu.dtl, begin, end)
    if dt == end:
        dt = vcpu.dtl.pinned_addr
    vcpu.dtl_ptr = dt
    vcpu.dtl_index = index = vcpu.dtl_index + 1
    vpa.store(DTL_IDX, index, logged=False)
    mark_dirty(vcpu.dtl)
    if index > begin.pin.entries:
        judges.report_index(vcpu, index, begin.pin.entries, racer.side("store", "dtl_idx", skip=1))
