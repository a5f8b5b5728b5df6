"""Which operations conflict: two threads, an operation each, and the number of orders that differ.

One interleaving where both only read (or touch nothing in common), two where one of them modifies.
"""

from collections.abc import Callable
from functools import partial

import pytest

import racer
from tests.engine.told import both

Pair = tuple[Callable[[], object], Callable[[], object]]
Maker = Callable[[], Pair]


class Box:
    n = racer.field(0)
    m = racer.field(0)


def read(s: racer.Shared[int]) -> int:
    return s.value


def write(s: racer.Shared[int]) -> None:
    s.value = 1


def read_n(box: Box) -> int:
    return box.n


def write_n(box: Box) -> None:
    box.n = 1


def on_shared(first: Callable[[racer.Shared[int]], object], second: Callable[[racer.Shared[int]], object]) -> Maker:
    def make() -> Pair:
        s = racer.Shared(0)
        return partial(first, s), partial(second, s)

    return make


def on_box(first: Callable[[Box], object], second: Callable[[Box], object]) -> Maker:
    def make() -> Pair:
        box = Box()
        return partial(first, box), partial(second, box)

    return make


ATOMIC: dict[str, Callable[[racer.Atomic[int]], object]] = {
    "load": lambda a: a.load(),
    "store": lambda a: a.store(0),
    "add": lambda a: a.add(0),
    "update": lambda a: a.update(lambda v: v),
    "exchange": lambda a: a.exchange(0),
    "compare-exchange": lambda a: a.compare_exchange(0, 0),
    "failing compare-exchange": lambda a: a.compare_exchange(5, 6),
    "wait": lambda a: a.wait(lambda v: v == 0),
}
ATOMIC_READS = {"load", "failing compare-exchange", "wait"}


def on_atomic(first: str, second: str) -> Maker:
    def make() -> Pair:
        a = racer.Atomic(0)
        return partial(ATOMIC[first], a), partial(ATOMIC[second], a)

    return make


def free_lock(first: Callable[[racer.Lock], object], second: Callable[[racer.Lock], object]) -> Maker:
    def make() -> Pair:
        k = racer.Lock()
        return partial(first, k), partial(second, k)

    return make


def held_lock(first: Callable[[racer.Lock], object], second: Callable[[racer.Lock], object]) -> Maker:
    def make() -> Pair:
        k = racer.Lock()
        k.acquire()
        return partial(first, k), partial(second, k)

    return make


def on_event(first: str, second: str, *, is_set: bool = False) -> Maker:
    def make() -> Pair:
        e = racer.Event()
        if is_set:
            e.set()
        return getattr(e, first), getattr(e, second)

    return make


def on_semaphore(value: int, first: str, second: str) -> Maker:
    def make() -> Pair:
        s = racer.Semaphore(value)
        ways: dict[str, Callable[[], object]] = {
            "acquire": s.acquire,
            "release": s.release,
            "try": lambda: s.acquire(blocking=False),
            "timed": lambda: s.acquire(timeout=1),
        }
        return ways[first], ways[second]

    return make


def on_barrier(parties: int, first: str, second: str) -> Maker:
    def make() -> Pair:
        b = racer.Barrier(parties)
        ways: dict[str, Callable[[], object]] = {
            "wait": b.wait,
            "reset": b.reset,
            "abort": b.abort,
            "broken": lambda: b.broken,
            "n_waiting": lambda: b.n_waiting,
        }
        return ways[first], ways[second]

    return make


def on_resource(first: str, second: str) -> Maker:
    def make() -> Pair:
        r = racer.Resource()
        ways: dict[str, Callable[[], object]] = {
            "read": r.read, "write": r.write, "atomically": lambda: r.atomically("", int),
        }  # fmt: skip
        return ways[first], ways[second]

    return make


def on_thread(first: str, second: str) -> Maker:
    def make() -> Pair:
        t = racer.Thread(target=lambda: None)
        t.start()
        return getattr(t, first), getattr(t, second)

    return make


def on_nothing(first: Callable[[], object], second: Callable[[], object]) -> Maker:
    return lambda: (first, second)


def two_threads() -> Pair:
    return racer.Thread(target=lambda: None).start, racer.Thread(target=lambda: None).start


def two_objects() -> Pair:
    return partial(write, racer.Shared(0)), partial(write, racer.Shared(0))


def two_fields() -> Pair:
    box = Box()
    return partial(write_n, box), partial(setattr, box, "m", 1)


def acquire(k: racer.Lock) -> object:
    return k.acquire()


def attempt(k: racer.Lock) -> object:
    return k.acquire(blocking=False)


def attempt_for_a_while(k: racer.Lock) -> object:
    return k.acquire(timeout=1)


def release(k: racer.Lock) -> object:
    k.release()
    return None


def locked(k: racer.Lock) -> object:
    return k.locked()


