"""Which answers and areas some order of the calls explains, and which none does."""

import pytest

import racer
from racer.kvm.hcalls import Call
from racer.kvm.papr import H_RESOURCE, H_SUCCESS
from racer.kvm.papr import H_VPA_DEREG_DTL as NOT_DTL
from racer.kvm.papr import H_VPA_DEREG_VPA as NOT_VPA
from racer.kvm.papr import H_VPA_REG_DTL as DTL
from racer.kvm.papr import H_VPA_REG_VPA as VPA
from racer.kvm.schemes import Deferred
from racer.kvm.serial import explained
from racer.kvm.specification import Registered
from racer.kvm.vcpu import Vcpu
from racer.kvm.vm import Vm
from tests.kvm.running import kinds, register

BASE = 0x10000
OK, REFUSED = H_SUCCESS, H_RESOURCE

Told = tuple[int, int, int, int | None, int | None]
"""Subfunction, page, code, and from when to when."""


def verdict(*callers: tuple[Told, ...]) -> tuple[str, bool]:
    """Return the verdict on calls that callers made for vcpu 0, and whether it was an answer that no order explains."""
    vm = Vm(Deferred(), 1, threads_per_core=1)
    vm.memory.add_memslot(BASE, 4)
    made = [
        [
            Call(vm.runners[0], 0, subfunc, BASE + page * 0x1000, 1024, code, began=began, answered=answered)
            for subfunc, page, code, began, answered in each
        ]
        for each in callers
    ]
    found = explained(vm, made)
    return found.verdict, found.unexplained is not None


ROWS = {
    "a DTL after the VPA": ("yes", (((VPA, 0, OK, 0, 1), (DTL, 1, OK, 2, 3)),)),
    "a DTL before the VPA is refused": ("yes", (((DTL, 1, REFUSED, 0, 1), (VPA, 0, OK, 2, 3)),)),
    "a DTL before the VPA": ("no", (((DTL, 1, OK, 0, 1), (VPA, 0, OK, 2, 3)),)),
    "a DTL refused while another registers the VPA": (
        "yes", (((VPA, 0, OK, 0, 9),), ((DTL, 1, REFUSED, 1, 2),)),
    ),
    "a DTL accepted while another registers the VPA": (
        "yes", (((VPA, 0, OK, 0, 9),), ((DTL, 1, OK, 1, 2),)),
    ),
    "a DTL refused after another had registered the VPA": (
        "no", (((VPA, 0, OK, 0, 1),), ((DTL, 1, REFUSED, 2, 3),)),
    ),
    "the same, and nobody knows when": (
        "yes", (((VPA, 0, OK, None, None),), ((DTL, 1, REFUSED, None, None),)),
    ),
    "each caller's own order counts even so": (
        "no", (((DTL, 1, OK, None, None), (VPA, 0, OK, None, None)),),
    ),
    "two who both were first": (
        "no",
        (
            ((VPA, 0, OK, 0, 1), (DTL, 1, OK, 2, 9), (NOT_DTL, 0, OK, 10, 11)),
            ((NOT_VPA, 0, OK, 3, 8), (DTL, 2, OK, 12, 13)),
        ),
    ),
    "a VPA gone while its DTL was not": (
        "no", (((VPA, 0, OK, 0, 1), (DTL, 1, OK, 2, 3)), ((NOT_VPA, 0, OK, 4, 5),)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_some_order_of_the_calls_has_to_explain_the_answers(name: str) -> None:
    expected, callers = ROWS[name]
    found = []
    racer.explore(lambda: found.append(verdict(*callers)), executions=1)
    assert found[0] == (expected, expected == "no")


class Forgetful(Deferred):
    """Refuses a DTL although the VPA has long been registered: it looks at the wrong moment."""

    def do_h_register_vpa(self, vcpu: Vcpu, flags: int, vcpuid: int, vpa: int) -> int:
        had = vcpu.kvm.vcpus[vcpuid].vpa.pinned_addr
        code = super().do_h_register_vpa(vcpu, flags, vcpuid, vpa)
        return code if had or flags >> 45 & 7 != DTL else H_RESOURCE


def two_callers(scheme: type[Deferred], *, orders_calls: bool = True) -> None:
    vm = Vm(scheme(), 1, threads_per_core=1, callers=["one", "other"], orders_calls=orders_calls)
    vm.memory.add_memslot(BASE, 4)
    one, other = vm.callers
    first = racer.Thread(target=register, args=(vm, one, 0, VPA, BASE, 1024))
    first.start()
    first.join()
    register(vm, other, 0, DTL, BASE + 0x1000, 96)
    vm.finish(quiesce=scheme is Deferred)
    if scheme is not Deferred:
        from racer.kvm.judges.requests import check_order

        check_order(vm, vm.runners[0], [each.calls for each in vm.callers], Registered())


def test_the_order_in_which_callers_were_answered_counts() -> None:
    assert kinds(lambda: two_callers(Deferred)) == set()
    assert "return-code" in kinds(lambda: two_callers(Forgetful))
    assert "return-code" not in kinds(lambda: two_callers(Forgetful, orders_calls=False))
