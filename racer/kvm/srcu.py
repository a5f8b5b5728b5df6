"""Sleepable read-copy-update: readers that keep what they read from being freed, and a writer that waits for them."""

from typing import NamedTuple

import racer


class Readers(NamedTuple):
    """How many readers there have been, and which of them are still reading."""

    begun: int = 0
    reading: frozenset[int] = frozenset()


class Srcu:
    """kvm->srcu: readers never wait; `synchronize` waits for those that had begun before it."""

    def __init__(self) -> None:
        self.readers: racer.Atomic[Readers] = racer.Atomic(Readers(), name="kvm->srcu")

    def read_lock(self) -> int:
        """Begin to read; return what read_unlock takes."""
        return self.readers.update(_one_more).begun

    def read_unlock(self, reader: int) -> None:
        """Have read."""
        self.readers.update(lambda now: now._replace(reading=now.reading - {reader}))

    def synchronize(self) -> None:
        """Wait until every reader that reads now has read. May sleep."""
        racer.may_sleep("synchronize_srcu")
        before = self.readers.load().reading
        self.readers.wait(lambda now: not before & now.reading)


def _one_more(now: Readers) -> Readers:
    return Readers(now.begun + 1, now.reading | {now.begun})
