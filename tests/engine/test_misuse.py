"""What cannot be meant is an error that says so: objects from elsewhere, foreign threads, finalizers, nesting."""

import gc
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

import racer
from racer import NondeterminismError, UsageError
from tests.engine.told import both

Use = Callable[[Any], object]


class Box:
    n = racer.field(0)


OBJECTS: dict[str, Callable[[], Any]] = {
    "Lock": racer.Lock, "RLock": racer.RLock, "SpinLock": racer.SpinLock, "Condition": racer.Condition,
    "Semaphore": racer.Semaphore, "BoundedSemaphore": racer.BoundedSemaphore, "Event": racer.Event,
    "Barrier": lambda: racer.Barrier(1), "Shared": lambda: racer.Shared(0), "Atomic": lambda: racer.Atomic(0),
    "Resource": racer.Resource, "Thread": racer.Thread, "Box": Box,
}  # fmt: skip


def attribute(name: str, *arguments: object) -> Use:
    return lambda made: getattr(made, name)(*arguments)


USES: tuple[tuple[str, str, Use], ...] = (
    *[(kind, "acquire", attribute("acquire")) for kind in ("Lock", "RLock", "SpinLock")],
    *[(kind, "release", attribute("release")) for kind in ("Lock", "RLock", "SpinLock")],
    *[(kind, "locked", attribute("locked")) for kind in ("Lock", "RLock", "SpinLock")],
    *[(kind, "try", lambda made: made.acquire(blocking=False)) for kind in ("Lock", "RLock", "SpinLock", "Semaphore")],
    *[(kind, "with", attribute("__enter__")) for kind in ("Lock", "RLock", "Condition", "Semaphore")],
    *[("Condition", name, attribute(name)) for name in ("acquire", "release", "notify", "notify_all")],
    ("Condition", "wait", attribute("wait", 0)),
    *[(kind, name, attribute(name)) for kind in ("Semaphore", "BoundedSemaphore") for name in ("acquire", "release")],
    *[("Event", name, attribute(name)) for name in ("set", "clear", "is_set")],
    ("Event", "wait", attribute("wait", 0)),
    *[("Barrier", name, attribute(name)) for name in ("wait", "reset", "abort")],
    ("Barrier", "broken", lambda made: made.broken),
    ("Barrier", "n_waiting", lambda made: made.n_waiting),
    ("Shared", "read", lambda made: made.value),
    ("Shared", "write", lambda made: setattr(made, "value", 1)),
    ("Box", "read", lambda made: made.n),
    ("Box", "write", lambda made: setattr(made, "n", 1)),
    *[("Atomic", name, attribute(name)) for name in ("load",)],
    *[("Atomic", name, attribute(name, 1)) for name in ("store", "add", "exchange")],
    ("Atomic", "update", attribute("update", abs)),
    ("Atomic", "compare_exchange", attribute("compare_exchange", 0, 1)),
    ("Atomic", "wait", attribute("wait", lambda _: True)),
    *[("Resource", name, attribute(name)) for name in ("read", "write")],
    ("Resource", "atomically", attribute("atomically", "", int)),
    *[("Thread", name, attribute(name)) for name in ("start", "join", "is_alive")],
)  # fmt: skip
each_use = pytest.mark.parametrize(
    ("kind", "use"), [(kind, use) for kind, _, use in USES], ids=[f"{k}.{n}" for k, n, _ in USES]
)


@each_use
def test_an_object_made_outside_cannot_be_used_inside(kind: str, use: Use) -> None:
    made = OBJECTS[kind]()
    with pytest.raises(UsageError, match="made before this execution"):
        racer.explore(lambda: use(made), executions=1)


@each_use
def test_an_object_made_outside_cannot_be_used_inside_even_if_the_error_is_swallowed(kind: str, use: Use) -> None:
    made = OBJECTS[kind]()

    def body() -> None:
        with suppress(BaseException):
            both(lambda: use(made))

    with pytest.raises(UsageError, match="made before this execution"):
        racer.explore(body, executions=1)


@each_use
def test_an_object_of_an_execution_cannot_be_used_outside(kind: str, use: Use) -> None:
    made: list[Any] = []
    racer.explore(lambda: made.append(OBJECTS[kind]()), executions=1)
    with pytest.raises(UsageError, match="execution"):
        use(made[0])


@each_use
def test_an_object_of_one_execution_cannot_be_used_in_the_next(kind: str, use: Use) -> None:
    kept: list[Any] = []

    def body() -> None:
        if kept:
            use(kept[0])
        kept.append(OBJECTS[kind]())

    with pytest.raises(UsageError, match="earlier execution"):
        racer.explore(body, executions=5)


@each_use
def test_an_object_of_a_deadlocked_execution_cannot_be_used_in_the_next(kind: str, use: Use) -> None:
    kept: list[Any] = []

    def body() -> None:
        if kept:
            both(lambda: use(kept[0]))
            return
        kept.append(OBJECTS[kind]())
        both(racer.Event().wait)

    with pytest.raises(UsageError, match="earlier execution"):
        racer.explore(body, executions=5, keep_going=True)


