"""Exceptions end their thread only; what their unwinding does not release stays held."""

import sys
from collections.abc import Callable

import pytest

import racer
from tests.engine.told import both


def test_an_exception_ends_its_thread_and_no_other() -> None:
    def body() -> None:
        done = racer.Atomic(0)

        def fail() -> None:
            racer.point()
            raise ValueError("no")

        def work() -> None:
            for _ in range(3):
                racer.point()
            done.add(1)

        both(fail, work, work)
        assert done.load() == 2
        racer.count("whole")

    result = racer.explore(body, executions=50, keep_going=True)
    assert [str(finding) for finding in result.findings] == ["exception: a raised ValueError: no"]
    assert result.counters == {"whole": 50}
    assert (result.failed, result.findings[0].count, result.first_failure) == (50, 50, 0)


def test_an_exception_of_main_leaves_the_others_running() -> None:
    def body() -> None:
        def work() -> None:
            for _ in range(3):
                racer.point()
            racer.count("done")

        racer.Thread(target=work).start()
        raise KeyError("main")

    result = racer.explore(body, executions=20, keep_going=True)
    assert result.counters == {"done": 20}
    assert [str(f) for f in result.findings] == ["exception: main raised KeyError: 'main'"]


def test_a_lock_that_unwinding_does_not_release_stays_held() -> None:
    def body(*, released: bool) -> None:
        lock = racer.Lock(name="x")

        def fail() -> None:
            if released:
                with lock:
                    raise ValueError("inside")
            lock.acquire()
            raise ValueError("inside")

        def use() -> None:
            with lock:
                pass

        both(fail, use)

    kept = racer.explore(lambda: body(released=False), executions=50, keep_going=True)
    assert {f.kind for f in kept.findings} == {"exception", "deadlock"}
    freed = racer.explore(lambda: body(released=True), executions=50, keep_going=True)
    assert {f.kind for f in freed.findings} == {"exception"}


def test_the_first_finding_is_the_first_by_step_and_all_are_kept() -> None:
    def body() -> None:
        def fail() -> None:
            racer.point()
            raise ValueError(racer.current_name())

        both(fail, fail)
        racer.violation("late", "after both")
        racer.Event().wait()

    result = racer.explore(body, executions=30, keep_going=True)
    for finding in result.findings:
        execution = finding.execution
        assert execution is not None
        assert [f.kind for f in execution.findings] == [
            "exception",
            "exception",
            "violation-free"[:0] or "late",
            "deadlock",
        ]
        assert [f.step for f in execution.findings] == sorted(f.step for f in execution.findings)
        assert execution.finding is execution.findings[0]


def test_an_exceptions_side_is_the_innermost_place_of_the_subject() -> None:
    def deep() -> None:
        racer.Lock().release()

    result = racer.explore(lambda: both(deep), executions=1)
    finding = result.findings[0]
    assert finding.message == "a raised RuntimeError: release unlocked lock"
    (side,) = finding.sides
    assert (side.thread, side.action, side.what) == ("a", "raise", "RuntimeError")
    assert side.location is not None
    assert side.location.file.endswith("test_exceptions.py")
    assert side.location.function.endswith("deep")


class MuteError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


class OperatingError(Exception):
    def __init__(self) -> None:
        super().__init__()
        self.seen = racer.Shared(0)

    def __str__(self) -> str:
        return f"value {self.seen.value}"


@pytest.mark.parametrize("error", [MuteError, OperatingError])
@pytest.mark.parametrize("wrap", [lambda fail: fail(), both], ids=["main", "thread"])
def test_an_exception_that_cannot_be_shown_is_still_a_finding(
    error: type[Exception], wrap: Callable[[Callable[[], None]], object]
) -> None:
    def fail() -> None:
        raise error

    result = racer.explore(lambda: wrap(fail), executions=3, keep_going=True)
    assert [finding.kind for finding in result.findings] == ["exception"]
    assert error.__name__ in result.findings[0].message


@pytest.mark.parametrize("error", [KeyboardInterrupt, GeneratorExit, BaseException])
def test_a_base_exception_is_a_finding_too(error: type[BaseException]) -> None:
    def fail() -> None:
        raise error

    result = racer.explore(lambda: both(fail), executions=3, keep_going=True)
    assert [finding.message for finding in result.findings] == [f"a raised {error.__name__}: "]


def test_system_exit_ends_a_thread_silently_as_in_threading() -> None:
    result = racer.explore(lambda: both(sys.exit, racer.point), executions=20)
    assert result.verdict == "PASS"


def test_without_the_detector_exceptions_are_no_findings() -> None:
    def body() -> None:
        raise ValueError

    assert racer.explore(body, executions=3, detect=("deadlock",)).findings == ()
    assert racer.explore(body, executions=3, detect=()).findings == ()


def test_violations_are_findings_whatever_is_detected() -> None:
    def body() -> None:
        racer.violation("stale-pointer", "seen", sides=(racer.side("store", "x"), racer.side("unpin", "y")))
        racer.count("went on")

    result = racer.explore(body, executions=3, detect=(), keep_going=True)
    assert result.counters == {"went on": 3}
    (finding,) = result.findings
    assert (finding.kind, finding.message, finding.count) == ("stale-pointer", "seen", 3)
    assert [(s.thread, s.action, s.what, s.step) for s in finding.sides] == [
        ("main", "store", "x", 0), ("main", "unpin", "y", 0),
    ]  # fmt: skip


def test_findings_of_one_signature_are_one_finding_with_a_count() -> None:
    def body() -> None:
        for _ in range(3):
            racer.violation("often", f"text {racer.choose(9)}", sides=(racer.side("a"),))
        racer.violation("often", "elsewhere", sides=(racer.side("a"),))

    result = racer.explore(body, executions=10, keep_going=True)
    assert [(f.kind, f.count) for f in result.findings] == [("often", 10), ("often", 10)]
    assert result.failed == 10


def test_an_assertion_of_the_body_shows_its_message() -> None:
    def body() -> None:
        raise AssertionError("lost 1")

    with pytest.raises(
        racer.FailureError, match=r"exception: main raised AssertionError: lost 1\n.*seed 0x7"
    ) as caught:
        racer.explore(body, seed=7).raise_on_failure()
    assert "racer1:" in str(caught.value)
