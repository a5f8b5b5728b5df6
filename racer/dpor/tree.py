"""Wakeup trees: the sequences that are still to be explored from a state, in order."""

from collections.abc import Sequence

from racer.dpor.access import Accesses, Event, conflict


class Branch:
    """A step that is to be explored, and what is to be explored after it."""

    __slots__ = ("accesses", "children", "foreseen", "value", "who")

    def __init__(self, who: int, accesses: Accesses, value: int | None = None, *, foreseen: bool = False) -> None:
        self.who = who
        self.foreseen = foreseen
        self.accesses = accesses
        self.value = value
        self.children: list[Branch] = []


def insert(children: list[Branch], sequence: Sequence[Event]) -> bool:
    """Insert a sequence into the tree that `children` is the root of; return False if the tree covers it already.

    The walk goes from left to right: it descends into the first child that may come first in the rest of the
    sequence, and drops that thread's step from the rest. A leaf reached on the way covers the sequence.
    """
    rest = list(sequence)
    while True:
        for child in children:
            if _chooses_alike(child, rest) and may_be_first(child.who, child.accesses, rest, foreseen=child.foreseen):
                _drop(rest, child.who)
                if not child.children or not rest:
                    return False
                children = child.children
                break
        else:
            children.append(_chain(rest))
            return True


def _chooses_alike(child: Branch, sequence: Sequence[Event]) -> bool:
    """Return whether a branch that is a choice has the value that its thread chooses in the sequence, if it does."""
    if child.value is None:
        return True
    return next((event.value in (None, child.value) for event in sequence if event.who == child.who), True)


def may_be_first(who: int, accesses: Accesses, sequence: Sequence[Event], *, foreseen: bool = False) -> bool:
    """Return whether a thread is a weak initial of a sequence.

    Its first step in the sequence depends on none before it; or it has no step there, and its next operation, which
    touches `accesses`, depends on none of the sequence. Of a step that is only `foreseen`, and may be blocked, the
    second cannot be said.
    """
    for at, event in enumerate(sequence):
        if event.who == who:
            mine = event.accesses
            return not any(conflict(mine, before.accesses) for before in sequence[:at])
    return not foreseen and not any(conflict(accesses, event.accesses) for event in sequence)


def _drop(sequence: list[Event], who: int) -> None:
    for at, event in enumerate(sequence):
        if event.who == who:
            del sequence[at]
            return


def _chain(sequence: Sequence[Event]) -> Branch:
    first = top = _branch(sequence[0])
    for event in sequence[1:]:
        below = _branch(event)
        top.children.append(below)
        top = below
    return first


def _branch(event: Event) -> Branch:
    return Branch(event.who, event.accesses, event.value, foreseen=event.foreseen)
