"""What a guest's own test of H_REGISTER_VPA (powerpc/spapr_vpa of kvm-unit-tests) sees by version of the host; QEMU."""

from typing import NamedTuple

import pytest

import racer
from racer.kvm.hcalls import kvmppc_h_cede
from racer.kvm.layout import LENGTH_HWORD, LENGTH_WORD, YIELD_COUNT
from racer.kvm.papr import H_CEDE, H_HARDWARE, H_PARAMETER, H_REGISTER_VPA, H_RESOURCE, H_SUCCESS, flags_word
from racer.kvm.schemes import SCHEMES
from racer.kvm.specification import NOTHING, Registered, Request, qemu
from racer.kvm.vcpu import LEAVE, Exit, Vcpu
from racer.kvm.vm import Vm
from tests.kvm.running import register

BASE = 0x10000
END = BASE + 0x2000
VPA, DTL, SLB = 1, 2, 3
NOT_VPA, NOT_DTL, NOT_SLB = 5, 6, 7
S0, S1, S2 = "S0", "S1", "S2"  # how the checks are done, by the first version that did them so
VERSION = {"unpinned": S0, "immediate": S1} | dict.fromkeys(
    ("seed", "seed-logged", "dropped-locks", "snapshot", "late-joiners", "dirty-tracking", "own-task"), S2
)
NOW = "now"
Call = tuple[int, int, int | None]


class Row(NamedTuple):
    """A call on a vcpu that had these calls, its code as PAPR has it, that of versions that differ, and QEMU's."""

    name: str
    call: Call
    code: int
    qemu: int
    but: dict[str, int] = {}  # noqa: RUF012  (it is not changed)
    before: tuple[Call, ...] = ()
    target: int = 0


HAS_VPA = ((VPA, BASE, 640 + 384),)
ROWS = (
    Row("reserved function 0", (0, BASE, 1024), H_PARAMETER, H_PARAMETER),
    Row("reserved function 4", (4, BASE, 1024), H_PARAMETER, H_PARAMETER),
    Row("unknown processor", (VPA, BASE, 1024), H_PARAMETER, H_PARAMETER, target=9),
    Row("unknown processor, deregister", (NOT_VPA, 0, None), H_PARAMETER, H_PARAMETER, target=9),
    Row("a VPA 8 bytes off", (VPA, BASE + 8, 1024), H_PARAMETER, H_PARAMETER),
    Row("an SLB shadow 8 bytes off", (SLB, BASE + 0x1008, 0x80), H_PARAMETER, H_SUCCESS, before=HAS_VPA),
    Row("a DTL 8 bytes off", (DTL, BASE + 0x1008, 480), H_PARAMETER, H_SUCCESS, before=HAS_VPA),
    Row("a VPA that crosses 4 KiB", (VPA, BASE + 0xE00, 1024), H_PARAMETER, H_PARAMETER),
    Row("an SLB shadow that crosses 4 KiB", (SLB, BASE + 0xF80, 0x100), H_PARAMETER, H_PARAMETER, before=HAS_VPA),
    Row("a DTL that crosses 4 KiB", (DTL, BASE + 0xF80, 480), H_PARAMETER, H_SUCCESS, before=HAS_VPA),
    Row("a VPA of 632 bytes", (VPA, BASE, 632), H_PARAMETER, H_PARAMETER),
    Row("a VPA of 640 bytes", (VPA, BASE, 640), H_SUCCESS, H_SUCCESS, {S2: H_PARAMETER}),
    Row("a DTL of 47 bytes", (DTL, BASE + 0x1000, 47), H_PARAMETER, H_PARAMETER, before=HAS_VPA),
    Row("an SLB shadow of 8 bytes", (SLB, BASE + 0x1000, 8), H_SUCCESS, H_SUCCESS, {S1: H_PARAMETER}, HAS_VPA),
    Row("a VPA past the end of memory", (VPA, END, None), H_PARAMETER, H_PARAMETER),
    Row("a VPA at address 0", (VPA, 0, 1024), H_PARAMETER, H_HARDWARE, {S0: H_SUCCESS, S1: H_SUCCESS}),
    Row("a DTL without a VPA", (DTL, BASE + 0x1000, 480), H_RESOURCE, H_RESOURCE),
    Row("an SLB shadow without a VPA", (SLB, BASE + 0x1000, 0x80), H_RESOURCE, H_RESOURCE),
    Row("a short DTL without a VPA", (DTL, BASE + 0x1000, 47), H_PARAMETER, H_PARAMETER, {S1: H_RESOURCE}),
    Row("deregistering a VPA", (NOT_VPA, 0, None), H_SUCCESS, H_SUCCESS, before=HAS_VPA),
    Row("deregistering twice", (NOT_VPA, 0, None), H_SUCCESS, H_SUCCESS, before=(*HAS_VPA, (NOT_VPA, 0, None))),
    Row("deregistering a DTL that never was", (NOT_DTL, 0, None), H_SUCCESS, H_SUCCESS),
    Row(
        "deregistering a VPA beside an SLB shadow",
        (NOT_VPA, 0, None),
        H_RESOURCE,
        H_RESOURCE,
        before=(*HAS_VPA, (SLB, BASE + 0x1000, 0x80)),
    ),
)


