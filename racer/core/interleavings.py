"""The table of happens-before classes seen: eight bytes a slot, bounded."""

from array import array
from collections.abc import Iterator
from typing import Final

_FIRST: Final = 1 << 10
_FULL: Final = 0.8
_GROWTH: Final = 1.4
CAP: Final = 1 << 21
"""Classes counted at most: about 30 MiB of table."""


class SeenClasses:
    """A set of 64-bit hashes in an open-addressing table, between 10 and 14 bytes an entry once it has grown."""

    __slots__ = ("_cap", "_limit", "_size", "_slots", "capped", "count")

    def __init__(self, cap: int = CAP) -> None:
        self._cap = cap
        self._size = _FIRST
        self._limit = int(_FIRST * _FULL)
        self._slots = array("Q", bytes(8 * _FIRST))
        self.count = 0
        self.capped = False

    def add(self, key: int) -> bool:
        """Add a hash; return whether it is new. Beyond the cap nothing is added and `capped` is set."""
        key = key & 0xFFFF_FFFF_FFFF_FFFF or 1
        slots, size = self._slots, self._size
        at = key % size
        while (there := slots[at]) != 0:
            if there == key:
                return False
            at = at + 1 if at + 1 < size else 0
        if self.count >= self._cap:
            self.capped = True
            return False
        slots[at] = key
        self.count += 1
        if self.count > self._limit:
            self._grow()
        return True

    def __iter__(self) -> Iterator[int]:
        """Yield every hash in the table."""
        return (key for key in self._slots if key)

    def _grow(self) -> None:
        old = self._slots
        self._size = size = int(self._size * _GROWTH) | 1
        self._limit = int(size * _FULL)
        self._slots = slots = array("Q", bytes(8 * size))
        for key in old:
            if key:
                at = key % size
                while slots[at] != 0:
                    at = at + 1 if at + 1 < size else 0
                slots[at] = key
