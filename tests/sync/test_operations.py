"""Which operations each primitive performs: a program, and the trace it must have, a line a step.

The schedule of each program is what its lines say, so that a line whose thread could not go on is an error, too.
"""

from collections.abc import Callable

import pytest

import racer
from racer import DivergenceError
from tests.engine.told import both, told


class Box:
    n = racer.field(0)
    m = racer.field(0, marked=True)


class Named:
    n = racer.field(0)

    def __init__(self, name: str) -> None:
        self.name = name


def shared() -> None:
    s = racer.Shared(0, name="s")
    s.value += 1
    s.value = s.value


def fields() -> None:
    box = Box()
    box.n += 1
    box.m = box.n
    named = Named("box7")
    named.n = 3


def atomic() -> None:
    a = racer.Atomic(1, name="a")
    assert a.load() == 1
    a.store(2)
    assert a.add(3) == 2
    assert a.update(lambda v: v * 2) == 5
    assert a.exchange(7) == 10
    assert a.compare_exchange(7, 8)
    assert not a.compare_exchange(7, 9)
    assert a.wait(lambda v: v == 8) == 8


def lock() -> None:
    k = racer.Lock(name="k")
    assert not k.locked()
    assert k.acquire()
    assert not k.acquire(blocking=False)
    assert not k.acquire(timeout=3)
    k.release()
    assert k.acquire(blocking=False)
    k.release()
    assert k.acquire(timeout=3)
    k.release()
    with k:
        pass


def rlock() -> None:
    r = racer.RLock(name="r")
    assert r.acquire()
    with r:
        assert r.acquire(blocking=False)
        assert r.acquire(timeout=2)
        r.release()
        r.release()
    r.release()


def spinlock() -> None:
    with racer.SpinLock(name="k"):
        pass


def condition() -> None:
    k = racer.RLock(name="k")
    c = racer.Condition(k, name="c")
    with c, k:
        c.notify()
        c.notify_all()
        c.notify(0)
        assert not c.wait(timeout=1)
        assert c.wait_for(lambda: True)
        assert not c.wait_for(lambda: False, timeout=1)


def event() -> None:
    e = racer.Event(name="e")
    assert not e.is_set()
    assert not e.wait(timeout=1)
    e.set()
    assert e.wait()
    assert e.wait(timeout=1)
    assert e.is_set()
    e.set()
    e.clear()


def semaphore() -> None:
    s = racer.Semaphore(1, name="s")
    assert s.acquire()
    assert not s.acquire(blocking=False)
    assert not s.acquire(timeout=1)
    s.release()
    s.release(2)
    assert s.acquire(timeout=1)
    with s:
        pass
    b = racer.BoundedSemaphore(name="b")
    with pytest.raises(ValueError, match="too many times"):
        b.release()


def barrier() -> None:
    b = racer.Barrier(1, name="b")
    assert b.wait() == 0
    b.abort()
    assert b.broken
    b.reset()
    assert b.n_waiting == 0
    assert b.parties == 1


def threads() -> None:
    t = racer.Thread(target=lambda: racer.point(), name="a")  # noqa: PLW0108
    assert not t.is_alive()
    t.start()
    assert t.is_alive()
    t.join(timeout=1)
    t.join(timeout=1)
    t.join()
    assert not t.is_alive()


def lone() -> None:
    racer.point()
    racer.point("label")
    assert racer.choose(3) == 2
    racer.sleep(1)


def resource() -> None:
    r = racer.Resource(name="r")
    r.read("a")
    r.write("b")
    assert r.atomically("c", max, 3, 4) == 4


def no_operations() -> None:
    racer.time()
    racer.count("n")
    racer.side("reads", "x")
    racer.may_sleep("x")
    racer.current_name()
    racer.controlled()
    racer.Thread(target=print)
    racer.Shared(0), racer.Atomic(0), racer.Lock(), racer.RLock(), racer.Condition(), racer.Event()
    racer.Semaphore(), racer.Barrier(2), racer.Resource(), Box()
    with pytest.raises(RuntimeError):
        racer.RLock().release()
    with pytest.raises(RuntimeError):
        racer.Condition().wait()
    racer.violation("seen", "no operation")