def machine(scheme: str) -> Vm:
    vm = Vm(SCHEMES[scheme](), 1, threads_per_core=1)
    vm.memory.add_memslot(BASE, 2)
    vm.memory.add_memslot(0, 1)
    return vm


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name.replace(" ", "-"))
def test_the_codes_are_those_of_the_version(row: Row, scheme: str) -> None:
    codes: list[int] = []

    def body() -> None:
        vm = machine(scheme)
        for before in row.before:
            assert register(vm, vm.vcpus[0], 0, *before) == H_SUCCESS
        codes.append(register(vm, vm.vcpus[0], row.target, *row.call))

    racer.explore(body, executions=1)
    assert codes[0] == row.but.get(VERSION.get(scheme, NOW), row.code)


def left(gpa: int) -> int | None:
    """Return the bytes left in the page, as the model's machine has it."""
    return 0x1000 - (gpa & 0xFFF) if gpa < END else None


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name.replace(" ", "-"))
def test_the_codes_of_qemu(row: Row) -> None:
    has: Registered = NOTHING
    for subfunc, gpa, length in row.before:
        code, has = qemu(has, flags_word(subfunc), Request(True, subfunc, gpa, left(gpa), length or 0))
        assert code == H_SUCCESS
    subfunc, gpa, length = row.call
    request = Request(row.target == 0, subfunc, gpa, left(gpa), length or 0)
    assert qemu(has, flags_word(subfunc), request)[0] == row.qemu


def test_qemu_looks_at_the_whole_flags_word_and_kvm_at_three_bits() -> None:
    stray = flags_word(VPA) | 1
    assert qemu(NOTHING, stray, Request(True, VPA, BASE, 4096, 1024))[0] == H_PARAMETER
    codes: list[int] = []

    def body() -> None:
        vm = machine("deferred")
        vm.memory.guest_store(BASE, LENGTH_HWORD, 1024)
        codes.append(vm.hcall(vm.vcpus[0], H_REGISTER_VPA, stray, 0, BASE, wrote=1024))

    racer.explore(body, executions=1)
    assert codes[0] == H_SUCCESS


def test_qemu_keeps_the_length_of_a_dtl_and_kvm_rounds_it() -> None:
    has = Registered(vpa=(BASE, 1024))
    _, after = qemu(has, flags_word(DTL), Request(True, DTL, BASE + 0x1000, 4096, 100))
    assert after.dtl == (BASE + 0x1000, 100)


def count_of(vm: Vm) -> int:
    count = vm.memory.guest_load(BASE, YIELD_COUNT)
    assert count is not None
    return count


class CountingGuest:
    """A guest that registers a VPA, looks at its count, cedes, looks again, deregisters, and looks at what is left."""

    def __init__(self, vm: Vm) -> None:
        self.vm = vm
        self.counts: list[int] = []
        self.calls = iter(
            [
                Exit(H_REGISTER_VPA, (flags_word(VPA), 0, BASE), wrote=1024),
                None,
                Exit(H_CEDE),
                Exit(H_REGISTER_VPA, (flags_word(NOT_VPA), 0, 0)),
                LEAVE,
            ]
        )

    def run(self, vcpu: Vcpu) -> Exit | None:
        self.counts.append(count_of(self.vm))
        call = next(self.calls)
        if call is not None and call.opcode == H_CEDE:
            vcpu.prodded = 1
            kvmppc_h_cede(vcpu)
            return None
        return call

    def returned(self, code: int) -> None:
        assert code == H_SUCCESS


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_count_is_even_while_running_and_odd_after_deregistering(scheme: str) -> None:
    seen: list[list[int]] = []
    after: list[int] = []

    def body() -> None:
        vm = machine(scheme)
        vm.memory.guest_store(BASE, LENGTH_HWORD, 1024)
        vm.memory.guest_store(BASE, LENGTH_WORD, 1024 << 16)
        guest = CountingGuest(vm)
        task = vm.task(vm.runners[0], guest)
        task.start()
        task.join()
        seen.append(guest.counts)
        after.append(count_of(vm))

    racer.explore(body, executions=1)
    counts = seen[0][1:4]
    assert all(count % 2 == 0 for count in counts), f"odd while it runs: {counts}"
    assert len(set(counts)) == 3, f"the count stands still over exits: {counts}"
    assert after[0] % 2 == 1
