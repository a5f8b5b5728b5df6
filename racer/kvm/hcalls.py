"""Hypercalls: which function of the scheme handles which, what the judges note of them, and H_CEDE in real mode."""

from typing import TYPE_CHECKING, NamedTuple

import racer
from racer.kvm.papr import H_CEDE, H_CONFER, H_FUNCTION, H_PROD, H_REGISTER_VPA, H_SUCCESS, REGISTERING, subfunction

if TYPE_CHECKING:
    from racer.kvm.vcpu import Vcpu


class Call(NamedTuple):
    """A call of H_REGISTER_VPA that returned; `wrote` is the length the guest had put into the area, if known.

    What userspace sets by ONE_REG is written down as the call that would ask for the same. It was made from step
    `began` to step `answered`, if the machine takes that down.
    """

    caller: "Vcpu"
    target_id: int
    subfunc: int
    gpa: int
    wrote: int | None
    code: int
    one_reg: bool = False
    began: int | None = None
    answered: int | None = None


def kvmppc_pseries_do_hcall(vcpu: "Vcpu", opcode: int, args: tuple[int, ...], wrote: int | None = None) -> int:
    """Make a hypercall for a vcpu, on the calling thread; return its code."""
    scheme = vcpu.kvm.scheme
    if opcode == H_REGISTER_VPA:
        flags, vcpuid, vpa = args
        vcpu.kvm.asked.add((vcpuid, subfunction(flags), vpa))
        target = vcpu.kvm.vcpus.get(vcpuid)
        began = begins(target)
        code = scheme.do_h_register_vpa(vcpu, flags, vcpuid, vpa)
        answered = answers(target)
        _note(vcpu, Call(vcpu, vcpuid, subfunction(flags), vpa, wrote, code, began=began, answered=answered))
        return code
    if opcode == H_PROD:
        return scheme.h_prod(vcpu, args[0])
    if opcode == H_CONFER:
        return scheme.h_confer(vcpu, args[0], args[1])
    if opcode == H_CEDE:
        return H_SUCCESS  # handled in real mode before anybody came here
    return H_FUNCTION


def begins(target: "Vcpu | None") -> int | None:
    """Take down that a call for a vcpu begins; return the step."""
    if target is None or target.call_order is None:
        return None
    target.call_order.read("a call begins")
    return racer.side("call").step


def answers(target: "Vcpu | None") -> int | None:
    """Take down that a call for a vcpu has its answer; return the step. It is ordered with the calls that begin."""
    if target is None or target.call_order is None:
        return None
    target.call_order.write("a call has its answer")
    return racer.side("answer").step


def _note(vcpu: "Vcpu", call: Call) -> None:
    vcpu.calls.append(call)
    target = vcpu.kvm.vcpus.get(call.target_id)
    if call.code != H_SUCCESS or target is None:
        return
    if target.between_bumps:
        racer.count("calls-in-guest")
    if target.left:
        racer.count("late-requests")
    area = target.areas[(call.subfunc - 1) & 3]
    area.requested = racer.side("request", area.label, skip=2)
    if target.kvm.strict:
        area.taken_back = None if call.subfunc in REGISTERING else area.requested


def kvmppc_h_cede(vcpu: "Vcpu") -> None:
    """Cede, in the guest's real mode: set `ceded`, then look at `prodded`. Still ceded afterwards, it has to leave."""
    vcpu.ceded = 1
    if vcpu.prodded:
        vcpu.prodded = 0
        vcpu.ceded = 0
    else:
        racer.count("ceded")
