"""The synchronises-with relation of one execution, as vector clocks, and the locks that are held at each step.

It is not the relation that the exploration goes by: there two accesses to one variable are ordered by coming one after
the other; here only what synchronises orders. A lock's release is ordered before its next acquire, a start before the
thread, its end before a join (or an `is_alive` that tells of it), the setting of an event before what sees it set, a
semaphore's releases before an acquire, a barrier's arrivals before who leaves. A load of an Atomic acquires what the
last store released, a store replaces what was there, a read-modify-write does both; a compare-exchange that fails only
acquires. Variables, resources, `locked()` and failed attempts order nothing.
"""

from typing import TYPE_CHECKING, Final, NamedTuple

from racer.core.operation import (
    ABORT,
    ACQUIRE,
    ADD,
    ALIVE,
    ARRIVE,
    AWAIT,
    CLEAR,
    COMPARE_EXCHANGE,
    EVENT_WAIT,
    EXCHANGE,
    IS_SET,
    JOIN,
    LEAVE,
    LOAD,
    MODIFIED,
    REACQUIRE,
    RELEASE,
    RESET,
    SEM_ACQUIRE,
    SEM_RELEASE,
    SEM_TRY_ACQUIRE,
    SET,
    START,
    STORE,
    TIMED_EVENT_WAIT,
    TIMED_JOIN,
    TIMED_LEAVE,
    TIMED_REACQUIRE,
    TRY_ACQUIRE,
    UPDATE,
    WAIT,
)

if TYPE_CHECKING:
    from racer.core.record import Record

Clock = list[int]

_NOTHING: Final = 0
_TAKES: Final = 1
_GIVES: Final = 2
_ADDS: Final = 3
_BOTH: Final = 4
_CLEARS: Final = 5
_STARTS: Final = 6
_JOINS: Final = 7
_TAKES_SECOND: Final = 8
_GIVES_SECOND: Final = 9
_BARRIER: Final = 10

_LOCKS: Final = {ACQUIRE: _TAKES, TRY_ACQUIRE: _TAKES, RELEASE: _GIVES, WAIT: _GIVES_SECOND,
                 REACQUIRE: _TAKES_SECOND, TIMED_REACQUIRE: _TAKES_SECOND}  # fmt: skip
_OTHERS: Final = {
    LOAD: _TAKES, AWAIT: _TAKES, STORE: _GIVES, ADD: _BOTH, UPDATE: _BOTH, EXCHANGE: _BOTH, COMPARE_EXCHANGE: _BOTH,
    SET: _ADDS, CLEAR: _CLEARS, IS_SET: _TAKES, EVENT_WAIT: _TAKES, TIMED_EVENT_WAIT: _TAKES,
    SEM_RELEASE: _ADDS, SEM_ACQUIRE: _TAKES, SEM_TRY_ACQUIRE: _TAKES,
    START: _STARTS, JOIN: _JOINS, TIMED_JOIN: _JOINS, ALIVE: _JOINS,
    ARRIVE: _BARRIER, LEAVE: _BARRIER, TIMED_LEAVE: _BARRIER, ABORT: _BARRIER, RESET: _BARRIER,
}  # fmt: skip
_FAILED_TAKES: Final = frozenset({ADD, UPDATE, COMPARE_EXCHANGE, AWAIT, TIMED_REACQUIRE})
"""Operations that acquire even where they fail: they have seen the value, or hold the lock again."""


def _table(effects: dict[int, int]) -> tuple[tuple[int, ...], frozenset[int]]:
    """Return what each kind does, by kind, and by kind + 256 where it failed; and the kinds that do anything."""
    done = [effects.get(kind, _NOTHING) for kind in range(256)]
    failed = [_NOTHING] * 256
    for kind in _FAILED_TAKES & set(effects):
        failed[kind] = _TAKES_SECOND if done[kind] == _TAKES_SECOND else _TAKES
    for kind in {ARRIVE, LEAVE, TIMED_LEAVE} & set(effects):
        failed[kind] = _BARRIER
    return tuple(done + failed), frozenset(effects)


_WITH_LOCKS: Final = _table(_LOCKS | _OTHERS)
_WITHOUT: Final = _table(_OTHERS)


def clocks(record: "Record", *, locks: bool = True) -> list[Clock]:
    """Return the vector clock of each step; with `locks` False as if locks ordered nothing.

    Thread t's own entry counts its epochs, of which each release begins a new one: a step of t in epoch e happened
    before another step whose clock has at least e for t (FastTrack).
    """
    return _Relation(record, _WITH_LOCKS if locks else _WITHOUT).run()


