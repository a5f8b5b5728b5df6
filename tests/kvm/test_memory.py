from collections.abc import Callable

import pytest

import racer
from racer.kvm import userspace
from racer.kvm.guest_memory import GuestMemory, UnsignedLong, kvmppc_pin_guest_page, kvmppc_unpin_guest_page
from racer.kvm.layout import DTL_IDX, STATUS, YIELD_COUNT, Member
from racer.kvm.memory import CANARY, KEPT_BY_VICTIM, PAGE_SIZE, VICTIM, HostMemory, report_corruption
from racer.kvm.pointer import NULL, HostPointer
from racer.kvm.schemes import SCHEMES
from racer.kvm.vm import Vm
from tests.engine.told import both
from tests.kvm.running import clean, findings, kinds

BASE = 0x10000


def memory_of(pages: int = 1, huge: int = 1) -> GuestMemory:
    memory = GuestMemory(HostMemory())
    memory.add_memslot(BASE, pages, huge)
    return memory


def pinned(memory: GuestMemory, gpa: int = BASE) -> HostPointer:
    va = kvmppc_pin_guest_page(memory, gpa, UnsignedLong())
    assert isinstance(va, HostPointer)
    return va


def bytes_left(memory: GuestMemory, gpa: int) -> int:
    nb = UnsignedLong(0)
    va = kvmppc_pin_guest_page(memory, gpa, nb)
    if va:
        kvmppc_unpin_guest_page(memory, va)
    return nb.value


def test_a_page_that_nobody_maps_or_pins_goes_to_another_owner_at_once() -> None:
    def body() -> None:
        memory = memory_of()
        va = pinned(memory)
        frame = va.frame
        userspace.unmap(memory, memory.pages[0])
        assert frame.owner != VICTIM
        kvmppc_unpin_guest_page(memory, va)
        assert frame.owner == VICTIM
        assert frame.data == CANARY[:PAGE_SIZE]

    clean(body)


def test_a_stale_use_is_told_with_the_last_valid_one() -> None:
    def body() -> None:
        va = pinned(memory := memory_of())
        va.load(STATUS)
        va.store(YIELD_COUNT, 6)
        kvmppc_unpin_guest_page(memory, va)
        va.store(YIELD_COUNT, 7)

    (finding,) = findings(body)
    (note,) = finding.notes
    assert note.startswith("last valid use: main  store yield_count  frame 0  step ")


def test_a_store_after_the_unpin_is_reported_with_both_sides_and_still_happens() -> None:
    def body() -> None:
        memory = memory_of()
        va = pinned(memory, BASE + 0x80)
        kvmppc_unpin_guest_page(memory, va)
        va.store(YIELD_COUNT, 7)
        assert va.frame.data[0x183] == 7

    (finding,) = findings(body)
    assert finding.kind == "stale-pointer"
    assert finding.message == "main stored yield_count through a page that main had unpinned"
    unpin, store = finding.sides
    assert (unpin.action, store.action, store.what) == ("unpin", "store", "frame 0 +0x180")
    assert unpin.location is not None
    assert store.location is not None
    assert unpin.location.file.endswith("test_memory.py")
    assert store.location.line == unpin.location.line + 1


def test_a_second_pin_of_the_page_does_not_hide_a_stale_store() -> None:
    def body() -> None:
        memory = memory_of()
        first, second = pinned(memory), pinned(memory)
        kvmppc_unpin_guest_page(memory, first)
        second.store(YIELD_COUNT, 1)
        first.store(YIELD_COUNT, 2)

    assert [finding.kind for finding in findings(body)] == ["stale-pointer"]


def test_a_late_store_breaks_the_canary_of_the_next_owner() -> None:
    def body() -> None:
        memory = memory_of()
        va = pinned(memory)
        userspace.unmap(memory, memory.pages[0])
        kvmppc_unpin_guest_page(memory, va)
        va.store(YIELD_COUNT, 7)
        for frame, at in memory.host.corrupted():
            assert at == 0x100
            report_corruption(frame, at)

    assert kinds(body) == {"stale-pointer", "canary-corruption"}


