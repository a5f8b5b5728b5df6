"""What H_REGISTER_VPA answers, as a sequential specification: the order of checks and the limits, by kernel version."""

from typing import NamedTuple

from racer.kvm.layout import SIZEOF_DTL_ENTRY, SIZEOF_LPPACA, SIZEOF_LPPACA_ALIGNED, SIZEOF_REG_VPA
from racer.kvm.papr import (
    EINVAL,
    H_HARDWARE,
    H_PARAMETER,
    H_RESOURCE,
    H_SUCCESS,
    H_VPA_DEREG_DTL,
    H_VPA_DEREG_SLB,
    H_VPA_DEREG_VPA,
    H_VPA_REG_DTL,
    H_VPA_REG_SLB,
    H_VPA_REG_VPA,
    L1_CACHE_BYTES,
    REGISTERING,
    flags_word,
)


class Rules(NamedTuple):
    """One column of the table of checks (facts §4.1)."""

    zero_address_allowed: bool
    resource_before_address: bool
    shortest_vpa: int
    shortest_slb: int


S0 = Rules(
    zero_address_allowed=True, resource_before_address=False, shortest_vpa=SIZEOF_LPPACA, shortest_slb=SIZEOF_REG_VPA
)
S1 = Rules(zero_address_allowed=True, resource_before_address=True, shortest_vpa=SIZEOF_LPPACA, shortest_slb=16)
S2 = Rules(
    zero_address_allowed=False,
    resource_before_address=False,
    shortest_vpa=SIZEOF_LPPACA_ALIGNED,
    shortest_slb=SIZEOF_REG_VPA,
)
SINCE_V4_14 = S2._replace(shortest_vpa=SIZEOF_LPPACA)


class Request(NamedTuple):
    """A call, and what it found where it pointed: bytes left in the page (None: no memory) and the length word."""

    target_known: bool
    subfunc: int
    gpa: int
    nb: int | None
    length: int
    one_reg: bool = False


Area = tuple[int, int] | None


class Registered(NamedTuple):
    """Which areas a vcpu has: address and length of each."""

    vpa: Area = None
    dtl: Area = None
    slb_shadow: Area = None


NOTHING = Registered()


def answer(rules: Rules, has: Registered, call: Request) -> tuple[int, Registered]:
    """Return the code that a call gets, and what is registered afterwards.

    >>> answer(S2, NOTHING, Request(True, H_VPA_REG_DTL, 0x1000, 4096, 4096))[0]
    -16
    """
    if call.one_reg:
        return _setting(has, call)
    if not call.target_known:
        return H_PARAMETER, has
    if call.subfunc in REGISTERING:
        code = _registering(rules, has, call)
        return code, has if code else _with(has, call)
    return _deregistering(has, call)


def _registering(rules: Rules, has: Registered, call: Request) -> int:
    needs_vpa = call.subfunc != H_VPA_REG_VPA and has.vpa is None
    if call.gpa & (L1_CACHE_BYTES - 1) or (not call.gpa and not rules.zero_address_allowed):
        return H_PARAMETER
    if needs_vpa and rules.resource_before_address:
        return H_RESOURCE
    if call.nb is None or call.length > call.nb or call.length < shortest(rules, call.subfunc):
        return H_PARAMETER
    return H_RESOURCE if needs_vpa else H_SUCCESS


def _deregistering(has: Registered, call: Request) -> tuple[int, Registered]:
    if call.subfunc == H_VPA_DEREG_VPA:
        if has.dtl or has.slb_shadow:
            return H_RESOURCE, has
        return H_SUCCESS, has._replace(vpa=None)
    if call.subfunc == H_VPA_DEREG_DTL:
        return H_SUCCESS, has._replace(dtl=None)
    if call.subfunc == H_VPA_DEREG_SLB:
        return H_SUCCESS, has._replace(slb_shadow=None)
    return H_PARAMETER, has