TABLE: dict[str, tuple[Maker, int]] = {
    "read, read": (on_shared(read, read), 1),
    "read, write": (on_shared(read, write), 2),
    "write, write": (on_shared(write, write), 2),
    "field read, read": (on_box(read_n, read_n), 1),
    "field read, write": (on_box(read_n, write_n), 2),
    "field write, write": (on_box(write_n, write_n), 2),
    "two objects": (two_objects, 1),
    "two fields": (two_fields, 1),
    **{
        f"atomic {first}, {second}": (on_atomic(first, second), 1 if {first, second} <= ATOMIC_READS else 2)
        for first in ATOMIC
        for second in ATOMIC
    },
    "acquire, acquire": (free_lock(acquire, acquire), 2),
    "acquire, trylock": (free_lock(acquire, attempt), 2),
    "acquire, locked": (free_lock(acquire, locked), 2),
    "trylock, trylock": (free_lock(attempt, attempt), 2),
    "locked, locked": (free_lock(locked, locked), 1),
    "failing trylocks": (held_lock(attempt, attempt), 1),
    "failing timed acquires": (held_lock(attempt_for_a_while, attempt_for_a_while), 1),
    "failing trylock, locked": (held_lock(attempt, locked), 1),
    "release, trylock": (held_lock(release, attempt), 2),
    "release, timed acquire": (held_lock(release, attempt_for_a_while), 2),
    "release, locked": (held_lock(release, locked), 2),
    "release, acquire": (held_lock(release, acquire), 1),  # enabled by it, never before it
    "set, set": (on_event("set", "set"), 2),
    "set, clear": (on_event("set", "clear"), 2),
    "set, is_set": (on_event("set", "is_set"), 2),
    "set, wait": (on_event("set", "wait"), 1),
    "set again, wait": (on_event("set", "wait", is_set=True), 2),
    "clear, clear": (on_event("clear", "clear"), 2),
    "is_set, is_set": (on_event("is_set", "is_set"), 1),
    "wait, wait": (on_event("wait", "wait", is_set=True), 1),
    "wait, is_set": (on_event("wait", "is_set", is_set=True), 1),
    "semaphore acquire, acquire": (on_semaphore(2, "acquire", "acquire"), 2),
    "semaphore release, release": (on_semaphore(0, "release", "release"), 2),
    "semaphore acquire, release": (on_semaphore(1, "acquire", "release"), 2),
    "semaphore enabled acquire": (on_semaphore(0, "acquire", "release"), 1),
    "semaphore try, try": (on_semaphore(2, "try", "try"), 2),
    "semaphore failing tries": (on_semaphore(0, "try", "try"), 1),
    "semaphore failing timed": (on_semaphore(0, "timed", "timed"), 1),
    "semaphore try, release": (on_semaphore(0, "try", "release"), 2),
    "barrier of two": (on_barrier(2, "wait", "wait"), 2),
    "barrier of one": (on_barrier(1, "n_waiting", "broken"), 1),
    "barrier reset, reset": (on_barrier(2, "reset", "reset"), 2),
    "barrier abort, broken": (on_barrier(2, "abort", "broken"), 2),
    "resource read, read": (on_resource("read", "read"), 1),
    "resource read, write": (on_resource("read", "write"), 2),
    "resource write, atomically": (on_resource("write", "atomically"), 2),
    "join, join": (on_thread("join", "join"), 1),
    "starts of two threads": (two_threads, 1),
    "point, point": (on_nothing(racer.point, racer.point), 1),
    "sleep, sleep": (on_nothing(partial(racer.sleep, 1), partial(racer.sleep, 2)), 1),
    "choose, choose": (on_nothing(partial(racer.choose, 1), partial(racer.choose, 1)), 1),
    "choices with values": (on_nothing(partial(racer.choose, 2), partial(racer.choose, 3)), 6),
}


@pytest.mark.parametrize("name", TABLE)
def test_operations_conflict_exactly_when_one_of_them_modifies(name: str) -> None:
    make, classes = TABLE[name]
    result = racer.explore(lambda: both(*make()), executions=150, keep_going=True)
    assert result.interleavings == classes


def test_is_alive_sees_a_thread_before_within_and_after_its_life() -> None:
    def body() -> None:
        t = racer.Thread(target=racer.point)
        seen = []
        both(t.start, lambda: seen.append(t.is_alive()))
        racer.count(f"alive {seen[0]}")

    result = racer.explore(body, executions=300)
    assert set(result.counters) == {"alive True", "alive False"}
    assert result.interleavings == 3


def test_only_the_outermost_pair_of_a_reentrant_lock_conflicts() -> None:
    def body() -> None:
        k = racer.RLock()

        def use() -> None:
            with k, k, k:
                assert k.acquire(blocking=False)
                k.release()

        both(use, use)

    result = racer.explore(body, executions=100)
    assert (result.interleavings, result.verdict) == (2, "PASS")


def test_objects_and_threads_made_by_several_threads_at_once_add_no_interleavings() -> None:
    def body() -> None:
        def work() -> None:
            own = racer.Shared(0)
            own.value += 1
            lock = racer.Lock()
            box = Box()

            def child() -> None:
                with lock:
                    box.n += 1

            t = racer.Thread(target=child)
            t.start()
            t.join()

        both(work, work, work)

    result = racer.explore(body, executions=300)
    assert result.interleavings == 1


R = racer.Resource
PARTS: dict[str, tuple[Callable[[R, R, R], object], Callable[[R, R, R], object], int]] = {
    "another's part": (lambda r, a, b: r.atomically("", int, also=(a,)), lambda r, a, b: b.read(), 1),
    "a part that is read": (lambda r, a, b: r.atomically("", int, also=(a, b)), lambda r, a, b: a.read(), 2),
    "the last part": (lambda r, a, b: r.atomically("", int, also=(a, b)), lambda r, a, b: b.write(), 2),
    "the whole": (lambda r, a, b: r.atomically("", int, also=(a, b)), lambda r, a, b: r.read(), 2),
    "a part in common": (
        lambda r, a, b: r.atomically("", int, also=(a, b)),
        lambda r, a, b: a.atomically("", int, also=(b,)),
        2,
    ),
}


@pytest.mark.parametrize("name", PARTS)
def test_an_operation_on_a_resource_and_its_parts_conflicts_with_those_on_each(name: str) -> None:
    first, second, classes = PARTS[name]

    def body() -> None:
        parts = racer.Resource(), racer.Resource(), racer.Resource()
        both(lambda: first(*parts), lambda: second(*parts))

    assert racer.explore(body, executions=150).interleavings == classes
    result = racer.verify(body)
    assert (result.executions, result.redundant, result.exhausted) == (classes, 0, True)