ALONE: dict[Callable[[], None], str] = {
    shared: "read s, write s, read s, write s",
    fields: "read Box.n, write Box.n, read Box.n, write Box.m, write box7.n",
    atomic: "load a, store a, add a, update a, exchange a, compare-exchange a, compare-exchange a failed, await a",
    lock: "locked k, acquire k, try-acquire k failed, try-acquire k failed, release k, try-acquire k, release k, "
    "try-acquire k, release k, acquire k, release k",
    rlock: "acquire r, release r",
    spinlock: "acquire k, release k",
    condition: "acquire k, notify c, notify c, notify c, wait c, timed-reacquire c failed, "
    "wait c, timed-reacquire c failed, release k",
    event: "is-set e, timed-event-wait e failed, set e, event-wait e, timed-event-wait e, is-set e, set e, clear e",
    semaphore: "sem-acquire s, sem-try-acquire s failed, sem-try-acquire s failed, sem-release s, sem-release s, "
    "sem-try-acquire s, sem-acquire s, sem-release s, sem-release b failed",
    barrier: "arrive b, leave b, abort b, inspect b, reset b, inspect b",
    lone: "point main, point main, choose main, sleep main",
    resource: "touch r, change r, change r",
    no_operations: "",
}


@pytest.mark.parametrize("program", ALONE, ids=lambda program: program.__name__)
def test_a_primitive_performs_exactly_these_operations(program: Callable[[], None]) -> None:
    lines = ["begin main", *filter(None, ALONE[program].split(", "))]
    told(program, [f"main {line}" for line in lines], values=(2,) if program is lone else ())


def test_start_begin_join_and_is_alive_are_one_operation_each() -> None:
    told(
        threads,
        [
            "main begin main", "main is-alive a", "main start a", "a begin a", "main is-alive a",
            "main timed-join a failed", "a point a", "main timed-join a", "main join a", "main is-alive a",
        ],
    )  # fmt: skip


# -- several threads ---------------------------------------------------------------------------------------------


def contended_lock() -> None:
    k = racer.Lock(name="k")

    def use() -> None:
        with k:
            racer.point()

    both(use, use)


def waiting_in_line() -> None:
    k = racer.Lock(name="k")
    c = racer.Condition(k, name="c")

    def wait() -> None:
        with c:
            assert c.wait()

    def notify() -> None:
        with c:
            c.notify()
        with c:
            c.notify(2)

    both(wait, wait, wait, notify)


def deep_wait() -> None:
    c = racer.Condition(name="c")
    k = racer.Shared(0, name="k")

    def wait() -> None:
        with c, c, c:
            c.wait()
            k.value = 1

    def notify() -> None:
        with c:
            c.notify()

    both(wait, notify)


def meeting() -> None:
    b = racer.Barrier(2, name="b")
    both(b.wait, b.wait)


def meeting_with_action() -> None:
    b = racer.Barrier(2, action=lambda: racer.point("action"), name="b")
    both(b.wait, b.wait)


def handshake() -> None:
    e = racer.Event(name="e")
    both(e.wait, e.set)


def places() -> None:
    s = racer.Semaphore(0, name="s")
    both(s.acquire, lambda: s.release(1))


def spin() -> None:
    a = racer.Atomic(0, name="x")

    def store() -> None:
        a.store(1)
        a.store(2)

    both(lambda: a.wait(lambda v: v == 2), store)


def notified_or_not() -> None:
    c = racer.Condition(racer.Lock(name="k"), name="c")

    def wait() -> None:
        with c:
            c.wait(timeout=5)

    def notify() -> None:
        with c:
            c.notify()

    both(wait, notify)


def children() -> None:
    def parent() -> None:
        racer.Thread(target=lambda: None, name="b").start()

    t = racer.Thread(target=parent, name="a")
    t.start()


STARTED = ("main begin main", "main start a", "main start b")
JOINED = ("main join a", "main join b")

TOGETHER: list[tuple[Callable[[], None], list[str]]] = [
    (contended_lock, [
        *STARTED, "a begin a", "b begin b", "a acquire k", "a point a", "a release k", "b acquire k", "b point b",
        "b release k", *JOINED,
    ]),
    (waiting_in_line, [
        *STARTED, "main start c", "main start d", "a begin a", "b begin b", "c begin c", "d begin d",
        "b acquire k", "b wait c", "a acquire k", "a wait c", "c acquire k", "c wait c",  # b, a, c in line
        "d acquire k", "d notify c", "d release k", "b reacquire c", "b release k",
        "d acquire k", "d notify c", "d release k", "c reacquire c", "c release k", "a reacquire c", "a release k",
        *JOINED, "main join c", "main join d",
    ]),
    (deep_wait, [
        *STARTED, "a begin a", "b begin b", "a acquire rlock2", "a wait c", "b acquire rlock2", "b notify c",
        "b release rlock2", "a reacquire c", "a write k", "a release rlock2", *JOINED,
    ]),
    (meeting, [*STARTED, "a begin a", "b begin b", "b arrive b", "a arrive b", "b leave b", "a leave b", *JOINED]),
    (meeting_with_action, [
        *STARTED, "a begin a", "b begin b", "b arrive b", "a arrive b", "a point a", "a leave b", "b leave b", *JOINED,
    ]),
    (handshake, [*STARTED, "a begin a", "b begin b", "b set e", "a event-wait e", *JOINED]),
    (places, [*STARTED, "a begin a", "b begin b", "b sem-release s", "a sem-acquire s", *JOINED]),
    (spin, [*STARTED, "a begin a", "b begin b", "b store x", "b store x", "a await x", *JOINED]),
    (notified_or_not, [
        *STARTED, "a begin a", "b begin b", "a acquire k", "a wait c", "b acquire k", "b notify c", "b release k",
        "a timed-reacquire c", "a release k", *JOINED,
    ]),
    (notified_or_not, [
        *STARTED, "a begin a", "b begin b", "a acquire k", "a wait c", "a timed-reacquire c failed", "a release k",
        "b acquire k", "b notify c", "b release k", *JOINED,
    ]),
    (children, ["main begin main", "main start a", "a begin a", "a start b", "b begin b"]),
]  # fmt: skip


