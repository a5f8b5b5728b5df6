"""What registrars ask for: where the areas lie, and calls drawn at random, good ones and bad ones."""

from collections.abc import Sequence
from typing import NamedTuple

import racer
from racer.core.rng import SplitMix64
from racer.kvm.layout import LENGTH_HWORD, LENGTH_WORD, PERSISTENT, SIZEOF_LPPACA, Member
from racer.kvm.memory import PAGE_SIZE
from racer.kvm.papr import (
    H_CONFER,
    H_REGISTER_VPA,
    H_VPA_DEREG_DTL,
    H_VPA_DEREG_SLB,
    H_VPA_DEREG_VPA,
    H_VPA_REG_DTL,
    H_VPA_REG_SLB,
    H_VPA_REG_VPA,
    flags_word,
)
from racer.kvm.vcpu import LEAVE, Exit, Vcpu
from racer.kvm.vm import Vm

VPA_BASE = 0x100000
VPA_SLOT = 1024
IN_REVERSE = PAGE_SIZE // VPA_SLOT - 1
SMALL_BASE = 0x200000
SMALL_SLOT = 512
BAD_BASE = 0x300000
NO_MEMORY = 0x7000000
NOBODY = 9999
VARIANTS = 2
SEEDS = 1 << 16

SHORT_VPA = BAD_BASE
TINY_VPA = BAD_BASE + 0x400
SHORT_DTL = BAD_BASE + 0x800
TINY_SLB = BAD_BASE + 0x880
# Well-formed but for their addresses, which are 8 bytes off.
MISALIGNED_VPA = BAD_BASE + 0x908
MISALIGNED_SLB = BAD_BASE + 0xD88
# A VPA of full length whose last byte would lie on the next page.
CROSSING_VPA = BAD_BASE + PAGE_SIZE - 512
CROSSING_DTL = BAD_BASE + PAGE_SIZE - 128


class Ask(NamedTuple):
    """A call to be made: flags word, processor number, address, and the length word that is there."""

    flags: int
    target: int
    gpa: int
    wrote: int = 0


class AreaPlan:
    """Where the areas of each vcpu lie, so that no two requesters share one: pages hold several areas all the same.

    Area i is one of `VARIANTS` that requester r has for the vcpu at index t. VPAs have 1 KiB each, at the end of which
    they end; an SLB shadow and a dispatch log share 512 bytes. With `apart` each of these has a page.
    The VPAs of a page lie in it in reverse, so that the one that ends it is a short one: what is left of the page there
    is too little for any other.
    """

    def __init__(self, vm: Vm, requesters: int, *, huge: int = 1, apart: bool = False) -> None:
        self.vm = vm
        self.requesters = requesters
        self.vpa_size = PAGE_SIZE if apart else VPA_SLOT
        self.small_size = PAGE_SIZE if apart else SMALL_SLOT
        count = len(vm.runners) * requesters * VARIANTS
        self.vpa_slot = vm.memory.add_memslot(VPA_BASE, pages(count * self.vpa_size, huge), huge)
        self.small_slot = vm.memory.add_memslot(SMALL_BASE, pages(count * self.small_size, huge), huge)
        vm.memory.add_memslot(BAD_BASE, 1)
        vm.memory.add_memslot(0, 1)
        for i in range(count):
            self._write(self.vpa(i), LENGTH_HWORD, vpa_length(i))
            self._write(self.slb(i), LENGTH_WORD, slb_length(i))
            self._write(self.slb(i), PERSISTENT, 3)
            self._write(self.dtl(i), LENGTH_WORD, dtl_length(i))
        self._write(0, LENGTH_HWORD, 1024)
        self._write(MISALIGNED_VPA, LENGTH_HWORD, 1024)
        self._write(MISALIGNED_SLB, LENGTH_WORD, 128)
        self._write(SHORT_VPA, LENGTH_HWORD, SIZEOF_LPPACA - 8)
        self._write(TINY_VPA, LENGTH_HWORD, 7)
        self._write(SHORT_DTL, LENGTH_WORD, 47)
        self._write(TINY_SLB, LENGTH_WORD, 7)
        self._write(CROSSING_VPA, LENGTH_HWORD, 1024)
        self._write(CROSSING_DTL, LENGTH_WORD, 4096)

    def _write(self, gpa: int, member: Member, value: int) -> None:
        self.vm.memory.poke(gpa, member, value)

    def index(self, target: int, requester: int, variant: int) -> int:
        """Return the number of an area."""
        return (target * self.requesters + requester) * VARIANTS + variant

    def vpa(self, i: int) -> int:
        """Return the address of VPA i."""
        if self.vpa_size == PAGE_SIZE:
            return VPA_BASE + i * PAGE_SIZE
        return VPA_BASE + ((i ^ IN_REVERSE) + 1) * VPA_SLOT - vpa_length(i)

    def slb(self, i: int) -> int:
        """Return the address of SLB shadow i."""
        return SMALL_BASE + i * self.small_size

    def dtl(self, i: int) -> int:
        """Return the address of dispatch log i."""
        return SMALL_BASE + i * self.small_size + 0x80

    def ask(self, subfunc: int, vcpu: Vcpu, i: int) -> Ask:
        """Return the well-formed call of a subfunction for a vcpu; it registers area i, if it registers one.

        Some deregistrations carry an address, which nobody is to look at.
        """
        gpa, wrote = (VPA_BASE if i % 2 else 0), 0
        if subfunc == H_VPA_REG_VPA:
            gpa, wrote = self.vpa(i), vpa_length(i)
        elif subfunc == H_VPA_REG_DTL:
            gpa, wrote = self.dtl(i), dtl_length(i)
        elif subfunc == H_VPA_REG_SLB:
            gpa, wrote = self.slb(i), slb_length(i)
        return Ask(flags_word(subfunc), vcpu.vcpu_id, gpa, wrote)

    def bad_ask(self, kind: int, vcpu: Vcpu, i: int) -> Ask:
        """Return the bad call of a kind: each must be refused, in the order of the checks."""
        me = vcpu.vcpu_id
        good = self.ask(H_VPA_REG_VPA, vcpu, i)
        return (
            Ask(flags_word(H_VPA_REG_VPA), me, MISALIGNED_VPA, 1024),
            Ask(flags_word(H_VPA_REG_VPA), me, 0, 1024),
            good._replace(gpa=NO_MEMORY + 0x80),
            good._replace(target=NOBODY),
            good._replace(flags=flags_word(0)),
            good._replace(flags=flags_word(4)),
            Ask(flags_word(H_VPA_REG_VPA), me, SHORT_VPA, SIZEOF_LPPACA - 8),
            Ask(flags_word(H_VPA_REG_VPA), me, TINY_VPA, 7),
            Ask(flags_word(H_VPA_REG_DTL), me, SHORT_DTL, 47),
            Ask(flags_word(H_VPA_REG_SLB), me, TINY_SLB, 7),
            Ask(flags_word(H_VPA_REG_VPA), me, CROSSING_VPA, 1024),
            Ask(flags_word(H_VPA_REG_DTL), me, CROSSING_DTL, 4096),
            Ask(flags_word(H_VPA_REG_SLB), me, MISALIGNED_SLB, 128),
            Ask(flags_word(H_VPA_REG_DTL), me, NO_MEMORY, 4096),
        )[kind]


