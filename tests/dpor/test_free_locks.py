"""A release of a lock that is free fails, and is then a read: reversals change what it is, and what others are."""

from collections.abc import Callable

import pytest

import racer
from tests.engine.told import both


def released_and_tried() -> None:
    lock = racer.Lock()
    both(lock.release, lambda: lock.acquire(blocking=False))


def tried_and_released_twice() -> None:
    lock = racer.Lock()
    both(lambda: lock.acquire(blocking=False), lock.release, lock.release)


def released_once_more() -> None:
    lock = racer.Lock()

    def twice() -> None:
        if lock.acquire(blocking=False):
            lock.release()
        lock.release()

    both(lambda: lock.acquire(blocking=False), twice)


@pytest.mark.parametrize(
    ("test", "classes"), [(released_and_tried, 2), (tried_and_released_twice, 5), (released_once_more, 4)]
)
def test_a_release_of_a_free_lock_is_reversed_as_what_it_will_be(test: Callable[[], None], classes: int) -> None:
    result = racer.verify(test, keep_going=True)
    assert (result.interleavings, result.executions, result.exhausted) == (classes, classes, True)
