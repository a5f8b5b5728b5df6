"""Happens-before by vector clocks, and the races that can be reversed."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from racer.core.operation import ACQUIRE, JOIN, REACQUIRE, START, TIMED_REACQUIRE, TRY_ACQUIRE
from racer.dpor.access import BLOCKING, Event

Clock = list[int]
_NEVER = -1
_TAKES = frozenset({ACQUIRE, TRY_ACQUIRE, REACQUIRE, TIMED_REACQUIRE})


class _History:
    """What was done to one object so far, by event index: `reads` since the last modification, `taken` if a lock."""

    __slots__ = ("modifications", "reads", "taken")

    def __init__(self) -> None:
        self.modifications: list[int] = []
        self.reads: list[int] = []
        self.taken = _NEVER


class Races:
    """The events of one execution, their clocks, and the races among them.

    `clocks[i][t]` is the last event of thread t that happens before event i or is it. A race (e, i) are two
    conflicting events of different threads, with nothing in between in happens-before, where the later one could have
    come first. An acquire races with the acquire before it and not with the release that let it go on. Of the other
    operations that may block, any modification they are not ordered after counts: a superset, some of which cannot be
    reversed.
    """

    def __init__(self, threads: int) -> None:
        self.events: list[Event] = []
        self.clocks: list[Clock] = []
        self._threads = threads
        self._last = [_NEVER] * threads
        self._born: dict[int, Clock] = {}
        self._objects: dict[int, _History] = {}

    def add(self, event: Event, started: int | None = None) -> list[int]:
        """Add the next event; return the events it races with. `started` is the thread that a START makes."""
        clock, found = self._order(event)
        index = len(self.events)
        clock[event.thread] = index
        self.events.append(event)
        self.clocks.append(clock)
        self._last[event.thread] = index
        if event.kind == START and started is not None:
            self._born[started] = clock
        self._enter(event, index)
        return found

    def pending(self, event: Event) -> list[int]:
        """Return the events that the operation of a blocked thread races with; it was not executed."""
        return self._order(event)[1]

    def not_after(self, index: int) -> Iterator[Event]:
        """Yield the events after `index` that do not happen after it, in order."""
        thread = self.events[index].thread
        for later in range(index + 1, len(self.events)):
            if self.clocks[later][thread] < index:
                yield self.events[later]

    def _order(self, event: Event) -> tuple[Clock, list[int]]:
        last = self._last[event.thread]
        if last != _NEVER:
            clock = list(self.clocks[last])
        else:
            clock = list(self._born.get(event.thread) or [_NEVER] * self._threads)
        found: list[int] = []
        before = self._before(event)
        kind = event.kind
        if kind in (ACQUIRE, REACQUIRE, TIMED_REACQUIRE):
            found = self._unseen(event, clock, self._rivals(event))
        elif kind in BLOCKING and kind != JOIN:
            found = self._unseen(event, clock, self._ever_modified(event))
        elif kind == JOIN:  # only its thread's end, if it is that too, can come before something else
            for index in self._before(replace(event, accesses=tuple(each for each in event.accesses if not each[1]))):
                self._join(clock, index)
            return clock, self._race(clock, before)
        else:
            return clock, self._race(clock, before)
        for index in before:
            self._join(clock, index)
        return clock, found

    def _race(self, clock: Clock, before: Iterable[int]) -> list[int]:
        """Return the direct races with the events before; order the event after all of them."""
        found = []
        for index in sorted(before, reverse=True):
            earlier = self.events[index]
            if clock[earlier.thread] < index:
                found.append(index)
                self._join(clock, index)
        return found

    def _unseen(self, event: Event, clock: Clock, indices: Iterable[int]) -> list[int]:
        """Return the events that the thread had not seen when it came to its operation, the latest first."""
        unseen = {i for i in indices if clock[self.events[i].thread] < i and self.events[i].thread != event.thread}
        return sorted(unseen, reverse=True)

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

    def _ever_modified(self, event: Event) -> Iterator[int]:
        for key, modifies in event.accesses:
            history = self._objects.get(key)
            if history is not None:
                yield from history.modifications
                if modifies:
                    yield from history.reads

    def _before(self, event: Event) -> list[int]:
        """Return the conflicting events on the event's objects that are not followed by another there."""
        before = []
        for key, modifies in event.accesses:
            history = self._objects.get(key)
            if history is not None:
                before += history.modifications[-1:]
                if modifies:
                    before += history.reads
        return before

    def _join(self, clock: Clock, index: int) -> None:
        for thread, known in enumerate(self.clocks[index]):
            clock[thread] = max(clock[thread], known)

    def _enter(self, event: Event, index: int) -> None:
        for key, modifies in event.accesses:
            history = self._objects.get(key)
            if history is None:
                history = self._objects[key] = _History()
            if modifies:
                history.modifications.append(index)
                history.reads = []
                if event.kind in _TAKES:
                    history.taken = index
            else:
                history.reads.append(index)
