"""Every answer of H_REGISTER_VPA, one call after another: what a scheme does when nothing races."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import racer
from racer.kvm import userspace
from racer.kvm.ioctl import get_one_reg, set_one_reg
from racer.kvm.judges.requests import registered
from racer.kvm.layout import LENGTH_HWORD, LENGTH_WORD
from racer.kvm.memory import PAGE_SIZE
from racer.kvm.one_reg import KVM_REG_PPC_VPA_ADDR, KVM_REG_PPC_VPA_SLB, REGISTERS, value_of
from racer.kvm.papr import (
    FUNCTION_NAMES,
    H_REGISTER_VPA,
    H_RESOURCE,
    H_SUCCESS,
    H_VPA_DEREG_DTL,
    H_VPA_DEREG_SLB,
    H_VPA_DEREG_VPA,
    H_VPA_REG_DTL,
    H_VPA_REG_SLB,
    H_VPA_REG_VPA,
    flags_word,
    return_name,
)
from racer.kvm.specification import NOTHING, Registered, Request, answer
from racer.kvm.vm import Vm

if TYPE_CHECKING:
    from racer.kvm.schemes.base import Scheme

BASE = 0x10000
END = BASE + PAGE_SIZE
AREAS = END
PAGES = 4
LAST = BASE + PAGES * PAGE_SIZE
NO_MEMORY = 0x900000
NOBODY = 77


class Ask(NamedTuple):
    """A call: subfunction, address, and the length word that stands there."""

    subfunc: int
    gpa: int = 0
    length: int = 0


# What a vcpu begins with ends with its page, each with another: the address of its end is one of the next page.
VPA = Ask(H_VPA_REG_VPA, LAST - 1024, 1024)
DTL = Ask(H_VPA_REG_DTL, LAST - PAGE_SIZE - 384, 384)
SLB = Ask(H_VPA_REG_SLB, LAST - 2 * PAGE_SIZE - 128, 128)
NOT_VPA, NOT_DTL, NOT_SLB = Ask(H_VPA_DEREG_VPA), Ask(H_VPA_DEREG_DTL), Ask(H_VPA_DEREG_SLB)

BEFORE: tuple[tuple[Ask, ...], ...] = (
    (),
    (VPA,),
    (VPA, DTL),
    (VPA, SLB),
    (VPA, DTL, SLB),
    (VPA, NOT_VPA),
    (VPA, DTL, NOT_DTL),
    (VPA, SLB, NOT_SLB),
)
LENGTHS = {
    H_VPA_REG_VPA: (7, 639, 640, 1023, 1024),
    H_VPA_REG_DTL: (7, 47, 48, 100),
    H_VPA_REG_SLB: (7, 8, 15, 16),
}
CALLS: tuple[Ask, ...] = (
    *(Ask(subfunc, AREAS + 0x800, length) for subfunc, lengths in LENGTHS.items() for length in lengths),
    *(
        Ask(subfunc, gpa, length)
        for subfunc in LENGTHS
        for gpa, length in (
            (BASE + 0x400 + 8, 1024),
            (BASE + 0x400 + 64, 1024),
            (0, 1024),
            (NO_MEMORY, 1024),
            (END - 1024, 1024),
            (END - 1024, 1025),
            (END - 128, 1024),
        )
    ),
    NOT_VPA,
    NOT_DTL,
    NOT_SLB,
    Ask(H_VPA_DEREG_VPA, BASE + 0x80),
    Ask(H_VPA_DEREG_DTL, BASE + 0x80),
    Ask(H_VPA_DEREG_SLB, BASE + 8),
    Ask(0, BASE, 1024),
    Ask(4, BASE, 1024),
)
ALL, NONE, ALL_BUT_LAST = "all applied", "none applied", "all but the last applied"
LOST = "their page taken away before they are applied"


def make(vm: Vm, target: int, ask: Ask) -> int:
    """Write the length word and make a call, by the first vcpu; return its code."""
    if ask.length and vm.static_bytes_left(ask.gpa) is not None:
        member = LENGTH_HWORD if ask.subfunc == H_VPA_REG_VPA else LENGTH_WORD
        vm.memory.poke(ask.gpa, member, ask.length)
    arguments = (flags_word(ask.subfunc), target, ask.gpa)
    return vm.hcall(vm.runners[0], H_REGISTER_VPA, *arguments, wrote=ask.length)


class Case:
    """A machine in which some calls were made already, and their answers judged."""

    def __init__(self, scheme: "Scheme", target: int, before: tuple[Ask, ...], applied: str) -> None:
        self.vm = Vm(scheme, 2, threads_per_core=1)
        self.vm.memory.add_memslot(BASE, PAGES)
        self.vm.memory.add_memslot(0, 1)
        self.rules = scheme.rules
        self.target = target
        self.has = NOTHING
        self.told = f"({applied})"
        for n, ask in enumerate(before):
            self.make(ask)
            if applied == ALL or (applied == ALL_BUT_LAST and n < len(before) - 1):
                self.vm.one_more_entry()
        self.changed = applied == LOST
        if self.changed:
            self.lose()

    def lose(self) -> None:
        """Take the page of the VPA away before the requests are applied, and give another one afterwards.

        Whether the area is then dropped is the scheme's business; its answers have to go with what it did.
        """
        page = self.vm.memory.page_at(VPA.gpa)
        assert page is not None
        userspace.unmap(self.vm.memory, page)
        self.vm.one_more_entry()
        userspace.remap(self.vm.memory, page)
        self.has = registered(self.vm.vcpus[self.target])

    def finish(self) -> None:
        """End the machine and have it judged."""
        self.vm.finish(mappings_changed=self.changed)

    def wanted(self, ask: Ask) -> tuple[int, Registered]:
        """Return what is specified for a call."""
        page_left = self.vm.static_bytes_left(ask.gpa)
        known = self.target in self.vm.vcpus
        return answer(self.rules, self.has, Request(known, ask.subfunc, ask.gpa, page_left, ask.length))

    def make(self, ask: Ask) -> None:
        """Make a call; report an answer that is not as specified."""
        wanted, self.has = self.wanted(ask)
        code = make(self.vm, self.target, ask)
        what = f"{FUNCTION_NAMES.get(ask.subfunc, f'subfunction {ask.subfunc}')} at {ask.gpa:#x}+{ask.length:#x}"
        if code != wanted:
            message = f"{what}, after {self.told}: {return_name(code)}, specified is {return_name(wanted)}"
            racer.violation("return-code", message, sides=(racer.side("check", what),))
        self.told += f" {what}"


def judge(scheme: "Callable[[], Scheme]", target: int, before: tuple[Ask, ...], applied: str) -> None:
    """Make every call after those before: those that are to be refused one after another, each other one alone."""
    first = Case(scheme(), target, before, applied)
    refused = [ask for ask in CALLS if first.wanted(ask)[0]]
    for ask in refused:
        first.make(ask)
    first.finish()
    for ask in CALLS:
        if ask not in refused:
            case = Case(scheme(), target, before, applied)
            case.make(ask)
            case.finish()


def judge_beside_one_reg(scheme: "Callable[[], Scheme]") -> None:
    """Make calls about areas that userspace has set, of which an SLB shadow may have no length (facts D11); read back.

    What ONE_REG tells of an area that a call has deregistered is nothing at all.
    """
    vm = Vm(scheme(), 1, threads_per_core=1)
    vm.memory.add_memslot(BASE, PAGES)
    (vcpu,) = vm.runners
    if not vm.scheme.has_one_reg:
        return
    set_one_reg(vcpu, KVM_REG_PPC_VPA_ADDR, VPA.gpa)
    set_one_reg(vcpu, KVM_REG_PPC_VPA_SLB, value_of(KVM_REG_PPC_VPA_SLB, SLB.gpa, 0))
    for ask, wanted in ((NOT_VPA, H_RESOURCE), (NOT_SLB, H_SUCCESS), (NOT_VPA, H_SUCCESS)):
        code = make(vm, vcpu.vcpu_id, ask)
        if code != wanted:
            what = f"{FUNCTION_NAMES[ask.subfunc]}, of an area that ONE_REG has set"
            message = f"{what}: {return_name(code)}, specified is {return_name(wanted)}"
            racer.violation("return-code", message, sides=(racer.side("check", what),))
    for reg in REGISTERS:
        told = get_one_reg(vcpu, reg)
        if told:
            message = f"ONE_REG tells {told:#x} of an area that was deregistered"
            racer.violation("last-request", message, sides=(racer.side("check", f"register {reg:#x}"),))


def parts() -> Iterator[tuple[int, tuple[Ask, ...], str]]:
    """Yield the processor asked for, the calls before, and which of them are applied: the rare ones last."""
    yield 0, (VPA, SLB), ALL
    yield NOBODY, (), NONE
    for applied, least in ((ALL, 0), (NONE, 1), (ALL_BUT_LAST, 2)):
        yield from ((1, before, applied) for before in BEFORE if len(before) >= least)
    yield 1, (VPA,), LOST


def bodies(scheme: "Callable[[], Scheme]") -> Iterator[Callable[[], None]]:
    """Yield test bodies, without threads of their own, that together go through all cases."""
    for target, before, applied in parts():
        yield partial(judge, scheme, target, before, applied)
    yield partial(judge_beside_one_reg, scheme)
