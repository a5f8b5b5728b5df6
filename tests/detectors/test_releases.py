"""double-release and release-by-another: who gives back what it does not have."""

import contextlib

import pytest

import racer
from tests.detectors.judged import Body, found, sides, together, told


def twice() -> None:
    lock = racer.Lock(name="lock")
    lock.acquire()
    lock.release()
    with contextlib.suppress(RuntimeError):
        lock.release()


def both_give_it_back() -> None:
    lock = racer.SpinLock(name="lock")
    lock.acquire()

    def give_back() -> None:
        with contextlib.suppress(RuntimeError):
            lock.release()

    together(give_back, give_back)


def thrice() -> None:
    lock = racer.Lock(name="lock")
    with lock:
        pass

    def again() -> None:
        with contextlib.suppress(RuntimeError):
            lock.release()

    for number in range(2):
        thread = racer.Thread(target=again, name=f"t{number}")
        thread.start()
        thread.join()


def never_taken() -> None:
    with contextlib.suppress(RuntimeError):
        racer.Lock(name="lock").release()


def semaphore_over() -> None:
    semaphore = racer.BoundedSemaphore(1, name="semaphore")
    semaphore.acquire()
    semaphore.release()
    with contextlib.suppress(ValueError):
        semaphore.release()


DOUBLE: dict[str, tuple[Body, list[str]]] = {
    "twice by one thread": (twice, ["main released lock, which it had released already"]),
    "by two threads": (
        both_give_it_back,
        ["t0 released lock, which t1 had released already", "t1 released lock, which t0 had released already"],
    ),
    "thrice": (
        thrice,
        ["t0 released lock, which main had released already", "t1 released lock, which main had released already"],
    ),
    "never taken": (never_taken, ["main released lock, which nobody had taken"]),
    "a bounded semaphore": (semaphore_over, ["main released semaphore, which it had released already"]),
}


@pytest.mark.parametrize("name", DOUBLE)
def test_a_release_of_what_nobody_holds_is_found(name: str) -> None:
    body, messages = DOUBLE[name]
    assert told("double-release", body) == messages


def test_it_says_who_released_it_before_and_where() -> None:
    (finding,) = found("double-release", twice)
    assert sides(finding) == ["main release lock in twice", "main release lock in twice"]
    assert [side.location.line for side in finding.sides if side.location] == sorted(
        {side.location.line for side in finding.sides if side.location}
    )


def test_a_wait_that_timed_out_has_the_lock_again() -> None:
    def test() -> None:
        condition = racer.Condition(racer.Lock(name="lock"), name="condition")
        with condition:
            condition.wait(timeout=1)
        with contextlib.suppress(RuntimeError):
            condition.release()

    (finding,) = found("double-release", test)
    assert [side.action for side in finding.sides] == ["release", "release"]
    steps = [side.step for side in finding.sides]
    assert len(set(steps)) == 2


def released_and_taken_again() -> None:
    lock = racer.Lock(name="lock")

    def use() -> None:
        for _ in range(2):
            with lock:
                pass

    together(use, use)


def reentrant() -> None:
    lock = racer.RLock(name="lock")
    with lock, lock:
        pass


def over_a_condition() -> None:
    condition = racer.Condition(racer.Lock(name="lock"))

    def wait() -> None:
        with condition:
            condition.wait(timeout=1)

    def notify() -> None:
        with condition:
            condition.notify()

    together(wait, notify)


def failed_attempt() -> None:
    lock = racer.Lock(name="lock")

    def attempt() -> None:
        if lock.acquire(blocking=False):
            lock.release()

    together(attempt, attempt)


def semaphore_as_a_signal() -> None:
    semaphore = racer.Semaphore(0)
    together(semaphore.acquire, semaphore.release)


RIGHT: dict[str, Body] = {
    "taken again": released_and_taken_again,
    "an RLock": reentrant,
    "a condition's lock": over_a_condition,
    "only if it was taken": failed_attempt,
    "a semaphore": semaphore_as_a_signal,
}


@pytest.mark.parametrize("detector", ["double-release", "release-by-another"])
@pytest.mark.parametrize("name", RIGHT)
def test_what_releases_its_own_is_right(name: str, detector: str) -> None:
    assert told(detector, RIGHT[name]) == []


def handed_over() -> None:
    lock = racer.Lock(name="lock")
    lock.acquire()
    together(lock.release)


def test_a_release_by_another_thread_than_the_holder_is_found() -> None:
    (finding,) = found("release-by-another", handed_over)
    assert finding.message == "t0 released lock, which main held"
    assert sides(finding)[0] == "main acquire lock in handed_over"
    assert finding.sides[1].thread == "t0"


def test_who_goes_on_as_if_it_held_the_lock_releases_it_twice() -> None:
    def test() -> None:
        lock = racer.Lock(name="lock")
        lock.acquire()
        together(lock.release)
        with contextlib.suppress(RuntimeError):
            lock.release()

    assert told("double-release", test) == ["main released lock, which t0 had released already"]
