"""The primitives behave as threading's do: small scripts run with threading, and with racer free and controlled.

A script gets the module to use and says what it saw; all three must say the same, under every schedule tried.
"""

import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

import racer

Say = Callable[[Callable[[], object]], None]
Script = Callable[[Any, Say], object]


def lock(t: Any, say: Say) -> None:
    k = t.Lock()
    say(k.locked)
    say(k.acquire)
    say(k.locked)
    say(lambda: k.acquire(False))
    say(lambda: k.acquire(blocking=False))
    say(lambda: k.acquire(timeout=0.001))
    say(lambda: k.acquire(True, 0))
    say(k.release)
    say(k.release)
    say(lambda: k.acquire(True, -1))
    say(k.release)
    say(lambda: k.acquire(timeout=0))
    say(lambda: k.acquire(False, 1))
    say(lambda: k.acquire(timeout=-2))
    say(k.locked)
    say(lambda: k.__exit__(None, None, None))
    say(k.__enter__)


def lock_and_exception(t: Any, say: Say) -> None:
    k = t.Lock()

    def fail() -> None:
        with k:
            raise KeyError("inside")

    say(fail)
    say(k.locked)


def lock_released_by_another(t: Any, say: Say) -> None:
    k = t.Lock()
    k.acquire()
    other = t.Thread(target=k.release)
    other.start()
    other.join()
    say(k.locked)


def rlock(t: Any, say: Say) -> None:
    r = t.RLock()
    say(r.release)
    say(r.acquire)
    say(lambda: r.acquire(blocking=False))
    say(lambda: r.acquire(timeout=1))
    say(lambda: r.acquire(False, 1))
    say(lambda: r.acquire(timeout=-2))
    say(r.release)
    say(r.release)
    say(r.release)
    say(r.release)
    say(r.__enter__)


def rlock_of_another(t: Any, say: Say) -> None:
    r = t.RLock()
    r.acquire()
    r.acquire()

    def other() -> None:
        say(lambda: r.acquire(blocking=False))
        say(lambda: r.acquire(timeout=0.001))
        say(r.release)

    def run() -> None:
        thread = t.Thread(target=other)
        thread.start()
        thread.join()

    run()
    r.release()
    run()
    r.release()
    say(lambda: r.acquire(blocking=False))


def condition(t: Any, say: Say) -> None:
    c = t.Condition()
    say(c.wait)
    say(lambda: c.wait(timeout=1))
    say(c.notify)
    say(c.notify_all)
    say(c.release)
    say(c.__enter__)
    say(c.acquire)
    say(lambda: c.wait(0.001))
    say(lambda: c.wait(-5))
    say(lambda: c.wait_for(lambda: 0, timeout=0.001))
    say(lambda: c.wait_for(lambda: 7))
    say(lambda: c.wait_for(lambda: 0, 0))
    say(lambda: c.notify(0))
    say(lambda: c.notify(-1))
    say(c.notify)
    say(lambda: c.notify(5))
    say(c.release)
    say(c.release)
    say(c.release)


def condition_over_a_lock(t: Any, say: Say) -> None:
    k = t.Lock()
    c, d = t.Condition(k), t.Condition(k)
    with c:
        say(k.locked)
        say(lambda: d.acquire(blocking=False))
        say(lambda: d.wait(timeout=0.001))
        say(d.notify)
        say(k.locked)
    say(k.locked)
    say(d.notify)


def semaphore(t: Any, say: Say) -> None:
    say(lambda: t.Semaphore(-1) and None)
    s = t.Semaphore(2)
    say(s.acquire)
    say(s.__enter__)
    say(lambda: s.acquire(False))
    say(lambda: s.acquire(timeout=0))
    say(lambda: s.acquire(timeout=0.001))
    say(lambda: s.acquire(False, 1))
    say(lambda: s.release(0))
    say(lambda: s.release(-3))
    say(s.release)
    say(lambda: s.release(n=2))
    say(lambda: [s.acquire(blocking=False) for _ in range(4)])
    say(lambda: s.__exit__(None, None, None))
    say(lambda: t.Semaphore().acquire(blocking=False))
    say(lambda: t.Semaphore(0).acquire(blocking=False))


def bounded_semaphore(t: Any, say: Say) -> None:
    say(lambda: t.BoundedSemaphore(-1) and None)
    s = t.BoundedSemaphore(2)
    say(s.release)
    say(s.acquire)
    say(lambda: s.release(2))
    say(s.release)
    say(lambda: [s.acquire(blocking=False) for _ in range(3)])
    say(lambda: s.release(2))
    say(s.release)
    say(lambda: isinstance(s, t.Semaphore))


def event(t: Any, say: Say) -> None:
    e = t.Event()
    say(e.is_set)
    say(lambda: e.wait(0))
    say(lambda: e.wait(timeout=-1))
    say(e.set)
    say(e.set)
    say(e.is_set)
    say(e.wait)
    say(lambda: e.wait(0))
    say(e.clear)
    say(e.clear)
    say(lambda: e.wait(0.001))


