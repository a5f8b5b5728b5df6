"""jobs: several processes share a campaign, and the result is that of one."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import racer
from racer import Snapshot
from tests.engine.flat import body
from tests.engine.programs import abba, inc, lockinc
from tests.test_explore import lost_update, two_kinds

TESTS: dict[str, Callable[[], object]] = {
    "lost update": lost_update,
    "two kinds": two_kinds,
    "abba": body(abba()),
    "inc": body(inc(3)),
    "lockinc": body(lockinc(2)),
}


def told(result: racer.Result) -> object:
    return [(str(f), f.seed, str(f.schedule), f.count, f.execution and f.execution.index) for f in result.findings]


@pytest.mark.parametrize("strategy", ["random", "pct:3"])
@pytest.mark.parametrize("name", TESTS)
def test_two_processes_find_what_one_finds(name: str, strategy: str) -> None:
    one, two = (
        racer.explore(TESTS[name], executions=151, seed=5, keep_going=True, jobs=jobs, strategy=strategy)
        for jobs in (1, 2)
    )
    assert told(two) == told(one)
    for attribute in (
        "verdict", "reason", "executions", "steps", "failed", "first_failure", "interleavings", "counters", "strategy",
        "seed", "digest", "exhausted", "interleavings_capped",
    ):  # fmt: skip
        assert getattr(two, attribute) == getattr(one, attribute), attribute


@pytest.mark.parametrize("name", ["lost update", "two kinds", "abba"])
@pytest.mark.parametrize("jobs", [2, 3])
def test_without_keep_going_the_first_failure_is_the_same(name: str, jobs: int) -> None:
    one = racer.explore(TESTS[name], executions=200, seed=2)
    several = racer.explore(TESTS[name], executions=200, seed=2, jobs=jobs)
    assert several.first_failure == one.first_failure
    assert [(str(f), f.seed, str(f.schedule)) for f in several.findings] == [
        (str(f), f.seed, str(f.schedule)) for f in one.findings
    ]
    assert several.verdict == "FAIL"


def test_findings_from_another_process_are_whole() -> None:
    result = racer.explore(TESTS["abba"], executions=60, keep_going=True, jobs=2)
    (finding,) = result.findings
    assert finding.execution is not None
    assert finding.execution.findings[0].kind == "deadlock"
    assert finding.execution.trace
    assert finding.sides[0].location is not None
    assert racer.replay(TESTS["abba"], str(finding.schedule)).digest == finding.execution.digest


def test_progress_sums_the_processes() -> None:
    snapshots: list[Snapshot] = []
    racer.explore(TESTS["lockinc"], executions=6000, jobs=2, progress=snapshots.append)
    assert snapshots
    assert [s.executions for s in snapshots] == sorted(s.executions for s in snapshots)
    assert snapshots[-1].executions <= 6000


def test_more_jobs_than_executions_is_no_matter() -> None:
    assert racer.explore(TESTS["lockinc"], executions=3, jobs=8).executions == 3


def test_what_a_process_raises_is_raised_here() -> None:
    lock = racer.Lock()
    with pytest.raises(racer.UsageError, match="made before this execution"):
        racer.explore(lambda: lock.acquire(), executions=4, jobs=2)  # noqa: PLW0108
    state: list[int] = []

    def differs() -> None:
        state.append(1)
        for _ in range(len(state) % 2):
            racer.point()

    with pytest.raises(racer.NondeterminismError, match="differ at step"):
        racer.explore(differs, executions=4, jobs=2)


def test_a_process_that_dies_is_an_error_and_no_hang() -> None:
    with pytest.raises(racer.RacerError, match="ended without a result"):
        racer.explore(lambda: os._exit(3), executions=4, jobs=2)


def children() -> set[int]:
    """The processes that this one has begun and not yet seen the end of; other tests may have left some."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        if int(fields[1]) == os.getpid():
            found.add(int(stat.parent.name))
    return found


def test_no_process_is_left_behind() -> None:
    before = children()
    racer.explore(TESTS["lockinc"], executions=10, jobs=2)
    assert children() <= before


def test_an_exception_of_the_progress_callback_ends_all_processes() -> None:
    def progress(_: Snapshot) -> None:
        raise KeyError("mine")

    before = children()
    with pytest.raises(KeyError, match="mine"):
        racer.explore(TESTS["lockinc"], executions=10_000_000, jobs=2, progress=progress)
    assert children() <= before