class _Relation:
    """The clocks as they are while the steps are gone through. A clock that was handed out is never changed.

    `now[t]` is thread t's, `given[n]` what object n passes on and `giver[n]` the thread whose clock that is, or -1.
    """

    def __init__(self, record: "Record", tables: tuple[tuple[int, ...], frozenset[int]]) -> None:
        self.record = record
        self.table, self.kinds = tables
        threads = range(len(record.threads))
        self.now: list[Clock] = [[int(t == each) for t in threads] for each in threads]
        self.given: dict[int, Clock] = {}
        self.giver: dict[int, int] = {}
        self.thread_at = {life.number: number for number, life in enumerate(record.threads)}
        self.barriers: dict[int, _Barrier] = {}

    def run(self) -> list[Clock]:
        """Go through the steps that have an effect; the two that nearly all have are here, the others elsewhere."""
        now, given, giver, table = self.now, self.given, self.giver, self.table
        order, codes = self.record.order, self.record.codes
        done: list[Clock] = []
        clock_of, filled = now.__getitem__, 0
        for step in self.record.steps_of_kinds(self.kinds):
            if step > filled:
                done += map(clock_of, order[filled:step])  # up to here nothing has changed
            filled = step + 1
            who, code = order[step], codes[step]
            effect = table[code >> 8 & 0xFF | (code & 1) << 8]
            if effect == _TAKES:
                if code >> 16 in given:
                    self._take(code >> 16, who)
                done.append(now[who])
            elif effect == _GIVES:
                given[code >> 16] = mine = now[who]
                giver[code >> 16] = who
                now[who] = later = mine.copy()
                later[who] += 1
                done.append(mine)
            else:
                done.append(_EFFECTS[effect](self, step, who, code))
        done += map(clock_of, order[filled:])
        return done

    def _take(self, number: int, who: int) -> None:
        given, giver = self.given[number], self.giver[number]
        mine = self.now[who]
        if giver < 0 or mine[giver] < given[giver]:
            self.now[who] = joined(mine, given)

    def _give(self, number: int, who: int) -> Clock:
        self.given[number] = mine = self.now[who]
        self.giver[number] = who
        return self._next(who, mine)

    def _next(self, who: int, mine: Clock) -> Clock:
        """Begin the thread's next epoch; return its clock until now."""
        self.now[who] = later = mine.copy()
        later[who] += 1
        return mine

    def _nothing(self, step: int, who: int, code: int) -> Clock:  # noqa: ARG002
        return self.now[who]

    def _both(self, step: int, who: int, code: int) -> Clock:  # noqa: ARG002
        number = code >> 16
        if number in self.given:
            self._take(number, who)
        return self._give(number, who)

    def _add(self, step: int, who: int, code: int) -> Clock:  # noqa: ARG002
        """Pass on the thread's clock beside what is there already."""
        before = self.given.get(code >> 16)
        mine = self._give(code >> 16, who)
        if before is not None:
            self.given[code >> 16] = joined(before, mine)
            self.giver[code >> 16] = -1
        return mine

    def _clear(self, step: int, who: int, code: int) -> Clock:  # noqa: ARG002
        self.given.pop(code >> 16, None)
        return self.now[who]

    def _take_second(self, step: int, who: int, code: int) -> Clock:  # noqa: ARG002
        number = self.record.second[step]
        if number in self.given:
            self._take(number, who)
        return self.now[who]

    def _give_second(self, step: int, who: int, code: int) -> Clock:  # noqa: ARG002
        return self._give(self.record.second[step], who)

    def _start(self, step: int, who: int, code: int) -> Clock:  # noqa: ARG002
        child = self.thread_at[code >> 16]
        mine = self.now[who]
        self.now[child] = joined(mine, self.now[child])
        return self._next(who, mine)

    def _join(self, step: int, who: int, code: int) -> Clock:
        child = self.thread_at[code >> 16]
        if self.record.threads[child].ended and self.record.steps_of[child][-1] < step:
            self.now[who] = joined(self.now[who], self.now[child])
        return self.now[who]

    def _barrier(self, step: int, who: int, code: int) -> Clock:  # noqa: ARG002
        number, kind, gives = code >> 16, code >> 8 & 0xFF, bool(code & MODIFIED)
        barrier = self.barriers.get(number)
        if barrier is None:
            barrier = self.barriers[number] = _Barrier(self.record.things[number].size, len(self.now))
        mine = self.now[who]
        if kind in {RESET, ABORT} or code & 1:
            mine = barrier.broke(mine, gives=gives, anew=kind == RESET)
        elif kind == ARRIVE:
            mine = barrier.arrive(who, mine)
        else:
            mine = barrier.leave(who, mine, gives=gives)
        self.now[who] = mine
        return self._next(who, mine) if gives else mine


