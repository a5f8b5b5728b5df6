"""Data races: what orders two accesses, and what does not."""

import pytest

import racer
from tests.detectors.any_program import Act, World, under
from tests.detectors.programs import Body, together, told

DETECT = ["data-race"]
RACE = {("t0 write x", "t1 write x")}


def write(world: World) -> None:
    world.x.value = 1


def passing(before: Act, after: Act, *others: Act) -> Body:
    """Return a test: t0 writes x and does `before`; t1 does `after`, and if that is true writes x; others."""

    def test() -> None:
        world = World(2)

        def first() -> None:
            write(world)
            before(world)

        def second() -> None:
            if after(world):
                write(world)

        together(first, second, *(lambda other=other: other(world) for other in others))

    return test


def notified(world: World) -> bool:
    with world.condition:
        return world.y.value == 1 or world.condition.wait()


def notify(world: World) -> None:
    with world.condition:
        world.y.value = 1
        world.condition.notify()


def by_a_flag(world: World, lock: racer.Lock) -> bool:
    with lock:
        return bool(world.y.value)


def set_flag(world: World, lock: racer.Lock) -> None:
    with lock:
        world.y.value = 1


def touched(world: World) -> bool:
    world.page.write()
    return True


def in_turn(first: Act, second: Act, third: Act) -> Body:
    """Return a test in which t0, t2 and t1 come one after the other, if at all, by a variable that orders nothing."""

    def then(turn: int, act: Act) -> Act:
        def body(world: World) -> None:
            if world.m.value == turn:
                act(world)
                world.m.value = turn + 1

        return body

    def last(world: World) -> bool:
        return world.m.value == 2 and bool(third(world))

    return passing(then(0, first), last, then(1, second))


def set_anew(world: World) -> None:
    world.event.clear()
    world.event.set()


ORDERED: dict[str, Body] = {
    "an event that two have set": in_turn(lambda w: w.event.set(), lambda w: w.event.set(), lambda w: w.event.is_set()),
    "a semaphore that two have released": in_turn(
        lambda w: w.empty.release(), lambda w: w.empty.release(), lambda w: w.empty.acquire()),
    "a store below another's read-modify-write": in_turn(
        lambda w: w.atomic.store(1), lambda w: w.atomic.add(1), lambda w: w.atomic.load()),
    "an event that is waited for": passing(lambda w: w.event.set(), lambda w: w.event.wait()),
    "an event that is seen set": passing(lambda w: w.event.set(), lambda w: w.event.is_set()),
    "an event that is waited for with a timeout": passing(lambda w: w.event.set(), lambda w: w.event.wait(timeout=1)),
    "a lock": passing(lambda w: set_flag(w, w.lock), lambda w: by_a_flag(w, w.lock)),
    "a reentrant lock": passing(lambda w: set_flag(w, w.rlock), lambda w: by_a_flag(w, w.rlock)),
    "a condition": passing(notify, notified),
    "a semaphore": passing(lambda w: w.empty.release(), lambda w: w.empty.acquire()),
    "a semaphore that is tried": passing(lambda w: w.empty.release(), lambda w: w.empty.acquire(blocking=False)),
    "a barrier": passing(lambda w: w.barrier.wait(), lambda w: w.barrier.wait() >= 0),
    "a store that is loaded": passing(lambda w: w.atomic.store(1), lambda w: w.atomic.load() == 1),
    "a store that is waited for": passing(lambda w: w.atomic.store(1), lambda w: w.atomic.wait(lambda v: v == 1)),
    "a store that is exchanged": passing(lambda w: w.atomic.store(1), lambda w: w.atomic.exchange(2) == 1),
    "a store that is compared": passing(lambda w: w.atomic.store(1), lambda w: w.atomic.compare_exchange(1, 2)),
    "a store that a comparison fails on": passing(
        lambda w: w.atomic.store(1), lambda w: not w.atomic.compare_exchange(0, 0)),
    "a store below a read-modify-write": passing(
        lambda w: w.atomic.store(1), lambda w: w.atomic.load() == 11, lambda w: w.atomic.add(10)),
}  # fmt: skip
UNORDERED: dict[str, Body] = {
    "an event that another one has cleared and set": in_turn(
        lambda w: w.event.set(), set_anew, lambda w: w.event.is_set()),
    "a store that another one has overwritten": in_turn(
        lambda w: w.atomic.store(1), lambda w: w.atomic.store(2), lambda w: w.atomic.load()),
    "a lock that a third has taken and given back": in_turn(
        lambda w: set_flag(w, w.rlock), lambda w: set_flag(w, w.lock), lambda w: w.rlock.locked() or True),
    "nothing": passing(lambda _: None, lambda _: True),
    "different locks": passing(lambda w: set_flag(w, w.lock), lambda w: by_a_flag(w, w.rlock) or True),
    "a lock that the other took before": passing(lambda w: set_flag(w, w.lock), lambda w: not by_a_flag(w, w.lock)),
    "that a lock is seen held": passing(lambda w: w.lock.acquire(), lambda w: w.lock.locked()),
    "that a lock cannot be taken": passing(lambda w: w.lock.acquire(), lambda w: not w.lock.acquire(blocking=False)),
    "a marked variable": passing(lambda w: setattr(w.m, "value", 1), lambda w: w.m.value),
    "a resource": passing(lambda w: w.page.write(), touched),
    "an event that is seen cleared": passing(lambda w: w.event.set(), lambda w: not w.event.is_set()),
    "a load": passing(lambda w: w.atomic.load(), lambda w: w.atomic.load() == 0),
    "a comparison that failed": passing(lambda w: w.atomic.compare_exchange(5, 6), lambda w: w.atomic.load() == 0),
    "the inner pair of a reentrant lock": passing(
        under(lambda w: w.rlock, lambda w: set_flag(w, w.rlock)), lambda w: w.y.value),
}  # fmt: skip