# What the broken schemes may show in any workload, besides what each workload expects of them.
IMMEDIATE_MAY_SHOW = frozenset(
    {
        "stale-pointer",
        "canary-corruption",
        "null-pointer",
        "double-unpin",
        "pin-imbalance",
        "yield-count-parity",
        "area-dependency",
        "last-request",
        "return-code",
        "out-of-bounds",
        "torn-read",
        "use-after-free",
        "list-changed",
    }
)
SEED_MAY_SHOW = frozenset(
    {
        "atomic-sleep",
        "null-pointer",
        "stale-pointer",
        "stale-areas",
        "yield-count-parity",
        "canary-corruption",
        "list-changed",
        "use-after-free",
    }
)
BROKEN_MAY_SHOW = {"immediate": IMMEDIATE_MAY_SHOW, "seed": SEED_MAY_SHOW}

BAD_KINDS = 14
# Scheduling points that a stay in the guest lasts. A long one lets another vcpu join late.
MOMENTS = (1, 3, 3, 20)
SHORT_MOMENTS = (1, 1, 1, 1)


def pages(size: int, huge: int) -> int:
    """Return the pages, whole huge ones, that hold so many bytes."""
    unit = PAGE_SIZE * huge
    return (size + unit - 1) // unit * huge


def vpa_length(i: int) -> int:
    """Return the length of VPA i: what PAPR asks for at least, or what Linux says."""
    return 1024 if i % 4 else SIZEOF_LPPACA


def slb_length(i: int) -> int:
    """Return the length of SLB shadow i: room for all entries, or for one only."""
    return 0x80 if i % 4 else 0x28


def dtl_length(i: int) -> int:
    """Return the length of dispatch log i: two entries and a bit, so that it wraps, or just one."""
    return 100 if i % 2 else 48


# How often a registrar asks for what, out of 16.
USUAL = (
    (H_VPA_REG_VPA,) * 4
    + (H_VPA_REG_DTL,) * 3
    + (H_VPA_REG_SLB,) * 2
    + (H_VPA_DEREG_VPA,) * 2
    + (H_VPA_DEREG_DTL,) * 2
    + (H_VPA_DEREG_SLB,) * 2
    + (0,)  # a bad call
)


# Some executions keep to two requests for one vcpu, so that they come to stand close together, and back to back: all
# registrars ask for both, or every other one for the one and the rest for the other.
VPA_ONLY = (H_VPA_REG_VPA, H_VPA_DEREG_VPA) * 8
DUEL = ((H_VPA_DEREG_SLB,) * 16, (H_VPA_REG_SLB,) * 16)
USUALLY, CLOSE, AT_ODDS = range(3)


