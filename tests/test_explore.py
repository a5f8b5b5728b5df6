"""explore: results, counts, verdicts, seeds, progress, and what it refuses."""

import threading
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

import racer
from racer import Result, Snapshot, UsageError
from racer.core.rng import execution_seed

Body = Callable[[], object]


def lost_update() -> None:
    counter = racer.Shared(0, name="counter")

    def add() -> None:
        counter.value += 1

    threads = [racer.Thread(target=add, name=f"t{i}") for i in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    racer.count("runs")
    total = counter.value
    assert total == 2


def fine() -> None:
    total = racer.Atomic(0)
    threads = [racer.Thread(target=lambda: total.add(racer.choose(3))) for _ in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    racer.count("runs")


def alone() -> None:
    racer.Shared(0).value += 1
    t = racer.Thread(target=racer.point)
    t.start()
    t.join()


def two_kinds() -> None:
    """Four findings with four signatures, some of them together."""
    if racer.choose(2):
        racer.violation("red", "a")
    if racer.choose(3) == 1:
        racer.violation("blue", "b")
    if racer.choose(4) == 2:
        raise ValueError("c")
    if racer.choose(5) == 3:
        racer.Event().wait()


# -- results -------------------------------------------------------------------------------------------------------


def test_the_first_failure_ends_a_campaign() -> None:
    result = racer.explore(lost_update, executions=1000, seed=7)
    assert (result.verdict, result.failed) == ("FAIL", 1)
    assert result.first_failure is not None
    assert result.executions == result.first_failure + 1 < 50
    (finding,) = result.findings
    assert finding.kind == "exception"
    assert finding.execution is not None
    assert finding.execution.index == result.first_failure
    assert finding.seed == finding.execution.seed == execution_seed(7, result.first_failure)
    assert finding.schedule is finding.execution.schedule
    assert finding.execution.finding is finding
    assert finding.execution.findings == (finding,)


def test_keep_going_does_the_whole_budget_and_counts() -> None:
    result = racer.explore(lost_update, executions=300, seed=7, keep_going=True)
    assert (result.verdict, result.executions) == ("FAIL", 300)
    assert 0 < result.failed < 300
    assert result.counters == {"runs": 300}
    assert [finding.count for finding in result.findings] == [result.failed]
    assert result.interleavings == 4
    assert not result.interleavings_capped
    assert not result.exhausted
    assert result.redundant == 0
    assert result.seconds > 0


def test_findings_come_in_execution_order_with_their_counts() -> None:
    result = racer.explore(two_kinds, executions=400, seed=1, keep_going=True)
    firsts = [f.execution.index for f in result.findings if f.execution is not None]
    assert firsts == sorted(firsts)
    assert sorted(f.kind for f in result.findings) == ["blue", "deadlock", "exception", "red"]
    seen = {f.kind: 0 for f in result.findings}
    failed = 0
    for index in range(400):
        one = racer.explore(two_kinds, executions=1, seed=execution_seed(1, index))
        failed += one.verdict == "FAIL"
        for finding in one.findings:
            seen[finding.kind] += 1
    assert {f.kind: f.count for f in result.findings} == seen
    assert result.failed == failed


@pytest.mark.parametrize("strategy", ["random", "pct:3,k=20", "round-robin"])
def test_execution_i_is_repeated_by_its_seed(strategy: str) -> None:
    for index in (0, 1, 2, 7, 19):
        whole = racer.explore(fine, executions=index + 1, seed=99, strategy=strategy)
        one = racer.explore(fine, executions=1, seed=execution_seed(99, index), strategy=strategy)
        assert one.digest == whole.digest
        assert len(one.digest) == 64


@pytest.mark.parametrize("strategy", ["random", "pct:2", "pct", "round-robin"])
def test_a_findings_seed_and_the_printed_strategy_repeat_its_execution(strategy: str) -> None:
    found = racer.explore(two_kinds, executions=300, seed=3, keep_going=True, strategy=strategy)
    assert found.findings
    for finding in found.findings:
        assert finding.seed is not None
        again = racer.explore(two_kinds, executions=1, seed=finding.seed, strategy=found.strategy)
        assert finding.execution is not None
        assert again.digest == finding.execution.digest
        assert again.findings[0].schedule == finding.schedule
        assert finding.kind in {f.kind for f in again.findings}


@pytest.mark.parametrize("keep_going", [False, True])
def test_the_same_arguments_give_the_same_result(keep_going: bool) -> None:
    def told(result: Result) -> object:
        return (
            result.verdict, result.executions, result.steps, result.failed, result.first_failure, result.digest,
            result.interleavings, result.counters,
            [(str(f), f.seed, str(f.schedule), f.count) for f in result.findings],
        )  # fmt: skip

    for test in (lost_update, fine, two_kinds):
        one = racer.explore(test, executions=150, seed=12, keep_going=keep_going)
        assert told(one) == told(racer.explore(test, executions=150, seed=12, keep_going=keep_going))


def test_different_seeds_give_different_campaigns() -> None:
    digests = {racer.explore(fine, executions=1, seed=seed).digest for seed in range(40)}
    assert len(digests) > 15


def test_steps_are_summed_over_the_counted_executions() -> None:
    result = racer.explore(alone, executions=10)
    assert result.steps == 10 * 7  # begin, read, write, start, begin, point, join


def test_the_digest_is_that_of_the_last_counted_execution() -> None:
    result = racer.explore(lost_update, executions=1000, seed=7)
    assert result.findings[0].execution is not None
    assert result.digest == result.findings[0].execution.digest


def test_counters_are_those_of_the_counted_executions_only() -> None:
    def test() -> None:
        racer.count("one")
        racer.count("many", 5)
        racer.count("none", 0)

    assert racer.explore(test, executions=7, strategy="pct:3").counters == {"one": 7, "many": 35, "none": 0}


# -- verdicts ------------------------------------------------------------------------------------------------------


def test_pass_means_the_asked_budget_was_done() -> None:
    result = racer.explore(fine, executions=20)
    assert (result.verdict, result.executions, result.findings) == ("PASS", 20, ())
    assert "20" in result.reason
    result.raise_on_failure()


def test_nothing_raced_is_unknown() -> None:
    for test in (alone, lambda: None):
        result = racer.explore(test, executions=5)
        assert result.verdict == "UNKNOWN"
        assert "nothing raced" in result.reason
        result.raise_on_failure()


@pytest.mark.parametrize("strategy", ["random", "pct:1,k=9", "round-robin"])
def test_what_could_have_raced_is_no_unknown_whoever_ran(strategy: str) -> None:
    def test() -> None:
        t = racer.Thread(target=racer.point)
        t.start()
        racer.point()
        t.join()

    assert {racer.explore(test, strategy=strategy, executions=1, seed=seed).verdict for seed in range(30)} == {"PASS"}


def test_a_finding_is_a_failure_even_if_nothing_raced() -> None:
    result = racer.explore(lambda: racer.violation("x", "y"), executions=3)
    assert result.verdict == "FAIL"
    with pytest.raises(racer.FailureError, match="x: y"):
        result.raise_on_failure()


# -- progress ------------------------------------------------------------------------------------------------------


def test_progress_is_told_in_the_callers_thread_with_growing_numbers() -> None:
    snapshots: list[Snapshot] = []
    threads: set[int] = set()

    def progress(snapshot: Snapshot) -> None:
        snapshots.append(snapshot)
        threads.add(threading.get_ident())

    result = racer.explore(fine, executions=12_000, progress=progress)
    assert snapshots
    assert threads == {threading.get_ident()}
    for before, after in pairwise(snapshots):
        assert before.executions <= after.executions
        assert before.steps <= after.steps
        assert before.seconds < after.seconds
    assert snapshots[-1].executions <= result.executions
    assert snapshots[-1].interleavings <= result.interleavings
    assert snapshots[-1].findings == 0


def test_an_exception_of_the_progress_callback_ends_the_campaign_and_comes_out() -> None:
    class OwnError(Exception):
        pass

    def progress(_: Snapshot) -> None:
        raise OwnError

    with pytest.raises(OwnError):
        racer.explore(fine, executions=10_000_000, progress=progress)
    assert racer.explore(fine, executions=20).verdict == "PASS"


# -- usage ---------------------------------------------------------------------------------------------------------

BAD: dict[str, tuple[dict[str, Any], str]] = {
    "executions 0": ({"executions": 0}, "executions must be a whole number of at least 1, got 0"),
    "executions -1": ({"executions": -1}, "got -1"),
    "executions 1.5": ({"executions": 1.5}, "got 1.5"),
    "executions True": ({"executions": True}, "got True"),
    "executions text": ({"executions": "7"}, "got '7'"),
    "seed -1": ({"seed": -1}, "a seed is a whole number from 0 to"),
    "seed too large": ({"seed": 1 << 64}, "18446744073709551616"),
    "seed text": ({"seed": "0x1"}, "'0x1'"),
    "seed None": ({"seed": None}, "None"),
    "seed True": ({"seed": True}, "True"),
    "detect text": ({"detect": "exception"}, "list of names"),
    "detect unknown": ({"detect": ("exception", "ghost")}, "unknown detector 'ghost'; allowed: exception, deadlock"),
    "detect None": ({"detect": None}, "detect"),
    "detect 5": ({"detect": 5}, "detect"),
    "detect [[1]]": ({"detect": [[1]]}, "detect"),
    "detect [None]": ({"detect": [None]}, "detector"),
    "max_steps 0": ({"max_steps": 0}, "max_steps must be a whole number of at least 1, got 0"),
    "max_steps 1e5": ({"max_steps": 1e5}, "max_steps"),
    "jobs 0": ({"jobs": 0}, "jobs must be a whole number of at least 1, got 0"),
    "jobs None": ({"jobs": None}, "jobs"),
    "progress 5": ({"progress": 5}, "progress"),
    "stall_after 0": ({"stall_after": 0}, "stall_after must be a number of seconds above 0, got 0"),
    "stall_after nan": ({"stall_after": float("nan")}, "stall_after"),
    "stall_after inf": ({"stall_after": float("inf")}, "stall_after"),
    "stall_after None": ({"stall_after": None}, "stall_after"),
    "stall_after True": ({"stall_after": True}, "stall_after"),
    "stall_after text": ({"stall_after": "5"}, "stall_after"),
    "strategy": ({"strategy": "best"}, "unknown strategy 'best'; allowed: random, pct"),
    "keep_going text": ({"keep_going": "no"}, "keep_going"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_arguments_are_refused_with_what_was_given_and_what_is_allowed(name: str) -> None:
    arguments, said = BAD[name]
    ran: list[int] = []
    with pytest.raises(UsageError) as caught:
        racer.explore(lambda: ran.append(1), **arguments)
    assert said in str(caught.value)
    assert ran == []


@pytest.mark.parametrize("test", [None, 5, "lost_update", [lost_update]])
def test_a_test_is_a_function(test: object) -> None:
    calls: tuple[Callable[[Any], object], ...] = (
        racer.explore, lambda t: racer.replay(t, "x"), lambda t: racer.run_free(t, 0.1),
    )  # fmt: skip
    for call in calls:
        with pytest.raises(UsageError, match="a test is a function without arguments, got"):
            call(test)


@pytest.mark.parametrize("n", [0, -1, True, 1.0, "3", None, (1 << 64) + 1])
def test_a_choice_is_between_one_and_2_to_the_64(n: Any) -> None:
    with pytest.raises(UsageError, match="choose needs a whole number"):
        racer.choose(n)
    (finding,) = racer.explore(lambda: racer.choose(n), executions=1).findings
    assert "choose needs a whole number" in finding.message


@pytest.mark.parametrize(
    ("kind", "sides"), [(5, ()), (None, ()), ("", ()), ("x", [5]), ("x", 5), ("x", "ab"), ("a b\n", ())]
)
def test_a_violation_has_a_kind_and_sides(kind: Any, sides: Any) -> None:
    result = racer.explore(lambda: racer.violation(kind, "message", sides=sides), executions=1)
    (finding,) = result.findings
    assert "UsageError" in finding.message


@pytest.mark.parametrize("slot", [-1, "x", 1.5, True])
def test_a_cpu_slot_is_a_whole_number(slot: Any) -> None:
    with pytest.raises(UsageError, match="pin_to"):
        racer.pin_to(slot)


def test_good_values_at_the_edges_are_accepted() -> None:
    result = racer.explore(fine, executions=1, seed=(1 << 64) - 1, detect=iter(["exception"]), max_steps=1 << 40)
    assert result.seed == (1 << 64) - 1
    assert racer.explore(fine, executions=1, detect=()).verdict == "PASS"
    assert racer.explore(fine, executions=1, stall_after=10**6).executions == 1


# -- what a subject may ask -----------------------------------------------------------------------------------------


def test_a_subject_knows_where_it_is() -> None:
    seen: list[tuple[bool, str]] = []

    def ask() -> None:
        seen.append((racer.controlled(), racer.current_name()))

    def test() -> None:
        ask()
        t = racer.Thread(target=ask, name="child")
        t.start()
        t.join()

    racer.explore(test, executions=1)
    assert set(seen) == {(True, "main"), (True, "child")}
    seen.clear()
    ask()
    assert seen == [(False, "MainThread")]


def test_a_thread_without_a_name_gets_its_number() -> None:
    names: list[str] = []

    def test() -> None:
        for _ in range(2):
            t = racer.Thread(target=lambda: names.append(racer.current_name()))
            t.start()
            t.join()

    racer.explore(test, executions=1)
    assert names[:2] == ["thread1", "thread2"]


def test_choices_are_made_evenly_and_recorded() -> None:
    def test() -> None:
        racer.count(f"{racer.choose(4)}")
        racer.count(f"big {racer.choose(1 << 64) >= 1 << 63}")

    result = racer.explore(test, executions=2000)
    assert all(400 < result.counters[str(i)] < 600 for i in range(4))
    assert all(880 < result.counters[f"big {half}"] < 1120 for half in (True, False))


def test_sides_say_who_did_what_where() -> None:
    def deeper() -> racer.Side:
        return racer.side("store", "page 3", skip=1)

    def test() -> None:
        racer.point()
        first = racer.side("unpin", "page 3")
        racer.point()
        second = deeper()
        racer.violation("stale", "seen", sides=(first, second))

    (finding,) = racer.explore(test, executions=1).findings
    one, two = finding.sides
    assert [(s.thread, s.action, s.what, s.step) for s in finding.sides] == [
        ("main", "unpin", "page 3", 1), ("main", "store", "page 3", 2),
    ]  # fmt: skip
    assert one.location is not None
    assert two.location is not None
    assert two.location.line == one.location.line + 2
    assert two.location.function.endswith("test")
    assert str(one.location).endswith(f"tests/test_explore.py:{one.location.line}")


def test_outside_any_execution_a_violation_raises_and_a_count_is_lost() -> None:
    racer.count("nothing")
    with pytest.raises(racer.FailureError, match="kind: message"):
        racer.violation("kind", "message")


def test_may_sleep_under_a_spinlock_is_a_finding_and_under_a_lock_is_not() -> None:
    def test(make: Callable[[], racer.Lock]) -> None:
        lock = make()
        racer.may_sleep("before")
        with lock:
            racer.may_sleep("kmalloc")
        racer.may_sleep("after")

    result = racer.explore(lambda: test(lambda: racer.SpinLock(name="vpa_lock")), executions=2, keep_going=True)
    (finding,) = result.findings
    assert finding.kind == "atomic-sleep"
    assert "kmalloc" in finding.message
    assert "vpa_lock" in finding.message
    assert finding.sides[0].location is not None
    assert finding.sides[0].location.function.endswith("test")
    assert racer.explore(lambda: test(racer.Lock), executions=2).findings == ()


def test_may_sleep_knows_whose_spinlock_it_is() -> None:
    def test() -> None:
        lock = racer.SpinLock()

        def hold() -> None:
            with lock:
                racer.point()

        def sleeper() -> None:
            for _ in range(3):
                racer.may_sleep("x")
                racer.point()

        threads = [racer.Thread(target=target) for target in (hold, sleeper)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        racer.may_sleep("end")

    assert racer.explore(test, executions=100).verdict == "PASS"


def test_a_spinlock_released_by_another_thread_is_no_longer_held() -> None:
    def test() -> None:
        lock = racer.SpinLock()
        lock.acquire()
        t = racer.Thread(target=lock.release)
        t.start()
        t.join()
        racer.may_sleep("x")

    assert racer.explore(test, executions=5).findings == ()
