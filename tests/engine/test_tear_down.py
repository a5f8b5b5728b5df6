"""How executions that cannot end by themselves are taken down: every thread is unwound, nothing runs for real."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

import racer
from racer.engine import pool
from tests.engine.told import both

log: list[str] = []


@pytest.fixture(autouse=True)
def _empty_log() -> None:
    log.clear()


def blocked(then: Callable[[], object]) -> Callable[[], None]:
    """A body whose thread a blocks for ever; `then` runs in its `finally`, between two lines of the log."""

    def body() -> None:
        def wait() -> None:
            try:
                racer.Event().wait()
            finally:
                log.append("before")
                then()
                log.append("after")

        both(wait)

    return body


class Box:
    n = racer.field(0)


def made_before() -> dict[str, Callable[[], object]]:
    """Operations on objects that were made while the execution ran."""
    shared, lock, rlock, atomic = racer.Shared(0), racer.Lock(), racer.RLock(), racer.Atomic(0)
    condition, event, semaphore = racer.Condition(), racer.Event(), racer.Semaphore()
    barrier, resource, box, spin = racer.Barrier(1), racer.Resource(), Box(), racer.SpinLock()
    thread = racer.Thread(target=print)
    return {
        "read": lambda: shared.value,
        "write": lambda: setattr(shared, "value", 1),
        "field": lambda: box.n,
        "acquire": lock.acquire,
        "try": lambda: lock.acquire(blocking=False),
        "timed": lambda: lock.acquire(timeout=1),
        "release": lock.release,
        "rlock acquire": rlock.acquire,
        "rlock release": rlock.release,
        "spinlock": spin.acquire,
        "load": atomic.load,
        "await": lambda: atomic.wait(lambda v: v == 1),
        "condition": condition.acquire,
        "condition wait": condition.wait,
        "notify": condition.notify,
        "set": event.set,
        "event wait": event.wait,
        "semaphore": semaphore.acquire,
        "barrier": barrier.wait,
        "resource": resource.write,
        "start": thread.start,
        "join": thread.join,
        "is_alive": thread.is_alive,
    }


def started() -> None:
    racer.Thread(target=lambda: log.append("ran for real")).start()


LATE: dict[str, Callable[[], object]] = {
    "choose": lambda: racer.choose(3),
    "point": racer.point,
    "sleep": lambda: racer.sleep(1000),
    "start": started,
    "new lock": lambda: racer.Lock().acquire(),
    "new event": lambda: racer.Event().wait(),
    "new barrier": lambda: racer.Barrier(2).wait(),
    "new shared": lambda: racer.Shared(0).value,
    "new atomic": lambda: racer.Atomic(0).wait(lambda v: v == 1),
    "explore": lambda: racer.explore(print, executions=1),
}


@pytest.mark.parametrize("name", LATE)
def test_at_tear_down_no_operation_is_performed_even_on_a_new_object(name: str) -> None:
    result = racer.explore(blocked(LATE[name]), executions=4, keep_going=True, stall_after=3)
    assert {finding.kind for finding in result.findings} == {"deadlock"}
    assert set(log) == {"before"}


NAMES = (
    "read", "write", "field", "acquire", "try", "timed", "release", "rlock acquire", "rlock release", "spinlock",
    "load", "await", "condition", "condition wait", "notify", "set", "event wait", "semaphore", "barrier", "resource",
    "start", "join", "is_alive",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_at_tear_down_every_operation_raises_again(name: str) -> None:
    def body() -> None:
        operations = made_before()
        assert set(operations) == set(NAMES)
        blocked(operations[name])()

    result = racer.explore(body, executions=4, keep_going=True, stall_after=3)
    assert {finding.kind for finding in result.findings} == {"deadlock"}
    assert set(log) == {"before"}


def harmless() -> None:
    racer.count("late")
    racer.controlled()
    racer.current_name()
    racer.side("a", "b")
    racer.time()


def test_at_tear_down_what_is_no_operation_does_no_harm() -> None:
    result = racer.explore(blocked(harmless), executions=4, keep_going=True)
    assert {finding.kind for finding in result.findings} == {"deadlock"}
    assert set(log) == {"before", "after"}


def test_a_violation_at_tear_down_is_no_finding() -> None:
    result = racer.explore(blocked(lambda: racer.violation("late", "")), executions=4, keep_going=True)
    assert {finding.kind for finding in result.findings} == {"deadlock"}


def test_an_exception_at_tear_down_is_no_finding() -> None:
    result = racer.explore(blocked(lambda: 1 // 0), executions=4, keep_going=True)
    assert {finding.kind for finding in result.findings} == {"deadlock"}


def test_finally_blocks_and_with_bodies_are_left() -> None:
    @contextmanager
    def told(name: str) -> Iterator[None]:
        log.append(f"in {name}")
        try:
            yield
        finally:
            log.append(f"out {name}")

    def body() -> None:
        lock = racer.Lock()

        def wait() -> None:
            with told("one"), lock, told("two"):
                racer.Event().wait()

        both(wait)

    racer.explore(body, executions=1)
    assert log[:4] == ["in one", "in two", "out two", "out one"]


def test_a_subject_that_swallows_everything_is_unwound_at_its_next_operation() -> None:
    def body() -> None:
        lock = racer.Lock()
        lock.acquire()

        def stubborn() -> None:
            for _ in range(50):
                with suppress(BaseException):
                    lock.acquire()
            log.append("gone")

        both(stubborn, stubborn)

    result = racer.explore(body, executions=5, keep_going=True)
    assert {finding.kind for finding in result.findings} == {"deadlock"}
    assert log.count("gone") >= 10


def test_threads_that_never_began_are_not_begun_at_tear_down() -> None:
    def body() -> None:
        for i in range(3):
            racer.Thread(target=lambda: log.append("ran"), name=f"t{i}").start()
        for _ in range(100):
            racer.point()

    class OnlyMain:
        text = "only-main"
        every_step = False

        def begin(self, seed: int) -> None: ...

        def created(self, thread: int) -> None: ...

        def pick(self, enabled: list[int], current: int) -> int:
            return enabled[0]

        def choose(self, n: int) -> int:
            return 0

        def yielded(self, thread: int) -> None: ...

    result = racer.explore(body, strategy=OnlyMain(), executions=3, max_steps=50, keep_going=True)
    assert {finding.kind for finding in result.findings} == {"step-limit"}
    assert log == []


def test_no_os_threads_pile_up() -> None:
    def body() -> None:
        lock = racer.Lock()
        lock.acquire()
        both(lock.acquire, lock.acquire, lock.acquire)

    racer.explore(body, executions=3, keep_going=True)
    before = threading.active_count()
    result = racer.explore(body, executions=200, keep_going=True)
    assert result.failed == 200
    assert threading.active_count() <= before
    workers = pool.pool().idle
    assert len(workers) == len(set(map(id, workers)))


def test_a_deadlocked_execution_leaves_nothing_to_the_next() -> None:
    def body() -> None:
        lock, e = racer.Lock(), racer.Event()
        if racer.choose(2):
            e.set()
        both(lambda: lock.acquire() and e.wait(), racer.point)
        racer.count("whole")

    result = racer.explore(body, executions=200, keep_going=True)
    assert result.counters["whole"] + result.failed == 200
    assert result.failed > 20
