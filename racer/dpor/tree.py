"""Wakeup trees: the sequences that are still to be explored from a state, in order."""

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Final

from racer.dpor.access import Accesses, Event

NEVER: Final = -1
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
    """A sequence of events, with what is asked of it: where each thread comes first, and where each object.

    Events are read one after another, and no further than to the first step of one of the threads that are asleep, if
    that depends on none before it: the sequence is then `covered`, and `proof` is the index of that step.

    Threads that are asleep and are explored `beside` count only if they have a step here, up to the event with index
    `until`: for the others it is not enough that they are explored, it would have to have been before.
    """

    __slots__ = ("_beside", "_firsts", "_modified", "_touched", "covered", "events", "proof")

    def __init__(
        self,
        events: Iterable[Event],
        sleep: Container[int] = (),
        beside: Container[int] = (),
        until: int = LAST,
    ) -> None:
        self._beside = beside
        self.events: list[Event] = []
        self.covered = False
        self.proof = NEVER
        self._firsts = firsts = {}  # type: dict[int, int]
        self._touched = touched = {}  # type: dict[int, int]
        self._modified = modified = {}  # type: dict[int, int]
        for at, event in enumerate(events):
            if event.who not in firsts:
                who = event.who
                firsts[who] = at
                if (
                    who in sleep
                    and (event.index <= until or who not in beside)
                    and not any(key in (touched if modifies else modified) for key, modifies in event.accesses)
                ):
                    self.covered = True
                    self.proof = event.index
                    return
            self.events.append(event)
            for key, modifies in event.accesses:
                touched.setdefault(key, at)
                if modifies:
                    modified.setdefault(key, at)

    def may_begin(self, who: int, accesses: Accesses, *, foreseen: bool = False) -> bool:
        """Return whether a thread is a weak initial of the sequence.

        Its first step in the sequence depends on none before it; or it has no step there, and its next operation,
        which touches `accesses`, depends on none of the sequence. Of a step that is only `foreseen`, and may be
        blocked, the second cannot be said.
        """
        end = len(self.events)
        at = self._firsts.get(who)
        if at is None:
            if foreseen:
                return False
            at = end
        else:
            accesses = self.events[at].accesses
        return all((self._touched if modifies else self._modified).get(key, end) >= at for key, modifies in accesses)

    def is_asleep(self, sleep: Mapping[int, Accesses]) -> bool:
        """Return whether a thread that is asleep may begin the sequence."""
        return any(self.may_begin(who, accesses) for who, accesses in sleep.items() if who not in self._beside)

    def value_of(self, who: int) -> int | None:
        """Return the value that a thread's first step here chooses; None if it is no choice or is not here."""
        at = self._firsts.get(who)
        return None if at is None else self.events[at].value

    def index_of(self, who: int) -> int:
        """Return the index in its execution of a thread's first step here; LAST if all here had to be looked at."""
        at = self._firsts.get(who)
        return LAST if at is None else self.events[at].index

    def without_first_of(self, who: int) -> "Path":
        """Return the sequence without a thread's first step."""
        at = self._firsts.get(who)
        return self if at is None else Path(self.events[:at] + self.events[at + 1 :])


def insert(children: list[Branch], path: Path) -> tuple[bool, int]:
    """Insert a sequence into the tree that `children` is the root of, unless the tree covers it already.

    The walk goes from left to right: it descends into the first child that may come first in the rest of the
    sequence, and drops that thread's step from the rest. A leaf reached on the way covers the sequence. Returned is
    whether anything was inserted, and the index of the last event that was needed to see that the tree now covers the
    sequence; LAST if all were.
    """
    seen = NEVER
    while True:
        for child in children:
            chosen = None if child.value is None else path.value_of(child.who)
            if chosen in (None, child.value) and path.may_begin(child.who, child.accesses, foreseen=child.foreseen):
                seen = max(seen, path.index_of(child.who))
                path = path.without_first_of(child.who)
                if not child.children:
                    return False, seen
                if not path.events:
                    return False, LAST
                children = child.children
                break
        else:
            children.append(_chain(path.events))
            return True, max(seen, path.events[-1].index)


def _chain(sequence: Sequence[Event]) -> Branch:
    first = top = _branch(sequence[0])
    for event in sequence[1:]:
        below = _branch(event)
        top.children.append(below)
        top = below
    return first


def _branch(event: Event) -> Branch:
    return Branch(event.who, event.accesses, event.value, foreseen=event.foreseen)
