"""Hypercalls: which function of the scheme handles which, what the judges note of them, and H_CEDE in real mode."""

from typing import TYPE_CHECKING, NamedTuple

import racer
from racer.kvm.papr import H_CEDE, H_CONFER, H_FUNCTION, H_PROD, H_REGISTER_VPA, H_SUCCESS, subfunction

if TYPE_CHECKING:
    from racer.kvm.vcpu import Vcpu


class Call(NamedTuple):
    """A call of H_REGISTER_VPA that returned; `wrote` is the length the guest had put into the area, if known.

    What userspace sets by ONE_REG is written down as the call that would ask for the same.
    """

    caller: "Vcpu"
    target_id: int
    subfunc: int
    gpa: int
    wrote: int | None
    code: int
    one_reg: bool = False


def kvmppc_pseries_do_hcall(vcpu: "Vcpu", opcode: int, args: tuple[int, ...], wrote: int | None = None) -> int:
    """Make a hypercall for a vcpu, on the calling thread; return its code."""
    scheme = vcpu.kvm.scheme
    if opcode == H_REGISTER_VPA:
        flags, vcpuid, vpa = args
        vcpu.kvm.asked.add((vcpuid, subfunction(flags), vpa))
        code = scheme.do_h_register_vpa(vcpu, flags, vcpuid, vpa)
        _note(vcpu, Call(vcpu, vcpuid, subfunction(flags), vpa, wrote, code))
        return code
    if opcode == H_PROD:
        return scheme.h_prod(vcpu, args[0])
    if opcode == H_CONFER:
        return scheme.h_confer(vcpu, args[0], args[1])
    if opcode == H_CEDE:
        return H_SUCCESS  # handled in real mode before anybody came here
    return H_FUNCTION


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


def kvmppc_h_cede(vcpu: "Vcpu") -> None:
    """Cede, in the guest's real mode: set `ceded`, then look at `prodded`. Still ceded afterwards, it has to leave."""
    vcpu.ceded = 1
    if vcpu.prodded:
        vcpu.prodded = 0
        vcpu.ceded = 0
    else:
        racer.count("ceded")
