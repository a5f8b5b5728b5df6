"""leak: what is left over when all is over."""

import contextlib

import pytest

import racer
from tests.detectors.judged import Body, found, sides, together, told


def ends_with_the_lock() -> None:
    lock = racer.Lock(name="lock")
    together(lock.acquire)


def raises_with_the_lock() -> None:
    lock = racer.Lock(name="lock")

    def fail() -> None:
        lock.acquire()
        _ = 1 // 0
        lock.release()

    together(fail)


def main_ends_with_the_lock() -> None:
    racer.SpinLock(name="lock").acquire()


def left_behind() -> None:
    event = racer.Event(name="event")
    racer.Thread(target=event.wait, name="t0").start()


def never_ended() -> None:
    page = racer.Lifetime(name="page")
    page.use()


LEAKS: dict[str, tuple[Body, list[str]]] = {
    "a lock of a thread": (ends_with_the_lock, ["t0 ended and still held lock"]),
    "a lock of a thread that raised": (raises_with_the_lock, ["t0 ended and still held lock"]),
    "a lock of main": (main_ends_with_the_lock, ["main ended and still held lock"]),
    "a thread": (left_behind, ["t0 never ends: it waits for event-wait of event"]),
    "a lifetime": (never_ended, ["page was never ended"]),
}


@pytest.mark.parametrize("name", LEAKS)
def test_what_is_left_over_is_found(name: str) -> None:
    body, messages = LEAKS[name]
    assert told("leak", body) == messages


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (raises_with_the_lock, ["t0 acquire lock in fail"]),
        (left_behind, ["t0 event-wait event in left_behind"]),
        (never_ended, ["main begin page in never_ended"]),
    ],
)
def test_it_says_where_it_was_taken(body: Body, where: list[str]) -> None:
    (finding,) = found("leak", body)
    if body is left_behind:  # the thread's body is the primitive itself: there is no place of the subject's
        assert [side.what for side in finding.sides] == ["event"]
    else:
        assert sides(finding) == where


def given_back() -> None:
    lock, page = racer.Lock(), racer.Lifetime()

    def use() -> None:
        with contextlib.suppress(ZeroDivisionError), lock:
            _ = 1 // 0

    together(use, use)
    page.end()


def released_by_another() -> None:
    lock = racer.Lock()
    lock.acquire()
    racer.Thread(target=lock.release).start()


def daemon() -> None:
    event = racer.Event()
    racer.Thread(target=event.wait, daemon=True).start()


def daemon_with_a_lock() -> None:
    lock, event = racer.Lock(), racer.Event()

    def serve() -> None:
        with lock:
            event.wait()

    racer.Thread(target=serve, daemon=True).start()


def not_joined() -> None:
    racer.Thread(target=racer.point).start()


def never_started() -> None:
    racer.Thread(target=racer.point)


def taken_elsewhere() -> None:
    semaphore = racer.Semaphore(1)
    together(semaphore.acquire)


RIGHT: dict[str, Body] = {
    "all is given back": given_back,
    "another thread releases it": released_by_another,
    "a daemon may wait for ever": daemon,
    "and hold a lock": daemon_with_a_lock,
    "a thread need not be joined": not_joined,
    "nor started": never_started,
    "a semaphore has no owner": taken_elsewhere,
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_no_leak_is_not_told(name: str) -> None:
    assert told("leak", RIGHT[name]) == []


def test_an_execution_that_was_cut_leaks_nothing() -> None:
    def test() -> None:
        lock = racer.Lock()
        together(lock.acquire)
        for _ in range(100):
            racer.point()
        lock.release()

    result = racer.explore(test, executions=1, max_steps=50, detect=["leak"])
    assert {finding.kind for finding in result.findings} == {"step-limit"}


def test_a_deadlock_is_for_deadlock_to_tell() -> None:
    def test() -> None:
        lock = racer.Lock()
        together(lock.acquire, lock.acquire)

    assert told("leak", test) == ["t0 ended and still held lock1", "t1 ended and still held lock1"]
