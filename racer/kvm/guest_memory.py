"""The guest's memory: memslots, the pages they name, and pinning; what userspace does to it is in userspace.py."""

from collections.abc import Iterable
from typing import NamedTuple

import racer
from racer.kvm.layout import Member
from racer.kvm.memory import PAGE_MASK, PAGE_SIZE, Frame, HostMemory
from racer.kvm.pointer import NULL, HostPointer, Pin, Pointer, report_null, report_wrong_page
from racer.kvm.srcu import Srcu

PAGE_SHIFT = 12


class Page:
    """One page of the address space that userspace gave to the guest, with what is mapped there at the moment.

    `mapping` is the frame, None where nothing is mapped, and where in a huge frame the page lies; `swapped` holds the
    contents of a page that was reclaimed. Both change only in operations on the page, and under the mmap lock.
    """

    __slots__ = ("atomically", "mapping", "name", "read", "swapped", "write")

    def __init__(self, number: int) -> None:
        self.name = f"page {number}"
        self.mapping: tuple[Frame | None, int] = (None, 0)
        self.swapped: bytes | None = None
        resource = racer.Resource(name=self.name)
        self.read = resource.read
        self.write = resource.write
        self.atomically = resource.atomically

    def look_up(self) -> tuple[Frame | None, int]:
        """Walk the page table: return the frame mapped here and the page's place in it. One operation."""
        self.read("look up")
        return self.mapping

    def map(self, frame: Frame, base: int) -> None:
        """Map a frame here; no operation."""
        self.mapping, self.swapped = (frame, base), None


class Memslot(NamedTuple):
    """A run of guest pages; `invalid` while userspace is deleting or moving it."""

    base_gfn: int
    pages: tuple[Page, ...]
    invalid: bool = False


class Memslots(tuple[Memslot, ...]):  # noqa: SLOT001  (who freed it is noted on it)
    """An array of memslots, replaced as a whole; where `resource` is there, its memory can be freed."""

    resource: racer.Resource | None = None
    freed: racer.Side | None = None

    def free(self, here: racer.Side) -> None:
        """Give its memory back; run by `atomically`."""
        self.freed = here


class UnsignedLong:
    """A local variable of C that a callee fills through its address: not initialised unless a value is given.

    Reading one that was never written gives what the stack held: nothing much, or something huge.
    """

    __slots__ = ("_value",)

    def __init__(self, value: int | None = None) -> None:
        self._value = value

    @property
    def value(self) -> int:
        """What is stored."""
        if self._value is None:
            self._value = (0, 2**64 - 1)[racer.choose(2)]
        return self._value

    @value.setter
    def value(self, value: int) -> None:
        self._value = value


