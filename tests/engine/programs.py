"""Programs of the literature with known numbers of interleavings, as data for the flat model and for racer."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import racer
from tests.engine.flat import Op, Program, Steps, body, parallel, repeated


class Known(NamedTuple):
    """A program, how many happens-before classes it has, and how many of them are deadlocks."""

    program: Program
    classes: int
    deadlocks: int = 0


SHARED = {"x": ("shared", 0)}
LOCKED = {"x": ("shared", 0), "l": ("lock", None)}
TWO_LOCKS = {"a": ("lock", None), "b": ("lock", None)}
CONDITION = {"c": ("condition", None), "c.lock": ("lock", None)}


def increment() -> Steps:
    now = yield Op("read", "x")
    yield Op("write", "x", now + 1)


def locked_increment(*, unlock: bool = True) -> Steps:
    yield Op("acquire", "l")
    yield from increment()
    if unlock:
        yield Op("release", "l")


def both(first: str, second: str) -> Callable[[], Steps]:
    return repeated([Op("acquire", first), Op("acquire", second), Op("release", second), Op("release", first)])


def one(kind: str, on: str, value: object = None) -> Callable[[], Steps]:
    return repeated([Op(kind, on, value)])


def inc(n: int) -> Program:
    return parallel(SHARED, *[increment] * n)


def lockinc(n: int) -> Program:
    return parallel(LOCKED, *[locked_increment] * n)


def ainc(n: int) -> Program:
    return parallel({"x": ("atomic", 0)}, *[one("add", "x", 1)] * n)


def readers(n: int) -> Program:
    return parallel(SHARED, one("write", "x", 1), *[one("read", "x")] * n)


def abba() -> Program:
    return parallel(TWO_LOCKS, both("a", "b"), both("b", "a"))


def two_locks() -> Program:
    lock = {name: repeated([Op("acquire", name), Op("release", name)]) for name in TWO_LOCKS}
    return parallel(TWO_LOCKS, lock["a"], lock["a"], lock["b"], lock["b"])


def never_unlocked(n: int) -> Program:
    return parallel(LOCKED, *[partial(locked_increment, unlock=False)] * n)


def one_never_unlocks() -> Program:
    return parallel(LOCKED, partial(locked_increment, unlock=False), locked_increment, locked_increment)


def last_zero(n: int) -> Program:
    """One thread looks for the last zero of an array, n others each set an element to its predecessor plus one."""

    def search() -> Steps:
        for i in range(n, 0, -1):
            if (yield Op("read", f"x{i}")) == 0:
                return

    def fill(i: int) -> Steps:
        before = yield Op("read", f"x{i - 1}")
        yield Op("write", f"x{i}", before + 1)

    cells = {f"x{i}": ("shared", 0) for i in range(n + 1)}
    return parallel(cells, search, *[partial(fill, i) for i in range(1, n + 1)])


def try_or_not() -> Program:
    attempt = repeated([Op("try", "l"), Op("release", "l")])
    return parallel({"l": ("lock", None)}, attempt, attempt)


def load_store_cas() -> Program:
    return parallel({"x": ("atomic", 0)}, one("load", "x"), one("store", "x", 1), one("cas", "x", (1, 2)))


def lost_signal() -> Program:
    waiter = repeated([Op("acquire", "c.lock"), Op("cwait", "c"), Op("release", "c.lock")])
    notifier = repeated([Op("acquire", "c.lock"), Op("notify", "c", 1), Op("release", "c.lock")])
    return parallel(CONDITION, waiter, notifier)


def two_waiters() -> Program:
    waiter = repeated([Op("acquire", "c.lock"), Op("cwait", "c"), Op("release", "c.lock")])
    notifier = repeated([Op("acquire", "c.lock"), Op("notify", "c", 2), Op("release", "c.lock")])
    return parallel(CONDITION, waiter, waiter, notifier)


def one_place() -> Program:
    enter = repeated([Op("sem_acquire", "s"), Op("sem_release", "s")])
    return parallel({"s": ("semaphore", 1)}, enter, enter)


def too_few_places() -> Program:
    return parallel({"s": ("semaphore", 1)}, *[one("sem_acquire", "s")] * 2)


def event_handshake() -> Program:
    return parallel({"e": ("event", False)}, one("wait", "e"), one("is_set", "e"), one("set", "e"))


def event_taken_back() -> Program:
    return parallel({"e": ("event", False)}, one("wait", "e"), repeated([Op("set", "e"), Op("clear", "e")]))


def awaited() -> Program:
    return parallel({"x": ("atomic", 0)}, one("await", "x", 1), one("store", "x", 1), one("store", "x", 2))


def watched() -> Program:
    """A thread asks whether another is alive: no more than before and after its end."""
    return parallel(SHARED, repeated([Op("read", "x"), Op("write", "x", 1)]), one("alive", "1"))


def started_by_threads() -> Program:
    """Two threads start a child each, which writes."""

    def main() -> Steps:
        yield Op("start", "1")
        yield Op("start", "2")

    def parent(child: int) -> Steps:
        yield Op("start", str(child))

    write = one("write", "x", 1)
    return Program((main, partial(parent, 3), partial(parent, 4), write, write), SHARED)


def pointless() -> Program:
    return parallel({}, *[repeated([Op("point"), Op("point")])] * 3)


KNOWN = {
    "inc(2)": Known(inc(2), 4),
    "inc(3)": Known(inc(3), 36),
    "lockinc(2)": Known(lockinc(2), 2),
    "lockinc(3)": Known(lockinc(3), 6),
    "ainc(3)": Known(ainc(3), 6),
    "ainc(4)": Known(ainc(4), 24),
    "readers(1)": Known(readers(1), 2),
    "readers(3)": Known(readers(3), 8),
    "readers(4)": Known(readers(4), 16),
    "abba": Known(abba(), 3, 1),
    "two independent locks": Known(two_locks(), 4),
    "never unlocked (2)": Known(never_unlocked(2), 2, 2),
    "one never unlocks": Known(one_never_unlocks(), 5, 3),
    "last zero (2)": Known(last_zero(2), 5),
    "last zero (3)": Known(last_zero(3), 12),
    "trylock twice": Known(try_or_not(), 4),
    "load, store, compare-exchange": Known(load_store_cas(), 5),
    "lost signal": Known(lost_signal(), 2, 1),
    "two waiters": Known(two_waiters(), 10, 6),
    "one place": Known(one_place(), 2),
    "too few places": Known(too_few_places(), 2, 2),
    "event handshake": Known(event_handshake(), 2),
    "event taken back": Known(event_taken_back(), 2, 1),
    "awaited": Known(awaited(), 3, 1),
    "watched": Known(watched(), 2),
    "started by threads": Known(started_by_threads(), 2),
    "points": Known(pointless(), 1),
}


def ending(name: str) -> Callable[[], None]:
    """Return a known program that also chooses, and ends in a finding, so that its execution is recorded."""
    inner = body(KNOWN[name].program)

    def test() -> None:
        racer.choose(7)
        inner()
        racer.violation("end", "")

    return test
