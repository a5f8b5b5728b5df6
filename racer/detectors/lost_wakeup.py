"""Wake-ups that came too early, or were taken back, for a thread that then waits for ever."""

from collections.abc import Iterator

from racer.core.finding import Finding
from racer.core.operation import CLEAR, EVENT_WAIT, NOTIFY, REACQUIRE, SET, TIMED_REACQUIRE, WAIT
from racer.core.record import Record


class LostWakeup:
    """Finds threads, no daemons, that wait at the end for a signal that was given.

    *Condition*: the last `notify` before the wait surely woke nobody, and there was none since. *Event*: it was set,
    and cleared again before the thread went on. Both sides are named: the signal and the wait. A thread that was woken
    and waits for the lock has not lost its wake-up; that is a deadlock only, as is a signal that was never given. What
    an `Atomic.wait` might have seen is not known, and semaphores lose nothing.
    """

    name = "lost-wakeup"
    kinds = frozenset({"lost-wakeup"})

    def judge(self, record: Record) -> Iterator[Finding]:
        """Yield them."""
        if not record.complete:
            return
        for who, life in enumerate(record.threads):
            if life.waits is None or life.daemon:
                continue
            kind, number = life.waits
            if kind == REACQUIRE:
                yield from _condition(record, who, number)
            elif kind == EVENT_WAIT:
                yield from _event(record, who, number)


def _condition(record: Record, who: int, number: int) -> Iterator[Finding]:
    steps = _on(record, number, WAIT, NOTIFY, REACQUIRE, TIMED_REACQUIRE)
    order, codes = record.order, record.codes
    wait = next(step for step in reversed(steps) if order[step] == who and codes[step] >> 8 & 0xFF == WAIT)
    notifies = [step for step in steps if codes[step] >> 8 & 0xFF == NOTIFY]
    if not notifies or notifies[-1] > wait or _may_have_waited(record, steps, notifies[-1]):
        return
    signal = notifies[-1]
    message = (
        f"{record.thread_of(wait)} waits for ever for {record.name(number)}: {record.thread_of(signal)} notified it"
        " before, when nobody waited"
    )
    yield record.found("lost-wakeup", message, wait, record.side(signal), record.side(wait))


def _may_have_waited(record: Record, steps: list[int], signal: int) -> list[int]:
    """Return the threads that may have waited when a notify came, if each one before woke as few as it could."""
    waiting: list[int] = []
    for step in steps:
        if step == signal:
            break
        kind, who = record.codes[step] >> 8 & 0xFF, record.order[step]
        if kind == WAIT:
            waiting.append(who)
        elif kind == NOTIFY:
            waiting = waiting[1:]
        elif who in waiting:  # woken by one that woke several, or no longer waiting
            waiting.remove(who)
    return waiting


def _event(record: Record, who: int, number: int) -> Iterator[Finding]:
    steps = _on(record, number, SET, CLEAR)
    at = next((i for i in reversed(range(len(steps))) if record.codes[steps[i]] >> 8 & 0xFF == SET), None)
    if at is None or at + 1 == len(steps):
        return
    signal, cleared = steps[at], steps[at + 1]
    here = record.blocked(who)
    message = (
        f"{here.thread} waits for ever for {record.name(number)}: {record.thread_of(signal)} set it, and"
        f" {record.thread_of(cleared)} cleared it before {here.thread} went on"
    )
    yield record.found("lost-wakeup", message, record.last[who], record.side(signal), record.side(cleared), here)


def _on(record: Record, number: int, *kinds: int) -> list[int]:
    """Return the steps of these kinds on an object, in order."""
    return [step for step in record.steps_of_kinds(kinds) if record.codes[step] >> 16 == number]