@each_use
def test_a_foreign_thread_cannot_use_an_object_of_an_execution(kind: str, use: Use) -> None:
    answers: list[str] = []

    def body() -> None:
        made = OBJECTS[kind]()
        if kind == "RLock":
            made.acquire()
        if kind == "Condition":
            made.acquire()

        def foreign() -> None:
            try:
                use(made)
                answers.append("accepted")
            except BaseException as error:
                answers.append(type(error).__name__)

        thread = threading.Thread(target=foreign)
        thread.start()
        thread.join()

    with pytest.raises(UsageError, match="does not control"):
        racer.explore(body, executions=1)
    assert set(answers) == {"UsageError"}


def test_a_condition_over_a_foreign_lock_is_refused() -> None:
    for lock in (threading.Lock(), "lock"):
        with pytest.raises(UsageError, match=r"needs a racer\.Lock or RLock, got"):
            racer.Condition(lock)  # type: ignore[arg-type]
    for other in (threading.Lock(), "lock", racer.Lock()):
        (finding,) = racer.explore(lambda o=other: racer.Condition(o), executions=1).findings  # type: ignore[misc]
        assert "needs a racer.Lock or RLock made in this execution, got" in finding.message


class Finalized:
    def __init__(self, shared: racer.Shared[int]) -> None:
        self.shared = shared

    def __del__(self) -> None:
        self.shared.value = 1


class Deep(Finalized):
    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        self.shared.value += 1


@pytest.mark.parametrize("kind", [Finalized, Deep])
def test_an_operation_in_a_finalizer_is_an_error(kind: type[Finalized]) -> None:
    def dropped() -> None:
        made = kind(racer.Shared(0))
        del made
        racer.point()

    def at_the_end() -> None:
        made = kind(racer.Shared(0))
        assert made is not None

    def in_a_thread() -> None:
        both(dropped, racer.point)

    for body in (dropped, at_the_end, in_a_thread):
        with pytest.raises(UsageError, match="__del__"):
            racer.explore(body, executions=3)


def test_garbage_is_not_collected_while_an_execution_runs() -> None:
    before = gc.isenabled()
    seen: list[bool] = []
    racer.explore(lambda: seen.append(gc.isenabled()), executions=2)
    assert not any(seen)
    assert gc.isenabled() == before


NESTED: dict[str, Callable[[], object]] = {
    "explore": lambda: racer.explore(print, executions=1),
    "explore with jobs": lambda: racer.explore(print, executions=2, jobs=2),
    "replay": lambda: racer.replay(print, racer.Schedule((0,))),
    "run_free": lambda: racer.run_free(print, 0.01),
}


@pytest.mark.parametrize("name", NESTED)
def test_no_campaign_within_an_execution(name: str) -> None:
    seen: list[str] = []

    def body() -> None:
        try:
            NESTED[name]()
        except UsageError as error:
            seen.append(str(error))

    racer.explore(body, executions=1)
    racer.explore(lambda: both(body), executions=1)
    assert len(seen) == 4
    assert all("inside an execution" in text for text in seen)


def test_no_free_run_within_a_free_run() -> None:
    seen: list[str] = []

    def body() -> None:
        try:
            racer.run_free(lambda: None, 0.01)
        except UsageError as error:
            seen.append(str(error))
        raise ValueError("still noticed")

    result = racer.run_free(body, 0.02)
    assert result.verdict == "FAIL"
    assert len(seen) == result.executions


def test_state_kept_between_executions_is_nondeterminism_and_the_first_step_that_differs_is_shown() -> None:
    calls: list[int] = []

    def body() -> None:
        calls.append(1)
        s = racer.Shared(0, name="s")
        racer.point()
        if len(calls) % 2:
            s.value = 1
        else:
            assert s.value == 0

    with pytest.raises(NondeterminismError) as caught:
        racer.explore(body, executions=3, seed=0x51)
    error = caught.value
    assert (error.seed, error.step) == (0x51, 2)
    assert {error.first.split()[1], error.second.split()[1]} == {"write", "read"}
    assert all(text in str(error) for text in ("step 2", error.first, error.second, "seed 0x51", "usual causes"))


def longer(calls: list[int]) -> None:
    if len(calls) % 2:
        racer.point()


def other_choice(calls: list[int]) -> None:
    racer.choose(2 + len(calls) % 2 * 1000)


def other_outcome(calls: list[int]) -> None:
    racer.Atomic(len(calls) % 2).compare_exchange(0, 5)


def other_object(calls: list[int]) -> None:
    one, two = racer.Shared(0), racer.Shared(0)
    (one if len(calls) % 2 else two).value = 1


def other_finding(calls: list[int]) -> None:
    racer.violation("odd" if len(calls) % 2 else "even", "")


def only_one_finds(calls: list[int]) -> None:
    if len(calls) % 2:
        racer.violation("odd", "")


def more_threads(calls: list[int]) -> None:
    both(*[racer.point] * (1 + len(calls) % 2))


@pytest.mark.parametrize(
    "differs", [longer, other_choice, other_outcome, other_object, other_finding, only_one_finds, more_threads]
)
def test_two_executions_with_one_seed_that_differ_are_nondeterminism(differs: Callable[[list[int]], None]) -> None:
    calls: list[int] = []

    def body() -> None:
        calls.append(1)
        differs(calls)

    with pytest.raises(NondeterminismError, match="differ at step"):
        racer.explore(body, executions=3, seed=1)


def test_an_error_leaves_nothing_behind() -> None:
    lock = racer.Lock()
    for _ in range(3):
        with pytest.raises(UsageError):
            racer.explore(lambda: both(lock.acquire), executions=1)
        assert racer.explore(lambda: both(racer.point, racer.point), executions=3).verdict == "PASS"
