"""How detectors are asked for, and what they are given."""

from collections.abc import Callable, Iterator

import pytest

import racer
from racer.core.finding import Finding
from racer.core.record import Record
from tests.detectors.programs import Body, together


class Writes:
    """A detector of a user's own: every write is a finding."""

    name = "writes"
    kinds = frozenset({"write"})

    def judge(self, record: Record) -> Iterator[Finding]:
        for step in reversed(record.steps_of_kinds({5})):
            yield record.found("write", f"{record.thread_of(step)} wrote", step, record.side(step))


def two_writes() -> None:
    shared = racer.Shared(0, name="x")

    def deep() -> None:
        shared.value = 1

    def write() -> None:
        deep()

    together(write, write)


RUNS: dict[str, Callable[..., racer.Result]] = {
    "explore": lambda **more: racer.explore(two_writes, executions=50, **more),
    "explore in two processes": lambda **more: racer.explore(two_writes, executions=50, jobs=2, **more),
    "verify": lambda **more: racer.verify(two_writes, **more),
    "verify in two processes": lambda **more: racer.verify(two_writes, jobs=2, **more),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_detector_of_ones_own_judges_everywhere(name: str) -> None:
    result = RUNS[name](detect=[Writes()], keep_going=True)
    (finding,) = result.findings
    assert finding.kind == "write"
    assert finding.count == result.executions
    assert result.verdict == "FAIL"


def test_findings_are_sorted_by_step_and_enter_the_digest() -> None:
    (finding,) = racer.explore(two_writes, detect=[Writes()], executions=1).findings
    execution = finding.execution
    assert execution is not None
    steps = [each.step for each in execution.findings]
    assert len(steps) == 2
    assert steps == sorted(steps)
    silent = racer.explore(two_writes, detect=[], executions=1)
    assert silent.digest != execution.digest


def test_a_replay_is_judged_by_what_it_is_asked() -> None:
    (finding,) = racer.explore(two_writes, detect=["data-race"], executions=1).findings
    assert finding.schedule is not None
    execution = racer.replay(two_writes, finding.schedule, detect=["data-race"])
    assert [each.kind for each in execution.findings] == ["data-race"]


def test_a_replay_may_be_judged_otherwise_than_the_execution_was() -> None:
    """Findings are part of a digest, which a schedule carries."""
    (finding, *_) = racer.explore(two_writes, detect=["data-race", "lockset"], executions=1).findings
    assert finding.schedule is not None
    assert racer.replay(two_writes, finding.schedule).findings == ()
    assert [each.kind for each in racer.replay(two_writes, finding.schedule, detect=["lockset"]).findings] == [
        "lockset"
    ]
    text = str(finding.schedule).split(":")
    another = racer.Schedule.parse(str(finding.schedule))
    changed = racer.Schedule(another.threads, another.values, digest="0" * len(text[3]))
    with pytest.raises(racer.DivergenceError, match="another one"):
        racer.replay(two_writes, changed)


def test_a_side_has_the_callers_where_the_execution_was_recorded_richly() -> None:
    (finding,) = racer.explore(two_writes, detect=["data-race"], executions=1).findings
    for side in finding.sides:
        assert side.location is not None
        functions = [side.location.function, *(place().function for place in side.stack)]  # type: ignore[union-attr]
        assert [name.rpartition(".")[2] for name in functions] == ["deep", "write"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_sides_of_the_subjects_own_have_their_callers_too(jobs: int) -> None:
    def test() -> None:
        def deep() -> None:
            racer.violation("odd", "it is odd", [racer.side("look")])
            raise ValueError

        def outer() -> None:
            deep()

        together(outer, outer)

    result = racer.explore(test, executions=4, keep_going=True, jobs=jobs)
    assert [finding.kind for finding in result.findings] == ["odd", "exception"]
    for finding in result.findings:
        (side,) = finding.sides
        assert [str(place()).rpartition("/")[2].partition(":")[0] for place in side.stack] == ["test_asking.py"]


class Counted(racer.field[int]):
    """A field that counts its writes, as a subject may."""

    def __set__(self, instance: object, value: int) -> None:
        super().__set__(instance, value)


class Holder:
    number = Counted(0)


def test_the_place_of_a_field_of_ones_own_is_where_it_is_used() -> None:
    def test() -> None:
        holder = Holder()

        def write() -> None:
            holder.number = 1

        together(write, write)

    (finding,) = racer.explore(test, detect=["data-race"], executions=20, keep_going=True).findings
    assert finding.count == 20  # it is known again without having been recorded richly
    for side in finding.sides:
        assert side.location is not None
        assert side.location.function.endswith("write")


def cut_off() -> None:
    racer.Atomic(0).wait(lambda value: value == 1)


@pytest.mark.parametrize(
    ("test", "steps", "complete"), [(two_writes, 1000, True), (cut_off, 1000, True), (two_writes, 3, False)]
)
def test_a_detector_is_told_whether_the_execution_came_to_its_end(test: Body, steps: int, *, complete: bool) -> None:
    seen = []

    class Looks(Writes):
        def judge(self, record: Record) -> Iterator[Finding]:
            seen.append(record.complete)
            return iter(())

    racer.explore(test, detect=[Looks()], executions=1, max_steps=steps)
    assert set(seen) == {complete}


@pytest.mark.parametrize("detect", ["data-race", [3], ["data-rase"], [Writes]])
def test_what_is_no_detector_is_refused(detect: object) -> None:
    with pytest.raises(racer.UsageError, match="data-race"):
        racer.explore(two_writes, detect=detect)  # type: ignore[arg-type]


def test_all_can_be_asked_for_at_once() -> None:
    result = racer.explore(two_writes, detect=racer.DETECTORS, executions=20, keep_going=True)
    assert {"data-race", "lockset"} <= {finding.kind for finding in result.findings}