def _setting(has: Registered, call: Request) -> tuple[int, Registered]:
    """Return what userspace gets when it sets an area, whose length is not looked for in the area."""
    if call.gpa & (L1_CACHE_BYTES - 1):
        return EINVAL, has
    if call.subfunc not in REGISTERING:
        code, after = _deregistering(has, call)
        return (EINVAL if code else H_SUCCESS), after
    too_short = call.subfunc == H_VPA_REG_DTL and call.length < SIZEOF_DTL_ENTRY
    if too_short or (call.subfunc != H_VPA_REG_VPA and has.vpa is None):
        return EINVAL, has
    return H_SUCCESS, _with(has, call)


def qemu(has: Registered, flags: int, call: Request) -> tuple[int, Registered]:
    """Return what QEMU's own implementation answers, which is used without KVM, and what is registered afterwards.

    It takes effect at once. The whole flags word counts, of which `call.subfunc` is what three bits say; address 0 has
    an answer of its own, the address is not held against memory, and only a VPA has to be aligned (facts 4.2).

    >>> qemu(NOTHING, flags_word(H_VPA_REG_VPA), Request(True, H_VPA_REG_VPA, 0, 4096, 640))[0]
    -1
    """
    if not call.target_known or flags != flags_word(call.subfunc):
        return H_PARAMETER, has
    if call.subfunc not in REGISTERING:
        return _deregistering(has, call)
    code = _qemu_registering(has, call)
    if code:
        return code, has
    return H_SUCCESS, has._replace(**{QEMU_AREAS[call.subfunc]: (call.gpa, call.length)})


QEMU_AREAS = {H_VPA_REG_VPA: "vpa", H_VPA_REG_DTL: "dtl", H_VPA_REG_SLB: "slb_shadow"}
QEMU_SHORTEST = {H_VPA_REG_VPA: SIZEOF_LPPACA, H_VPA_REG_DTL: SIZEOF_DTL_ENTRY, H_VPA_REG_SLB: SIZEOF_REG_VPA}
BOUNDARY = 4096  # that a VPA and an SLB shadow may not cross


def _qemu_registering(has: Registered, call: Request) -> int:
    if not call.gpa:
        return H_HARDWARE
    if call.subfunc == H_VPA_REG_VPA and call.gpa & (L1_CACHE_BYTES - 1):
        return H_PARAMETER
    if call.length < QEMU_SHORTEST[call.subfunc]:
        return H_PARAMETER
    crosses = call.gpa // BOUNDARY != (call.gpa + call.length - 1) // BOUNDARY
    if crosses and call.subfunc != H_VPA_REG_DTL:
        return H_PARAMETER
    return H_RESOURCE if call.subfunc != H_VPA_REG_VPA and has.vpa is None else H_SUCCESS


def qemu_count(count: int, *, running: bool) -> tuple[int, bool]:
    """Return the yield_count when QEMU has begun or ended to run a processor, and whether it had to be repaired.

    Registering a VPA does not set the count, so what the guest left there may be wrong (facts 4.2).

    >>> qemu_count(1, running=True), qemu_count(1, running=False)
    ((2, False), (3, True))
    """
    after = count + 1
    repaired = after % 2 == running
    return (after + repaired) & 0xFFFFFFFF, repaired


def shortest(rules: Rules, subfunc: int) -> int:
    """Return the least length that may be registered."""
    if subfunc == H_VPA_REG_VPA:
        return rules.shortest_vpa
    return SIZEOF_DTL_ENTRY if subfunc == H_VPA_REG_DTL else rules.shortest_slb


def _with(has: Registered, call: Request) -> Registered:
    if call.subfunc == H_VPA_REG_VPA:
        return has._replace(vpa=(call.gpa, call.length))
    if call.subfunc == H_VPA_REG_DTL:
        return has._replace(dtl=(call.gpa, call.length - call.length % SIZEOF_DTL_ENTRY))
    assert call.subfunc == H_VPA_REG_SLB
    return has._replace(slb_shadow=(call.gpa, call.length))
