"""What a guest's own test of H_REGISTER_VPA (powerpc/spapr_vpa of kvm-unit-tests) sees by version of the host; QEMU."""

import pytest

import racer
from racer.kvm.hcalls import kvmppc_h_cede
from racer.kvm.layout import LENGTH_HWORD, LENGTH_WORD, YIELD_COUNT
from racer.kvm.papr import H_CEDE, H_REGISTER_VPA, H_SUCCESS, flags_word
from racer.kvm.pointer import HostPointer
from racer.kvm.schemes import SCHEMES
from racer.kvm.specification import NOTHING, Registered, Request, qemu, qemu_count
from racer.kvm.vcpu import LEAVE, Exit, Vcpu
from racer.kvm.vm import Vm
from tests.kvm.guest_calls import (
    A_VPA,
    BASE,
    DTL,
    FILE,
    HUGE,
    NEXT,
    NOT_VPA,
    ROWS,
    VERSION_OF,
    VPA,
    Call,
    Row,
    document,
)

NAMED = {row.name.replace(" ", "-"): row for row in ROWS}
each_row = pytest.mark.parametrize("row", NAMED.values(), ids=list(NAMED))


def machine(scheme: str) -> Vm:
    vm = Vm(SCHEMES[scheme](), 2, threads_per_core=1)
    vm.memory.add_memslot(BASE, 2)
    vm.memory.add_memslot(HUGE, 2, huge=2)
    vm.memory.add_memslot(0, 1)
    return vm


def make(vm: Vm, call: Call, target: int = 0, stray: int = 0) -> int:
    """Write an area's length and make a call; return its code."""
    subfunc, gpa, length = call
    if length is not None:
        vm.memory.guest_store(gpa, LENGTH_HWORD if subfunc == VPA else LENGTH_WORD, length)
    return vm.hcall(vm.vcpus[0], H_REGISTER_VPA, flags_word(subfunc) | stray, target, gpa, wrote=length)


def asked(call: Call, target: int = 0) -> Request:
    """Return a call as QEMU sees it: it does not look for bytes left in a page, so there are none."""
    subfunc, gpa, length = call
    return Request(target < 2, subfunc, gpa, None, length or 0)


def test_every_scheme_has_its_column() -> None:
    assert set(VERSION_OF) == set(SCHEMES)


def test_the_document_is_as_the_rows_say() -> None:
    assert FILE.read_text(encoding="utf-8") == document(), "python -m tests.kvm.guest_calls writes it anew"


@each_row
def test_where_answers_differ_it_is_said_why(row: Row) -> None:
    assert bool(row.why) == (len({*row.codes().values(), row.qemu}) > 1)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_codes_are_those_of_the_version(scheme: str) -> None:
    codes: dict[str, int] = {}

    def body(row: Row) -> None:
        vm = machine(scheme)
        for before in row.before:
            assert make(vm, before) == H_SUCCESS
        codes[row.name] = make(vm, row.call, row.target, row.stray)

    for row in ROWS:
        racer.explore(lambda row=row: body(row), executions=1)  # type: ignore[misc]
    assert codes == {row.name: row.codes()[VERSION_OF[scheme]] for row in ROWS}


@each_row
def test_the_codes_of_qemu(row: Row) -> None:
    has: Registered = NOTHING
    for before in row.before:
        code, has = qemu(has, flags_word(before[0]), asked(before))
        assert code == H_SUCCESS
    assert qemu(has, flags_word(row.call[0]) | row.stray, asked(row.call, row.target))[0] == row.qemu


@each_row
def test_what_qemu_refuses_changes_nothing(row: Row) -> None:
    has = Registered(vpa=(BASE, 1024), dtl=(NEXT, 480))
    code, after = qemu(has, flags_word(row.call[0]) | row.stray, asked(row.call, row.target))
    assert code == H_SUCCESS or after == has


def test_qemu_keeps_the_length_of_a_dtl() -> None:
    _, after = qemu(Registered(vpa=(BASE, 1024)), flags_word(DTL), asked((DTL, NEXT, 100)))
    assert after.dtl == (NEXT, 100)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_kvm_rounds_the_length_of_a_dtl_to_whole_entries(scheme: str) -> None:
    lengths: list[int] = []

    def body() -> None:
        vm = machine(scheme)
        assert [make(vm, A_VPA), make(vm, (DTL, NEXT, 100))] == [H_SUCCESS] * 2
        vm.one_more_entry()
        begin, end = vm.runners[0].dtl.pinned_addr, vm.runners[0].dtl.pinned_end
        assert isinstance(begin, HostPointer)
        assert isinstance(end, HostPointer)
        lengths.append(end.at - begin.at)

    racer.explore(body, executions=1)
    assert set(lengths) == {96}


@pytest.mark.parametrize(
    ("count", "running", "after", "repaired"),
    [(1, True, 2, False), (2, False, 3, False), (0, True, 2, True), (3, False, 5, True), (0xFFFFFFFF, True, 0, False)],
)
def test_qemu_counts_dispatches_and_repairs_a_count_that_is_wrong(
    count: int, running: bool, after: int, repaired: bool
) -> None:
    assert qemu_count(count, running=running) == (after, repaired)


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
