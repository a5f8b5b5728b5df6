"""The host's memory: frames of real bytes with reference counts, poisoned and reused as soon as the last is gone."""

from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import TYPE_CHECKING, TypeVar

import racer
from racer.kvm.dirty_log import DirtyLog
from racer.kvm.layout import SHARED_PROCESSOR
from racer.kvm.pointer import Pin

if TYPE_CHECKING:
    from racer.kvm.guest_memory import Page

R = TypeVar("R")

PAGE_SIZE = 4096
PAGE_MASK = PAGE_SIZE - 1

CANARY = bytes(range(0xA0, 0xF0)) * (PAGE_SIZE * 64 // 80 + 1)
KEPT_BY_VICTIM = 6

GUEST = "guest"
VICTIM = "victim"
SPARE = "spare"


class Frame:
    """One page of host memory, small or huge.

    `refs` counts one for each guest page mapped here and one for each pin. When it falls to zero the frame is given
    to a foreign owner on the spot, whose canary fills it: a store that arrives late shows there. Everything but the
    number and the size changes only in operations on `resource`. Where the areas in a frame are known beforehand and
    do not overlap, their members may be `parts` with operations of their own: uses of different parts then do not
    conflict, nor does taking a pin with using another. Whatever concerns a frame as a whole is an operation on all
    of them, and so is giving a pin back.
    """

    __slots__ = ("_all_parts", "_parts", "data", "mapped_by", "memory", "name", "number", "owner", "pins", "refs",
                 "resource", "size")  # fmt: skip

    def __init__(self, memory: "HostMemory", number: int, size: int) -> None:
        self.memory = memory
        self.number = number
        self.name = f"frame {number}"
        self.size = size
        self.data = bytearray(size)
        self.refs = 0
        self.pins: list[Pin] = []
        self.owner = GUEST
        self.mapped_by: list[Page] = []
        self.resource = racer.Resource(name=self.name)
        self._parts: dict[int, dict[int, racer.Resource]] = {}
        self._all_parts: tuple[racer.Resource, ...] = ()

    def divide(self, at: int, offsets: Iterable[int]) -> None:
        """Make parts of an area at `at`, each from one of these offsets to the next; before the machine runs."""
        parts = {offset: racer.Resource(name=f"{self.name} +{at + offset:#x}") for offset in offsets}
        self._parts[at] = parts
        self._all_parts += tuple(parts.values())

    def part(self, area: int, at: int) -> racer.Resource:
        """Return what a use of the byte at `at`, by a pointer to the area at `area`, is an operation on."""
        parts = self._parts.get(area)
        if parts is None:
            return self.resource
        return parts[max(offset for offset in parts if area + offset <= at)]

    def pin(self, page: "Page", pin: Pin) -> bool:
        """Take the reference of a pin, if the page is still mapped here. One operation."""
        return self.resource.atomically("pin", self._take, page, pin)

    def atomically(self, what: str, fn: Callable[..., R], *args: object) -> R:
        """Do something to the frame as a whole. One operation."""
        return self.resource.atomically(what, fn, *args, also=self._all_parts)

    # What follows performs no operations: it is run by `atomically`, or before any other thread knows the frame.

    def map_by(self, page: "Page") -> None:
        """Take the reference of a guest page that is mapped here."""
        self.mapped_by.append(page)
        self.refs += 1

    def fill_for(self, page: "Page", contents: bytes | None) -> None:
        """Take the reference of a page that is about to be mapped here, with these contents."""
        self.map_by(page)
        if contents is not None:
            self.data[:] = contents

    def unmap(self, page: "Page") -> bool:
        """Drop the reference of a guest page; return whether the frame is free now."""
        if page in self.mapped_by:
            self.mapped_by.remove(page)
        return self._drop()

    def _take(self, page: "Page", pin: Pin) -> bool:
        if page not in self.mapped_by:
            return False
        self.pins.append(pin)
        self.refs += 1
        return True

    def pin_before_start(self, page: "Page", pin: Pin) -> None:
        """Take the reference of a pin in a machine that is being built."""
        self._take(page, pin)

    def give_back(self, pin: Pin, here: racer.Side) -> tuple[racer.Side | None, bool]:
        """Drop the reference of a pin; return who had dropped it before, and whether the frame is free now."""
        before = pin.released
        if before is None:
            pin.released = here
            self.pins.remove(pin)
        return before, self._drop()

    def _drop(self) -> bool:
        """Drop one reference; with the last one, hand the frame to its next owner."""
        self.refs -= 1
        if self.refs != 0:
            return False
        self.owner = VICTIM
        self.data[:] = CANARY[: self.size]
        return True

    @property
    def corrupted_at(self) -> int | None:
        """Where the victim's canary is broken, if it is."""
        if self.owner != VICTIM or self.data == CANARY[: self.size]:
            return None
        return next(i for i in range(self.size) if self.data[i] != CANARY[i])


class HostMemory:
    """All frames there are, and the page allocator."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self._numbers = count()
        self._freed: list[Frame] = []
        self.dirty_log: DirtyLog | None = None
        # Whether the host takes the areas' members for its own byte order, which is another; and which bit it sets.
        self.swapped = False
        self.shared_processor = SHARED_PROCESSOR
        self._allocator = racer.Resource(name="page allocator")

    def new_frame(self, size: int = PAGE_SIZE) -> Frame:
        """Make a frame; no operation: for a virtual machine that is being built."""
        return self._add(next(self._numbers), size)

    def _add(self, number: int, size: int) -> Frame:
        frame = Frame(self, number, size)
        self.frames.append(frame)
        return frame

    def allocate(self, size: int = PAGE_SIZE) -> Frame:
        """Return a zeroed frame: the oldest that its victim can spare, or a new one."""
        frame = self._allocator.atomically("allocate", self._oldest, size)
        if frame is None:
            # Only the number comes out of the operation: an object made in it would be no thread's, and another one in
            # each execution.
            return self._add(self._allocator.atomically("allocate new", next, self._numbers), size)
        at = frame.atomically("take back", reclaim, frame)
        if at is not None:
            report_corruption(frame, at)
        return frame

    def _oldest(self, size: int) -> Frame | None:
        """Return a frame that its victim has had for long enough."""
        if len(self._freed) > KEPT_BY_VICTIM and self._freed[0].size == size:
            return self._freed.pop(0)
        return None

    def freed(self, frame: Frame) -> None:
        """Let a frame that has fallen free be found by the allocator."""
        self._allocator.atomically("free", self._note_freed, frame)

    def _note_freed(self, frame: Frame) -> None:
        """Queue a freed frame; one that lost a reference too many may fall free twice."""
        if frame not in self._freed:
            self._freed.append(frame)

    def corrupted(self) -> Iterator[tuple[Frame, int]]:
        """Yield each victim's frame whose canary is broken and where; at the end of an execution."""
        for frame in self.frames:
            at = frame.corrupted_at
            if at is not None:
                yield frame, at


def reclaim(frame: Frame) -> int | None:
    """Take a frame back from its victim, zeroed; return where the canary was broken, if it was."""
    at = frame.corrupted_at
    frame.owner = GUEST
    frame.data[:] = bytes(frame.size)
    frame.refs = 0
    frame.mapped_by.clear()
    return at


def report_corruption(frame: Frame, at: int) -> None:
    """Report a canary that somebody wrote over."""
    here = racer.side("check", f"{frame.name} +{at:#x}", skip=2)
    racer.violation(
        "canary-corruption",
        f"{frame.name} had been freed and belonged to somebody else when +{at:#x} was written",
        sides=(here,),
    )
