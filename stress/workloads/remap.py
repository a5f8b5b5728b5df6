"""remap: userspace changes the guest's mappings and the host moves its pages while areas are registered in them."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import racer
from racer.core.rng import SplitMix64
from racer.kvm import userspace
from racer.kvm.guest_memory import Memslot
from racer.kvm.layout import LENGTH_HWORD, LENGTH_WORD
from racer.kvm.memory import PAGE_SIZE
from racer.kvm.papr import H_VPA_REG_DTL, H_VPA_REG_VPA, flags_word, subfunction
from racer.kvm.vcpu import Vcpu
from racer.kvm.vm import Vm
from stress.workload import CLEAN, Parameters, Workload
from stress.workloads.calls import (
    BROKEN_MAY_SHOW,
    SEEDS,
    AreaPlan,
    Ask,
    Caller,
    PlainGuest,
    guests_seed,
    run_together,
    start_with,
)

if TYPE_CHECKING:
    from racer.kvm.schemes.base import Scheme

HUGE_BASE = 0x400000
HUGE = 2  # pages in a huge page
ELSEWHERE = 0x9000


class CrossingCaller(Caller):
    """A registrar that also asks for areas across two small pages of a huge one, and always writes their length."""

    def draw(self, targets: range) -> Ask:  # type: ignore[override]
        """Return the next call; one in three is for an area that a split makes too short."""
        if self.random.below(3):
            return super().draw(targets)
        target = targets[self.random.below(len(targets))]
        base = HUGE_BASE + target * HUGE * PAGE_SIZE
        vcpu = self.vm.runners[target].vcpu_id
        if self.random.below(2):
            # what a split makes too short, and what fits all the same
            length = (48, 240, 240)[self.random.below(3)]
            return Ask(flags_word(H_VPA_REG_DTL), vcpu, base + PAGE_SIZE - 0x80, length)
        return Ask(flags_word(H_VPA_REG_VPA), vcpu, base + PAGE_SIZE - 0x100, 1024)

    def prepare(self, ask: Ask) -> None:
        """Write the length word: the page may be a new one."""
        if ask.gpa and ask.wrote and not ask.gpa & 0x7F:
            member = LENGTH_HWORD if subfunction(ask.flags) == H_VPA_REG_VPA else LENGTH_WORD
            self.vm.memory.guest_store(ask.gpa, member, ask.wrote)


class Userspace:
    """The process that owns the machine: it changes mappings and memslots, as a migration or a balloon does."""

    def __init__(self, vm: Vm, slots: list[Memslot], huge: Memslot, seed: int) -> None:
        self.memory = vm.memory
        self.slots = slots
        self.huge = huge
        self.random = SplitMix64(seed)

    def run(self, changes: int) -> None:
        """Make so many changes."""
        actions = (self.remap, self.remap, self.unmap, self.split, self.delete, self.move)
        for _ in range(changes):
            actions[self.random.below(len(actions))]()

    def slot(self) -> Memslot:
        """Draw a slot."""
        return self.slots[self.random.below(len(self.slots))]

    def remap(self) -> None:
        """Map new memory at one page."""
        slot = self.slot()
        page = slot.pages[self.random.below(len(slot.pages))]
        userspace.remap(self.memory, page, keep_contents=self.random.below(2) == 0)

    def unmap(self) -> None:
        """Unmap one page, and map new memory there after a while."""
        slot = self.slot()
        page = slot.pages[self.random.below(len(slot.pages))]
        userspace.unmap(self.memory, page)
        racer.point("a while")
        userspace.remap(self.memory, page)

    def split(self) -> None:
        """Split the huge pages."""
        userspace.split(self.memory, self.huge)

    def delete(self) -> None:
        """Take a slot away, and give it back after a while."""
        slot = self.slot()
        userspace.delete_memslot(self.memory, slot)
        racer.point("a while")
        userspace.create_memslot(self.memory, slot)

    def move(self) -> None:
        """Move a slot somewhere else, and back after a while."""
        slot = self.slot()
        moved = userspace.move_memslot(self.memory, slot, slot.base_gfn + ELSEWHERE)
        racer.point("a while")
        userspace.move_memslot(self.memory, moved, slot.base_gfn)


def manage_memory(vm: Vm, slots: list[Memslot], seed: int, moves: int) -> None:
    """Be the host's memory management: migrate and reclaim pages that nobody pins."""
    random = SplitMix64(seed)
    for _ in range(moves):
        slot = slots[random.below(len(slots))]
        page = slot.pages[random.below(len(slot.pages))]
        if random.below(2):
            userspace.migrate(vm.memory, page)
        else:
            userspace.reclaim(vm.memory, page)


def registrar(vm: Vm, plan: AreaPlan, n: int, seed: int, calls: int) -> racer.Thread:
    """Return the thread of registrar n."""
    caller: Vcpu = vm.callers[n]
    targets = range(len(vm.runners))
    return racer.Thread(target=CrossingCaller(plan, n, seed).make, args=(caller, targets, calls), name=caller.name)


def play(scheme: "Scheme", parameters: Parameters) -> None:
    """Run vcpus, registrars, userspace and memory management against each other once."""
    seed = racer.choose(SEEDS)
    names = [f"registrar{n}" for n in range(parameters.registrars)]
    vm = Vm(scheme, parameters.vcpus, threads_per_core=2, callers=names)
    plan = AreaPlan(vm, max(parameters.registrars, 1))
    huge = vm.memory.add_memslot(HUGE_BASE, HUGE * parameters.vcpus, HUGE)
    userspace.change_memslots(vm.memory)
    start_with(vm, plan, seed)
    vm.switch_on()
    slots = [plan.vpa_slot, plan.small_slot, huge]
    owner = Userspace(vm, slots, huge, guests_seed(seed, 30))
    threads = [vm.task(vcpu, PlainGuest(parameters.entries, guests_seed(seed, n))) for n, vcpu in enumerate(vm.runners)]
    threads += [registrar(vm, plan, n, seed, parameters.calls) for n in range(parameters.registrars)]
    threads.append(racer.Thread(target=owner.run, args=(4,), name="userspace"))
    threads.append(racer.Thread(target=manage_memory, args=(vm, slots, guests_seed(seed, 31), 3), name="mm"))
    run_together(threads)
    vm.finish(mappings_changed=True)


def build(scheme: "Callable[[], Scheme]", parameters: Parameters) -> Callable[[], None]:
    """Return the test body."""
    return lambda: play(scheme(), parameters)


WORKLOAD = Workload(
    name="remap",
    summary="Userspace changes mappings and the host moves pages while areas are registered and used in them.",
    build=build,
    defaults=Parameters(vcpus=2, registrars=1, entries=2, calls=6),
    expected={
        "immediate": frozenset({"stale-pointer", "use-after-free"}),
        "seed": frozenset({"atomic-sleep", "null-pointer", "use-after-free"}),
        "deferred": CLEAN,
        "always-locked": CLEAN,
    },
    allowed=BROKEN_MAY_SHOW,
    raced="unmapped-while-pinned",
    # What has to be found in `immediate` shows in about 6 of 1000: at 1500 a run misses it once in 8000 seeds.
    executions=1500,
)