def focus_of(seed: int) -> int:
    """Return how the registrars of this execution choose: as usual in six of ten."""
    return (USUALLY, USUALLY, USUALLY, AT_ODDS, CLOSE, USUALLY, USUALLY, AT_ODDS, AT_ODDS, USUALLY)[seed // 8 % 10]


class Caller:
    """Draws and makes the calls of one requester, on behalf of one vcpu."""

    def __init__(self, plan: AreaPlan, requester: int, seed: int, *, focus: int = USUALLY) -> None:
        self.plan = plan
        self.vm = plan.vm
        self.requester = requester
        self.random = SplitMix64(seed * 64 + requester)
        self.focus = focus
        self.table = (USUAL, VPA_ONLY, DUEL[requester % 2])[focus]

    def draw(self, targets: Sequence[int]) -> Ask:
        """Return the next call, for one of the vcpus at these indices."""
        target = targets[-1 if self.focus else self.random.below(len(targets))]
        vcpu = self.vm.runners[target]
        i = self.area(target)
        subfunc = self.table[self.random.below(16)]
        if not subfunc:
            return self.plan.bad_ask(self.random.below(BAD_KINDS), vcpu, i)
        ask = self.plan.ask(subfunc, vcpu, i)
        if self.duelling(ask):
            # the same address, with another length than the request before it
            return ask._replace(wrote=(0x28, 0x80)[self.random.below(2)])
        return ask

    def duelling(self, ask: Ask) -> bool:
        """Whether a call registers the area that all are at odds over: one requester alone writes its length."""
        return self.focus == AT_ODDS and self.requester == 1 and ask.flags == flags_word(H_VPA_REG_SLB)

    def area(self, target: int) -> int:
        """Return the area that the next call is about; at odds, all ask for the one that the vcpu begins with."""
        if self.focus == AT_ODDS:
            return self.plan.index(target, 0, 1)
        return self.plan.index(target, self.requester, 0 if self.focus else self.random.below(VARIANTS))

    def prepare(self, ask: Ask) -> None:
        """Write the length word of a dispatch log, which its first entry overwrites, and where lengths change."""
        log = ask.flags == flags_word(H_VPA_REG_DTL) and SMALL_BASE <= ask.gpa < BAD_BASE
        if log or self.duelling(ask):
            self.vm.memory.guest_store(ask.gpa, LENGTH_WORD, ask.wrote)

    def make(self, caller: Vcpu, targets: Sequence[int], calls: int) -> None:
        """Draw and make so many calls on the calling thread."""
        for _ in range(calls):
            ask = self.draw(targets)
            self.prepare(ask)
            self.vm.hcall(caller, H_REGISTER_VPA, ask.flags, ask.target, ask.gpa, wrote=ask.wrote)
            if self.focus != AT_ODDS and self.random.below(4) == 0:
                self.vm.hcall(caller, H_CONFER, self.vm.runners[targets[-1]].vcpu_id, 1)


class PlainGuest:
    """A guest that only runs: so many stays, an interrupt or a machine check at the end of each, then it leaves."""

    def __init__(self, stays: int, seed: int, moments: tuple[int, ...] = MOMENTS) -> None:
        self.left = stays
        self.moments = moments
        self.random = SplitMix64(seed)

    def run(self, vcpu: Vcpu) -> Exit | None:
        """Stay in the guest for a moment."""
        for _ in range(self.moments[self.random.below(4)]):
            racer.point("in guest")
        if self.random.below(4) == 0:
            vcpu.kvm.scheme.machine_check(vcpu)
        self.left -= 1
        return LEAVE if self.left <= 0 else self.next_exit(vcpu)

    def next_exit(self, vcpu: Vcpu) -> Exit | None:
        """Return why the guest is left, when it is not for good."""
        del vcpu
        return None

    def returned(self, code: int) -> None:
        """Take no notice of return codes."""


def start_with(vm: Vm, plan: AreaPlan, seed: int) -> None:
    """Begin in one of four ways: nothing registered (twice as often), VPAs asked for, or areas in use already."""
    focus = focus_of(seed)
    begin = (seed % 4, 2 + seed % 2, 2)[focus]
    if begin < 2:
        return
    second = (H_VPA_REG_SLB, H_VPA_REG_DTL)[seed // 4 % 2]
    for target, vcpu in enumerate(vm.runners):
        for subfunc in (H_VPA_REG_VPA, H_VPA_REG_SLB) if focus else (H_VPA_REG_VPA, second)[: begin - 1]:
            ask = plan.ask(subfunc, vcpu, plan.index(target, 0, 1))
            vm.hcall(vcpu, H_REGISTER_VPA, ask.flags, ask.target, ask.gpa, wrote=ask.wrote)
    if begin == 3:
        vm.one_more_entry()


def guests_seed(seed: int, n: int) -> int:
    """Return the seed of the n-th vcpu's guest program; requesters have the numbers below."""
    return seed * 64 + 32 + n


def run_together(threads: Sequence[racer.Thread]) -> None:
    """Start threads and wait for all of them."""
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
