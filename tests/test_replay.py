"""replay: a schedule, from memory or from a file in another process, gives the execution again; or says why not."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import racer
from racer import DivergenceError, Schedule, ScheduleError, UsageError
from racer.core.rng import SplitMix64
from tests.engine.programs import KNOWN, ending

ROOT = Path(__file__).parents[1]
STRATEGIES = ("random", "pct:3,k=15", "round-robin")


def schedule_of(test: Callable[[], object], seed: int = 0, strategy: str = "random") -> Schedule:
    finding = racer.explore(test, executions=1, seed=seed, strategy=strategy).findings[0]
    assert finding.schedule is not None
    return finding.schedule


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("name", KNOWN)
def test_a_replayed_schedule_gives_the_same_execution(name: str, strategy: str) -> None:
    test = ending(name)
    for seed in range(4):
        (first, *_) = racer.explore(test, executions=1, seed=seed, strategy=strategy).findings
        assert first.execution is not None
        assert first.schedule is not None
        for schedule in (first.schedule, str(first.schedule), f"  {first.schedule}\n"):
            again = racer.replay(test, schedule)
            assert again.digest == first.execution.digest
            assert again.schedule == first.schedule
            assert again.trace == first.execution.trace
            assert [(f.kind, f.message, f.step, f.thread) for f in again.findings] == [
                (f.kind, f.message, f.step, f.thread) for f in first.execution.findings
            ]
            assert again.steps == len(first.schedule) == len(again.trace)
            assert (again.index, again.seed) == (0, None)


PROGRAM = """
import sys
import racer
from tests.engine.programs import ending
name, path = sys.argv[1:]
execution = racer.replay(ending(name), open(path).read())
print(execution.digest)
"""


@pytest.mark.timeout(60)  # it begins a process: seconds on a busy machine
@pytest.mark.parametrize("name", ["inc(2)", "abba", "two waiters"])
def test_a_schedule_saved_in_a_file_replays_in_a_new_process(name: str, tmp_path: Path) -> None:
    (finding, *_) = racer.explore(ending(name), executions=1, seed=3).findings
    path = tmp_path / "schedule.txt"
    text = str(finding.schedule)
    path.write_text("".join(f"    {text[i : i + 20]}\n" for i in range(0, len(text), 20)), encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, name, str(path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert finding.execution is not None
    assert ran.stdout.split() == [finding.execution.digest]


def two_steps() -> None:
    t = racer.Thread(target=racer.point)
    t.start()
    racer.point()
    t.join()


def with_choice() -> None:
    racer.choose(3)


def test_a_schedule_without_a_digest_is_followed_all_the_same() -> None:
    execution = racer.replay(two_steps, Schedule((0, 0, 1, 0, 1, 0)))
    assert [e.thread for e in execution.trace] == [0, 0, 1, 0, 1, 0]
    assert racer.replay(two_steps, execution.schedule).digest == execution.digest


DIVERGENT: list[tuple[Callable[[], None], Schedule, int, str]] = [
    (two_steps, Schedule((0, 1)), 1, "the schedule says thread 1, and only 0 can go on"),
    (two_steps, Schedule((0, 0, 5)), 2, "the schedule says thread 5, and only 0, 1 can go on"),
    (two_steps, Schedule((0, 0, 1, 0)), 4, "the schedule ends here, and threads 1 could still go on"),
    (two_steps, Schedule(()), 0, "the schedule ends here, and threads 0 could still go on"),
    (two_steps, Schedule((1,)), 0, "the schedule says thread 1"),
    (two_steps, Schedule((0, 0, 1, 0, 1, 0, 0)), 6, "the execution ended, and the schedule has 7 steps"),
    (two_steps, Schedule((0, 0, 1, 0, 1, 0), (), "0123456789abcdef"), 6, "the execution is another one"),
    (with_choice, Schedule((0, 0), ()), 2, "no further value"),
    (with_choice, Schedule((0, 0), (3,)), 2, "the schedule's choice is 3, and only 0..2 can be chosen"),
    (with_choice, Schedule((0, 0), (1, 1)), 2, "the schedule has 2"),
]


@pytest.mark.parametrize(("test", "schedule", "step", "why"), DIVERGENT, ids=lambda given: str(given)[:40])
def test_a_replay_that_cannot_follow_says_where_and_why(
    test: Callable[[], None], schedule: Schedule, step: int, why: str
) -> None:
    for given in (schedule, str(schedule)):
        with pytest.raises(DivergenceError) as caught:
            racer.replay(test, given)
        assert why in caught.value.why
        assert caught.value.step == step
        assert str(caught.value).startswith(f"the replay diverged at step {step}: ")


def test_the_schedule_of_another_test_diverges() -> None:
    diverged = 0
    names = list(KNOWN)
    for seed in range(20):
        draws = SplitMix64(seed)
        one, other = names[draws.below(len(names))], names[draws.below(len(names))]
        if one == other:
            continue
        with pytest.raises(DivergenceError):
            racer.replay(ending(other), schedule_of(ending(one), seed))
        diverged += 1
    assert diverged > 10


def test_after_a_divergence_everything_works() -> None:
    wanted = schedule_of(ending("abba"))
    for _ in range(20):
        with pytest.raises(DivergenceError):
            racer.replay(ending("lockinc(3)"), wanted)
    assert racer.replay(ending("abba"), wanted).schedule == wanted


@pytest.mark.parametrize("given", ["", "racer1:", "racer9:a:::000000", "nonsense", str(Schedule((0,)))[:-1]])
def test_a_text_that_is_no_schedule_is_refused(given: str) -> None:
    with pytest.raises(ScheduleError):
        racer.replay(two_steps, given)


@pytest.mark.parametrize("given", [None, 5, (0, 1), b"racer1:a:::000000"])
def test_what_is_neither_schedule_nor_text_is_refused(given: object) -> None:
    with pytest.raises(UsageError):
        racer.replay(two_steps, given)  # type: ignore[arg-type]


@pytest.mark.parametrize("arguments", [{"detect": "deadlock"}, {"detect": ("ghost",)}, {"stall_after": 0}])
def test_bad_arguments_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        racer.replay(two_steps, Schedule((0,)), **arguments)  # type: ignore[arg-type]


def test_a_replay_without_a_finding_has_none() -> None:
    execution = racer.replay(two_steps, Schedule((0, 0, 1, 0, 1, 0)))
    assert execution.finding is None
    assert execution.findings == ()
    assert execution.counters == {}


def test_a_replay_records_more_than_an_exploration_and_has_the_same_digest() -> None:
    test = ending("inc(2)")
    result = racer.explore(test, executions=1, seed=8)
    (finding,) = result.findings
    assert finding.execution is not None
    assert result.digest == finding.execution.digest
    assert all(event.location is not None for event in finding.execution.trace)
    assert {event.value for event in finding.execution.trace if event.kind == "read"} <= {"0", "1"}