@pytest.mark.parametrize("name", ORDERED)
def test_orders(name: str) -> None:
    """That it was exercised shows in that both accesses come about in some interleaving: see `UNORDERED`."""
    assert {sides for sides in told(ORDERED[name], DETECT) if "t0 write x" in sides} == set()


@pytest.mark.parametrize("name", UNORDERED)
def test_does_not_order(name: str) -> None:
    assert told(UNORDERED[name], DETECT) >= RACE


def test_a_race_is_found_in_whichever_order_the_accesses_came() -> None:
    """A release after the one access and an acquire before the other hide it in one order only."""

    def test() -> None:
        shared = racer.Shared(0, name="x")
        lock = racer.Lock()

        def first() -> None:
            with lock:
                pass
            shared.value = 1

        def second() -> None:
            shared.value = 2
            with lock:
                pass

        together(first, second)

    assert told(test, DETECT) == RACE


def test_what_main_does_before_start_and_after_join_is_ordered() -> None:
    def test() -> None:
        shared = racer.Shared(0, name="x")
        shared.value = 1
        together(lambda: setattr(shared, "value", 2))
        assert shared.value == 2

    assert told(test, DETECT) == set()


@pytest.mark.parametrize("waits", [True, False])
def test_is_alive_orders_only_where_it_is_false(waits: bool) -> None:
    def test() -> None:
        shared = racer.Shared(0, name="x")
        thread = racer.Thread(target=lambda: setattr(shared, "value", 1), name="t0")
        thread.start()
        if thread.is_alive() is not waits:
            shared.value = 2

    assert bool(told(test, DETECT)) is not waits


def test_a_wait_gives_its_lock_away_and_the_lock_orders() -> None:
    """What is done between the wait and the notification is ordered with both by the lock alone."""

    def test() -> None:
        world = World(2)

        def waits() -> None:
            with world.condition:
                write(world)
                while not world.y.value:
                    world.condition.wait()
                write(world)

        def notifies() -> None:
            with world.condition:
                write(world)
                world.y.value = 1
                world.condition.notify()

        together(waits, notifies)

    assert told(test, DETECT) == set()


def test_both_sides_are_told_with_their_places() -> None:
    def test() -> None:
        world = World(2)
        together(lambda: write(world), lambda: write(world))

    (finding,) = racer.explore(test, detect=DETECT, executions=10).findings
    first, second = finding.sides
    assert (first.what, second.what) == ("x", "x")
    assert first.location is not None
    assert first.location == second.location
    assert first.location.function == "write"
    assert first.step is not None
    assert second.step is not None
    assert first.step < second.step == finding.step
    assert finding.message == "t0 wrote x and t1 wrote it, and nothing orders the two"


def test_races_of_one_pair_of_places_are_one_finding_with_its_count() -> None:
    def test() -> None:
        world = World(2)
        together(lambda: write(world), lambda: write(world))

    result = racer.explore(test, detect=DETECT, executions=50, keep_going=True)
    assert [finding.count for finding in result.findings] == [50]
    assert result.failed == 50


@pytest.mark.parametrize("detect", [["exception"], []])
def test_nobody_looks_for_races_unless_asked(detect: list[str]) -> None:
    assert not racer.explore(UNORDERED["nothing"], detect=detect, executions=10).findings