def test_a_broken_canary_shows_also_when_the_frame_is_used_again() -> None:
    def body() -> None:
        memory = memory_of()
        va = pinned(memory)
        userspace.remap(memory, memory.pages[0])
        kvmppc_unpin_guest_page(memory, va)
        va.store(YIELD_COUNT, 7)
        for _ in range(KEPT_BY_VICTIM + 2):
            userspace.remap(memory, memory.pages[0])

    assert kinds(body) == {"stale-pointer", "canary-corruption"}


@pytest.mark.parametrize(("distance", "reported"), [(PAGE_SIZE - 1, set()), (PAGE_SIZE, {"out-of-bounds"})])
def test_any_address_in_its_page_unpins_it_and_one_in_the_next_page_does_not(distance: int, reported: set[str]) -> None:
    def body() -> None:
        memory = memory_of()
        kvmppc_unpin_guest_page(memory, pinned(memory) + distance)

    assert kinds(body) == reported


def test_unpinning_twice_is_reported() -> None:
    def body() -> None:
        memory = memory_of()
        va = pinned(memory)
        kvmppc_unpin_guest_page(memory, va)
        kvmppc_unpin_guest_page(memory, va)

    assert kinds(body) == {"double-unpin"}


@pytest.mark.parametrize("use", [lambda: NULL.load(YIELD_COUNT), lambda: NULL.store(YIELD_COUNT, 1)])
def test_null_is_false_and_reported_when_used(use) -> None:  # type: ignore[no-untyped-def]
    assert not NULL
    assert kinds(use) == {"null-pointer"}


def test_unpinning_null_is_reported() -> None:
    assert kinds(lambda: kvmppc_unpin_guest_page(memory_of(), NULL)) == {"null-pointer"}


def test_a_store_beyond_the_page_is_reported_and_does_not_happen() -> None:
    def body() -> None:
        memory = memory_of()
        va = pinned(memory, BASE + 0xF80)
        va.store(YIELD_COUNT, 7)
        assert len(va.frame.data) == PAGE_SIZE

    assert kinds(body) == {"out-of-bounds"}


def test_a_pin_fails_where_there_is_no_memory_and_leaves_nb_alone() -> None:
    def body() -> None:
        memory = memory_of()
        nb = UnsignedLong(5)
        assert kvmppc_pin_guest_page(memory, 0x900000, nb) is NULL
        assert nb.value == 5
        assert memory.failed == {0x900000}

    clean(body)


def test_what_the_stack_held_is_chosen_by_the_schedule() -> None:
    seen = set()
    racer.explore(lambda: seen.add(UnsignedLong().value), executions=20)
    assert seen == {0, 2**64 - 1}


def test_pinning_under_a_spinlock_is_reported() -> None:
    def body() -> None:
        memory = memory_of()
        with racer.SpinLock(name="lock"):
            pinned(memory)

    assert kinds(body) == {"atomic-sleep"}


def test_splitting_a_huge_page_leaves_fewer_bytes() -> None:
    def body() -> None:
        memory = memory_of(pages=2, huge=2)
        before = pinned(memory, BASE + 0xF00)
        before.store(YIELD_COUNT, 9)
        assert bytes_left(memory, BASE + 0xF00) == PAGE_SIZE + 0x100
        userspace.split(memory, memory.initial[0])
        assert bytes_left(memory, BASE + 0xF00) == 0x100
        assert bytes_left(memory, BASE + 0x1000) == PAGE_SIZE
        kvmppc_unpin_guest_page(memory, before)

    clean(body)


def test_the_host_moves_only_what_nobody_pins() -> None:
    def body() -> None:
        memory = memory_of()
        page = memory.pages[0]
        va = pinned(memory)
        assert not userspace.migrate(memory, page)
        assert not userspace.reclaim(memory, page)
        va.store(YIELD_COUNT, 3)
        kvmppc_unpin_guest_page(memory, va)
        assert userspace.migrate(memory, page)
        assert userspace.reclaim(memory, page)
        assert page.mapping == (None, 0)
        assert memory.guest_load(BASE, YIELD_COUNT) == 3

    clean(body)


