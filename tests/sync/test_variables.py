"""Shared, field, Atomic, Resource: what they hold, how they look, and what their callbacks may do."""

import copy
from collections.abc import Callable
from typing import Self

import pytest

import racer
from racer import UsageError
from tests.engine.told import both, lines_of


def passes(body: Callable[[], object], executions: int = 20) -> racer.Result:
    result = racer.explore(body, executions=executions, keep_going=True)
    assert [str(finding) for finding in result.findings] == []
    return result


class Box:
    n = racer.field(0)
    m = racer.field(5, marked=True)

    def __init__(self, n: int = 0) -> None:
        self.n = n


class Bigger(Box):
    k = racer.field("k")


class Overridden(Box):
    m = racer.field(7)


class WithNew:
    n = racer.field(1)

    def __new__(cls, *_: object) -> Self:
        return super().__new__(cls)

    def __init__(self, *args: object) -> None:
        self.args = args
        self.n += len(args)


class Plain:
    n = racer.field(0)


def everywhere(body: Callable[[], object]) -> None:
    """Run a body inside an execution, outside, and in a free run: no exception in any."""
    body()
    passes(body)
    assert racer.run_free(body, 0.01).findings == ()


def test_an_unlocked_increment_loses_updates_and_a_locked_one_does_not() -> None:
    def increments(*, locked: bool) -> Callable[[], None]:
        def body() -> None:
            counter, lock = racer.Shared(0), racer.Lock()

            def add() -> None:
                if locked:
                    with lock:
                        counter.value += 1
                else:
                    counter.value += 1

            both(add, add)
            assert counter.value == 2

        return body

    assert racer.explore(increments(locked=False), executions=100).verdict == "FAIL"
    assert racer.explore(increments(locked=True), executions=100).verdict == "PASS"


def test_fields_have_defaults_and_belong_to_their_instance() -> None:
    def body() -> None:
        one, two = Box(), Box(3)
        assert (one.n, one.m, two.n, two.m) == (0, 5, 3, 5)
        one.n += 10
        one.m = 6
        assert (one.n, one.m, two.n, two.m) == (10, 6, 3, 5)

    everywhere(body)


def test_fields_are_inherited_overridden_and_survive_a_new_of_the_class() -> None:
    def body() -> None:
        assert (Bigger(2).n, Bigger().k) == (2, "k")
        assert Overridden().m == 7
        made = WithNew("a", "b")
        assert (made.n, made.args) == (3, ("a", "b"))
        assert isinstance(Box.n, racer.field)

    everywhere(body)


def test_a_copy_of_an_object_has_fields_of_its_own() -> None:
    def body() -> None:
        one = Box(1)
        for two in (copy.copy(one), copy.deepcopy(one)):
            assert (two.n, two.m) == (1, 5)
            two.n = 9
            assert one.n == 1

    everywhere(body)


def test_a_class_with_a_field_takes_the_arguments_it_took_without() -> None:
    def body() -> None:
        for arguments in ((1,), (1, 2)):
            try:
                Plain(*arguments)
            except TypeError:
                continue
            raise AssertionError("arguments of a class without __init__ were accepted")

    everywhere(body)


def test_instances_with_fields_need_a_dict_and_the_error_says_so() -> None:
    class Slotted:
        __slots__ = ()
        n = racer.field(0)

    seen: list[str] = []

    def body() -> None:
        with pytest.raises(Exception, match="__dict__") as caught:
            Slotted().n  # noqa: B018
        seen.append(type(caught.value).__name__)

    racer.explore(body, executions=1)
    assert set(seen) == {"UsageError"}


@pytest.mark.parametrize("attribute", ["n", "m"])
def test_a_field_is_shown_by_class_or_name(attribute: str) -> None:
    def body() -> None:
        box = Box()
        getattr(box, attribute)
        box.name = "left"  # type: ignore[attr-defined]  # the convention: an attribute `name`
        getattr(box, attribute)
        racer.violation("end", "")

    execution = racer.explore(body, executions=1).findings[0].execution
    assert execution is not None
    assert lines_of(execution)[-2:] == [f"main read Box.{attribute}", f"main read left.{attribute}"]


