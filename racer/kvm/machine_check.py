"""A machine check in the guest: the SLB is reloaded from the shadow buffer. From v3.8 on; here in every scheme."""

from typing import TYPE_CHECKING

import racer
from racer.kvm import judges
from racer.kvm.layout import PERSISTENT, SIZEOF_SLB_ENTRY, SLB_ESID, SLB_HEADER, SLB_NUM_BOLTED, SLB_VSID
from racer.kvm.pointer import HostPointer

if TYPE_CHECKING:
    from racer.kvm.vcpu import Vcpu


def reload_slb(vcpu: "Vcpu") -> list[tuple[int, int]]:
    """Return the entries found in the shadow buffer; as many as it says, but none that reaches beyond its end."""
    slb = vcpu.slb_shadow.pinned_addr
    if not slb:
        return []
    racer.count("slb-reloads")
    n = min(slb.load(PERSISTENT), SLB_NUM_BOLTED)
    end = vcpu.slb_shadow.pinned_end
    judges.check_pair(vcpu.slb_shadow, slb, end)
    assert isinstance(slb, HostPointer)
    found = []
    for i in range(n):
        if isinstance(end, HostPointer) and slb.at + SLB_HEADER + (i + 1) * SIZEOF_SLB_ENTRY > end.at:
            break
        found.append((slb.load(SLB_ESID[i]), slb.load(SLB_VSID[i])))
    return found
