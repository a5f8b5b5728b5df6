"""H_REGISTER_VPA's answers, check by check, in the order of each kernel version; one row a call."""

from typing import NamedTuple

import pytest

import racer
from racer.kvm.papr import H_PARAMETER, H_RESOURCE, H_SUCCESS
from racer.kvm.schemes import SCHEMES
from racer.kvm.specification import NOTHING, S1, S2, SINCE_V4_14, Registered, Request, Rules, answer
from racer.kvm.vm import Vm
from tests.kvm.running import register

BASE = 0x10000
END = BASE + 0x1000
VPA, DTL, SLB = 1, 2, 3
NOT_VPA, NOT_DTL, NOT_SLB = 5, 6, 7
OTHER = 1024
ALL = ("immediate", "seed", "deferred", "always-locked")


class Row(NamedTuple):
    """Calls before, the call, and the code: one for all schemes, or (immediate, seed, deferred and always-locked)."""

    name: str
    before: tuple[tuple[int, int, int | None], ...]
    call: tuple[int, int, int | None]
    codes: int | tuple[int, int, int]
    target: int = 1


HAS_VPA = ((VPA, BASE, OTHER),)
ROWS = (
    Row("a processor that is not there", (), (VPA, BASE, OTHER), H_PARAMETER, target=7),
    Row("subfunction 0", (), (0, BASE, OTHER), H_PARAMETER),
    Row("subfunction 4", (), (4, BASE, OTHER), H_PARAMETER),
    Row("a VPA", (), (VPA, BASE, OTHER), H_SUCCESS),
    Row("a VPA of 640 bytes", (), (VPA, BASE, 640), (H_SUCCESS, H_PARAMETER, H_SUCCESS)),
    Row("a VPA of 639 bytes", (), (VPA, BASE, 639), H_PARAMETER),
    Row("a VPA of 7 bytes", (), (VPA, BASE, 7), H_PARAMETER),
    Row("a VPA 8 bytes off", (), (VPA, BASE + 8, OTHER), H_PARAMETER),
    Row("a VPA 64 bytes off", (), (VPA, BASE + 64, OTHER), H_PARAMETER),
    Row("a VPA up to the end of the page", (), (VPA, END - 1024, 1024), H_SUCCESS),
    Row("a VPA beyond the end of the page", (), (VPA, END - 1024, 1025), H_PARAMETER),
    Row("a VPA where there is no memory", (), (VPA, 0x900000, None), H_PARAMETER),
    Row("a VPA at address 0", (), (VPA, 0, OTHER), (H_SUCCESS, H_PARAMETER, H_PARAMETER)),
    Row("a VPA on top of another", HAS_VPA, (VPA, BASE + 0x400, OTHER), H_SUCCESS),
    Row("a DTL without a VPA", (), (DTL, BASE + 0x400, 480), H_RESOURCE),
    Row("an SLB shadow without a VPA", (), (SLB, BASE + 0x400, 128), H_RESOURCE),
    Row("a DTL too short and without a VPA", (), (DTL, BASE + 0x400, 47), (H_RESOURCE, H_PARAMETER, H_PARAMETER)),
    Row("no memory and no VPA", (), (SLB, 0x900000, None), (H_RESOURCE, H_PARAMETER, H_PARAMETER)),
    Row("off the line and without a VPA", (), (SLB, BASE + 8, 128), H_PARAMETER),
    Row("a DTL of one entry", HAS_VPA, (DTL, BASE + 0x400, 48), H_SUCCESS),
    Row("a DTL of 47 bytes", HAS_VPA, (DTL, BASE + 0x400, 47), H_PARAMETER),
    Row("a DTL beyond the end of the page", HAS_VPA, (DTL, BASE + 0x400, 4096), H_PARAMETER),
    Row("an SLB shadow of 16 bytes", HAS_VPA, (SLB, BASE + 0x400, 16), H_SUCCESS),
    Row("an SLB shadow of 8 bytes", HAS_VPA, (SLB, BASE + 0x400, 8), (H_PARAMETER, H_SUCCESS, H_SUCCESS)),
    Row("an SLB shadow of 7 bytes", HAS_VPA, (SLB, BASE + 0x400, 7), H_PARAMETER),
    Row("no VPA any more", HAS_VPA, (NOT_VPA, 0, None), H_SUCCESS),
    Row("no VPA any more, with a DTL", (*HAS_VPA, (DTL, BASE + 0x400, 48)), (NOT_VPA, 0, None), H_RESOURCE),
    Row("no VPA any more, with an SLB shadow", (*HAS_VPA, (SLB, BASE + 0x400, 16)), (NOT_VPA, 0, None), H_RESOURCE),
    Row(
        "no VPA any more, the DTL gone first",
        (*HAS_VPA, (DTL, BASE + 0x400, 48), (NOT_DTL, 0, None)),
        (NOT_VPA, 0, None),
        H_SUCCESS,
    ),
    Row("a VPA that was never there", (), (NOT_VPA, 0, None), H_SUCCESS),
    Row("a DTL that was never there", (), (NOT_DTL, 0, None), H_SUCCESS),
    Row("an SLB shadow that was never there", (), (NOT_SLB, 0, None), H_SUCCESS),
    Row("a deregistration with an address", HAS_VPA, (NOT_SLB, 0x123, None), H_SUCCESS),
    Row("a DTL after the VPA went", (*HAS_VPA, (NOT_VPA, 0, None)), (DTL, BASE + 0x400, 48), H_RESOURCE),
)


