"""Pointers into pinned host memory that know the pin they came from."""

from typing import TYPE_CHECKING

import racer
from racer.kvm.layout import Member, swapped

if TYPE_CHECKING:
    from racer.kvm.memory import Frame


class Pin:
    """One reference on one frame, taken by one call of kvmppc_pin_guest_page.

    `released` is who gave it back, and where; a pointer of this pin is stale from then on, whatever else keeps the
    frame in memory: real guests put several areas into one page, so the frame's own count would hide a stale store.
    `area` names what the page was pinned for, `at` is its address in the frame, `limit` where the frame ends.
    """

    __slots__ = ("area", "at", "entries", "frame", "gpa", "limit", "released", "taken")

    def __init__(self, frame: "Frame", at: int, gpa: int, area: str | None, taken: racer.Side) -> None:
        self.frame = frame
        self.at = at
        self.gpa = gpa
        self.limit = frame.size
        self.area = area
        self.taken = taken
        self.released: racer.Side | None = None
        self.entries = 0  # dispatch log entries completed through this pin

    @property
    def shown(self) -> str:
        """What a report calls the page."""
        return f"{self.frame.name}  ({self.area or f'gpa {self.gpa:#x}'})"


class HostPointer:
    """A host address: a pin, and an offset in its frame.

    Every load and store is one operation on the frame, or a part of it, and is checked against the pin. A stale one is
    reported and still happens, as it would on a machine; one beyond the end of the page is reported and does not.
    """

    __slots__ = ("at", "frame", "pin")

    def __init__(self, pin: Pin, at: int) -> None:
        self.pin = pin
        self.frame = pin.frame
        self.at = at

    def load(self, member: Member) -> int:
        """Return a member of the area at this address."""
        frame = self.frame
        frame.part(self.pin.at, self.at + member.offset).read(member.load_label)
        if self.pin.released is not None:
            report_stale(self, "load", member)
        at = self.at + member.offset
        if at + member.size > self.pin.limit:
            report_out_of_bounds(self, "load", member)
            return 0
        value: int = member.unpack_from(frame.data, at)[0]
        return swapped(member, value) if frame.memory.swapped else value

    def store(self, member: Member, value: int, *, logged: bool = True) -> None:
        """Set a member of the area at this address.

        `logged`: the dirty log has to get to know of this write, not only of the entry that follows it.
        """
        frame = self.frame
        frame.part(self.pin.at, self.at + member.offset).write(member.store_label)
        if self.pin.released is not None:
            report_stale(self, "store", member)
        at = self.at + member.offset
        if at + member.size > self.pin.limit:
            report_out_of_bounds(self, "store", member)
            return
        member.pack_into(frame.data, at, swapped(member, value) if frame.memory.swapped else value)
        if logged and frame.memory.dirty_log is not None:
            frame.memory.dirty_log.wrote(self.pin, at)

    def store_bytes(self, what: Member, data: bytes) -> None:
        """Write `data` here in one operation; `what` names it."""
        frame = self.frame
        frame.part(self.pin.at, self.at + what.offset).write(what.store_label)
        if self.pin.released is not None:
            report_stale(self, "store", what)
        if self.at + len(data) > self.pin.limit:
            report_out_of_bounds(self, "store", what)
            return
        frame.data[self.at : self.at + len(data)] = data
        if frame.memory.dirty_log is not None:
            frame.memory.dirty_log.wrote(self.pin, self.at)

    def __add__(self, distance: int) -> "HostPointer":
        return HostPointer(self.pin, self.at + distance)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HostPointer) and self.frame is other.frame and self.at == other.at

    def __hash__(self) -> int:
        return hash((self.frame.number, self.at))

    def __repr__(self) -> str:
        return f"<{self.frame.name} +{self.at:#x}>"


class NullPointer:
    """The null pointer: false. Touching memory through it is a finding; then a load gives 0 and a store is dropped."""

    __slots__ = ()

    def load(self, member: Member) -> int:
        """Report the load of a member through NULL."""
        report_null("load", member.name)
        return 0

    def store(self, member: Member, value: int, *, logged: bool = True) -> None:
        """Report the store of a member through NULL."""
        del value, logged
        report_null("store", member.name)

    def store_bytes(self, what: Member, data: bytes) -> None:
        """Report a store through NULL."""
        del data
        report_null("store", what.name)

    def __add__(self, distance: int) -> "NullPointer":
        return self

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "NULL"


NULL = NullPointer()
Pointer = HostPointer | NullPointer

_DONE = {"load": "loaded", "store": "stored"}


def report_stale(pointer: HostPointer, action: str, member: Member) -> None:
    """Report a use of memory that its pin no longer holds."""
    pin = pointer.pin
    released = pin.released
    assert released is not None
    here = racer.side(action, f"{pointer.frame.name} +{pointer.at + member.offset:#x}", skip=2)
    racer.count("stale")
    racer.violation(
        "stale-pointer",
        f"{here.thread} {_DONE[action]} {member.name} through a page that {released.thread} had unpinned",
        sides=(released, here),
        notes=last_valid_use(pointer, member, released),
    )


def last_valid_use(pointer: HostPointer, member: Member, released: racer.Side) -> tuple[str, ...]:
    """Say what the offender did to this part of the frame last while the pin held it, if the report is to know."""
    pin = pointer.pin
    last = racer.last_use(pointer.frame.part(pin.at, pointer.at + member.offset), before=released, skip=1)
    if last is None or last.step is None or last.step <= (pin.taken.step or 0):
        return ()
    return (f"last valid use: {last.thread}  {last.action}  {last.what}  step {last.step}  {last.location}",)


def report_out_of_bounds(pointer: HostPointer, action: str, member: Member) -> None:
    """Report a use of memory beyond the end of the page that was pinned."""
    here = racer.side(action, f"{pointer.frame.name} +{pointer.at + member.offset:#x}", skip=2)
    racer.violation(
        "out-of-bounds",
        f"{here.thread} {_DONE[action]} {member.name} beyond the end of the pinned page ({pointer.pin.limit:#x} bytes)",
        sides=(pointer.pin.taken, here),
    )


def report_wrong_page(pointer: HostPointer, here: racer.Side) -> None:
    """Report that the page after the pinned one was unpinned, by an address in it: that of an end, perhaps."""
    pin = pointer.pin
    message = (
        f"{here.thread} unpinned the page at +{pointer.at:#x}, beyond the end of the pinned one ({pin.limit:#x} bytes)"
    )
    racer.violation("out-of-bounds", message, sides=(pin.taken, here))


def report_null(action: str, what: str) -> None:
    """Report a use of the null pointer: an oops in the kernel. The model carries on."""
    here = racer.side(action, f"NULL ({what})", skip=2)
    done = f"{_DONE[action]} {what} through NULL" if action in _DONE else "unpinned NULL"
    racer.violation("null-pointer", f"{here.thread} {done}", sides=(here,))
