"""verify: every interleaving once, and what the result says of it. Its numbers: tests/engine/test_interleavings.py."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

import racer
from racer import Snapshot, UsageError
from tests.engine.flat import body
from tests.engine.programs import KNOWN, inc
from tests.engine.told import both


def sums() -> None:
    total = racer.Shared(0)

    def add() -> None:
        total.value += 1

    both(add, add)
    racer.count(f"total {total.value}")


def lost_update() -> None:
    total = racer.Shared(0)

    def add() -> None:
        total.value += 1

    both(add, add)
    seen = total.value
    assert seen == 2


def test_all_explored_without_a_finding_is_a_pass() -> None:
    result = racer.verify(sums)
    assert (result.verdict, result.exhausted, result.interleavings, result.executions) == ("PASS", True, 4, 4)
    assert (result.redundant, result.failed, result.strategy, result.findings) == (0, 0, "dpor", ())
    assert result.counters == {"total 1": 2, "total 2": 2}


def test_the_first_finding_ends_a_verification_and_replays() -> None:
    result = racer.verify(lost_update)
    assert (result.verdict, result.exhausted, result.failed) == ("FAIL", False, 1)
    (finding,) = result.findings
    assert finding.execution is not None
    assert finding.execution.index == result.executions - 1 == result.first_failure
    assert racer.replay(lost_update, str(finding.schedule)).digest == finding.execution.digest


def test_keep_going_collects_the_findings_and_goes_to_the_end() -> None:
    result = racer.verify(lost_update, keep_going=True)
    assert (result.verdict, result.exhausted, result.interleavings, result.failed) == ("FAIL", True, 4, 2)
    assert [finding.count for finding in result.findings] == [2]


def test_every_choice_is_made_in_every_combination() -> None:
    def test() -> None:
        first = racer.choose(3)
        second = racer.choose(first + 1)
        racer.count(f"{first} {second} {racer.choose(2)}")

    result = racer.verify(test)
    assert result.counters == {f"{a} {b} {c}": 1 for a in range(3) for b in range(a + 1) for c in range(2)}
    assert result.interleavings == 12


def test_a_verification_is_the_same_every_time() -> None:
    for name in ("last zero (3)", "two waiters", "abba"):
        one, two = (racer.verify(body(KNOWN[name].program), keep_going=True) for _ in range(2))
        assert (one.digest, one.executions, one.steps) == (two.digest, two.executions, two.steps)


@pytest.mark.parametrize("budget", [1, 3, 35])
def test_a_budget_that_runs_out_is_unknown(budget: int) -> None:
    result = racer.verify(body(KNOWN["inc(3)"].program), max_executions=budget)
    assert (result.verdict, result.exhausted, result.executions) == ("UNKNOWN", False, budget)
    assert "cut short" in result.reason


def test_a_budget_that_suffices_is_no_matter() -> None:
    result = racer.verify(body(KNOWN["inc(3)"].program), max_executions=36)
    assert (result.verdict, result.exhausted, result.executions) == ("PASS", True, 36)


def test_a_test_that_does_not_race_is_proved_as_well() -> None:
    result = racer.verify(lambda: None)
    assert (result.verdict, result.interleavings) == ("PASS", 1)


def test_an_execution_that_was_cut_leaves_the_proof_open() -> None:
    def test() -> None:
        both(racer.point, racer.point)
        if racer.choose(2):
            while True:
                racer.point()

    result = racer.verify(test, max_steps=40, keep_going=True)
    assert [finding.kind for finding in result.findings] == ["step-limit"]
    assert (result.verdict, result.exhausted) == ("FAIL", False)


def test_timed_waits_end_both_ways() -> None:
    def test() -> None:
        lock, event = racer.Lock(), racer.Event()

        def hold() -> None:
            with lock:
                event.set()

        def ask() -> None:
            got = lock.acquire(timeout=1)
            racer.count(f"lock {got}")
            if got:
                lock.release()
            racer.count(f"event {event.wait(timeout=1)}")

        both(hold, ask)

    result = racer.verify(test)
    assert set(result.counters) == {"lock True", "lock False", "event True", "event False"}
    assert result.verdict == "PASS"


def test_findings_of_another_schedule_are_seen_that_random_ones_hardly_show() -> None:
    """A thread has to stand still for the whole life of another: a random walk needs thousands of executions."""

    def test() -> None:
        x = racer.Shared(0)

        def slow() -> None:
            before = x.value
            for _ in range(12):
                racer.point()
            after = x.value
            assert (before, after) != (0, 5)

        def quick() -> None:
            for value in range(1, 6):
                x.value = value

        both(slow, quick)

    assert racer.verify(test).verdict == "FAIL"


def test_progress_is_told() -> None:
    snapshots: list[Snapshot] = []
    result = racer.verify(body(inc(4)), progress=snapshots.append)
    assert result.exhausted
    assert snapshots
    assert [s.executions for s in snapshots] == sorted(s.executions for s in snapshots)
    assert snapshots[-1].executions <= result.executions


def test_nondeterminism_is_noticed() -> None:
    calls: list[int] = []

    def test() -> None:
        calls.append(1)
        if len(calls) % 2:
            racer.violation("odd", "")
        both(racer.point, *[racer.point] * (len(calls) % 3))

    with pytest.raises(racer.NondeterminismError):
        racer.verify(test, keep_going=True)


BAD: dict[str, dict[str, Any]] = {
    "jobs 0": {"jobs": 0},
    "max_executions 0": {"max_executions": 0},
    "max_executions True": {"max_executions": True},
    "max_executions text": {"max_executions": "9"},
    "max_steps 0": {"max_steps": 0},
    "detect": {"detect": ("ghost",)},
    "keep_going": {"keep_going": "yes"},
    "progress": {"progress": 5},
    "stall_after": {"stall_after": -1},
}


@pytest.mark.parametrize("name", BAD)
def test_bad_arguments_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match=name.split(maxsplit=1)[0].replace("detect", "detector")):
        racer.verify(lambda: None, **BAD[name])


def test_a_test_is_a_function_and_not_inside_an_execution() -> None:
    with pytest.raises(UsageError, match="a test is a function"):
        racer.verify(5)  # type: ignore[arg-type]
    seen: list[str] = []

    def inside() -> None:
        try:
            racer.verify(print)
        except UsageError as error:
            seen.append(str(error))

    racer.explore(inside, executions=1)
    assert seen
    assert "inside an execution" in seen[0]


def test_a_stall_is_raised() -> None:
    gate = threading.Event()
    try:
        with pytest.raises(racer.StallError):
            racer.verify(lambda: gate.wait(10), stall_after=0.2)
    finally:
        gate.set()


SOUND: dict[str, Callable[[], None]] = {name: body(KNOWN[name].program) for name in KNOWN if not KNOWN[name].deadlocks}


@pytest.mark.parametrize("name", SOUND)
def test_what_is_sound_is_proved(name: str) -> None:
    result = racer.verify(SOUND[name])
    assert (result.verdict, result.exhausted) == ("PASS", True)


def test_a_loop_that_sleeps_lets_the_others_go_on() -> None:
    def test() -> None:
        flag = racer.Shared(initial=False)

        def wait() -> None:
            while not flag.value:
                racer.sleep(1)

        both(wait, lambda: setattr(flag, "value", True))

    result = racer.verify(test, max_executions=20)
    assert (result.failed, result.executions, result.exhausted) == (0, 20, False)


def test_a_loop_without_end_is_cut_with_a_finding() -> None:
    def test() -> None:
        flag = racer.Shared(initial=False)

        def spin() -> None:
            while not flag.value:
                pass

        both(spin, lambda: setattr(flag, "value", True))

    result = racer.verify(test, max_steps=100, max_executions=200, keep_going=True)
    assert "step-limit" in [finding.kind for finding in result.findings]
    assert not result.exhausted


def test_a_test_that_depends_on_something_else_is_found_out_with_both_operations() -> None:
    runs = []

    def test() -> None:
        x, y = racer.Shared(0, name="x"), racer.Atomic(0, name="y")
        runs.append(1)
        if len(runs) % 2:
            y.load()
        else:
            y.store(1)
        both(lambda: setattr(x, "value", 1), lambda: x.value)

    with pytest.raises(racer.NondeterminismError) as caught:
        racer.verify(test)
    error = caught.value
    assert error.step == 1
    assert error.first.startswith("main: load of object")
    assert error.second.startswith("main: store of object")


def test_a_thread_that_is_not_ready_for_its_foreseen_step_is_found_out() -> None:
    runs = []

    def test() -> None:
        lock, x = racer.Lock(), racer.Shared(0)
        runs.append(1)
        if len(runs) > 1:
            lock.acquire()

        def a() -> None:
            with lock:
                x.value = 1

        def b() -> None:
            x.value = 2

        both(a, b)

    with pytest.raises(racer.NondeterminismError, match="differ there:"):
        racer.verify(test)