@pytest.mark.parametrize(("program", "lines"), TOGETHER, ids=lambda given: getattr(given, "__name__", ""))
def test_threads_together_perform_exactly_these_operations(program: Callable[[], None], lines: list[str]) -> None:
    told(program, lines)


BEGUN = (*STARTED, "a begin a", "b begin b")

DISABLED: list[tuple[Callable[[], None], list[str], str]] = [
    (contended_lock, [*BEGUN, "a acquire k"], "b"),
    (contended_lock, [*BEGUN, "a acquire k"], "main"),  # main is at its join
    (handshake, [*BEGUN], "a"),
    (places, [*BEGUN], "a"),
    (spin, [*BEGUN, "b store x"], "a"),
    (meeting, [*BEGUN, "a arrive b"], "a"),
    (meeting_with_action, [*BEGUN, "a arrive b", "b arrive b"], "a"),
    (meeting_with_action, [*BEGUN, "a arrive b", "b arrive b", "b point b"], "a"),
    (deep_wait, [*BEGUN, "a acquire rlock2", "a wait c"], "a"),  # not notified
    (deep_wait, [*BEGUN, "a acquire rlock2", "a wait c", "b acquire rlock2", "b notify c"], "a"),  # the lock is held
    (notified_or_not, [*BEGUN, "a acquire k", "a wait c", "b acquire k"], "a"),  # no time-out while the lock is held
    (children, ["main begin main"], "a"),  # not started
    (children, ["main begin main", "main start a"], "b"),
]


@pytest.mark.parametrize(("program", "lines", "blocked"), DISABLED, ids=lambda given: getattr(given, "__name__", ""))
def test_a_blocked_thread_cannot_be_given_the_turn(program: Callable[[], None], lines: list[str], blocked: str) -> None:
    with pytest.raises(DivergenceError) as caught:
        told(program, [*lines, f"{blocked} any"])
    assert caught.value.step == len(lines)
    assert "can go on" in caught.value.why


def test_a_threads_end_is_part_of_its_last_step() -> None:
    ended = []

    def last() -> None:
        racer.point()
        ended.append(True)

    def body() -> None:
        t = racer.Thread(target=last, name="a")
        t.start()
        t.join()

    told(body, ["main begin main", "main start a", "a begin a", "a point a", "main join a"])
    assert len(ended) == 1


def test_a_point_carries_its_label_and_an_operation_its_place_and_value() -> None:
    def body() -> None:
        racer.point("here")
        racer.Shared(7).value  # noqa: B018
        racer.Resource(name="r").write("the page")

    first, point, read, change = told(
        body, [f"main {x}" for x in ("begin main", "point main", "read shared1", "change r")]
    ).trace
    assert (point.what, read.value, change.what) == ("here", "7", "the page")
    assert read.location is not None
    assert read.location.file.endswith("test_operations.py")
    assert point.location is not None
    assert read.location.line == point.location.line + 1
    assert [e.step for e in (first, point, read, change)] == [0, 1, 2, 3]


def test_objects_are_numbered_by_order_of_creation_and_may_be_named() -> None:
    def body() -> None:
        x, lock, y = racer.Shared(0), racer.Lock(), racer.Shared(0, name="mine")
        y.value = 1
        x.value = 2
        lock.locked()

    trace = told(body, [f"main {x}" for x in ("begin main", "write mine", "write shared1", "locked lock2")]).trace
    assert [e.object for e in trace] == [0, 3, 1, 2]


def test_the_fields_of_an_object_are_numbered_when_it_is_made() -> None:
    def body() -> None:
        first, second = Box(), Box()
        second.m = 1
        first.n = 1

    trace = told(body, [f"main {x}" for x in ("begin main", "write Box.m", "write Box.n")]).trace
    assert [e.object for e in trace] == [0, 4, 1]
