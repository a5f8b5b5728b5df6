"""Waits: first come first served, never spurious, timed ones at any moment, never part of a deadlock."""

from collections import Counter
from collections.abc import Callable

import pytest

import racer
from tests.engine.told import both

Body = Callable[[], object]


def kinds(result: racer.Result) -> set[str]:
    return {finding.kind for finding in result.findings}


def test_notify_wakes_who_has_waited_longest() -> None:
    def body() -> None:
        c = racer.Condition()
        queued: list[str] = []
        woken: list[str] = []

        def wait() -> None:
            with c:
                queued.append(racer.current_name())
                c.wait()
                woken.append(racer.current_name())

        def notify() -> None:
            c.acquire()
            while len(queued) < 3:
                c.release()
                racer.point()
                c.acquire()
            for n in range(1, 4):
                c.notify()
                while len(woken) < n:
                    c.release()
                    racer.point()
                    c.acquire()
            c.release()
            assert woken == queued

        both(wait, wait, wait, notify)

    assert racer.explore(body, executions=100).verdict == "PASS"


@pytest.mark.parametrize(("n", "woken"), [(0, 0), (-1, 0), (1, 1), (2, 2), (3, 3), (9, 3)])
def test_notify_wakes_no_more_than_n(n: int, woken: int) -> None:
    def body() -> None:
        c = racer.Condition()
        waiting = racer.Shared(0)

        def wait() -> None:
            with c:
                waiting.value += 1
                c.wait()
                racer.count("woken")

        def notify() -> None:
            while True:
                with c:
                    if waiting.value == 3:
                        c.notify(n)
                        return

        for target in (wait, wait, wait):
            racer.Thread(target=target, daemon=True).start()
        notify()

    result = racer.explore(body, executions=50)
    assert result.verdict == "PASS"
    assert result.counters.get("woken", 0) == 50 * woken


def test_there_are_no_spurious_wake_ups() -> None:
    def body() -> None:
        c = racer.Condition()

        def wait() -> None:
            with c:
                c.wait()
                racer.violation("spurious", "woken without a notification")

        racer.Thread(target=wait, daemon=True).start()
        for _ in range(5):
            with c:
                racer.point()

    assert racer.explore(body, executions=200).verdict == "PASS"


def test_a_notification_before_the_wait_is_lost() -> None:
    def body() -> None:
        c = racer.Condition()

        def wait() -> None:
            with c:
                c.wait()

        def notify() -> None:
            with c:
                c.notify_all()

        both(wait, notify)

    result = racer.explore(body, executions=100, keep_going=True)
    assert kinds(result) == {"deadlock"}
    assert 0 < result.failed < 100


def never_set() -> racer.Event:
    return racer.Event()


def held_lock() -> racer.Lock:
    lock = racer.Lock()
    lock.acquire()
    return lock


def held_by_another() -> racer.RLock:
    lock = racer.RLock()
    holder = racer.Thread(target=lock.acquire)
    holder.start()
    holder.join()
    return lock


def blocked_thread() -> racer.Thread:
    thread = racer.Thread(target=racer.Event().wait, daemon=True)
    thread.start()
    return thread


def wait_on_condition() -> object:
    with racer.Condition() as _, racer.Condition() as _:
        pass
    c = racer.Condition()
    with c:
        return c.wait(timeout=5)


def wait_for_on_condition() -> object:
    c = racer.Condition()
    with c:
        return c.wait_for(lambda: False, timeout=5)


def wait_at_barrier() -> object:
    try:
        return racer.Barrier(2).wait(timeout=5)
    except racer.BrokenBarrierError:
        return False


TIMED: dict[str, Callable[[], object]] = {
    "lock": lambda: held_lock().acquire(timeout=5),
    "rlock": lambda: held_by_another().acquire(timeout=5),
    "semaphore": lambda: racer.Semaphore(0).acquire(timeout=5),
    "event": lambda: never_set().wait(timeout=5),
    "condition": wait_on_condition,
    "condition, predicate": wait_for_on_condition,
    "barrier": wait_at_barrier,
    "join": lambda: blocked_thread().join(timeout=5),
    "sleep": lambda: racer.sleep(5),
}