def test_atomic_methods_return_what_they_say() -> None:
    def body() -> None:
        a = racer.Atomic(5)
        assert a.add(2) == 5
        assert a.update(lambda v: v * 10) == 7
        assert a.exchange(1) == 70
        assert a.compare_exchange(1, 2) is True
        assert a.compare_exchange(1, 3) is False
        assert a.load() == 2
        a.store(4)
        assert a.wait(lambda v: v == 4) == 4
        words: racer.Atomic[tuple[str, ...]] = racer.Atomic(("x",))
        assert words.add(("y",)) == ("x",)
        assert words.load() == ("x", "y")

    everywhere(body)


def test_atomic_operations_are_indivisible() -> None:
    def body() -> None:
        a = racer.Atomic(0)

        def cas_loop() -> None:
            while True:
                now = a.load()
                if a.compare_exchange(now, now + 1):
                    return

        both(lambda: a.add(1), lambda: a.update(lambda v: v + 1), cas_loop)
        assert a.load() == 3

    passes(body, 200)
    assert racer.run_free(body, 0.05).findings == ()


def test_a_wait_sees_a_value_that_holds_even_if_it_is_gone_again_later() -> None:
    def body() -> None:
        a = racer.Atomic(0)

        def producer() -> None:
            for v in (1, 2, 3):
                a.store(v)

        both(lambda: racer.count(f"saw {a.wait(lambda v: v >= 2)}"), producer)

    result = passes(body, 200)
    assert set(result.counters) == {"saw 2", "saw 3"}


class Unequal:
    def __eq__(self, other: object) -> bool:
        raise ValueError("no comparison")

    __hash__ = None  # type: ignore[assignment]