def barrier(t: Any, say: Say) -> None:
    b = t.Barrier(2)
    say(lambda: (b.parties, b.n_waiting, b.broken))
    say(lambda: b.wait(timeout=0.001))
    say(lambda: (b.parties, b.n_waiting, b.broken))
    say(b.wait)
    say(b.reset)
    say(lambda: (b.n_waiting, b.broken))
    say(b.abort)
    say(lambda: (b.n_waiting, b.broken))
    say(lambda: b.wait(5))
    say(b.abort)
    say(b.reset)
    say(b.reset)
    say(lambda: (b.n_waiting, b.broken))


def barrier_timeouts(t: Any, say: Say) -> None:
    b = t.Barrier(2, timeout=0.001)
    say(b.wait)
    b = t.Barrier(2, None, 5)
    say(lambda: b.wait(0.001))


def barrier_of_one(t: Any, say: Say) -> None:
    calls: list[int] = []
    b: Any = t.Barrier(1, action=lambda: calls.append(b.n_waiting))
    say(b.wait)
    say(b.wait)
    say(lambda: calls)
    b = t.Barrier(1, lambda: 1 // 0)
    say(b.wait)
    say(lambda: b.broken)
    say(b.wait)


def thread(t: Any, say: Say) -> None:
    done: list[object] = []

    def work(*args: object, **kwargs: object) -> None:
        done.append((args, sorted(kwargs)))
        say(me.join)
        say(me.is_alive)
        say(me.start)

    me = t.Thread(target=work, name="me", args=[1, 2], kwargs={"k": 3})
    say(lambda: (me.name, me.daemon, me.ident, me.is_alive()))
    say(me.join)
    say(lambda: me.join(timeout=1))
    me.start()
    me.join()
    say(me.start)
    say(lambda: (me.is_alive(), me.ident is not None, done))
    say(lambda: me.join(timeout=0))
    say(lambda: me.join(timeout=-1))
    say(lambda: setattr(me, "daemon", True))


def thread_without_target(t: Any, say: Say) -> None:
    me = t.Thread()
    me.start()
    say(me.join)
    say(lambda: t.Thread("group") and None)
    me = t.Thread(name=5)
    say(lambda: me.name)
    me.name = 6
    say(lambda: me.name)


def thread_subclass(t: Any, say: Say) -> None:
    class Mine(t.Thread):  # type: ignore[misc]  # t is either module
        def __init__(self) -> None:
            super().__init__(name="mine")
            self.result: object = None

        def run(self) -> None:
            self.result = (self.name, self.is_alive())

    me = Mine()
    me.start()
    me.join()
    say(lambda: me.result)
    direct = t.Thread(target=lambda: say(lambda: "run"))
    direct.run()


def thread_daemons(t: Any, say: Say) -> None:
    def parent() -> None:
        say(lambda: (t.Thread().daemon, t.Thread(daemon=False).daemon))

    for daemon in (True, False, None):
        me = t.Thread(target=parent, daemon=daemon)
        say(lambda me=me: me.daemon)  # type: ignore[misc]  # bound in the loop
        me.start()
        me.join()


# -- several threads, one possible outcome -------------------------------------------------------------------------


def run_all(t: Any, *targets: Callable[[], object]) -> None:
    threads = [t.Thread(target=target) for target in targets]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


def counter(t: Any, say: Say) -> None:
    k, total = t.Lock(), [0]

    def add() -> None:
        for _ in range(3):
            with k:
                total[0] += 1

    run_all(t, add, add, add)
    say(lambda: total)


def bounded_buffer(t: Any, say: Say) -> None:
    k = t.Lock()
    filled, emptied = t.Condition(k), t.Condition(k)
    items: list[int] = []
    taken: list[int] = []

    def produce() -> None:
        for i in range(4):
            with emptied:
                emptied.wait_for(lambda: len(items) < 1)
                items.append(i)
                filled.notify()

    def consume() -> None:
        for _ in range(4):
            with filled:
                while not items:
                    filled.wait()
                taken.append(items.pop())
                emptied.notify()

    run_all(t, consume, produce)
    say(lambda: (taken, items))


def all_notified(t: Any, say: Say) -> None:
    c, ready, woken = t.Condition(), [0], []

    def wait() -> None:
        with c:
            ready[0] += 1
            c.notify_all()
            woken.append(c.wait_for(lambda: ready[0] == 3))

    run_all(t, wait, wait, wait)
    say(lambda: woken)


def nested_wait_frees_the_lock_and_takes_it_back(t: Any, say: Say) -> None:
    c = t.Condition()
    flag: list[bool] = []

    def wait() -> None:
        with c, c:
            while not flag:
                c.wait()
            c.release()
            say(lambda: c.wait(timeout=0.001))  # still owned once
            c.acquire()

    def wake() -> None:
        with c:
            flag.append(True)
            c.notify()

    run_all(t, wait, wake)
    say(c.notify)


def few_places(t: Any, say: Say) -> None:
    s, k, inside, most = t.Semaphore(2), t.Lock(), [0], [0]

    def enter() -> None:
        with s:
            with k:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            with k:
                inside[0] -= 1

    run_all(t, enter, enter, enter, enter)
    say(lambda: most[0] <= 2 and inside[0] == 0)


def rounds(t: Any, say: Say) -> None:
    calls: list[int] = []
    got: list[int] = []
    b = t.Barrier(2, action=lambda: calls.append(len(got)))

    def meet() -> None:
        got.extend(b.wait() for _ in range(3))

    run_all(t, meet, meet)
    say(lambda: (sorted(got), len(calls), b.n_waiting, b.broken))


def four_at_a_barrier_of_two(t: Any, say: Say) -> None:
    k, got = t.Lock(), []

    def act() -> None:
        with k:
            pass

    b = t.Barrier(2, action=act)
    run_all(t, *[lambda: got.append(b.wait())] * 4)
    say(lambda: (sorted(got), b.n_waiting))


def failing_action(t: Any, say: Say) -> None:
    b, seen = t.Barrier(2, action=lambda: 1 // 0), []

    def meet() -> None:
        try:
            b.wait()
        except (ZeroDivisionError, t.BrokenBarrierError) as error:
            seen.append(type(error).__name__)

    run_all(t, meet, meet)
    say(lambda: (sorted(seen), b.broken))


def broken_for_all(t: Any, say: Say) -> None:
    b, seen = t.Barrier(3), []

    def meet() -> None:
        try:
            seen.append(b.wait())
        except t.BrokenBarrierError as error:
            seen.append((type(error).__name__, str(error)))

    def end() -> None:
        while b.n_waiting < 2:
            pass
        b.abort()

    run_all(t, meet, meet, end)
    say(lambda: (seen, b.broken))


def reset_for_all(t: Any, say: Say) -> None:
    b, seen = t.Barrier(2), []

    def meet() -> None:
        try:
            seen.append(b.wait())
        except t.BrokenBarrierError as error:
            seen.append((type(error).__name__, str(error)))

    def end() -> None:
        while b.n_waiting < 1:
            pass
        b.reset()

    run_all(t, meet, end)
    say(lambda: (seen, b.broken, b.n_waiting))
    run_all(t, meet, meet)
    say(lambda: sorted(map(str, seen)))


def ping_pong(t: Any, say: Say) -> None:
    ping, pong, log = t.Event(), t.Event(), []

    def first() -> None:
        for i in range(3):
            log.append(("ping", i))
            ping.set()
            pong.wait()
            pong.clear()

    def second() -> None:
        for i in range(3):
            ping.wait()
            ping.clear()
            log.append(("pong", i))
            pong.set()

    run_all(t, first, second)
    say(lambda: log)


ALONE: tuple[Script, ...] = (
    lock, lock_and_exception, lock_released_by_another, rlock, rlock_of_another, condition, condition_over_a_lock,
    semaphore, bounded_semaphore, event, barrier, barrier_timeouts, barrier_of_one, thread, thread_without_target,
    thread_subclass, thread_daemons,
)  # fmt: skip
TOGETHER: tuple[Script, ...] = (
    counter, bounded_buffer, all_notified, nested_wait_frees_the_lock_and_takes_it_back, few_places, rounds,
    four_at_a_barrier_of_two, failing_action, broken_for_all, reset_for_all, ping_pong,
)  # fmt: skip
SCRIPTS = {getattr(script, "__name__", ""): script for script in (*ALONE, *TOGETHER)}


def said(script: Script, module: ModuleType) -> list[str]:
    """Run a script and return what it said: results, or the types and messages of exceptions."""
    log: list[str] = []

    def say(what: Callable[[], object]) -> None:
        try:
            log.append(repr(what()))
        except Exception as error:
            told = str(error).replace("must be positive", "must be a non-negative number")  # as of Python 3.12
            log.append(f"{type(error).__name__}: {told}")

    script(module, say)
    return log


@pytest.mark.parametrize("name", SCRIPTS)
def test_outside_any_execution_a_primitive_does_what_threading_does(name: str) -> None:
    assert said(SCRIPTS[name], racer) == said(SCRIPTS[name], threading)


@pytest.mark.parametrize("name", SCRIPTS)
def test_inside_an_execution_a_primitive_does_what_threading_does(name: str) -> None:
    expected = said(SCRIPTS[name], threading)
    wrong: list[list[str]] = []

    def body() -> None:
        seen = said(SCRIPTS[name], racer)
        if seen != expected:
            wrong.append(seen)

    result = racer.explore(body, executions=100, keep_going=True, max_steps=20_000)
    assert [str(finding) for finding in result.findings] == []
    assert wrong[:1] == []


@pytest.mark.parametrize("name", SCRIPTS)
def test_in_a_free_run_a_primitive_does_what_threading_does(name: str) -> None:
    expected = said(SCRIPTS[name], threading)
    wrong: list[list[str]] = []

    def body() -> None:
        seen = said(SCRIPTS[name], racer)
        if seen != expected:
            wrong.append(seen)

    result = racer.run_free(body, 0.02)
    assert [str(finding) for finding in result.findings] == []
    assert result.executions > 0
    assert wrong[:1] == []