@pytest.mark.parametrize("name", TIMED)
def test_a_timed_wait_is_never_part_of_a_deadlock_and_moves_the_virtual_clock(name: str) -> None:
    def body() -> None:
        before = racer.time()
        assert not TIMED[name]()
        assert before == 0
        assert racer.time() == 5

    result = racer.explore(body, executions=30)
    assert [str(finding) for finding in result.findings] == []


@pytest.mark.parametrize(
    "wait",
    [
        lambda s: s.acquire(timeout=1),
        lambda s: s.acquire(blocking=True, timeout=1e6),
        lambda s: s.acquire(timeout=0),
    ],
)
@pytest.mark.parametrize("make", [racer.Lock, racer.Semaphore, racer.RLock, racer.SpinLock, racer.BoundedSemaphore])
def test_a_timed_acquire_may_time_out_or_not_whatever_its_length(
    make: Callable[[], racer.Lock], wait: Callable[[racer.Lock], bool]
) -> None:
    def body() -> None:
        lock = make()

        def hold() -> None:
            with lock:
                racer.point()

        def try_it() -> None:
            got = wait(lock)
            racer.count(f"got {got}")
            if got:
                lock.release()

        both(hold, try_it)

    result = racer.explore(body, executions=100)
    assert result.verdict == "PASS"
    assert set(result.counters) == {"got True", "got False"}


def test_a_timed_wait_may_end_by_notification_or_time_and_both_may_take_the_lock_again() -> None:
    def body() -> None:
        c = racer.Condition()

        def wait() -> None:
            with c:
                racer.count(f"notified {c.wait(timeout=1)}")

        def notify() -> None:
            with c:
                c.notify()

        both(wait, notify)

    result = racer.explore(body, executions=200)
    assert result.verdict == "PASS"
    assert set(result.counters) == {"notified True", "notified False"}


def test_a_waiter_that_timed_out_takes_no_notification_with_it() -> None:
    def body() -> None:
        c = racer.Condition()
        ready = racer.Shared(0)
        got: list[bool] = []

        def impatient() -> None:
            with c:
                ready.value += 1
                got.append(c.wait(timeout=1))

        def patient() -> None:
            with c:
                ready.value += 1
                c.wait()

        def notify() -> None:
            while True:
                with c:
                    if ready.value == 2:
                        c.notify()
                        break
            while not got:
                racer.point()
            if got == [True]:  # the notification went to the impatient one, who was first in line
                with c:
                    c.notify()

        both(impatient, patient, notify)

    assert racer.explore(body, executions=300).verdict == "PASS"


def test_sleeps_end_in_any_order_and_the_clock_never_goes_back() -> None:
    def body() -> None:
        order: list[str] = []

        def nap(seconds: float) -> None:
            before = racer.time()
            racer.sleep(seconds)
            assert racer.time() >= before + seconds
            order.append(f"{seconds:g}")

        both(lambda: nap(1), lambda: nap(100))
        racer.count(" ".join(order))

    result = racer.explore(body, executions=100)
    assert result.verdict == "PASS"
    assert set(result.counters) == {"1 100", "100 1"}


def test_negative_sleeps_are_refused_inside_and_outside() -> None:
    with pytest.raises(ValueError, match="sleep length must be non-negative"):
        racer.sleep(-1)
    with pytest.raises(racer.FailureError, match="ValueError: sleep length must be non-negative"):
        racer.explore(lambda: racer.sleep(-1)).raise_on_failure()


def test_a_join_with_a_timeout_may_give_up_before_the_end() -> None:
    def body() -> None:
        t = racer.Thread(target=racer.point)
        t.start()
        t.join(timeout=0.5)
        racer.count(f"alive {t.is_alive()}")

    result = racer.explore(body, executions=100)
    assert set(result.counters) == {"alive True", "alive False"}


@pytest.mark.parametrize("parties", [1, 2, 3])
def test_a_barrier_hands_out_each_place_once_a_round(parties: int) -> None:
    def body() -> None:
        b = racer.Barrier(parties)
        places: list[int] = []
        both(*[lambda: places.extend(b.wait() for _ in range(2))] * parties)
        assert Counter(places) == dict.fromkeys(range(parties), 2)
        assert b.n_waiting == 0
        assert not b.broken

    assert racer.explore(body, executions=200).findings == ()


