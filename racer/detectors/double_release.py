"""Releases of a lock that nobody held: most often one that was released before."""

from collections.abc import Iterator

from racer.core.finding import Finding
from racer.core.operation import FAILED, RELEASE, SEM_RELEASE
from racer.core.record import Record
from racer.detectors.releases import releases


class DoubleRelease:
    """Finds releases of a free lock, and those that raise a bounded semaphore above its initial value.

    Both raise an exception in the subject, too, which may be caught there; this names the release before. Of a thread's
    releases of one lock the first is told. An RLock refuses before there is an operation, and is not seen.
    """

    name = "double-release"
    kinds = frozenset({"double-release"})

    def judge(self, record: Record) -> Iterator[Finding]:
        """Yield them."""
        if any(code >> 8 & 0xFF == RELEASE and code & FAILED for code in record.by_code):
            yield from self._of_locks(record)
        yield from self._of_semaphores(record)

    def _of_locks(self, record: Record) -> Iterator[Finding]:
        told: set[tuple[int, int]] = set()
        for release in releases(record):
            key = record.order[release.step], release.lock
            if release.taken is None and key not in told:
                told.add(key)
                yield _finding(record, release.step, release.lock, release.before)

    def _of_semaphores(self, record: Record) -> Iterator[Finding]:
        told: set[tuple[int, int]] = set()
        before: dict[int, int] = {}
        for step in record.of_kind.get(SEM_RELEASE, ()):
            code = record.codes[step]
            key = record.order[step], code >> 16
            if not code & FAILED:
                before[code >> 16] = step
            elif key not in told:
                told.add(key)
                yield _finding(record, step, code >> 16, before.get(code >> 16))


def _finding(record: Record, step: int, lock: int, before: int | None) -> Finding:
    who, what = record.thread_of(step), record.name(lock)
    if before is None:
        return record.found("double-release", f"{who} released {what}, which nobody had taken", step, record.side(step))
    first = record.thread_of(before)
    by = "it" if first == who else first
    return record.found(
        "double-release",
        f"{who} released {what}, which {by} had released already",
        step,
        record.side(before),
        record.side(step),
    )