def code_for(row: Row, scheme: str) -> int:
    return row.codes if isinstance(row.codes, int) else row.codes[min(ALL.index(scheme), 2)]


@pytest.mark.parametrize("scheme", ALL)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name.replace(" ", "-"))
def test_h_register_vpa_answers_as_its_version_does(row: Row, scheme: str) -> None:
    given: list[int] = []

    def body() -> None:
        vm = Vm(SCHEMES[scheme](), 2)
        vm.memory.add_memslot(BASE, 1)
        vm.memory.add_memslot(0, 1)
        caller = vm.vcpus[0]
        for before in row.before:
            assert register(vm, caller, row.target, *before) == H_SUCCESS
        given.append(register(vm, caller, row.target, *row.call))

    racer.explore(body, executions=1)
    assert given[0] == code_for(row, scheme)


SPECIFIED = (
    ("S1 looks for the VPA before it looks at the address", S1, NOTHING, (True, SLB, 0x100, None, 0), H_RESOURCE),
    ("S2 looks at the address first", S2, NOTHING, (True, SLB, 0x100, None, 0), H_PARAMETER),
    ("S1 takes address 0", S1, NOTHING, (True, VPA, 0, 4096, 640), H_SUCCESS),
    ("S2 does not", S2, NOTHING, (True, VPA, 0, 4096, 1024), H_PARAMETER),
    ("S2 asks for 1024 bytes", S2, NOTHING, (True, VPA, 0x80, 4096, 1023), H_PARAMETER),
    ("640 are enough since v4.14", SINCE_V4_14, NOTHING, (True, VPA, 0x80, 4096, 640), H_SUCCESS),
    ("a reserved subfunction is refused", S2, NOTHING, (True, 4, 0x80, 4096, 640), H_PARAMETER),
    ("an unknown target is refused before all else", S1, NOTHING, (False, NOT_DTL, 0, None, 0), H_PARAMETER),
)


@pytest.mark.parametrize(("name", "rules", "has", "call", "code"), SPECIFIED, ids=lambda value: str(value)[:40])
def test_the_specification(name: str, rules: Rules, has: Registered, call: tuple[object, ...], code: int) -> None:
    assert answer(rules, has, Request(*call))[0] == code  # type: ignore[arg-type]


def test_the_specification_rounds_a_logs_length_to_whole_entries() -> None:
    has = Registered(vpa=(0x80, 640))
    _, after = answer(S2, has, Request(True, DTL, 0x1000, 4096, 100))
    assert after.dtl == (0x1000, 96)
