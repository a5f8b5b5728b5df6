"""Small programs put together at random, of all that threads can do to each other."""

from collections.abc import Callable

import racer
from racer.core.rng import SplitMix64
from tests.detectors.programs import Body


class World:
    """What the threads of a program share."""

    def __init__(self, threads: int) -> None:
        self.x = racer.Shared(0, name="x")
        self.y = racer.Shared(0, name="y")
        self.m = racer.Shared(0, name="m", marked=True)
        self.atomic = racer.Atomic(0, name="a")
        self.lock = racer.Lock(name="l")
        self.rlock = racer.RLock(name="r")
        self.condition = racer.Condition(self.lock, name="c")
        self.event = racer.Event(name="e")
        self.semaphore = racer.Semaphore(1, name="s")
        self.empty = racer.Semaphore(0, name="empty")
        self.barrier = racer.Barrier(threads, name="b")
        self.page = racer.Resource(name="p")


def under(lock: Callable[[World], racer.Lock], inner: "Act") -> "Act":
    def act(world: World) -> None:
        with lock(world):
            inner(world)

    return act


def write_x(world: World) -> None:
    world.x.value = 1


def read_x(world: World) -> None:
    _ = world.x.value


def write_y(world: World) -> None:
    world.y.value = 1


def read_y(world: World) -> None:
    _ = world.y.value


def write_m(world: World) -> None:
    world.m.value = 1


def twice(world: World) -> None:
    """Take the reentrant lock twice: the inner pair is nothing."""
    with world.rlock:
        with world.rlock:
            world.x.value = 2
        world.x.value = 3


def try_lock(world: World) -> None:
    if world.lock.acquire(blocking=False):
        world.y.value = 2
        world.lock.release()


def wait(world: World) -> None:
    with world.condition:
        world.condition.wait(timeout=1)
        world.x.value = 4


def notify(world: World) -> None:
    with world.condition:
        world.condition.notify()


def compare(world: World) -> None:
    world.atomic.compare_exchange(1, 2)


Act = Callable[[World], object]
ACTS: tuple[Act, ...] = (
    write_x, write_x, read_x, read_x, write_y, read_y, write_m, twice, try_lock, wait, notify, compare, compare,
    under(lambda world: world.lock, write_x), under(lambda world: world.lock, read_y),
    under(lambda world: world.rlock, write_y),
    lambda world: world.lock.locked(),
    lambda world: world.atomic.load(), lambda world: world.atomic.store(1), lambda world: world.atomic.store(2),
    lambda world: world.atomic.add(1), lambda world: world.atomic.exchange(1),
    lambda world: world.event.set(), lambda world: world.event.clear(), lambda world: world.event.is_set(),
    lambda world: world.event.wait(timeout=1),
    lambda world: world.semaphore.acquire(), lambda world: world.semaphore.release(),
    lambda world: world.semaphore.acquire(blocking=False),
    lambda world: world.page.write(), lambda world: world.page.read(),
)  # fmt: skip


def program(seed: int) -> Body:
    """Return the program of a number: two or three threads, up to five acts each, and now and then a barrier."""
    rng = SplitMix64(seed)
    plans = [[ACTS[rng.below(len(ACTS))] for _ in range(1 + rng.below(5))] for _ in range(2 + rng.below(2))]
    if rng.below(3) == 0:
        for plan in plans:
            for _ in range(1 + rng.below(2)) if plan is plans[0] else [None]:
                plan.insert(rng.below(len(plan) + 1), lambda world: world.barrier.wait())
    joins = rng.below(2)

    def test() -> None:
        world = World(len(plans))

        def run(plan: list[Act]) -> None:
            for act in plan:
                act(world)

        threads = [racer.Thread(target=run, args=(plan,), name=f"t{number}") for number, plan in enumerate(plans)]
        for number, thread in enumerate(threads):
            thread.start()
            if number == 0:
                write_y(world)
        for thread in threads:
            if joins:
                thread.join()
            elif not thread.is_alive():
                read_y(world)
        read_x(world)

    return test
