"""atomic-sleep: what may sleep while a spinlock is held."""

from collections.abc import Callable

import pytest

import racer
from tests.detectors.judged import Body, found, sides, told


def under(sleeper: Callable[[], Callable[[], object]]) -> Body:
    """Return a body that does something under a spinlock; what `sleeper` makes is made before."""

    def test() -> None:
        spin = racer.SpinLock(name="spin")
        sleep = sleeper()
        with spin:
            sleep()

    return test


def taking(lock: racer.Lock) -> Callable[[], object]:
    def take() -> None:
        with lock:
            pass

    return take


def waiting() -> Callable[[], object]:
    condition = racer.Condition(racer.Lock(name="lock"), name="condition")

    def wait() -> None:
        with condition:
            condition.wait(timeout=1)

    return wait


def set_event() -> racer.Event:
    event = racer.Event(name="event")
    event.set()
    return event


def ended_thread() -> racer.Thread:
    thread = racer.Thread(target=int, name="worker")
    thread.start()
    return thread


SLEEPS: dict[str, tuple[Callable[[], Callable[[], object]], list[str]]] = {
    "a lock": (lambda: taking(racer.Lock(name="lock")), ["acquire lock"]),
    "a reentrant lock": (lambda: taking(racer.RLock(name="lock")), ["acquire lock"]),
    "a condition": (waiting, ["acquire lock", "wait condition"]),
    "a set event": (lambda: set_event().wait, ["event-wait event"]),
    "an event, with a timeout": (
        lambda: lambda: set_event().wait(timeout=1), ["timed-event-wait event"],
    ),
    "a semaphore": (lambda: racer.Semaphore(1, name="semaphore").acquire, ["sem-acquire semaphore"]),
    "a barrier": (lambda: racer.Barrier(1, name="barrier").wait, ["arrive barrier"]),
    "a join": (lambda: ended_thread().join, ["join worker"]),
    "a join with a timeout": (lambda: lambda: ended_thread().join(timeout=1), ["timed-join worker"]),
    "a sleep": (lambda: lambda: racer.sleep(1), ["sleep"]),
}  # fmt: skip


@pytest.mark.parametrize("name", SLEEPS)
def test_what_may_sleep_under_a_spinlock_is_found(name: str) -> None:
    sleeper, actions = SLEEPS[name]
    messages = told("atomic-sleep", under(sleeper))
    assert messages == [f"main may sleep ({each}) while it holds spin, which is a spinlock" for each in actions]


AWAKE: dict[str, Callable[[], Callable[[], object]]] = {
    "another spinlock": lambda: taking(racer.SpinLock(name="inner")),
    "an attempt": lambda: lambda: racer.Lock().acquire(blocking=False),
    "a spin": lambda: lambda: racer.Atomic(1).wait(bool),
    "a start": lambda: racer.Thread(target=int).start,
    "a notify": lambda: set_event().set,
    "a point": lambda: racer.point,
    "a release of a semaphore": lambda: racer.Semaphore(0).release,
}


@pytest.mark.parametrize("name", AWAKE)
def test_what_never_sleeps_is_right_under_a_spinlock(name: str) -> None:
    assert told("atomic-sleep", under(AWAKE[name])) == []


def test_after_its_release_everything_is_right() -> None:
    def test() -> None:
        spin, lock = racer.SpinLock(), racer.Lock()
        with lock, spin:  # the other way round is the finding
            pass
        racer.sleep(1)

    assert told("atomic-sleep", test) == []


def test_only_the_spinlocks_among_what_is_held_are_told() -> None:
    def test() -> None:
        spin, lock = racer.SpinLock(name="spin"), racer.Lock(name="lock")
        with lock, spin:
            racer.sleep(1)

    assert told("atomic-sleep", test) == ["main may sleep (sleep) while it holds spin, which is a spinlock"]


def test_a_condition_over_the_spinlock_itself_gives_it_up_while_it_waits() -> None:
    def test() -> None:
        condition = racer.Condition(racer.SpinLock(name="spin"))
        with condition:
            condition.wait(timeout=1)

    assert told("atomic-sleep", test) == []


def test_it_says_where_the_spinlock_was_taken_and_where_it_sleeps() -> None:
    def test() -> None:
        spin, lock = racer.SpinLock(name="spin"), racer.Lock(name="lock")

        def outer() -> None:
            with spin:
                inner()

        def inner() -> None:
            with lock:
                pass

        outer()

    (finding,) = found("atomic-sleep", test)
    assert sides(finding) == ["main acquire spin in outer", "main acquire lock in inner"]
    assert finding.notes == ("at step 1 main held no lock", "at step 2 main held spin")


def test_a_thread_that_slept_for_ever_is_found_too() -> None:
    def test() -> None:
        spin, lock = racer.SpinLock(name="spin"), racer.Lock(name="lock")
        lock.acquire()

        def stuck() -> None:
            with spin, lock:
                pass

        racer.Thread(target=stuck, name="t0").start()

    findings = found("atomic-sleep", test)
    assert [finding.message for finding in findings] == [
        "t0 may sleep (acquire lock) while it holds spin, which is a spinlock"
    ]
    assert sides(findings[0]) == ["t0 acquire spin in stuck", "t0 acquire lock in stuck"]
