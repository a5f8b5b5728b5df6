"""ONE_REG: how userspace reads and sets the areas of a vcpu, to reset or migrate it. From v3.7 on (commit 55b665b0).

The register of the VPA has 64 bits, its address; those of the other two have 128: the address above, the length below.
"""

from typing import TYPE_CHECKING

from racer.kvm.layout import SIZEOF_DTL_ENTRY
from racer.kvm.papr import (
    EINVAL,
    H_VPA_DEREG_DTL,
    H_VPA_DEREG_SLB,
    H_VPA_DEREG_VPA,
    H_VPA_REG_DTL,
    H_VPA_REG_SLB,
    H_VPA_REG_VPA,
    L1_CACHE_BYTES,
)

if TYPE_CHECKING:
    from racer.kvm.areas import KvmppcVpa
    from racer.kvm.vcpu import Vcpu

KVM_REG_PPC_VPA_ADDR = 0x82
KVM_REG_PPC_VPA_SLB = 0x83
KVM_REG_PPC_VPA_DTL = 0x84
REGISTERS = (KVM_REG_PPC_VPA_ADDR, KVM_REG_PPC_VPA_SLB, KVM_REG_PPC_VPA_DTL)

# The subfunctions of H_REGISTER_VPA that ask for the same: with an address, and without one.
SUBFUNCTIONS = {
    KVM_REG_PPC_VPA_ADDR: (H_VPA_REG_VPA, H_VPA_DEREG_VPA),
    KVM_REG_PPC_VPA_SLB: (H_VPA_REG_SLB, H_VPA_DEREG_SLB),
    KVM_REG_PPC_VPA_DTL: (H_VPA_REG_DTL, H_VPA_DEREG_DTL),
}

_LOW = (1 << 64) - 1


def value_of(reg: int, addr: int, length: int) -> int:
    """Return what a register holds for an area.

    >>> hex(value_of(KVM_REG_PPC_VPA_ADDR, 0x1000, 640)), hex(value_of(KVM_REG_PPC_VPA_DTL, 0x1000, 96))
    ('0x1000', '0x10000000000000000060')
    """
    return addr if reg == KVM_REG_PPC_VPA_ADDR else addr << 64 | length


def area_in(reg: int, value: int, sizeof_lppaca: int) -> tuple[int, int]:
    """Return address and length that a register's value stands for; a VPA is taken to be as long as the struct.

    >>> area_in(KVM_REG_PPC_VPA_DTL, value_of(KVM_REG_PPC_VPA_DTL, 0x1000, 96), 640)
    (4096, 96)
    """
    return (value, sizeof_lppaca) if reg == KVM_REG_PPC_VPA_ADDR else (value >> 64, value & _LOW)


def area_of(vcpu: "Vcpu", reg: int) -> "KvmppcVpa":
    """Return the area that a register is about."""
    if reg == KVM_REG_PPC_VPA_ADDR:
        return vcpu.vpa
    return vcpu.dtl if reg == KVM_REG_PPC_VPA_DTL else vcpu.slb_shadow


def kvmppc_get_one_reg(vcpu: "Vcpu", reg: int) -> int:
    """Return what was asked for last: also where the area was dropped since (D2)."""
    vpap = area_of(vcpu, reg)
    with vcpu.vpa_update_lock:
        addr, length = vpap.next_gpa, vpap.len
    return value_of(reg, addr, length)


def kvmppc_set_one_reg(vcpu: "Vcpu", reg: int, value: int) -> int:
    """Ask for an area; return 0 or -EINVAL. What it depends on is looked at without vpa_update_lock (D4)."""
    scheme = vcpu.kvm.scheme
    addr, length = area_in(reg, value, scheme.sizeof_lppaca)
    if reg == KVM_REG_PPC_VPA_ADDR:
        if not addr and (vcpu.slb_shadow.next_gpa or vcpu.dtl.next_gpa):
            return EINVAL
        return set_vpa(vcpu, vcpu.vpa, addr, length)
    if reg == KVM_REG_PPC_VPA_SLB:
        if addr and not vcpu.vpa.next_gpa:
            return EINVAL
        return set_vpa(vcpu, vcpu.slb_shadow, addr, length)
    if (addr or scheme.clearing_a_dtl_takes_a_length) and length < SIZEOF_DTL_ENTRY:  # C7
        return EINVAL
    if addr and not vcpu.vpa.next_gpa:
        return EINVAL
    return set_vpa(vcpu, vcpu.dtl, addr, length - length % SIZEOF_DTL_ENTRY)


def set_vpa(vcpu: "Vcpu", vpap: "KvmppcVpa", addr: int, length: int) -> int:
    """Record a request, unless it is the one recorded last: even if that has been dropped since (D3)."""
    if addr & (L1_CACHE_BYTES - 1):
        return EINVAL
    with vcpu.vpa_update_lock:
        if vpap.next_gpa != addr or vpap.len != length:
            record(vpap, addr, length)
        vpap.renewed = bool(addr)
    return 0


def record(vpap: "KvmppcVpa", addr: int, length: int) -> None:
    """Record a request. Called with vpa_update_lock held."""
    vpap.next_gpa = addr
    vpap.len = length if addr else 0
    vpap.update_pending = 1


def set_one_reg_in_one_go(vcpu: "Vcpu", reg: int, value: int) -> int:
    """Ask for an area, with D3 and D4 mended: look and record under vpa_update_lock, and spare only what is there."""
    addr, length = area_in(reg, value, vcpu.kvm.scheme.sizeof_lppaca)
    if reg == KVM_REG_PPC_VPA_DTL:
        if addr and length < SIZEOF_DTL_ENTRY:
            return EINVAL
        length -= length % SIZEOF_DTL_ENTRY
    if addr & (L1_CACHE_BYTES - 1):
        return EINVAL
    vpap = area_of(vcpu, reg)
    with vcpu.vpa_update_lock:
        if not may_change(vcpu, reg, addr):
            return EINVAL
        there = bool(vpap.update_pending or vpap.pinned_addr) if addr else False
        if not there or vpap.next_gpa != addr or vpap.len != length:
            record(vpap, addr, length)
        vpap.renewed = bool(addr)
    return 0


def may_change(vcpu: "Vcpu", reg: int, addr: int) -> bool:
    """Whether an area may come or go, for those that depend on it. Called with vpa_update_lock held."""
    if reg == KVM_REG_PPC_VPA_ADDR:
        return bool(addr) or not (vcpu.slb_shadow.next_gpa or vcpu.dtl.next_gpa)
    return not addr or bool(vcpu.vpa.next_gpa)
