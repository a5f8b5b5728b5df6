"""What the process that owns the machine asks of KVM: run a vcpu, get and set its registers, reset the machine.

Each ioctl of a vcpu holds that vcpu's mutex. Only machines that userspace makes ioctls of have these locks (`ioctls`
of Vm): nothing else could tell them from none.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import racer
from racer.kvm.hcalls import Call, answers, begins
from racer.kvm.one_reg import (
    KVM_REG_PPC_VPA_ADDR,
    KVM_REG_PPC_VPA_DTL,
    KVM_REG_PPC_VPA_SLB,
    REGISTERS,
    SUBFUNCTIONS,
    area_in,
    area_of,
    value_of,
)

if TYPE_CHECKING:
    from racer.kvm.vcpu import Vcpu
    from racer.kvm.vm import Vm

Saved = dict[int, int]


class Ioctls:
    """The locks of a machine that userspace makes ioctls of: kvm->lock, and each vcpu's mutex inside it."""

    def __init__(self, vcpus: "list[Vcpu]") -> None:
        self.lock = racer.Lock(name="kvm->lock")
        self.mutexes = {vcpu.vcpu_id: racer.Lock(name=f"{vcpu}->mutex") for vcpu in vcpus}


@contextmanager
def vcpu_load(vcpu: "Vcpu") -> Iterator[None]:
    """Hold a vcpu's mutex, as each of its ioctls does."""
    ioctls = vcpu.kvm.ioctls
    if ioctls is None:
        yield
        return
    with ioctls.mutexes[vcpu.vcpu_id]:
        yield


@contextmanager
def all_vcpus(vm: "Vm") -> Iterator[None]:
    """Hold kvm->lock and then every vcpu's mutex, in the documented order; as ioctls that stop the whole machine do."""
    assert vm.ioctls is not None
    with vm.ioctls.lock:
        held = list(vm.ioctls.mutexes.values())
        for mutex in held:
            mutex.acquire()
        yield
        for mutex in reversed(held):
            mutex.release()


def get_one_reg(vcpu: "Vcpu", reg: int) -> int:
    """KVM_GET_ONE_REG."""
    with vcpu_load(vcpu):
        return vcpu.kvm.scheme.kvmppc_get_one_reg(vcpu, reg)


def set_one_reg(vcpu: "Vcpu", reg: int, value: int) -> int:
    """KVM_SET_ONE_REG."""
    kvm = vcpu.kvm
    addr, length = area_in(reg, value, kvm.scheme.sizeof_lppaca)
    registering, deregistering = SUBFUNCTIONS[reg]
    subfunc = registering if addr else deregistering
    with vcpu_load(vcpu):
        kvm.asked.add((vcpu.vcpu_id, subfunc, addr))
        began = begins(vcpu)
        code = kvm.scheme.kvmppc_set_one_reg(vcpu, reg, value)
        call = Call(vcpu, vcpu.vcpu_id, subfunc, addr, length, code, True, began, answers(vcpu))
        if any(each.between_bumps for each in kvm.runners):
            racer.count("sets-in-guest")
        if kvm.scheme.has_one_reg:
            kvm.set_calls[vcpu.vcpu_id].append(call)
            area_of(vcpu, reg).requested = racer.side("set", area_of(vcpu, reg).label)
    return code


def kvm_get_vpa(vcpu: "Vcpu") -> Saved:
    """Save a vcpu's areas, as QEMU does before it migrates."""
    return {reg: get_one_reg(vcpu, reg) for reg in REGISTERS}


def kvm_put_vpa(vcpu: "Vcpu", saved: Saved) -> None:
    """Restore a vcpu's areas in QEMU's order: the VPA first if there is one, last if there is none."""
    slb_and_dtl = (KVM_REG_PPC_VPA_SLB, KVM_REG_PPC_VPA_DTL)
    first = (KVM_REG_PPC_VPA_ADDR,) if saved[KVM_REG_PPC_VPA_ADDR] else ()
    last = () if first else (KVM_REG_PPC_VPA_ADDR,)
    for reg in (*first, *slb_and_dtl, *last):
        set_one_reg(vcpu, reg, saved[reg])


def nothing_saved() -> Saved:
    """Return what a vcpu has that nothing was ever registered for."""
    return {reg: value_of(reg, 0, 0) for reg in REGISTERS}


def system_reset(vm: "Vm") -> None:
    """Reset the machine, all of whose vcpus are stopped: another kernel boots in the same memory."""
    if vm.scheme.has_one_reg:
        for vcpu in vm.vcpus.values():
            kvm_put_vpa(vcpu, nothing_saved())
    vm.asked.clear()
    vm.booted_anew = True
