"""Declared rules: which accesses break them, even where nothing bad followed."""

from collections.abc import Callable
from typing import Any

import pytest

import racer
from tests.detectors.programs import Body, together, told

DETECT = ["lock-discipline"]


class Area:
    """A piece of state with a field for each kind of rule."""

    guarded = racer.field(0, guarded_by="lock")
    written = racer.field(0, guarded_by="lock", writes_only=True, marked=True)
    far = racer.field(0, guarded_by="owner.lock")
    owned = racer.field(0, owned_by="task")

    def __init__(self, owner: "Area | None" = None, task: object = None) -> None:
        self.name = "area"
        self.lock = racer.Lock(name="lock")
        self.owner = owner or self
        self.task = task
        self.guarded = 0  # the one who makes it needs no lock
        self.far = 0


def run(area: Area, *bodies: Callable[[Area], object]) -> None:
    together(*(lambda body=body: body(area) for body in bodies))


def locked(access: Callable[[Area], object]) -> Callable[[Area], object]:
    """Return the access under the lock."""

    def body(area: Area) -> None:
        with area.lock:
            access(area)

    return body


def write(name: str) -> Callable[[Area], object]:
    return lambda area: setattr(area, name, 1)


def read(name: str) -> Callable[[Area], object]:
    return lambda area: getattr(area, name)


RIGHT: dict[str, Body] = {
    "all under the lock": lambda: run(Area(), locked(write("guarded")), locked(read("guarded"))),
    "a path of several attributes": lambda: run(Area(), locked(write("far")), locked(read("far"))),
    "reads may do without": lambda: run(Area(), locked(write("written")), read("written")),
}
WRONG: dict[str, tuple[Body, set[tuple[str, ...]]]] = {
    "a write without": (
        lambda: run(Area(), write("guarded"), locked(read("guarded"))), {("t0 write area.guarded",)}),
    "a read without": (
        lambda: run(Area(), locked(write("guarded")), read("guarded")), {("t1 read area.guarded",)}),
    "nobody else is there": (lambda: run(Area(), write("guarded"), lambda _: None), {("t0 write area.guarded",)}),
    "a write that only writes need the lock for": (
        lambda: run(Area(), write("written"), read("written")), {("t0 write area.written",)}),
    "another object's lock": (
        lambda: run(Area(owner=Area()), locked(write("far"))), {("t0 write area.far",)}),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_what_keeps_the_rule_is_not_reported(name: str) -> None:
    assert told(RIGHT[name], DETECT) == set()


@pytest.mark.parametrize("name", WRONG)
def test_what_breaks_the_rule_is_reported(name: str) -> None:
    test, expected = WRONG[name]
    assert told(test, DETECT) == expected


def test_what_the_maker_does_before_the_others_may_look_needs_no_lock() -> None:
    def test() -> None:
        area = Area()
        run(area, locked(write("guarded")), locked(write("guarded")))
        assert area.guarded == 1  # nobody else is left

    assert told(test, DETECT) == set()


def test_that_the_maker_came_first_by_chance_is_no_excuse() -> None:
    def test() -> None:
        area = Area()
        thread = racer.Thread(target=lambda: locked(write("guarded"))(area), name="t0")
        thread.start()
        area.guarded = 2
        with area.lock:
            pass
        thread.join()

    result = racer.verify(test, detect=DETECT, keep_going=True)
    (finding,) = result.findings
    assert finding.message == "main wrote area.guarded, which lock guards, and held nothing"
    assert finding.count == result.executions


def test_who_did_not_make_the_variable_needs_the_lock_before_the_others_too() -> None:
    def test() -> None:
        area = Area()
        ready = racer.Event()

        def first() -> None:
            area.written = 1
            ready.set()

        def second() -> None:
            ready.wait()
            locked(write("written"))(area)

        together(first, second)

    assert told(test, DETECT) == {("t0 write area.written",)}


def test_a_lock_that_another_thread_released_is_not_held() -> None:
    def test() -> None:
        area = Area()
        taken, released = racer.Event(), racer.Event()

        def takes() -> None:
            area.lock.acquire()
            area.guarded = 1
            taken.set()
            released.wait()
            area.guarded = 2

        def releases() -> None:
            taken.wait()
            area.lock.release()
            released.set()

        together(takes, releases)

    assert told(test, DETECT) == {("t0 write area.guarded",)}


def test_a_wait_on_a_condition_gives_the_lock_away() -> None:
    def test() -> None:
        area = Area()
        condition = racer.Condition(area.lock)

        def wait() -> None:
            with area.lock:
                condition.wait(timeout=1)
                area.guarded = 1

        def change() -> None:
            with area.lock:
                condition.notify()
            area.guarded = 2

        together(wait, change)

    assert told(test, DETECT) == {("t1 write area.guarded",)}


def owner_runs(*, waits: bool) -> Body:
    """Return a test in which another thread writes what t0 owns, and t0 waits meanwhile or does not."""

    def test() -> None:
        area = Area(task="t0")
        asked, done = racer.Event(), racer.Event()

        def own() -> None:
            area.owned = 1
            asked.set()
            if waits:
                done.wait()
            area.owned = 2

        def other() -> None:
            asked.wait()
            area.owned = 3
            done.set()

        together(own, other)

    return test


def test_another_thread_may_access_what_is_owned_while_the_owner_waits() -> None:
    assert told(owner_runs(waits=True), DETECT) == set()


def test_another_thread_may_not_while_the_owner_could_run() -> None:
    found = told(owner_runs(waits=False), DETECT)
    assert found == {("t0 write area.owned", "t1 write area.owned")}


def test_a_shared_variable_takes_the_lock_itself() -> None:
    def test() -> None:
        lock = racer.Lock(name="lock")
        shared = racer.Shared(0, name="x", guarded_by=lock)

        def careless() -> None:
            shared.value = 1

        def careful() -> None:
            with lock:
                shared.value = 2

        together(careless, careful)

    (finding,) = racer.explore(test, detect=DETECT, executions=1).findings
    assert finding.message == "t0 wrote x, which lock guards, and held nothing"


@pytest.mark.parametrize(
    ("declare", "said"),
    [
        (lambda: racer.field(0, guarded_by=3), "path of attributes"),  # type: ignore[arg-type]
        (lambda: racer.field(0, guarded_by="a..b"), "path of attributes"),
        (lambda: racer.field(0, owned_by=""), "path of attributes"),
        (lambda: racer.field(0, writes_only=True), "writes_only needs guarded_by"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(declare: Callable[[], Any], said: str) -> None:
    with pytest.raises(racer.UsageError, match=said):
        declare()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("nothing", r"the rule of Odd.field leads along 'nothing', which cannot be followed: Odd has no 'nothing'"),
        ("number", r"guarded_by='number' of Odd.field must lead to a lock made in this execution, got 7"),
        ("number.lock", r"cannot be followed: int has no 'lock'"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(path: str, said: str) -> None:
    class Odd:
        field = racer.field(0, guarded_by=path)
        number = 7

    def test() -> None:
        odd = Odd()
        together(lambda: setattr(odd, "field", 1))

    with pytest.raises(racer.UsageError, match=said):
        racer.explore(test, detect=DETECT, executions=1)
