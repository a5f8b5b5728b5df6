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
_ARRIVES: Final = 10
_LEAVES: Final = 11
_BREAKS: Final = 12

_LOCKS: Final = {ACQUIRE: _TAKES, TRY_ACQUIRE: _TAKES, RELEASE: _GIVES, WAIT: _GIVES_SECOND,
                 REACQUIRE: _TAKES_SECOND, TIMED_REACQUIRE: _TAKES_SECOND}  # fmt: skip
_OTHERS: Final = {
    LOAD: _TAKES, AWAIT: _TAKES, STORE: _GIVES, ADD: _BOTH, UPDATE: _BOTH, EXCHANGE: _BOTH, COMPARE_EXCHANGE: _BOTH,
    SET: _ADDS, CLEAR: _CLEARS, IS_SET: _TAKES, EVENT_WAIT: _TAKES, TIMED_EVENT_WAIT: _TAKES,
    SEM_RELEASE: _ADDS, SEM_ACQUIRE: _TAKES, SEM_TRY_ACQUIRE: _TAKES,
    START: _STARTS, JOIN: _JOINS, TIMED_JOIN: _JOINS, ALIVE: _JOINS,
    ARRIVE: _ARRIVES, LEAVE: _LEAVES, TIMED_LEAVE: _LEAVES, ABORT: _BREAKS, RESET: _BREAKS,
}  # fmt: skip
_FAILED_TAKES: Final = frozenset({ADD, UPDATE, COMPARE_EXCHANGE, AWAIT, TIMED_REACQUIRE})
"""Operations that acquire even where they fail: they have seen the value, or hold the lock again."""


def _table(effects: dict[int, int]) -> tuple[int, ...]:
    """Return what each kind does, by kind, and by kind + 256 where it failed."""
    done = [effects.get(kind, _NOTHING) for kind in range(256)]
    failed = [_NOTHING] * 256
    for kind in _FAILED_TAKES & set(effects):
        failed[kind] = _TAKES_SECOND if done[kind] == _TAKES_SECOND else _TAKES
    for kind in {ARRIVE, LEAVE, TIMED_LEAVE} & set(effects):
        failed[kind] = _BREAKS
    return tuple(done + failed)


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

    def __init__(self, record: "Record", table: tuple[int, ...]) -> None:
        self.record = record
        self.table = table
        threads = range(len(record.threads))
        self.now: list[Clock] = [[int(t == each) for t in threads] for each in threads]
        self.given: dict[int, Clock] = {}
        self.giver: dict[int, int] = {}
        self.thread_at = {life.number: number for number, life in enumerate(record.threads)}
        self.barriers: dict[int, _Barrier] = {}

    def run(self) -> list[Clock]:
        """Go through the steps; the two effects that are nearly all are here, the others elsewhere."""
        now, given, giver, table = self.now, self.given, self.giver, self.table
        done: list[Clock] = []
        for step, (who, code) in enumerate(zip(self.record.order, self.record.codes, strict=True)):
            effect = table[code >> 8 & 0xFF | (code & 1) << 8]
            if effect:
                if effect > _GIVES:
                    done.append(self._other(effect, step, who, code))
                    continue
                number = code >> 16
                if effect == _TAKES:
                    if number in given:
                        self._take(number, who)
                else:
                    given[number] = mine = now[who]
                    giver[number] = who
                    now[who] = later = mine.copy()
                    later[who] += 1
                    done.append(mine)
                    continue
            done.append(now[who])
        return done

    def _take(self, number: int, who: int) -> None:
        given, giver = self.given[number], self.giver[number]
        mine = self.now[who]
        if giver < 0 or mine[giver] < given[giver]:
            self.now[who] = list(map(max, mine, given))

    def _give(self, number: int, who: int) -> None:
        self.given[number] = self.now[who]
        self.giver[number] = who

    def _next(self, who: int) -> None:
        mine = self.now[who].copy()
        mine[who] += 1
        self.now[who] = mine

    def _add(self, number: int, who: int) -> None:
        """Pass on the thread's clock beside what is there already."""
        before = self.given.get(number)
        if before is None:
            self._give(number, who)
        else:
            self.given[number] = list(map(max, before, self.now[who]))
            self.giver[number] = -1

    def _other(self, effect: int, step: int, who: int, code: int) -> Clock:
        """Apply one of the rarer effects; return the clock of the step."""
        number = code >> 16
        if effect in {_TAKES_SECOND, _GIVES_SECOND}:
            number = self.record.second[step]
        if effect in {_BOTH, _TAKES_SECOND} and number in self.given:
            self._take(number, who)
        elif effect == _JOINS:
            self._join(number, step, who)
        elif effect == _CLEARS:
            self.given.pop(number, None)
        elif effect in {_ARRIVES, _LEAVES, _BREAKS}:
            return self._barrier(effect, number, who, code)
        mine = self.now[who]
        if effect in {_BOTH, _GIVES_SECOND}:
            self._give(number, who)
            self._next(who)
        elif effect == _ADDS:
            self._add(number, who)
            self._next(who)
        elif effect == _STARTS:
            child = self.thread_at[number]
            self.now[child] = list(map(max, mine, self.now[child]))
            self._next(who)
        return mine

    def _join(self, number: int, step: int, who: int) -> None:
        child = self.thread_at[number]
        if self.record.threads[child].ended and self.record.last[child] < step:
            self.now[who] = list(map(max, self.now[who], self.now[child]))

    def _barrier(self, effect: int, number: int, who: int, code: int) -> Clock:
        """Apply an operation on a barrier; return the clock of the step."""
        barrier = self.barriers.get(number)
        if barrier is None:
            barrier = self.barriers[number] = _Barrier(self.record.things[number].size, len(self.now))
        mine = self.now[who]
        gives = bool(code & MODIFIED)
        if effect == _ARRIVES:
            mine = barrier.arrive(who, mine)
        elif effect == _LEAVES:
            mine = barrier.leave(who, mine, gives=gives)
        else:
            mine = barrier.broke(mine, gives=gives, anew=code >> 8 & 0xFF == RESET)
        self.now[who] = mine
        if gives:
            self._next(who)
        return mine


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
        mine.clock = list(map(max, mine.clock, clock))
        if mine.arrived < self._parties:
            return clock
        self._round = _Round(self._none)
        return mine.clock

    def leave(self, who: int, clock: Clock, *, gives: bool) -> Clock:
        """Leave; who ran the action passes on what it did."""
        mine = self._of[who]
        joined = list(map(max, mine.clock, clock))
        if gives:
            mine.clock = joined
        return joined

    def broke(self, clock: Clock, *, gives: bool, anew: bool) -> Clock:
        """Break the barrier, make it empty again, or be told that it is broken."""
        joined = list(map(max, self._broken, clock))
        if gives:
            self._broken = joined
        if anew:
            self._round = _Round(self._none)
        return joined


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
    nested = []
    for step, (who, code) in enumerate(zip(record.order, record.codes, strict=True)):
        at.append(now[who])
        kind = code >> 8 & 0xFF
        if kind not in _HOLDS or (code & 1 and kind != TIMED_REACQUIRE):
            continue
        number = record.second[step] if kind in _ON_CONDITION else code >> 16
        if _HOLDS[kind]:
            if since[who]:
                nested.append((who, step, number, tuple(since[who].items())))
            since[who][number] = step
            holder[number] = who
        else:
            who = holder.pop(number, who)  # noqa: PLW2901  (another's lock)
            since[who].pop(number, None)
        now[who] = frozenset(since[who])
    return Holds(at, nested, since)
