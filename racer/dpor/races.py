"""Happens-before by vector clocks, and the races that can be reversed."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from racer.core.operation import ACQUIRE, JOIN, REACQUIRE, START, TIMED_REACQUIRE, TRY_ACQUIRE
from racer.dpor.access import BLOCKING, Accesses, Event
from racer.dpor.tree import LAST

Clock = list[int]
_NEVER = -1
_NONE: list[int] = []
_TAKES = frozenset({ACQUIRE, TRY_ACQUIRE, REACQUIRE, TIMED_REACQUIRE})
_ACQUIRES = frozenset({ACQUIRE, REACQUIRE, TIMED_REACQUIRE})
_WAITS = BLOCKING - _ACQUIRES - {JOIN}


class Race:
    """Two events that could change places: the first by its index, the second as it will be there.

    The events up to `proof` show that their reversal is explored, or is going to be.
    """

    __slots__ = ("first", "proof", "second")

    def __init__(self, first: int, second: Event) -> None:
        self.first = first
        self.second = second
        self.proof = LAST


class _History:
    """What was done to one object so far, by event index: `reads` since the last modification, `taken` if a lock."""

    __slots__ = ("modifications", "reads", "taken")

    def __init__(self) -> None:
        self.modifications: list[int] = []
        self.reads: list[int] = []
        self.taken = _NEVER


class _Change(NamedTuple):
    """What an event changed in the history of an object, so that it can be taken back."""

    history: _History
    modified: bool
    reads: list[int]
    taken: int


class Races:
    """The events of one execution, their clocks, and the races among them.

    `clocks[i][t]` is the last event of thread t that happens before event i or is it. A race (e, i) are two
    conflicting events of different threads, with nothing in between in happens-before, where the later one could have
    come first. An acquire races with the acquire before it and not with the release that let it go on. Of the other
    operations that may block, any modification they are not ordered after counts: a superset, some of which cannot be
    reversed.

    What an execution shares with the one before is kept: `cut_back` takes the rest away.
    """

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.clocks: list[Clock] = []
        self._threads = 0
        self._last: list[int] = []
        self._born: dict[int, Clock] = {}
        self._objects: dict[int, _History] = {}
        self._changes: list[list[_Change]] = []
        self._before_of: list[int] = []

    def make_room(self, threads: int) -> None:
        """Prepare for an execution with so many threads."""
        more = [_NEVER] * (threads - self._threads)
        if more:
            self._threads = threads
            self._last += more
            for clock in self.clocks:
                clock.extend(more)

    def cut_back(self, length: int) -> None:
        """Forget all events but the first `length`."""
        while len(self.events) > length:
            self._last[self.events.pop().thread] = self._before_of.pop()
            self.clocks.pop()
            for history, modified, reads, taken in self._changes.pop():
                if modified:
                    history.modifications.pop()
                    history.reads = reads
                    history.taken = taken
                else:
                    history.reads.pop()

    def add(self, event: Event, started: int | None = None) -> list[int]:
        """Add the next event; return the events it races with. `started` is the thread that a START makes."""
        clock, found = self._order(event)
        index = len(self.events)
        thread = event.thread
        clock[thread] = index
        self.events.append(event)
        self.clocks.append(clock)
        self._before_of.append(self._last[thread])
        self._last[thread] = index
        if started is not None:
            self._born[started] = clock
        self._changes.append([self._enter(access, event.kind, index) for access in event.accesses])
        return found

    def seen_by(self, thread: int) -> Clock:
        """Return the last event of each thread that happens before what a thread does next; not to be changed."""
        last = self._last[thread]
        return self.clocks[last] if last != _NEVER else self._born.get(thread) or [_NEVER] * self._threads

    def pending(self, event: Event) -> list[int]:
        """Return the events that the operation of a blocked thread races with; it was not executed."""
        return self._order(event)[1]

    def reversed(self, race: Race) -> Iterator[Event]:
        """Yield what is to come instead of a race's first event: all that does not happen after it, and the second.

        All, and not only what stands between the two: else a class may be missed.
        """
        first, second = race.first, race.second
        thread = self.events[first].thread
        clocks, events = self.clocks, self.events
        for index in range(first + 1, len(events)):
            if clocks[index][thread] < first:
                yield events[index]
            elif index == second.index:
                yield second
        if second.index == len(events):
            yield second

    def _order(self, event: Event) -> tuple[Clock, list[int]]:
        last = self._last[event.thread]
        clock = list(self.clocks[last] if last != _NEVER else self._born.get(event.thread) or ())
        if len(clock) < self._threads:
            clock += [_NEVER] * (self._threads - len(clock))
        accesses = event.accesses
        if not accesses:
            return clock, _NONE
        kind = event.kind
        before = self._before(accesses)
        if kind == JOIN:  # can come before the start, not before the end; if it is an end, that before something else
            joined = tuple(access for access in accesses if not access[1])
            starts = (i for key, _ in joined for i in self._modifications(key) if self.events[i].kind == START)
            found = self._unseen(event, clock, starts)
            self._join_all(clock, self._before(joined))
            return clock, found + self._race(clock, before)
        if kind in _ACQUIRES:
            found = self._unseen(event, clock, self._rivals(event))
            self._join_all(clock, before)
            return clock, found
        if kind in _WAITS:
            found = self._unseen(event, clock, self._ever_modified(event))
            self._join_all(clock, before)
            return clock, found
        return clock, self._race(clock, before)

    def _race(self, clock: Clock, before: list[int]) -> list[int]:
        """Return the direct races with the events before; order the event after all of them."""
        found = []
        if len(before) > 1:
            before.sort(reverse=True)
        for index in before:
            if clock[self.events[index].thread] < index:
                found.append(index)
                self._join(clock, index)
        return found or _NONE

    def _unseen(self, event: Event, clock: Clock, indices: Iterable[int]) -> list[int]:
        """Return the events that the thread had not seen when it came to its operation, the latest first."""
        events, thread = self.events, event.thread
        unseen = {i for i in indices if clock[events[i].thread] < i and events[i].thread != thread}
        return sorted(unseen, reverse=True) if unseen else _NONE

    def _rivals(self, event: Event) -> Iterator[int]:
        """Yield what an acquire may be exchanged with: the acquire before, and who looked at the free lock since."""
        for key, _ in event.accesses:
            history = self._objects.get(key)
            if history is not None:
                if history.taken != _NEVER:
                    yield history.taken
                if history.modifications[-1:] != [history.taken]:  # free: an acquire cannot pass who saw it held
                    yield from history.reads
                if event.kind == TIMED_REACQUIRE:
                    yield from history.modifications

    def _modifications(self, key: int) -> list[int]:
        history = self._objects.get(key)
        return _NONE if history is None else history.modifications

    def _ever_modified(self, event: Event) -> Iterator[int]:
        for key, modifies in event.accesses:
            history = self._objects.get(key)
            if history is not None:
                yield from history.modifications
                if modifies:
                    yield from history.reads

    def _before(self, accesses: Accesses) -> list[int]:
        """Return the conflicting events on some objects that are not followed by another there."""
        before: list[int] = []
        for key, modifies in accesses:
            history = self._objects.get(key)
            if history is not None:
                before += history.modifications[-1:]
                if modifies:
                    before += history.reads
        return before

    def _join(self, clock: Clock, index: int) -> None:
        clock[:] = map(max, clock, self.clocks[index])

    def _join_all(self, clock: Clock, indices: list[int]) -> None:
        for index in indices:
            if clock[self.events[index].thread] < index:
                clock[:] = map(max, clock, self.clocks[index])

    def _enter(self, access: tuple[int, bool], kind: int, index: int) -> _Change:
        key, modifies = access
        history = self._objects.get(key)
        if history is None:
            history = self._objects[key] = _History()
        change = _Change(history, modifies, history.reads, history.taken)
        if modifies:
            history.modifications.append(index)
            history.reads = []
            if kind in _TAKES:
                history.taken = index
        else:
            history.reads.append(index)
        return change
