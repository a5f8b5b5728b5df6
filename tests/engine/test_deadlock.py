"""Deadlocks: found exactly when no thread can go on and one that is no daemon is left; the cycle is named."""

from collections.abc import Callable

import pytest

import racer
from racer import Finding
from tests.engine.told import both

Body = Callable[[], object]


def found(body: Body, executions: int = 60) -> list[Finding]:
    return list(racer.explore(body, executions=executions, keep_going=True).findings)


def opposite_order() -> None:
    x, y = racer.Lock(name="x"), racer.Lock(name="y")

    def take(first: racer.Lock, second: racer.Lock) -> None:
        with first, second:
            pass

    both(lambda: take(x, y), lambda: take(y, x))


def ring_of_three() -> None:
    locks = [racer.Lock(name=name) for name in "xyz"]
    met = racer.Barrier(3, name="met")

    def take(i: int) -> None:
        with locks[i]:
            met.wait()
            locks[(i + 1) % 3].acquire()

    both(lambda: take(0), lambda: take(1), lambda: take(2))


def relock() -> None:
    lock = racer.Lock(name="x")
    lock.acquire()
    lock.acquire()


def join_under_lock() -> None:
    lock = racer.Lock(name="x")
    lock.acquire()
    both(lock.acquire)


def join_each_other() -> None:
    threads: list[racer.Thread] = []
    threads.extend(racer.Thread(target=lambda i=i: threads[1 - i].join(), name="ab"[i]) for i in range(2))
    for thread in threads:
        thread.start()


def notified_but_locked() -> None:
    c = racer.Condition(racer.Lock(name="x"), name="c")

    def wait() -> None:
        with c:
            c.wait()

    def notify() -> None:
        c.acquire()
        c.notify()  # and never releases

    both(wait, notify)


def no_one_sets() -> None:
    both(racer.Event(name="e").wait)


def no_place() -> None:
    both(racer.Semaphore(0, name="s").acquire)


def too_few_at_the_barrier() -> None:
    both(racer.Barrier(2, name="b").wait)


def value_never_comes() -> None:
    a = racer.Atomic(0, name="a")
    both(lambda: a.wait(lambda v: v == 1))


def lock_of_a_thread_that_ended() -> None:
    lock = racer.Lock(name="x")
    holder = racer.Thread(target=lock.acquire, name="holder")
    holder.start()
    holder.join()
    lock.acquire()


MESSAGES: dict[str, tuple[Body, list[str]]] = {
    "opposite order": (opposite_order, [
        "a cycle: ", "a waits for acquire of y, held by b", "b waits for acquire of x, held by a",
    ]),
    "ring of three": (ring_of_three, [
        "a cycle: ", "a waits for acquire of y, held by b", "b waits for acquire of z, held by c",
        "c waits for acquire of x, held by a",
    ]),
    "relock": (relock, ["a cycle: ", "main waits for acquire of x, held by main"]),
    "join under a lock": (join_under_lock, [
        "a cycle: ", "main waits for join of a", "a waits for acquire of x, held by main",
    ]),
    "join each other": (join_each_other, ["a cycle: ", "a waits for join of b", "b waits for join of a"]),
    "notified but locked": (notified_but_locked, ["a waits for reacquire of c"]),
    "event": (no_one_sets, ["main waits for join of a", "a waits for event-wait of e"]),
    "semaphore": (no_place, ["main waits for join of a", "a waits for sem-acquire of s"]),
    "barrier": (too_few_at_the_barrier, ["main waits for join of a", "a waits for leave of b"]),
    "await": (value_never_comes, ["main waits for join of a", "a waits for await of a"]),
    "ended holder": (lock_of_a_thread_that_ended, ["main waits for acquire of x"]),
}  # fmt: skip


@pytest.mark.parametrize("name", MESSAGES)
def test_a_deadlock_says_who_waits_for_what(name: str) -> None:
    body, said = MESSAGES[name]
    deadlocks = [finding for finding in found(body) if finding.kind == "deadlock"]
    assert deadlocks
    text = [finding.message for finding in deadlocks if all(part in finding.message for part in said)]
    assert text, deadlocks[0].message
    assert ("a cycle" in text[0]) == (said[0] == "a cycle: ")


