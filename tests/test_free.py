"""run_free: the same subject on plain OS threads."""

import gc
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

import racer
from racer import StallError, UsageError
from tests.engine.told import both

SHORT = 0.05
NOISE = [True, False]


def counted() -> None:
    lock, total = racer.Lock(), racer.Shared(0)

    def add() -> None:
        for _ in range(5):
            with lock:
                total.value += 1

    both(add, add)
    racer.count("runs")
    assert total.value == 10


@pytest.mark.parametrize("noise", NOISE)
def test_a_sound_program_passes_and_its_runs_are_counted(noise: bool) -> None:
    result = racer.run_free(counted, SHORT, noise=noise)
    assert (result.verdict, result.findings, result.strategy) == ("PASS", (), "free")
    assert result.executions == result.counters["runs"] > 0
    assert (result.failed, result.first_failure) == (0, None)


@pytest.mark.parametrize("noise", NOISE)
def test_an_exception_in_any_thread_is_a_finding(noise: bool) -> None:
    def fail() -> None:
        raise ValueError("in a thread")

    def test() -> None:
        both(fail, racer.point)
        raise KeyError("in main")

    result = racer.run_free(test, SHORT, noise=noise)
    assert result.verdict == "FAIL"
    assert {str(f) for f in result.findings} == {
        "exception: a raised ValueError: in a thread", "exception: main raised KeyError: 'in main'",
    }  # fmt: skip
    assert result.failed == result.executions == result.findings[0].count
    assert result.first_failure == 0
    for finding in result.findings:
        assert (finding.schedule, finding.execution) == (None, None)
        assert finding.sides[0].location is not None
        assert finding.sides[0].location.file.endswith("test_free.py")
    with pytest.raises(racer.FailureError):
        result.raise_on_failure()


@pytest.mark.parametrize("noise", NOISE)
def test_violations_and_counters_come_from_all_threads(noise: bool) -> None:
    def work() -> None:
        for _ in range(10):
            racer.count("work")
        racer.violation("own", "seen", sides=(racer.side("did", "x"),))

    result = racer.run_free(lambda: both(work, work), SHORT, noise=noise)
    assert result.counters == {"work": 20 * result.executions}
    (finding,) = result.findings
    assert (finding.kind, finding.count) == ("own", 2 * result.executions)


def test_an_unlocked_increment_is_caught_with_noise() -> None:
    def test() -> None:
        total = racer.Shared(0)

        def add() -> None:
            for _ in range(20):
                total.value += 1

        both(add, add)
        assert total.value == 40

    assert racer.run_free(test, 1.0).verdict == "FAIL"


def test_threads_that_are_not_joined_belong_to_their_run() -> None:
    def late() -> None:
        for _ in range(50):
            racer.point()
        racer.count("done")
        raise ValueError("late")

    def test() -> None:
        racer.count("begun")
        racer.Thread(target=late, name="late").start()

    result = racer.run_free(test, SHORT)
    assert result.counters["done"] == result.counters["begun"] == result.executions
    assert result.failed == result.executions
    assert [str(f) for f in result.findings] == ["exception: late raised ValueError: late"]


def test_choices_differ_from_run_to_run_and_stay_in_range() -> None:
    seen: list[int] = []
    racer.run_free(lambda: seen.append(racer.choose(5)), SHORT, seed=4)
    assert set(seen) == set(range(5))


def test_everything_is_as_before_afterwards() -> None:
    before = sys.getswitchinterval(), threading.active_count()
    inside: list[float] = []
    racer.run_free(lambda: inside.append(sys.getswitchinterval()), SHORT, noise=True)
    assert inside[0] < before[0]
    inside.clear()
    racer.run_free(lambda: inside.append(sys.getswitchinterval()), SHORT, noise=False)
    assert inside[0] == before[0]
    assert (sys.getswitchinterval(), threading.active_count()) == before
    with pytest.raises(racer.FailureError):
        racer.violation("outside", "again nobody to report to")


def test_a_run_that_hangs_is_a_stall() -> None:
    released = threading.Event()
    try:
        with pytest.raises(StallError) as caught:
            racer.run_free(lambda: both(lambda: released.wait(10)), 10, stall_after=0.3)
        assert any("both" in stack for stack in caught.value.stacks)
    finally:
        released.set()
    assert racer.run_free(counted, SHORT).verdict == "PASS"


def test_explore_after_a_free_run_and_the_other_way_round() -> None:
    def digest() -> str:
        return racer.explore(counted, executions=20, seed=1).digest

    before = digest()
    racer.run_free(counted, SHORT)
    assert digest() == before
    assert racer.run_free(counted, SHORT).verdict == "PASS"


def test_may_sleep_under_a_spinlock_is_a_finding() -> None:
    def test() -> None:
        lock = racer.SpinLock(name="k")
        racer.may_sleep("outside")
        with lock:
            racer.may_sleep("inside")

    (finding,) = racer.run_free(test, SHORT).findings
    assert finding.kind == "atomic-sleep"
    assert "inside" in finding.message


def test_a_subject_is_not_controlled_there() -> None:
    seen: list[bool] = []
    racer.run_free(lambda: seen.append(racer.controlled()), SHORT)
    assert set(seen) == {False}


BAD: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "seconds 0": ((0,), {}),
    "seconds -1": ((-1,), {}),
    "seconds nan": ((float("nan"),), {}),
    "seconds text": (("1",), {}),
    "seconds None": ((None,), {}),
    "seed -1": ((0.01,), {"seed": -1}),
    "seed text": ((0.01,), {"seed": "1"}),
    "stall_after 0": ((0.01,), {"stall_after": 0}),
    "stall_after None": ((0.01,), {"stall_after": None}),
    "noise text": ((0.01,), {"noise": "no"}),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_arguments_are_refused(name: str) -> None:
    positional, named = BAD[name]
    ran: list[int] = []
    with pytest.raises(UsageError):
        racer.run_free(lambda: ran.append(1), *positional, **named)
    assert ran == []


@pytest.mark.parametrize("primitive", ["Lock", "RLock", "Semaphore", "Event", "Condition"])
def test_primitives_made_outside_a_free_run_work_in_it(primitive: str) -> None:
    made: Callable[[], Any] = getattr(racer, primitive)
    shared = made()

    def use() -> None:
        if primitive == "Event":
            shared.set()
            shared.wait()
        else:
            with shared:
                pass

    assert racer.run_free(lambda: both(use, use), SHORT).findings == ()


def test_no_garbage_is_collected_while_threads_of_a_free_run_are_at_work() -> None:
    seen: set[bool] = set()
    assert gc.isenabled()
    racer.run_free(lambda: seen.add(gc.isenabled()), seconds=0.05)
    assert seen == {False}
    assert gc.isenabled()
