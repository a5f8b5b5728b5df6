"""The programs that are timed, as test bodies of racer and as programs of the bare baton."""

import racer
from stress.bench.bare import Bare, BareLock

LOCKERS = 3
INCREMENTS = 5


class Cell:
    """A plain attribute."""

    value = 0


def lost_update() -> None:
    """Two threads add 1 to a variable: 12 steps, and a failed assertion wherever an update is lost."""
    counter = racer.Shared(0, name="counter")

    def add() -> None:
        counter.value += 1

    threads = [racer.Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.value == 2


def bare_lost_update(baton: Bare) -> None:
    """Do the same over the bare baton; it judges nothing."""
    counter = Cell()

    def add() -> None:
        baton.point()
        value = counter.value
        baton.point()
        counter.value = value + 1

    threads = [baton.start(add) for _ in range(2)]
    for thread in threads:
        baton.join(thread)
    baton.point()
    assert counter.value in (1, 2)


def locked_increments() -> None:
    """Three threads add 1 to a variable five times each, under a lock: 71 steps, always right."""
    counter = racer.Shared(0, name="counter")
    lock = racer.Lock(name="lock")

    def add() -> None:
        for _ in range(INCREMENTS):
            with lock:
                counter.value += 1

    threads = [racer.Thread(target=add) for _ in range(LOCKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.value == LOCKERS * INCREMENTS


def bare_locked_increments(baton: Bare) -> None:
    """Do the same over the bare baton."""
    counter = Cell()
    lock = BareLock()

    def add() -> None:
        for _ in range(INCREMENTS):
            baton.acquire(lock)
            baton.point()
            value = counter.value
            baton.point()
            counter.value = value + 1
            baton.release(lock)

    threads = [baton.start(add) for _ in range(LOCKERS)]
    for thread in threads:
        baton.join(thread)
    baton.point()
    assert counter.value == LOCKERS * INCREMENTS
