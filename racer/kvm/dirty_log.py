"""The dirty log that userspace keeps of a machine's pages, and what it has copied of them."""

from typing import TYPE_CHECKING

import racer

if TYPE_CHECKING:
    from racer.kvm.pointer import Pin

PAGE_SHIFT = 12


class DirtyLog:
    """The log: `marks` are pages marked dirty and not collected yet.

    `uncopied` is a note for the judges: for each page the last write of the host's since userspace copied it.
    """

    def __init__(self) -> None:
        self.marks: set[int] = set()
        self.resource = racer.Resource(name="dirty_bitmap")
        self.uncopied: dict[int, racer.Side] = {}

    def mark(self, gfn: int) -> None:
        """Mark a page dirty. One operation."""
        self.resource.atomically("mark", self.marks.add, gfn)

    def collect(self, base: int, pages: int) -> set[int]:
        """Take the marks of some pages off. One operation."""
        return self.resource.atomically("collect", self._take, base, pages)

    def _take(self, base: int, pages: int) -> set[int]:
        found = {gfn for gfn in self.marks if base <= gfn < base + pages}
        self.marks -= found
        return found

    def wrote(self, pin: "Pin", at: int) -> None:
        """Note a write of the host's; part of the step that writes."""
        gfn = (pin.gpa + at - pin.at) >> PAGE_SHIFT
        self.uncopied[gfn] = racer.side("store", f"{pin.frame.name} +{at:#x}", skip=2)