class GuestMemory:
    """The memory of one virtual machine.

    With `one_host_page` an area may use no more than one small page, as since v3.10; before, one page of any size.
    The array of memslots is one value, looked up in one step; where `free_old_slots` is set userspace changes it, what
    was there before is freed, and to search it is a step of its own; `srcu` is what pins are protected by, if they are.
    `failed` and `shortest` are notes for the judges: guest addresses that a pin found absent, and the fewest bytes
    that a pin found at an address.
    """

    memslots: "racer.field[tuple[Memslot, ...]]" = racer.field((), marked=True)

    def __init__(self, host: HostMemory) -> None:
        self.name = "kvm"
        self.host = host
        self.mmap_lock = racer.Lock(name="mmap_lock")
        self.slots_lock = racer.Lock(name="slots_lock")
        self.pages: list[Page] = []
        self.initial: tuple[Memslot, ...] = ()
        self.one_host_page = False
        self.free_old_slots = False
        self.srcu: Srcu | None = None
        self.failed: set[int] = set()
        self.shortest: dict[int, int] = {}

    def add_memslot(self, base: int, pages: int, huge: int = 1) -> Memslot:
        """Add a slot of fresh memory at guest address `base`, in frames of `huge` pages; before the machine runs."""
        made = []
        for first in range(0, pages, huge):
            frame = self.host.new_frame(PAGE_SIZE * huge)
            for i in range(min(huge, pages - first)):
                page = self.new_page()
                page.map(frame, i * PAGE_SIZE)
                frame.map_by(page)
                made.append(page)
        slot = Memslot(base >> PAGE_SHIFT, tuple(made))
        self.initial = (*self.initial, slot)
        self.memslots = self.initial
        return slot

    def bytes_left(self, frame: Frame, at: int) -> int:
        """Return the bytes from a place in a frame to the end of the page that an area there may use."""
        return PAGE_SIZE - (at & PAGE_MASK) if self.one_host_page else frame.size - at

    def new_page(self) -> Page:
        """Make a page with nothing mapped; no operation."""
        page = Page(len(self.pages))
        self.pages.append(page)
        return page

    def page_of(self, gpa: int) -> Page | None:
        """Return the page that the memslots give for a guest address, if there is one. One operation."""
        return page_in(self.memslots, gpa)

    def gfn_to_page(self, gpa: int) -> Page | None:
        """Return the page for a guest address as a pin looks for it: in an array that may be freed meanwhile."""
        if not self.free_old_slots:
            return self.page_of(gpa)
        srcu = self.srcu
        if srcu is None:
            return self._search(gpa)  # B9
        reader = srcu.read_lock()
        page = self._search(gpa)
        srcu.read_unlock(reader)
        return page

    def _search(self, gpa: int) -> Page | None:
        slots = self.memslots
        if isinstance(slots, Memslots) and slots.resource is not None:
            slots.resource.read("search memslots")
            if slots.freed is not None:
                here = racer.side("search", "memslots", skip=3)
                message = f"{here.thread} looked for a page in an array of memslots that {slots.freed.thread} had freed"
                racer.violation("use-after-free", message, sides=(slots.freed, here))
        return page_in(slots, gpa)

    def install_new_memslots(self, slots: tuple[Memslot, ...]) -> None:
        """Put a new array of memslots in place, and free the old one once nobody searches it. With slots_lock held."""
        if not self.free_old_slots:
            self.memslots = slots
            return
        old, new = self.memslots, Memslots(slots)
        new.resource = racer.Resource(name="memslots")
        self.memslots = new
        if self.srcu is not None:
            self.srcu.synchronize()
        if isinstance(old, Memslots) and old.resource is not None:
            old.resource.atomically("free", old.free, racer.side("free", "memslots", skip=1))

    def page_at(self, gpa: int) -> Page | None:
        """Return the page that the machine was built with for a guest address; no operation."""
        return page_in(self.initial, gpa)

    def fault_in(self, page: Page) -> None:
        """Bring back a page that was reclaimed. Called with the mmap lock held."""
        if page.swapped is None:
            return
        frame = self.host.allocate()
        frame.atomically("fill", frame.fill_for, page, page.swapped)
        page.atomically("fault in", page.map, frame, 0)

    def pin(self, page: Page, gpa: int, area: str | None) -> HostPointer | None:
        """Take one reference on the frame behind a page: without locks if it stays put, else by way of a fault."""
        frame, base = page.look_up()
        if frame is not None:
            pin = new_pin(frame, base, gpa, area)
            if frame.pin(page, pin):
                return HostPointer(pin, pin.at)
        with self.mmap_lock:
            self.fault_in(page)
            frame, base = page.look_up()
            if frame is None:
                return None
            pin = new_pin(frame, base, gpa, area)
            return HostPointer(pin, pin.at) if frame.pin(page, pin) else None

    def guest_store(self, gpa: int, member: Member, value: int) -> bool:
        """Store a member of an area at a guest address, as the guest does; return False where there is no memory."""
        page = self.page_of(gpa)
        if page is None:
            return False
        frame, base = page.look_up()
        at = base + (gpa & PAGE_MASK) + member.offset
        if frame is not None and frame.atomically(member.store_label, write_if_mapped, frame, page, member, at, value):
            return True
        with self.mmap_lock:
            self.fault_in(page)
            frame, base = page.look_up()
            at = base + (gpa & PAGE_MASK) + member.offset
            if frame is None:
                return False
            return frame.atomically(member.store_label, write_if_mapped, frame, page, member, at, value)

    def guest_load(self, gpa: int, member: Member) -> int | None:
        """Load a member of an area at a guest address, as the guest does; None where there is no memory."""
        page = self.page_of(gpa)
        if page is None:
            return None
        with self.mmap_lock:
            self.fault_in(page)
            frame, base = page.look_up()
            if frame is None:
                return None
            at = base + (gpa & PAGE_MASK) + member.offset
            value: int = frame.atomically(member.load_label, member.unpack_from, frame.data, at)[0]
            return value

    def divide(self, gpa: int, offsets: Iterable[int]) -> None:
        """Make parts of an area that may be registered at a guest address, as Frame.divide does."""
        page = self.page_at(gpa)
        assert page is not None
        frame, base = page.mapping
        assert frame is not None
        frame.divide(base + (gpa & PAGE_MASK), offsets)

    def poke(self, gpa: int, member: Member, value: int) -> None:
        """Set a member of an area before the machine runs; no operation."""
        page = self.page_at(gpa)
        assert page is not None
        frame, base = page.mapping
        assert frame is not None
        member.pack_into(frame.data, base + (gpa & PAGE_MASK) + member.offset, value)


