"""What happens to guest memory from outside: userspace changes mappings and memslots, the host's mm moves pages."""

import racer
from racer.kvm.guest_memory import GuestMemory, Memslot, Page
from racer.kvm.memory import PAGE_SIZE, Frame

# Each of these holds the mmap lock as the system calls do, or slots_lock where it is about memslots. None of them cares
# for pins: a page that is unmapped stays with whoever pinned it and the guest sees another one (facts D5).


def drop(memory: GuestMemory, page: Page, frame: Frame | None) -> None:
    """Drop the reference that a page's mapping had on a frame."""
    if frame is None:
        return
    if frame.atomically("unmap", frame.unmap, page):
        memory.host.freed(frame)
    elif frame.pins:
        racer.count("unmapped-while-pinned")


def remap(memory: GuestMemory, page: Page, *, keep_contents: bool = False) -> None:
    """Map new memory at a page: what munmap and mmap of the same address do; a huge page is split by it."""
    with memory.mmap_lock:
        frame = memory.host.allocate()
        old, base = page.look_up()
        contents = None
        if keep_contents and old is not None:
            contents = old.atomically("copy", contents_at, old, base)
        frame.atomically("fill", frame.fill_for, page, contents)
        page.atomically("remap", page.map, frame, 0)
        drop(memory, page, old)


def unmap(memory: GuestMemory, page: Page) -> None:
    """Leave nothing mapped at a page."""
    with memory.mmap_lock:
        old, _ = page.look_up()
        page.atomically("unmap", clear, page, None)
        drop(memory, page, old)


def split(memory: GuestMemory, slot: Memslot) -> None:
    """Split every huge page of a slot into small ones with the same contents."""
    for page in slot.pages:
        frame, _ = page.look_up()
        if frame is not None and frame.size > PAGE_SIZE:
            remap(memory, page, keep_contents=True)


def change_memslots(memory: GuestMemory) -> None:
    """Let userspace change the memslots from now on; before the machine runs."""
    memory.free_old_slots = True
    memory.install_new_memslots(memory.initial)


def delete_memslot(memory: GuestMemory, slot: Memslot) -> None:
    """Delete a slot: mark it invalid, which makes new pins fail, then take it out."""
    with memory.slots_lock:
        others = tuple(each for each in memory.memslots if each.pages is not slot.pages)
        memory.install_new_memslots((*others, slot._replace(invalid=True)))
        memory.install_new_memslots(others)


def create_memslot(memory: GuestMemory, slot: Memslot) -> None:
    """Add a slot, perhaps one that was deleted."""
    with memory.slots_lock:
        memory.install_new_memslots((*memory.memslots, slot))


def move_memslot(memory: GuestMemory, slot: Memslot, base_gfn: int) -> Memslot:
    """Move a slot to another guest address; the pages go with it."""
    with memory.slots_lock:
        others = tuple(each for each in memory.memslots if each.pages is not slot.pages)
        memory.install_new_memslots((*others, slot._replace(invalid=True)))
        moved = Memslot(base_gfn, slot.pages)
        memory.install_new_memslots((*others, moved))
        return moved


def migrate(memory: GuestMemory, page: Page) -> bool:
    """Move a page's contents to another frame, unless somebody pins it: what compaction does."""
    return _take_away(memory, page, reclaim=False)


def reclaim(memory: GuestMemory, page: Page) -> bool:
    """Write a page out and free its frame, unless somebody pins it."""
    return _take_away(memory, page, reclaim=True)


def _take_away(memory: GuestMemory, page: Page, *, reclaim: bool) -> bool:
    with memory.mmap_lock:
        old, base = page.look_up()
        if old is None or old.size > PAGE_SIZE:
            return False
        contents = old.atomically("isolate", isolate, old, page)
        if contents is None:
            return False
        if reclaim:
            page.atomically("reclaim", clear, page, contents)
        else:
            frame = memory.host.allocate()
            frame.atomically("fill", frame.fill_for, page, contents)
            page.atomically("migrate", page.map, frame, base)
        racer.count("reclaimed" if reclaim else "migrated")
        drop(memory, page, old)
        return True


# What follows is run by `atomically`.


def isolate(frame: Frame, page: Page) -> bytes | None:
    """Keep new pins off a frame that has none; return its contents, or None where it is pinned."""
    if frame.pins:
        return None
    frame.mapped_by.remove(page)
    return bytes(frame.data)


def clear(page: Page, swapped: bytes | None) -> None:
    """Leave a page with no frame, perhaps with contents that were written out."""
    page.mapping, page.swapped = (None, 0), swapped


def contents_at(frame: Frame, base: int) -> bytes:
    """Return one page of a frame."""
    return bytes(frame.data[base : base + PAGE_SIZE])
