"""Threads that outlive main, that only seem to be stuck, and that are stuck for good."""

import threading
from collections.abc import Callable

import pytest

import racer
from tests.engine.flat import body
from tests.engine.programs import KNOWN
from tests.engine.told import both
from tests.pitfalls.programs import PITFALLS


def test_a_daemon_is_not_cut_off_by_the_end_of_main() -> None:
    """Where main's end is no event of its own, one execution looks like all there is."""

    def test() -> None:
        seen = racer.Atomic("")

        def serve(name: str) -> None:
            seen.update(lambda so_far: so_far + name)
            racer.count(seen.load())

        for name in "ab":
            racer.Thread(target=serve, args=(name,), daemon=True).start()

    result = racer.verify(test)
    assert (result.interleavings, result.redundant, result.verdict) == (4, 0, "PASS")
    assert result.counters == {"a": 1, "b": 1, "ab": 3, "ba": 3}


def test_a_server_that_waits_for_more_is_found_in_every_state_and_is_no_deadlock() -> None:
    def test() -> None:
        orders, lock = racer.Semaphore(0), racer.Lock()

        def serve() -> None:
            while True:
                orders.acquire()
                with lock:
                    racer.count("served")

        racer.Thread(target=serve, daemon=True).start()
        orders.release()
        racer.count(f"locked {lock.locked()}")

    result = racer.verify(test)
    assert (result.verdict, result.exhausted) == ("PASS", True)
    assert result.counters == {"served": 3, "locked True": 1, "locked False": 2}


def test_a_daemon_left_with_a_lock_that_main_wants_is_a_deadlock() -> None:
    def test() -> None:
        lock = racer.Lock()
        racer.Thread(target=lock.acquire, daemon=True).start()
        with lock:
            pass

    result = racer.verify(test, keep_going=True)
    assert (result.interleavings, result.failed) == (2, 1)


def trylocks() -> None:
    """One of two may hold the lock until the other has ended."""
    lock = racer.Lock()
    other = racer.Thread(target=lambda: lock.acquire(blocking=False))
    other.start()
    got = lock.acquire(blocking=False)
    other.join()
    if got:
        lock.release()


def nobody_notifies() -> None:
    condition = racer.Condition()

    def wait() -> None:
        with condition:
            assert not condition.wait(timeout=1)

    both(wait, wait)


def nobody_comes() -> None:
    event, places, lock = racer.Event(), racer.Semaphore(0), racer.Lock()
    lock.acquire()

    def wait() -> None:
        got = [event.wait(timeout=1), places.acquire(timeout=1), lock.acquire(timeout=1)]
        assert not any(got)

    both(wait, wait)


def too_late_at_the_barrier() -> None:
    barrier = racer.Barrier(3)

    def wait() -> None:
        try:
            barrier.wait(timeout=1)
        except racer.BrokenBarrierError:
            racer.count("broken")

    both(wait, wait)


def joined_in_time_or_not() -> None:
    event = racer.Event()
    late = racer.Thread(target=event.wait, daemon=True)
    late.start()
    late.join(timeout=1)
    assert late.is_alive()


NO_DEADLOCK: tuple[Callable[[], None], ...] = (
    trylocks, nobody_notifies, nobody_comes, too_late_at_the_barrier, joined_in_time_or_not,
)  # fmt: skip


@pytest.mark.parametrize("test", NO_DEADLOCK, ids=lambda test: test.__name__)
def test_who_can_still_go_on_is_in_no_deadlock(test: Callable[[], None]) -> None:
    result = racer.verify(test)
    assert (result.verdict, result.exhausted) == ("PASS", True)


def test_a_notification_before_the_wait_is_lost_and_none_after_it() -> None:
    def test() -> None:
        condition = racer.Condition()

        def wait() -> None:
            with condition:
                condition.wait()
                racer.count("woken")

        def notify() -> None:
            with condition:
                condition.notify()

        both(wait, notify)

    result = racer.verify(test, keep_going=True)
    assert (result.interleavings, result.failed, result.counters) == (2, 1, {"woken": 1})


STUCK = [name for name in PITFALLS if PITFALLS[name].deadlocks] + [name for name in KNOWN if KNOWN[name].deadlocks]


def test_deadlocked_executions_leave_no_thread_and_change_nothing_in_the_next() -> None:
    bodies = [body((PITFALLS[name] if name in PITFALLS else KNOWN[name]).program) for name in STUCK]
    first = [racer.verify(each, keep_going=True).digest for each in bodies]
    threads = threading.active_count()
    for _ in range(3):
        assert [racer.verify(each, keep_going=True).digest for each in bodies] == first
        assert threading.active_count() <= threads


def test_what_a_stuck_thread_does_while_it_is_unwound_is_no_part_of_the_execution() -> None:
    """Its destructors would take the lock that it is stuck on, or release the one that another is stuck on."""

    def test() -> None:
        one, other = racer.Lock(), racer.Lock()

        def work(first: racer.Lock, second: racer.Lock) -> None:
            with first:
                try:
                    second.acquire()
                    racer.count("whole")
                finally:
                    second.release()
                    racer.count("left")

        both(lambda: work(one, other), lambda: work(other, one))

    result = racer.verify(test, keep_going=True)
    assert {finding.kind for finding in result.findings} == {"deadlock"}
    assert 0 < result.failed < result.interleavings
    assert result.counters["left"] == result.counters["whole"]