def page_in(memslots: tuple[Memslot, ...], gpa: int) -> Page | None:
    """Return the page for a guest address, None if no slot has it or the slot is invalid."""
    gfn = gpa >> PAGE_SHIFT
    for slot in memslots:
        if 0 <= gfn - slot.base_gfn < len(slot.pages):
            return None if slot.invalid else slot.pages[gfn - slot.base_gfn]
    return None


def new_pin(frame: Frame, base: int, gpa: int, area: str | None) -> Pin:
    """Make the pin that a caller of kvmppc_pin_guest_page is about to take."""
    return Pin(frame, base + (gpa & PAGE_MASK), gpa, area, racer.side("pin", frame.name, skip=3))


def write_if_mapped(frame: Frame, page: Page, member: Member, at: int, value: int) -> bool:
    """Write guest memory unless the page has gone elsewhere meanwhile; a machine's page walk is indivisible."""
    if page not in frame.mapped_by or at + member.size > frame.size:
        return False
    member.pack_into(frame.data, at, value)
    return True


def kvmppc_pin_guest_page(memory: GuestMemory, gpa: int, nb: UnsignedLong, area: str | None = None) -> Pointer:
    """Pin the page of a guest address; return its host address, or NULL where there is no such page.

    The bytes from the address to the end of the page, huge or not, go into `nb`; only on success. May sleep. `area`
    says in reports what the page is pinned for.
    """
    racer.may_sleep("kvmppc_pin_guest_page")
    page = memory.gfn_to_page(gpa)
    va = memory.pin(page, gpa, area) if page is not None else None
    if va is None:
        memory.failed.add(gpa)
        racer.count("pins-failed")
        return NULL
    nb.value = left = memory.bytes_left(va.frame, va.at)
    if left < memory.shortest.get(gpa, left + 1):
        memory.shortest[gpa] = left
    return va


def kvmppc_unpin_guest_page(memory: GuestMemory, va: Pointer, gpa: int = 0, *, dirty: int = 0) -> None:
    """Drop the reference that kvmppc_pin_guest_page took for this address; then mark the page of `gpa` if it is dirty.

    Any address in the page does. `gpa` and `dirty` are there from v3.10 on.
    """
    if not isinstance(va, HostPointer):
        report_null("unpin", "a page")
        return
    pin, frame = va.pin, va.frame
    here = racer.side("unpin", pin.shown, skip=1)
    if not 0 <= va.at < pin.limit:
        report_wrong_page(va, here)
    before, free = frame.atomically("unpin", frame.give_back, pin, here)
    if before is not None:
        racer.violation(
            "double-unpin",
            f"{here.thread} unpinned a page that {before.thread} had unpinned already",
            sides=(before, here),
        )
    if free:
        memory.host.freed(frame)
    if dirty and memory.host.dirty_log is not None:
        memory.host.dirty_log.mark(gpa >> PAGE_SHIFT)
