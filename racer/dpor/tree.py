"""Wakeup trees: the sequences that are still to be explored from a state, in order."""

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Final

from racer.dpor.access import Accesses, Event, conflict

NEVER: Final = -1
NOWHERE: Final = -2
LAST: Final = 1 << 62
"""Beyond the last event of an execution."""


class Branch:
    """A step that is to be explored, and what is to be explored after it."""

    __slots__ = ("accesses", "children", "foreseen", "value", "who")

    def __init__(self, who: int, accesses: Accesses, value: int | None = None, *, foreseen: bool = False) -> None:
        self.who = who
        self.foreseen = foreseen
        self.accesses = accesses
        self.value = value
        self.children: list[Branch] = []


class Path:
    """A sequence of events, and whether a thread that is asleep may begin it.

    Events are read one after another, and no further than to the first step of one of the threads that are asleep, if
    that depends on none before it: the sequence is then `covered`, and `proof` is the index of that step.

    A thread counts only if its first step here comes `until` the event with that index: that of the race's second,
    where those asleep are explored at the same time. For then it is not enough that they are explored; source-DPOR's
    criterion needs no order among them.
    """

    __slots__ = ("_modified", "_threads", "_touched", "covered", "events", "proof")

    def __init__(self, events: Iterable[Event], sleep: Container[int] = (), until: int = LAST) -> None:
        self.events: list[Event] = []
        self.covered = False
        self.proof = NEVER
        self._threads: set[int] = set()
        self._touched: set[int] = set()
        self._modified: set[int] = set()
        threads, touched, modified = self._threads, self._touched, self._modified
        for event in events:
            who = event.who
            if who not in threads:
                threads.add(who)
                if (
                    who in sleep
                    and event.index <= until
                    and not any(key in (touched if modifies else modified) for key, modifies in event.accesses)
                ):
                    self.covered = True
                    self.proof = event.index
                    return
            self.events.append(event)
            for key, modifies in event.accesses:
                touched.add(key)
                if modifies:
                    modified.add(key)

    def is_asleep(self, sleep: Mapping[int, Accesses]) -> bool:
        """Return whether a thread that is asleep and has no step here may begin the sequence all the same.

        It may if its next operation depends on nothing here.
        """
        touched, modified = self._touched, self._modified
        return any(
            not any(key in (touched if modifies else modified) for key, modifies in accesses)
            for who, accesses in sleep.items()
            if who not in self._threads
        )


def insert(children: list[Branch], events: Sequence[Event], *, divided: bool) -> tuple[bool, int]:
    """Insert a sequence into the tree that `children` is the root of, unless the tree covers it already.

    The walk goes from left to right: it descends into the first child that may come first in the rest of the
    sequence, and drops that thread's step from the rest. A leaf reached on the way covers the sequence. Returned is
    whether anything was inserted, and the index of the last event that was needed to see that the tree now covers the
    sequence; LAST if all were. If `divided`, only a child that has a step in the sequence is descended into.
    """
    rest = list(reversed(events))
    seen = NEVER
    while True:
        for child in children:
            at = _place_of(child, rest)
            if at == NOWHERE or (at == NEVER and divided):
                continue
            if at == NEVER:
                seen = LAST
            else:
                seen = max(seen, rest.pop(at).index)
            if not child.children:
                return False, seen
            if not rest:
                return False, LAST
            children = child.children
            break
        else:
            rest.reverse()
            children.append(_chain(rest))
            return True, max(seen, rest[-1].index)


def _place_of(child: Branch, rest: list[Event]) -> int:
    """Return where the step of a branch stands in the rest of a sequence, which is in reverse, if it may begin that.

    NEVER if it has no step there and depends on nothing there: it may begin it, too. Of a step that is only
    foreseen, and may be blocked, that cannot be said. NOWHERE if it may not.
    """
    who = child.who
    last = len(rest) - 1
    at = last
    while at >= 0 and rest[at].who != who:
        at -= 1
    if at < 0:
        depends = child.foreseen or any(conflict(child.accesses, event.accesses) for event in rest)
        return NOWHERE if depends else NEVER
    event = rest[at]
    if child.value is not None and event.value not in (None, child.value):
        return NOWHERE
    if at < last and any(conflict(event.accesses, rest[before].accesses) for before in range(at + 1, last + 1)):
        return NOWHERE
    return at


def _chain(sequence: Sequence[Event]) -> Branch:
    first = top = _branch(sequence[0])
    for event in sequence[1:]:
        below = _branch(event)
        top.children.append(below)
        top = below
    return first


def _branch(event: Event) -> Branch:
    return Branch(event.who, event.accesses, event.value, foreseen=event.foreseen)


def without(children: list[Branch], who: int, accesses: Accesses, before: tuple[Accesses, ...] = ()) -> list[Branch]:
    """Return the branches of a tree that a step, taken instead of them, does not cover; `before` leads to them.

    A leaf is covered if the step may begin the way to it. When it was inserted the step was only foreseen, and that
    could not be said. Explored with the step asleep, such a leaf would swallow sequences that it does not cover.
    """
    kept = []
    for child in children:
        if child.who == who:
            if any(conflict(child.accesses, each) for each in before):
                kept.append(child)
        elif conflict(accesses, child.accesses):
            kept.append(child)
        elif child.children:
            child.children = without(child.children, who, accesses, (*before, child.accesses))
            if child.children:
                kept.append(child)
    return kept
