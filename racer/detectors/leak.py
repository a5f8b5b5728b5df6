"""What is left over when all is over: locks held, threads that never end, lifetimes that were not ended."""

from collections.abc import Iterator

from racer.core.finding import Finding, Side
from racer.core.operation import CHANGE
from racer.core.record import LIFETIME, Record


class Leak:
    """Finds, at the end of an execution, what nobody will ever give back.

    That is a lock that its holder still held when it ended, a thread, no daemon, that is blocked for ever although main
    has ended, and a `racer.Lifetime` that was not ended. Locks of threads that are blocked are for `deadlock` to tell.
    Daemon threads may be blocked for ever and threads need not be joined, as in threading. An execution that was cut is
    not judged: its end is still to come.
    """

    name = "leak"
    kinds = frozenset({"leak"})

    def judge(self, record: Record) -> Iterator[Finding]:
        """Yield what is left."""
        if not record.complete:
            return
        yield from self._locks(record)
        if record.threads[0].ended:
            yield from self._threads(record)
        yield from self._lifetimes(record)

    def _locks(self, record: Record) -> Iterator[Finding]:
        for who, life in enumerate(record.threads):
            if not life.ended:
                continue
            for lock, taken in sorted(record.holds.at_end[who].items()):
                message = f"{life.name} ended and still held {record.name(lock)}"
                yield record.found("leak", message, record.last[who], record.side(taken))

    def _threads(self, record: Record) -> Iterator[Finding]:
        for who, life in enumerate(record.threads):
            if life.waits is not None and not life.daemon:
                side = record.blocked(who)
                message = f"{life.name} never ends: it waits for {side.action} of {side.what}"
                yield record.found("leak", message, record.last[who], side)

    def _lifetimes(self, record: Record) -> Iterator[Finding]:
        begun = [number for number, thing in enumerate(record.things) if thing.sort == LIFETIME]
        if not begun:
            return
        ended = {record.codes[step] >> 16 for step in record.of_kind.get(CHANGE, ())}
        for number in begun:
            if number not in ended:
                maker = record.makers[number]
                side = Side(record.threads[maker].name, "begin", record.name(number), None, record.made_at(number))
                step = record.last[maker]
                yield record.found("leak", f"{record.name(number)} was never ended", step, side)
