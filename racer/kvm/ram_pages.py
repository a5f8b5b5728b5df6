"""Guest memory until v3.3: every page that userspace gives to the guest is pinned for as long as the VM lives."""

import racer
from racer.kvm.guest_memory import PAGE_SHIFT, GuestMemory, Memslot, kvmppc_unpin_guest_page
from racer.kvm.memory import PAGE_MASK, PAGE_SIZE, HostMemory
from racer.kvm.pointer import NULL, HostPointer, Pin, Pointer


class RamPages(GuestMemory):
    """The memory of one virtual machine, and the table of its pinned pages.

    What userspace maps later at a guest address is not in the table: the guest sees it, the host goes on with the page
    that was there when the memory was added (facts D5, in its oldest form).
    """

    def __init__(self, host: HostMemory) -> None:
        super().__init__(host)
        self.ram_pginfo: dict[int, Pin] = {}

    def add_memslot(self, base: int, pages: int, huge: int = 1) -> Memslot:
        """Add a slot of fresh memory and pin every page of it; before the machine runs."""
        slot = super().add_memslot(base, pages, huge)
        for n, page in enumerate(slot.pages):
            frame, at = page.mapping
            assert frame is not None
            pin = Pin(frame, at, base + n * PAGE_SIZE, "RAM", racer.side("pin", frame.name))
            frame.pin_before_start(page, pin)
            self.ram_pginfo[slot.base_gfn + n] = pin
        return slot

    def look_up(self, gpa: int, area: str) -> Pointer:
        """Return the host address of a guest address, NULL where there is no RAM. It stays valid until the VM ends.

        It carries a pin of its own, which nobody gives back: the reference is the table's.
        """
        ram = self.ram_pginfo.get(gpa >> PAGE_SHIFT)
        if ram is None:
            return NULL
        pin = Pin(ram.frame, ram.at + (gpa & PAGE_MASK), gpa, area, racer.side("use", ram.frame.name, skip=1))
        return HostPointer(pin, pin.at)

    def release_ram_pages(self) -> None:
        """Unpin every page; the machine has ended."""
        for pin in self.ram_pginfo.values():
            kvmppc_unpin_guest_page(self, HostPointer(pin, pin.at))