def test_a_pinned_page_stays_when_userspace_maps_another_one() -> None:
    def body() -> None:
        memory = memory_of()
        va = pinned(memory)
        userspace.remap(memory, memory.pages[0])
        va.store(YIELD_COUNT, 3)
        assert memory.guest_load(BASE, YIELD_COUNT) == 0
        kvmppc_unpin_guest_page(memory, va)

    clean(body)


def test_a_pin_that_meets_a_remap_points_into_the_frame_it_holds() -> None:
    def body() -> None:
        memory = memory_of(pages=2, huge=2)
        second = memory.pages[1]
        whole = second.mapping[0]
        userspace_thread = racer.Thread(target=userspace.remap, args=(memory, second), name="userspace")
        userspace_thread.start()
        va = pinned(memory, BASE + PAGE_SIZE + 0x80)
        assert va.at == (PAGE_SIZE if va.frame is whole else 0) + 0x80
        userspace_thread.join()
        kvmppc_unpin_guest_page(memory, va)

    # Not by verify alone: what was read in no operation may differ within one interleaving.
    assert racer.explore(body, executions=500).verdict == "PASS"
    assert racer.verify(body).verdict == "PASS"


def test_two_that_look_a_page_up_do_not_conflict() -> None:
    def body() -> None:
        page = memory_of().pages[0]
        threads = [racer.Thread(target=page.look_up) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert racer.verify(body).executions == 1


def divided() -> tuple[GuestMemory, HostPointer]:
    memory = memory_of()
    memory.divide(BASE, (0, STATUS.offset, YIELD_COUNT.offset))
    return memory, pinned(memory)


def store(va: HostPointer, member: Member) -> Callable[[], object]:
    return lambda: va.store(member, 1)


WAYS: dict[str, tuple[Callable[[GuestMemory, HostPointer], tuple[Callable[[], object], ...]], int]] = {
    "two parts": (lambda m, va: (store(va, STATUS), store(va, YIELD_COUNT)), 1),
    "one part": (lambda m, va: (store(va, YIELD_COUNT), store(va, YIELD_COUNT)), 2),
    "one part through two pins": (lambda m, va: (store(va, STATUS), store(pinned(m), STATUS)), 2),
    "a member after the last offset": (lambda m, va: (store(va, YIELD_COUNT), store(va, DTL_IDX)), 2),
    "a use and a new pin": (lambda m, va: (store(va, STATUS), lambda: pinned(m)), 1),
    "a use and the end of its pin": (lambda m, va: (store(va, STATUS), lambda: kvmppc_unpin_guest_page(m, va)), 2),
    "a use and the guest's own": (lambda m, va: (store(va, STATUS), lambda: m.guest_load(BASE, STATUS)), 2),
}


@pytest.mark.parametrize("way", WAYS)
def test_uses_of_an_area_conflict_where_they_touch_the_same_part(way: str) -> None:
    make, classes = WAYS[way]
    assert racer.verify(lambda: both(*make(*divided())), keep_going=True).executions == classes


@pytest.mark.parametrize("member", [STATUS, YIELD_COUNT, DTL_IDX], ids=repr)
def test_a_use_of_any_part_after_the_end_of_its_pin_is_stale(member: Member) -> None:
    def body() -> None:
        memory, va = divided()
        both(store(va, member), lambda: kvmppc_unpin_guest_page(memory, va))

    result = racer.verify(body, keep_going=True)
    assert [(finding.kind, finding.count) for finding in result.findings] == [("stale-pointer", 1)]


def test_a_slot_that_goes_away_makes_pins_fail_until_it_is_back() -> None:
    def body() -> None:
        memory = memory_of()
        (slot,) = memory.initial
        userspace.delete_memslot(memory, slot)
        assert bytes_left(memory, BASE) == 0
        userspace.create_memslot(memory, slot)
        assert bytes_left(memory, BASE) == PAGE_SIZE
        userspace.move_memslot(memory, slot, 0x99)
        assert bytes_left(memory, BASE) == 0
        assert bytes_left(memory, 0x99000) == PAGE_SIZE

    clean(body)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_machine_that_does_nothing_leaves_nothing_behind(scheme: str) -> None:
    def body() -> None:
        vm = Vm(SCHEMES[scheme](), 3)
        vm.switch_on()
        vm.finish()

    clean(body)