def test_both_sides_of_a_deadlock_are_where_their_threads_wait() -> None:
    finding = found(opposite_order)[0]
    sides = {side.thread: side for side in finding.sides}
    assert set(sides) == {"main", "a", "b"}
    assert (sides["a"].action, sides["a"].what) == ("wait", "acquire of y")
    location = sides["a"].location
    assert location is not None
    assert location.file.endswith("test_deadlock.py")
    assert location.function.endswith("take")
    assert location == getattr(sides["b"], "location", None)
    assert sides["main"].location is not None
    assert sides["main"].location.file.endswith("told.py")


def test_a_deadlock_stands_at_the_last_step() -> None:
    execution = found(opposite_order)[0].execution
    assert execution is not None
    assert execution.finding is not None
    assert execution.finding.step == execution.steps - 1 == len(execution.trace) - 1


def blocked_daemon() -> None:
    racer.Thread(target=racer.Event().wait, daemon=True).start()


def daemons_deadlock_among_themselves() -> None:
    x, y = racer.Lock(), racer.Lock()

    def take(first: racer.Lock, second: racer.Lock) -> None:
        with first, second:
            pass

    racer.Thread(target=take, args=(x, y), daemon=True).start()
    racer.Thread(target=take, args=(y, x), daemon=True).start()


def never_started() -> None:
    racer.Thread(target=racer.Event().wait)
    both(racer.point, racer.point)


def inherited_daemon() -> None:
    def parent() -> None:
        racer.Thread(target=racer.Event().wait).start()

    racer.Thread(target=parent, daemon=True).start()


def two_trylocks() -> None:
    lock = racer.Lock()

    def attempt() -> None:
        if lock.acquire(blocking=False):
            lock.release()

    both(attempt, attempt)


def ended_while_waited_for() -> None:
    lock = racer.Lock()

    def hold() -> None:
        with lock:
            racer.point()

    first = racer.Thread(target=hold)
    first.start()
    with lock:
        pass
    first.join()


NO_DEADLOCK: tuple[Body, ...] = (
    blocked_daemon, daemons_deadlock_among_themselves, never_started, inherited_daemon, two_trylocks,
    ended_while_waited_for,
)  # fmt: skip


@pytest.mark.parametrize("body", NO_DEADLOCK, ids=lambda body: body.__name__)
def test_what_is_no_deadlock_is_not_reported(body: Body) -> None:
    assert [str(finding) for finding in found(body, 100)] == []


def test_a_daemon_that_can_go_on_runs_on_after_main_has_ended() -> None:
    def body() -> None:
        def work() -> None:
            for _ in range(5):
                racer.point()
            racer.count("done")

        racer.Thread(target=work, daemon=True).start()

    assert racer.explore(body, executions=30).counters == {"done": 30}


def test_a_daemon_is_shown_where_it_takes_part_in_a_deadlock() -> None:
    def body() -> None:
        lock = racer.Lock(name="x")

        def hold() -> None:
            lock.acquire()
            racer.Event(name="e").wait()

        holder = racer.Thread(target=hold, name="d", daemon=True)
        holder.start()
        while not lock.locked():
            pass
        lock.acquire()

    finding = found(body)[0]
    assert {side.thread for side in finding.sides} == {"main", "d"}
    assert "d waits for event-wait of e" in finding.message


def test_a_thread_blocked_next_to_one_that_runs_is_no_deadlock_until_that_ends() -> None:
    def body() -> None:
        e = racer.Event(name="e")
        racer.Thread(target=e.wait, name="a").start()
        for _ in range(20):
            racer.point()

    result = racer.explore(body, executions=30, keep_going=True)
    assert result.failed == 30
    for finding in result.findings:
        assert finding.execution is not None
        assert finding.step == finding.execution.steps - 1


def test_without_the_detector_a_deadlocked_execution_just_ends() -> None:
    result = racer.explore(opposite_order, executions=100, detect=("exception",))
    assert result.verdict == "PASS"
    assert result.interleavings == 3


def test_the_signature_of_a_deadlock_is_its_places() -> None:
    def body() -> None:
        kind = racer.choose(2)
        if kind:
            racer.Event().wait()
        racer.Event().wait()

    result = racer.explore(body, executions=60, keep_going=True)
    assert result.failed == 60
    assert len(result.findings) == 2
    assert sum(finding.count for finding in result.findings) == 60
