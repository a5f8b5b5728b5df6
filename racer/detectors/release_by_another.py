"""Locks released by a thread that had not taken them."""

from collections.abc import Iterator

from racer.core.finding import Finding
from racer.core.record import Record
from racer.detectors.releases import releases


class ReleaseByAnother:
    """Finds releases of a held Lock or SpinLock by another thread than its holder.

    threading allows that of a Lock, a kernel's locks do not: the holder goes on as if it held the lock. What is handed
    from one thread to another is a Semaphore. Of each lock the first release of each two such threads is told.
    """

    name = "release-by-another"
    kinds = frozenset({"release-by-another"})

    def judge(self, record: Record) -> Iterator[Finding]:
        """Yield them."""
        order = record.order
        told: set[tuple[int, int, int]] = set()
        for step, lock, taken, _ in releases(record):
            if taken is None or order[taken] == order[step]:
                continue
            key = order[taken], order[step], lock
            if key not in told:
                told.add(key)
                yield record.found(
                    "release-by-another",
                    f"{record.thread_of(step)} released {record.name(lock)}, which {record.thread_of(taken)} held",
                    step,
                    record.side(taken, what=record.name(lock)),
                    record.side(step),
                )
