"""Locks that are taken in different orders, in one execution of a campaign or in several."""

from collections.abc import Iterator
from typing import NamedTuple

from racer.core.finding import Finding, Side
from racer.core.lock_order import ACROSS, DOWN, UP, LockClass, Pair
from racer.core.operation import ACQUIRE, TRY_ACQUIRE
from racer.core.record import Record


class Nested(NamedTuple):
    """A thread took a lock while it held another. `step` is None if it waits for it for ever."""

    thread: int
    held: int
    since: int
    taken: int
    step: int | None


class CircularLocking:
    """Gathers which locks are taken while which are held; a circle in that is a finding of the campaign.

    As in Linux's lockdep the locks made at one place in the code are one class, and a circle of classes is enough: no
    execution needs to come near the deadlock. Within a class the order in which the locks were made counts. An attempt
    that does not wait, or not for ever, takes nothing in an order, but what it got is held.
    """

    name = "lock-order"
    kinds = frozenset({"lock-order"})

    def judge(self, record: Record) -> Iterator[Finding]:  # noqa: ARG002  (one execution says nothing)
        """Yield nothing: it takes all executions."""
        return iter(())

    def gather(self, record: Record) -> Iterator[Pair]:
        """Yield the pairs of an execution, in their order."""
        known: set[tuple[int, int]] = set()
        for nested in nestings(record):
            both = nested.held, nested.taken
            if both not in known:
                known.add(both)
                yield pair_of(record, nested)


def nestings(record: Record) -> Iterator[Nested]:
    """Yield every lock that is taken while another is held, in the order of steps, and what is waited for last."""
    for who, step, taken, before in record.holds.nested:
        if record.codes[step] >> 8 & 0xFF != TRY_ACQUIRE:
            for held, since in before:
                yield Nested(who, held, since, taken, step)
    for who, life in enumerate(record.threads):
        if life.waits is not None and life.waits[0] == ACQUIRE:
            for held, since in record.holds.at_end[who].items():
                yield Nested(who, held, since, life.waits[1], None)


def pair_of(record: Record, nested: Nested) -> Pair:
    """Return the classes of two locks."""
    held, taken = nested.held, nested.taken
    one, other = _class_of(record, held), _class_of(record, taken)
    if one != other:
        return Pair(one, other, ACROSS)
    return Pair(one, other, UP if (record.makers[held], held) < (record.makers[taken], taken) else DOWN)


def _class_of(record: Record, lock: int) -> LockClass:
    location, instruction = record.made_at(lock)(), record.made_by(lock)
    assert location is not None  # the place of code that ran
    return location.file, location.line, location.function, instruction


def sides(record: Record, nested: Nested) -> tuple[Side, Side]:
    """Return what a thread held, and what it took or waits for."""
    held = record.side(nested.since)._replace(what=record.name(nested.held))
    if nested.step is not None:
        return held, record.side(nested.step)._replace(what=record.name(nested.taken))
    stack = record.waits_at(nested.thread)
    place = stack[0] if stack else (lambda: None)
    return held, Side(held.thread, "wait", record.name(nested.taken), None, place, stack[1:])
