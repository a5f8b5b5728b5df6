"""The table of happens-before classes seen: of each when it came first, and whether it came again."""

from array import array
from typing import Final

_FIRST: Final = 1 << 10
_FULL: Final = 0.8
_GROWTH: Final = 1.4
CAP: Final = 1 << 21
"""Classes counted at most: about 30 MiB of table."""

_AGAIN: Final = 1
_TAG_BITS: Final = 7
"""Bits of a slot that are no hash: the lowest is `_AGAIN`, above it is the period."""

MARKS: Final = tuple(digit * 10**zeros for zeros in range(21) for digit in (1, 2, 5))
"""The numbers of executions at which classes are counted: 1, 2, 5, 10, 20, 50, ..."""


class SeenClasses:
    """A set of hashes in an open-addressing table, between 10 and 14 bytes an entry once it has grown.

    A slot holds 57 bits of the hash, 6 bits of a period and 1 bit that says whether the class came more than once.
    The period of a class is the number of `MARKS` that were passed before it first came. So all that is to be told of
    classes over time is a function of the slots, and the tables of two shares of a campaign merge exactly. That two of
    two million classes share their hash, and count as one, has a chance of 1 in 65,000.
    """

    __slots__ = ("_cap", "_limit", "_next", "_period", "_size", "_slots", "capped", "count")

    def __init__(self, cap: int = CAP) -> None:
        self._cap = cap
        self._size = _FIRST
        self._limit = int(_FIRST * _FULL)
        self._slots = array("Q", bytes(8 * _FIRST))
        self._next = MARKS[0]
        self._period = 0
        self.count = 0
        self.capped = False

    def add(self, key: int, index: int = 0) -> bool:
        """Add the class of execution `index`; return whether it is new. Indices ascend.

        Beyond the cap nothing is added and `capped` is set.
        """
        while index >= self._next:
            self._period += 1
            self._next = MARKS[self._period]
        key = key & 0x1FF_FFFF_FFFF_FFFF or 1  # literals: names would cost a tenth of the time
        slots, size, slot = self._slots, self._size, key << 7
        at = key % size
        while there := slots[at]:
            tag = there ^ slot
            if tag < 128:
                if not tag & 1:
                    slots[at] = there | _AGAIN
                return False
            at = at + 1 if at + 1 < size else 0
        return self._put(at, slot | self._period << 1)

    def merge(self, other: "SeenClasses") -> None:
        """Add the classes of another share of the same campaign: the earlier period stays, and both is again."""
        for slot in filter(None, other._slots):  # noqa: SLF001  (of the same class)
            slots, size = self._slots, self._size
            at = (slot >> _TAG_BITS) % size
            while (there := slots[at]) != 0:
                if there >> _TAG_BITS == slot >> _TAG_BITS:
                    slots[at] = min(there | _AGAIN, slot | _AGAIN)
                    break
                at = at + 1 if at + 1 < size else 0
            else:
                self._put(at, slot)
        self.capped = self.capped or other.capped

    def as_bytes(self) -> bytes:
        """Return the slots, for a file."""
        return array("Q", filter(None, self._slots)).tobytes()

    @classmethod
    def of_bytes(cls, data: bytes) -> "SeenClasses":
        """Return the table with the slots that `as_bytes` gave; ValueError if they are none."""
        seen, other = cls(), cls()
        other._slots = array("Q")
        other._slots.frombytes(data)
        seen.merge(other)
        return seen

    def periods(self) -> tuple[list[int], int]:
        """Return how many classes first came in each period, and how many came once and not again."""
        tags = [0] * (1 << _TAG_BITS)
        for slot in self._slots:
            if slot:
                tags[slot & 0x7F] += 1
        return [once + again for once, again in zip(tags[::2], tags[1::2], strict=True)], sum(tags[::2])

    def _put(self, at: int, slot: int) -> bool:
        if self.count >= self._cap:
            self.capped = True
            return False
        self._slots[at] = slot
        self.count += 1
        if self.count > self._limit:
            self._grow()
        return True

    def _grow(self) -> None:
        old = self._slots
        self._size = size = int(self._size * _GROWTH) | 1
        self._limit = int(size * _FULL)
        self._slots = slots = array("Q", bytes(8 * size))
        for slot in old:
            if slot:
                at = (slot >> _TAG_BITS) % size
                while slots[at] != 0:
                    at = at + 1 if at + 1 < size else 0
                slots[at] = slot