_EFFECTS: Final = {
    _NOTHING: _Relation._nothing,  # noqa: SLF001  (all of these are its own)
    _BOTH: _Relation._both,  # noqa: SLF001
    _ADDS: _Relation._add,  # noqa: SLF001
    _CLEARS: _Relation._clear,  # noqa: SLF001
    _TAKES_SECOND: _Relation._take_second,  # noqa: SLF001
    _GIVES_SECOND: _Relation._give_second,  # noqa: SLF001
    _STARTS: _Relation._start,  # noqa: SLF001
    _JOINS: _Relation._join,  # noqa: SLF001
    _BARRIER: _Relation._barrier,  # noqa: SLF001
}


def joined(one: Clock, other: Clock) -> Clock:
    """Return the later of two clocks, entry by entry."""
    return [max(theirs, mine) for mine, theirs in zip(one, other, strict=True)]


class _Barrier:
    """The rounds of one barrier: each passes on the clocks of all that arrived in it to all that leave it."""

    def __init__(self, parties: int, threads: int) -> None:
        self._parties = parties
        self._none = [0] * threads
        self._round = _Round(self._none)
        self._of: dict[int, _Round] = {}
        self._broken = self._none

    def arrive(self, who: int, clock: Clock) -> Clock:
        """Arrive; the last to do so may run the barrier's action, so it knows of the others already."""
        mine = self._of[who] = self._round
        mine.arrived += 1
        mine.clock = joined(mine.clock, clock)
        if mine.arrived < self._parties:
            return clock
        self._round = _Round(self._none)
        return mine.clock

    def leave(self, who: int, clock: Clock, *, gives: bool) -> Clock:
        """Leave; who ran the action passes on what it did."""
        mine = self._of[who]
        both = joined(mine.clock, clock)
        if gives:
            mine.clock = both
        return both

    def broke(self, clock: Clock, *, gives: bool, anew: bool) -> Clock:
        """Break the barrier, make it empty again, or be told that it is broken."""
        both = joined(self._broken, clock)
        if gives:
            self._broken = both
        if anew:
            self._round = _Round(self._none)
        return both


class _Round:
    """One filling of a barrier."""

    __slots__ = ("arrived", "clock")

    def __init__(self, clock: Clock) -> None:
        self.arrived = 0
        self.clock = clock


_HOLDS: Final = {ACQUIRE: True, TRY_ACQUIRE: True, RELEASE: False, WAIT: False, REACQUIRE: True, TIMED_REACQUIRE: True}
_ON_CONDITION: Final = frozenset({WAIT, REACQUIRE, TIMED_REACQUIRE})


class Holds(NamedTuple):
    """Who held which locks.

    `at[i]` are the locks that the thread of step i held when the step came. `nested` has an entry for each lock taken
    by a thread that held others: thread, step, lock, and the others with the steps at which they were taken.
    `at_end[t]` are the locks thread t held at last, with their steps.
    """

    at: list[frozenset[int]]
    nested: list[tuple[int, int, int, tuple[tuple[int, int], ...]]]
    at_end: list[dict[int, int]]


def holds(record: "Record") -> Holds:
    """Return who held which locks. One that another thread releases is held by nobody then, as in threading."""
    empty: frozenset[int] = frozenset()
    now = [empty] * len(record.threads)
    since: list[dict[int, int]] = [{} for _ in now]
    holder: dict[int, int] = {}
    at: list[frozenset[int]] = []
    held_by, filled = now.__getitem__, 0
    nested = []
    order, codes = record.order, record.codes
    for step in record.steps_of_kinds(_HOLDS):
        at += map(held_by, order[filled : step + 1])  # up to here nothing has changed
        filled = step + 1
        who, code = order[step], codes[step]
        kind = code >> 8 & 0xFF
        if code & 1 and kind != TIMED_REACQUIRE:
            continue
        number = record.second[step] if kind in _ON_CONDITION else code >> 16
        if _HOLDS[kind]:
            if since[who]:
                nested.append((who, step, number, tuple(since[who].items())))
            since[who][number] = step
            holder[number] = who
        else:
            who = holder.pop(number, who)  # another's lock perhaps
            since[who].pop(number, None)
        now[who] = frozenset(since[who])
    at += map(held_by, order[filled:])
    return Holds(at, nested, since)
