"""A bounded workload as data: who asks for which area, how often each vcpu enters, what happens to memory."""

from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from racer.kvm import userspace
from racer.kvm.layout import (
    DTL_IDX,
    LENGTH_HWORD,
    LENGTH_WORD,
    PERSISTENT,
    PMCREGS_IN_USE,
    STATUS,
    YIELD_COUNT,
)
from racer.kvm.memory import PAGE_SIZE
from racer.kvm.papr import (
    H_VPA_DEREG_DTL,
    H_VPA_DEREG_SLB,
    H_VPA_DEREG_VPA,
    H_VPA_REG_DTL,
    H_VPA_REG_SLB,
    H_VPA_REG_VPA,
)
from racer.kvm.vm import Vm

BASE = 0x100000
VPA_LENGTH = 1024
DTL_LENGTH = 96  # two entries: the third wraps
SLB_LENGTH = 0x30  # two entries; the buffer says three, so its end has to be looked at
ACROSS = PAGE_SIZE - 0x100  # where a VPA lies across two small pages of a huge one, its yield_count on the second


class Place(NamedTuple):
    """Where an area may be registered: a page of its own, small or huge, and the area's place in it."""

    page: int
    huge: int = 1
    offset: int = 0


class Call(NamedTuple):
    """A call of H_REGISTER_VPA: what it asks for, for which vcpu, and where (an index of the program's places)."""

    subfunc: int
    place: int = 0
    vcpu: int = 0

    @property
    def registers(self) -> bool:
        """Whether it registers an area."""
        return self.subfunc in LENGTHS


PARTS = {
    H_VPA_REG_VPA: (0, STATUS.offset, PMCREGS_IN_USE.offset, YIELD_COUNT.offset, DTL_IDX.offset),
}
LENGTHS = {H_VPA_REG_VPA: VPA_LENGTH, H_VPA_REG_DTL: DTL_LENGTH, H_VPA_REG_SLB: SLB_LENGTH}
Calls = tuple[Call, ...]


def vpa(place: int, vcpu: int = 0) -> Call:
    """Register a VPA."""
    return Call(H_VPA_REG_VPA, place, vcpu)


def dtl(place: int, vcpu: int = 0) -> Call:
    """Register a dispatch trace log."""
    return Call(H_VPA_REG_DTL, place, vcpu)


def slb(place: int, vcpu: int = 0) -> Call:
    """Register an SLB shadow buffer."""
    return Call(H_VPA_REG_SLB, place, vcpu)


def no_vpa(vcpu: int = 0) -> Call:
    """Unregister the VPA."""
    return Call(H_VPA_DEREG_VPA, vcpu=vcpu)


def no_dtl(vcpu: int = 0) -> Call:
    """Unregister the dispatch trace log."""
    return Call(H_VPA_DEREG_DTL, vcpu=vcpu)


def no_slb(vcpu: int = 0) -> Call:
    """Unregister the SLB shadow buffer."""
    return Call(H_VPA_DEREG_SLB, vcpu=vcpu)


@dataclass(frozen=True)
class Program:
    """What the threads of a bounded workload do; nothing in it is drawn.

    `before` is asked for before the threads start, and applied by an entry of each vcpu if `in_use`. Each of
    `registrars` is a thread with its calls; the vcpus form one vcore. With `machine_checks` the SLB is reloaded in each
    stay in the guest. `userspace` and `mm` are threads that change the memory at these places. Without `quiesce` the
    machine ends as it is, with requests that were never applied.
    """

    registrars: tuple[Calls, ...]
    places: tuple[Place, ...]
    vcpus: int = 1
    before: Calls = ()
    in_use: bool = False
    machine_checks: bool = False
    userspace: tuple[int, ...] = ()
    mm: tuple[int, ...] = ()
    quiesce: bool = True

    def areas(self) -> list[tuple[int, int]]:
        """Return which kind of area lies where: each place is for one kind, and has a page of its own."""
        calls = (*self.before, *chain.from_iterable(self.registrars))
        found = sorted({(call.subfunc, call.place) for call in calls if call.registers}, key=lambda each: each[1])
        assert len({place for _, place in found}) == len(found), "a place is for one kind of area"
        pages = [place.page + n for place in self.places for n in range(place.huge)]
        assert len(set(pages)) == len(pages), "a place has a page of its own"
        return found


def gpa_of(place: Place) -> int:
    """Return the guest address of a place."""
    return BASE + place.page * PAGE_SIZE + place.offset


def lay_out(vm: Vm, program: Program) -> None:
    """Give the machine the pages of the program's places, each with the length word of the area that lies there.

    Members of an area that are used one by one become parts of its frame: their uses do not conflict.
    """
    for place in program.places:
        vm.memory.add_memslot(BASE + place.page * PAGE_SIZE, place.huge, place.huge)
    for subfunc, number in program.areas():
        gpa = gpa_of(program.places[number])
        vm.memory.divide(gpa, PARTS.get(subfunc, (0,)))
        vm.memory.poke(gpa, LENGTH_HWORD if subfunc == H_VPA_REG_VPA else LENGTH_WORD, LENGTHS[subfunc])
        if subfunc == H_VPA_REG_SLB:
            vm.memory.poke(gpa, PERSISTENT, 3)


def remap(vm: Vm, program: Program) -> None:
    """Be userspace: unmap the page of each of its places, and map new memory there."""
    for place in program.userspace:
        page = vm.memory.page_at(gpa_of(program.places[place]))
        assert page is not None
        userspace.unmap(vm.memory, page)
        userspace.remap(vm.memory, page)


def reclaim(vm: Vm, program: Program) -> None:
    """Be the host's memory management: reclaim the page of each of its places, if nobody pins it."""
    for place in program.mm:
        page = vm.memory.page_at(gpa_of(program.places[place]))
        assert page is not None
        userspace.reclaim(vm.memory, page)
