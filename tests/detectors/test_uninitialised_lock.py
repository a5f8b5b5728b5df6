"""uninitialised-lock: locks that are used before they are any."""

import pytest

import racer
from tests.detectors.judged import Body, found, sides, together, told


def used_before() -> None:
    lock = racer.SpinLock(name="lock", initialised=False)
    with lock:
        pass
    lock.init()


def used_beside() -> None:
    lock = racer.Lock(name="lock", initialised=False)

    def use() -> None:
        with lock:
            pass

    together(lock.init, use)


USED: dict[str, tuple[Body, list[str]]] = {
    "before": (
        used_before,
        ["main released lock before it was initialised", "main took lock before it was initialised"],
    ),
    "beside": (
        used_beside,
        ["t1 released lock before it was initialised", "t1 took lock before it was initialised"],
    ),
}


@pytest.mark.parametrize("name", USED)
def test_a_use_before_the_lock_is_initialised_is_found(name: str) -> None:
    body, messages = USED[name]
    assert told("uninitialised-lock", body) == messages


def test_it_says_where_the_lock_was_initialised_later() -> None:
    (finding,) = (each for each in found("uninitialised-lock", used_before) if "took" in each.message)
    assert sides(finding) == ["main acquire lock in used_before", "main init lock in used_before"]


def test_before_that_it_excludes_nobody() -> None:
    def test() -> None:
        lock = racer.Lock(initialised=False)
        counter = racer.Shared(0)

        def add() -> None:
            with lock:
                counter.value += 1

        together(add, add)
        assert counter.value == 2

    assert "exception" in {finding.kind for finding in racer.verify(test, keep_going=True).findings}


@pytest.mark.parametrize("kind", [racer.Lock, racer.SpinLock])
def test_an_initialised_lock_is_a_lock_like_any(kind: type[racer.Lock]) -> None:
    def test() -> None:
        lock = kind(initialised=False)
        lock.init()
        counter = racer.Shared(0)

        def add() -> None:
            with lock:
                counter.value += 1

        together(add, add)
        assert counter.value == 2
        assert lock.acquire(blocking=False)
        assert not lock.acquire(blocking=False)
        lock.release()

    result = racer.verify(test, detect=racer.DETECTORS, keep_going=True)
    assert result.exhausted
    assert result.redundant == 0
    assert result.findings == ()


def test_a_lock_is_initialised_once() -> None:
    def test() -> None:
        lock = racer.Lock(initialised=False)
        lock.init()
        with pytest.raises(RuntimeError, match="once"):
            lock.init()
        with pytest.raises(RuntimeError, match="once"):
            racer.Lock().init()

    racer.explore(test, executions=1)
    test()


def test_outside_of_executions_it_excludes_nobody_either() -> None:
    lock = racer.SpinLock(initialised=False)
    assert lock.acquire()
    assert lock.acquire()
    lock.release()
    lock.release()
    lock.init()
    assert lock.acquire(blocking=False)
    assert not lock.acquire(blocking=False)
    lock.release()


def test_what_was_taken_before_it_was_initialised_may_be_used_after() -> None:
    """Not a word of may_sleep: nothing is held."""

    def test() -> None:
        lock = racer.SpinLock(initialised=False)
        lock.acquire()
        racer.may_sleep("the rest")
        lock.release()

    assert {finding.kind for finding in racer.explore(test, executions=1).findings} == set()