def test_a_barriers_action_runs_once_before_anyone_leaves() -> None:
    def body() -> None:
        ran = racer.Shared(0)

        def act() -> None:
            ran.value += 1
            racer.point()

        b = racer.Barrier(2, action=act)

        def meet() -> None:
            b.wait()
            assert ran.value == 1

        both(meet, meet)

    assert racer.explore(body, executions=200).verdict == "PASS"


def test_more_threads_than_parties_form_rounds_while_an_action_runs() -> None:
    def body() -> None:
        b = racer.Barrier(2, action=racer.point)
        places: list[int] = []
        both(*[lambda: places.append(b.wait())] * 4)
        assert sorted(places) == [0, 0, 1, 1]

    assert racer.explore(body, executions=400).verdict == "PASS"


def breaking(how: str) -> Body:
    def body() -> None:
        b = racer.Barrier(3)
        seen: list[str] = []

        def meet() -> None:
            try:
                b.wait()
            except racer.BrokenBarrierError:
                seen.append("broken")

        def end() -> None:
            while b.n_waiting < 2:
                pass
            getattr(b, how)()

        both(meet, meet, end)
        assert seen == ["broken", "broken"]
        assert b.broken == (how == "abort")
        assert b.n_waiting == 0

    return body


@pytest.mark.parametrize("how", ["abort", "reset"])
def test_who_waits_at_a_barrier_that_is_broken_gets_broken_barrier_error(how: str) -> None:
    result = racer.explore(breaking(how), executions=100)
    assert [str(finding) for finding in result.findings] == []


def test_a_barrier_whose_action_raises_is_broken_for_all() -> None:
    def body() -> None:
        b = racer.Barrier(2, action=lambda: 1 // 0)
        seen: list[str] = []

        def meet() -> None:
            try:
                b.wait()
            except (ZeroDivisionError, racer.BrokenBarrierError) as error:
                seen.append(type(error).__name__)

        both(meet, meet)
        assert sorted(seen) == ["BrokenBarrierError", "ZeroDivisionError"]
        assert b.broken

    assert racer.explore(body, executions=100).verdict == "PASS"


def test_an_event_wakes_all_who_wait_and_a_cleared_one_nobody() -> None:
    def body() -> None:
        e = racer.Event()
        woken = racer.Atomic(0)

        def wait() -> None:
            e.wait()
            woken.add(1)

        both(wait, wait, e.set)
        assert woken.load() == 2

    assert racer.explore(body, executions=100).verdict == "PASS"

    def taken_back() -> None:
        e = racer.Event()

        def pulse() -> None:
            e.set()
            e.clear()

        both(e.wait, pulse)

    result = racer.explore(taken_back, executions=100, keep_going=True)
    assert kinds(result) == {"deadlock"}
    assert 0 < result.failed < 100


def test_a_semaphore_lets_as_many_in_as_it_says() -> None:
    def body() -> None:
        s = racer.Semaphore(2)
        inside = racer.Atomic(0)

        def enter() -> None:
            with s:
                racer.count(f"with {inside.add(1)}")
                inside.add(-1)

        both(enter, enter, enter)

    result = racer.explore(body, executions=200)
    assert set(result.counters) == {"with 0", "with 1"}


def test_a_release_of_several_wakes_several() -> None:
    def body() -> None:
        s = racer.Semaphore(0)
        both(s.acquire, s.acquire, lambda: s.release(2))

    assert racer.explore(body, executions=100).verdict == "PASS"


def test_two_threads_that_start_one_thread_get_one_start_and_one_error() -> None:
    def body() -> None:
        ran = racer.Atomic(0)
        child = racer.Thread(target=lambda: ran.add(1))
        refused: list[str] = []

        def start() -> None:
            try:
                child.start()
            except RuntimeError as error:
                refused.append(str(error))

        both(start, start)
        child.join()
        assert ran.load() == 1
        assert refused == ["threads can only be started once"]

    result = racer.explore(body, executions=100)
    assert [str(finding) for finding in result.findings] == []


def test_a_join_of_a_thread_that_another_starts_raises_or_waits() -> None:
    def body() -> None:
        child = racer.Thread(target=racer.point)

        def join() -> None:
            try:
                child.join()
            except RuntimeError as error:
                racer.count(str(error))
            else:
                racer.count("joined")
                assert not child.is_alive()

        both(child.start, join)

    result = racer.explore(body, executions=200)
    assert [str(finding) for finding in result.findings] == []
    assert set(result.counters) == {"joined", "cannot join thread before it is started"}