RAISING: dict[str, tuple[Callable[[], object], type[Exception]]] = {
    "update": (lambda: racer.Atomic(0).update(lambda v: v // 0), ZeroDivisionError),
    "add": (lambda: racer.Atomic(0).add("text"), TypeError),
    "compare_exchange": (lambda: racer.Atomic(Unequal()).compare_exchange(Unequal(), Unequal()), ValueError),
    "wait": (lambda: racer.Atomic(0).wait(lambda v: 1 // v == 1), ZeroDivisionError),
    "atomically": (lambda: racer.Resource().atomically("x", lambda: 1 // 0), ZeroDivisionError),
}


@pytest.mark.parametrize("name", RAISING)
def test_what_a_callback_raises_is_raised_in_its_thread_and_harms_nothing(name: str) -> None:
    call, error = RAISING[name]

    def body() -> None:
        with pytest.raises(error):
            call()
        both(racer.point, racer.point)

    passes(body)


@pytest.mark.parametrize("name", RAISING)
def test_what_a_callback_raises_ends_its_thread_only(name: str) -> None:
    call, error = RAISING[name]
    result = racer.explore(lambda: both(call, racer.point), executions=20, keep_going=True)
    assert result.failed == 20
    for finding in result.findings:
        assert finding.message.startswith(f"a raised {error.__name__}: ")


def test_a_failed_update_leaves_the_value() -> None:
    def body() -> None:
        a = racer.Atomic(3)
        with pytest.raises(ZeroDivisionError):
            a.update(lambda v: v // 0)
        assert a.load() == 3

    everywhere(body)


def test_a_predicate_that_raises_raises_in_the_thread_that_waits() -> None:
    def body() -> None:
        a = racer.Atomic(1)

        def wait() -> None:
            with pytest.raises(ZeroDivisionError):
                a.wait(lambda v: 1 // v > 5)

        both(wait, lambda: a.store(0))

    passes(body, 100)


OPERATING: dict[str, Callable[[racer.Shared[int], racer.Atomic[int]], object]] = {
    "update": lambda s, a: a.update(lambda v: v + s.value),
    "update, itself": lambda s, a: a.update(lambda v: v + a.load()),
    "wait": lambda s, a: a.wait(lambda v: s.value == 0),
    "atomically": lambda s, a: racer.Resource().atomically("x", lambda: s.value),
    "a point": lambda s, a: a.update(lambda v: v + racer.choose(2)),
}


@pytest.mark.parametrize("name", OPERATING)
def test_an_operation_in_a_callback_is_an_error(name: str) -> None:
    with pytest.raises(UsageError, match="operation"):
        racer.explore(lambda: OPERATING[name](racer.Shared(0), racer.Atomic(0)), executions=5)


def test_an_operation_in_a_predicate_that_another_thread_has_to_ask_is_an_error() -> None:
    def body() -> None:
        a, s = racer.Atomic(0), racer.Shared(0)
        both(lambda: a.wait(lambda v: v == 1 and s.value == 0), lambda: a.store(1))

    with pytest.raises(UsageError, match="operation"):
        racer.explore(body, executions=50)


def test_what_follows_a_resource_write_happens_at_its_step() -> None:
    def body() -> None:
        r, log = racer.Resource(), []

        def write() -> None:
            for _ in range(2):
                r.write()
                log.append(racer.current_name())
                log.append(racer.current_name())

        both(write, write)
        assert all(log[i] == log[i + 1] for i in range(0, len(log), 2))

    passes(body, 100)


def test_a_resource_is_atomic_in_free_mode_too() -> None:
    def body() -> None:
        r, total = racer.Resource(), [0]

        def step() -> None:
            total[0] += 1

        def work() -> None:
            for _ in range(20):
                r.atomically("step", step)

        both(work, work)
        assert total == [40]

    passes(body, 10)
    assert racer.run_free(body, 0.05).findings == ()


class Shy:
    n = racer.field(0)

    def __init__(self, inner: object = None) -> None:
        self.inner = inner

    def __repr__(self) -> str:
        return f"Shy({self.n})"


class Broken:
    def __repr__(self) -> str:
        raise RuntimeError("no picture of this")


@pytest.mark.parametrize("make", [Shy, Broken])
def test_showing_a_value_performs_no_operation_and_may_fail(make: type) -> None:
    def body() -> None:
        s = racer.Shared(make())
        s.value = s.value
        a = racer.Atomic(make())
        a.store(a.load())
        racer.violation("end", "")

    result = racer.explore(body, executions=3, keep_going=True)
    assert [finding.kind for finding in result.findings] == ["end"]
    execution = result.findings[0].execution
    assert execution is not None
    kinds = [event.kind for event in execution.trace]
    assert kinds == ["begin", "read", "write", "load", "store"]


def test_a_long_value_is_shown_shortened() -> None:
    def body() -> None:
        racer.Shared("x" * 10_000).value  # noqa: B018
        racer.violation("end", "")

    execution = racer.explore(body, executions=1).findings[0].execution
    assert execution is not None
    assert len(execution.trace[-1].value or "") <= 100


MAKERS: dict[str, Callable[[], object]] = {
    "Shared": lambda: racer.Shared(0, name="x", marked=True),
    "Atomic": lambda: racer.Atomic(0, name="x"),
    "Lock": lambda: racer.Lock(name="x"),
    "RLock": lambda: racer.RLock(name="x"),
    "SpinLock": lambda: racer.SpinLock(name="x"),
    "Condition": lambda: racer.Condition(name="x"),
    "Semaphore": lambda: racer.Semaphore(name="x"),
    "BoundedSemaphore": lambda: racer.BoundedSemaphore(name="x"),
    "Event": lambda: racer.Event(name="x"),
    "Barrier": lambda: racer.Barrier(2, name="x"),
    "Resource": lambda: racer.Resource(name="x"),
    "Thread": lambda: racer.Thread(name="x"),
}


@pytest.mark.parametrize("name", MAKERS)
def test_an_object_is_of_its_public_class_everywhere(name: str) -> None:
    everywhere(lambda: isinstance(MAKERS[name](), getattr(racer, name)) or pytest.fail(name))


SUBCLASSED = ("Event", "Condition", "Semaphore", "BoundedSemaphore", "Lock", "RLock")


@pytest.mark.parametrize("name", SUBCLASSED)
def test_a_primitive_can_be_subclassed_as_in_threading(name: str) -> None:
    class Mine(getattr(racer, name)):  # type: ignore[misc]  # any of them
        def __init__(self) -> None:
            super().__init__()
            self.extra = 5

    def body() -> None:
        mine = Mine()
        assert isinstance(mine, getattr(racer, name))
        assert isinstance(mine, Mine)
        assert mine.extra == 5
        if name == "Event":
            mine.set()
            assert mine.wait()
        else:
            with mine:
                pass

    everywhere(body)
