"""Benchmarks: they count what they say they count. No test here looks at a time."""

import itertools
import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import racer
from stress.bench import frontrun_side, memory, peer, screen, steps
from stress.bench.__main__ import run
from stress.bench.apart import from_answer, run_apart
from stress.bench.bare import Bare, Program, ping_pong
from stress.bench.benchmarks import ENTRIES
from stress.bench.measure import Effort, Laps, Sample, interleaved
from stress.bench.programs import bare_locked_increments, bare_lost_update, locked_increments, lost_update
from stress.bench.row import Demand, Row, at_least, at_most, cost, row, times_at_least, times_at_most

ROOT = Path(__file__).parents[2]
TINY = Effort(rounds=1, scale=0.0005)
TWO_CPUS = ("frontrun", "processes")
LONG = ("verify", "length", "verify-memory", "verify-model", "first-finding")
"""Those whose parts are tested, in tests/stress/test_bench_*.py and here, since even their least size takes long."""
ALONE = [name for name in ENTRIES if name not in (*TWO_CPUS, *LONG)]


@pytest.mark.parametrize("name", ALONE)
def test_every_benchmark_gives_rows_that_can_be_written(name: str) -> None:
    rows = ENTRIES[name].run(TINY)
    assert rows
    assert {each.name for each in rows} == {name}
    for each in rows:
        assert each.value is not None
        assert each.low is not None
        assert each.high is not None
        assert json.loads(json.dumps(each.as_json()))["what"] == each.what
    screen.table(rows)


def test_a_benchmark_run_apart_gives_the_same_kind_of_rows_as_here() -> None:
    (there,) = run_apart("lost-update", TINY)
    (here,) = ENTRIES["lost-update"].run(TINY)
    assert (there.name, there.what, there.unit, there.demand) == (here.name, here.what, here.unit, here.demand)
    assert there.ratio is not None


def test_a_crash_is_a_row_and_an_exit_code(tmp_path: Path) -> None:
    (crashed,) = run_apart("nonesuch", TINY)
    assert crashed.crashed
    assert "KeyError" in crashed.note
    assert run(("nonesuch",), tmp_path / "report.json", TINY) == 4
    assert json.loads((tmp_path / "report.json").read_text())["rows"][0]["crashed"]


def test_the_report_names_its_format_and_its_interpreter(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "report.json"
    screen.write(path, [Row("one", "thing", "ns", 1.0, demand=at_most(2))], TINY)
    written = json.loads(path.read_text())
    assert written["format"] == screen.FORMAT
    assert written["interpreter"].startswith(sys.implementation.name.replace("cp", "CP"))
    assert written["rows"][0]["met"] is True
    assert written["rows"][0]["demand"] == "at most 2"


def test_an_unknown_benchmark_is_refused_with_the_list() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "stress.bench", "nonesuch"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 2
    assert "nonesuch" in done.stderr
    assert all(name in done.stderr for name in ENTRIES)


@pytest.mark.parametrize(
    ("demand", "value", "ratio", "met"),
    [
        (at_least(10), 10.0, None, True),
        (at_least(10), 9.9, 99.0, False),
        (at_most(10), 10.0, None, True),
        (at_most(10), 10.1, None, False),
        (times_at_least(2), 1.0, 2.0, True),
        (times_at_least(2), 99.0, 1.9, False),
        (times_at_most(2), 99.0, 2.0, True),
        (times_at_most(2), 1.0, None, None),
        (None, 1.0, 1.0, None),
    ],
)
def test_a_demand_is_of_the_value_or_of_the_ratio(
    demand: Demand | None, value: float, ratio: float | None, met: bool | None
) -> None:
    assert Row("n", "w", "u", value, demand=demand, ratio=ratio).met is met


def test_a_row_has_medians_and_the_median_of_the_ratios_of_each_round() -> None:
    mine = [Sample(10, 1, 1), Sample(10, 2, 1), Sample(10, 5, 1)]
    theirs = [Sample(10, 2, 1), Sample(10, 1, 1), Sample(10, 5, 1)]
    made = row("n", "w", "u", mine, reference="r", beside=theirs, demand=times_at_least(1))
    assert (made.value, made.low, made.high) == (5, 2, 10)
    assert made.reference_value == 5
    assert made.ratio == 1
    assert made.cpu == pytest.approx(100_000)
    assert made.met
    assert row("n", "w", "ns", mine, read=cost).value == pytest.approx(2e8)


def test_a_row_survives_the_way_between_processes() -> None:
    sent = row("n", "w", "u", [Sample(1, 1, 1)], demand=at_least(3))
    fields = {**vars(sent), "demand": vars(at_least(3))}
    assert from_answer(json.loads(json.dumps(fields))) == sent


def test_works_are_done_once_to_warm_up_then_in_turns_to_and_fro() -> None:
    order: list[str] = []

    def work(name: str) -> Sample:
        order.append(name)
        return Sample(len(order), 1, 1)

    samples = interleaved({"a": lambda: work("a"), "b": lambda: work("b")}, rounds=2)
    assert order == ["a", "b", "a", "b", "b", "a"]
    assert [sample.amount for sample in samples["a"]] == [3, 6]


def test_laps_give_the_median_lap() -> None:
    laps = Laps(4)
    laps.samples = [Sample(4, wall, 1) for wall in (1, 100, 2)]
    assert laps.typical() == Sample(4, 2, 1)


@pytest.mark.parametrize("program", [bare_lost_update, bare_locked_increments])
def test_the_bare_baton_runs_a_program_so_often(program: Program) -> None:
    done = []
    baton = Bare()

    def counted(each: Bare) -> None:
        program(each)
        done.append(1)

    assert baton.run(counted, 50) == 50
    assert baton.run(counted, 50) == 50
    assert len(done) == 100


def test_the_bare_baton_loses_updates_as_a_scheduler_must() -> None:
    seen = set()
    baton = Bare()

    def program(each: Bare) -> None:
        values: list[int] = []

        def add() -> None:
            each.point()
            value = len(values)
            each.point()
            del values[value:]
            values.append(1)

        for thread in [each.start(add) for _ in range(2)]:
            each.join(thread)
        seen.add(len(values))

    baton.run(program, 200)
    assert seen == {1, 2}


def test_ping_pong_hands_over_so_often() -> None:
    assert ping_pong(10) == 10
    assert ping_pong(1) == 2


def test_the_programs_have_the_steps_that_are_told_of_them() -> None:
    lost = racer.explore(lost_update, executions=100, keep_going=True)
    assert lost.steps == 12 * 100
    assert 0 < lost.failed < 100
    locked = racer.explore(locked_increments, executions=20, keep_going=True)
    assert locked.steps == 71 * 20
    assert locked.verdict == "PASS"


def test_turns_are_taken_at_every_point() -> None:
    def body() -> None:
        steps.take_turns(Laps(1))
        racer.violation("told", "so that the execution is recorded")

    (finding,) = racer.explore(body, strategy="round-robin", executions=1).findings
    assert finding.execution is not None
    points = [event.thread for event in finding.execution.trace if event.kind == "point"]
    assert len(points) == 2 * steps.ROUNDS_OF_TWO
    assert sum(one != other for one, other in itertools.pairwise(points)) > 0.95 * len(points)


def test_stay_never_leaves_a_thread_that_can_go_on() -> None:
    order: list[str] = []

    def body() -> None:
        def walk() -> None:
            for _ in range(3):
                racer.point()
                order.append(racer.current_name())

        threads = [racer.Thread(target=walk, name=name) for name in ("a", "b")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    racer.explore(body, strategy=steps.Stay(), executions=1)
    assert order[:3] in (["a"] * 3, ["b"] * 3)
    assert order[:6] == [*order[:3], *order[3:4] * 3]


@pytest.mark.parametrize("name", steps.ACCESSES)
def test_an_access_loop_does_as_many_steps_as_it_is_divided_by(name: str) -> None:
    def body() -> None:
        steps.ACCESSES[name]()()

    result = racer.explore(body, executions=1)
    assert result.steps == steps.STEPS + 1


def test_memory_is_sampled_before_every_so_many_executions() -> None:
    done = []
    watched = memory.Watched(lambda: done.append(1), every=10)
    for _ in range(25):
        watched()
    assert len(done) == 25
    assert len(watched.kib) == 3
    assert all(kib > 1000 for kib in watched.kib)


def test_memory_is_told_without_the_table_of_classes() -> None:
    watched = memory.Watched(lambda: None, every=1)
    watched.kib, watched.classes = [10_000, 10_000], [0, 50_000]
    without = watched.less_table()
    assert without[0] - without[1] == memory.table_kib(50_000) - memory.table_kib(0)


def test_the_table_of_classes_has_at_most_sixteen_bytes_each() -> None:
    assert memory.table_kib(4) < 10
    assert 8 * 50_000 <= memory.table_kib(50_000) * 1024 <= 16 * 50_000


class Explored:
    """What frontrun.explore returns, as far as it is looked at."""

    def __init__(self, num_explored: int, property_holds: bool | None) -> None:
        self.num_explored = num_explored
        self.property_holds = property_holds


def test_frontrun_starts_again_until_there_were_enough_executions_and_given_up_ones_do_not_count() -> None:
    results = [Explored(6, True), Explored(3, None), Explored(6, True)]
    asked = []

    def explore(**options: object) -> Explored:
        asked.append(options)
        return results[len(asked) - 1]

    sample = frontrun_side.explored(explore, frontrun_side.Counter, "dpor", 10, lean=True)
    assert sample.amount == 12
    assert len(asked) == 3
    assert asked[0]["detect_io"] is False
    assert asked[0]["stop_on_first"] is False


def test_frontrun_as_it_comes_gets_no_option_but_what_is_to_be_run() -> None:
    for mode, wanted in (
        ("random", {"strategy", "max_attempts", "seed"}),
        ("dpor", {"strategy", "max_executions", "stop_on_first"}),
    ):
        assert set(frontrun_side.options_of(frontrun_side.Locked, mode, 5, lean=False)) == wanted


def test_without_frontrun_its_rows_say_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer, "find_spec", lambda _: None)
    rows = peer.peer_rows(TINY)
    assert [each.value for each in rows] == [None, None]
    assert [each.met for each in rows] == [None, None]
    assert all("pip install" in each.note for each in rows)


@pytest.mark.skipif(find_spec("frontrun") is None, reason="frontrun is not installed: pip install '.[bench]'")
def test_frontrun_answers_from_its_own_process() -> None:
    with peer.Frontrun() as frontrun:
        answer = frontrun.ask(program="locked-increments", mode="random", executions=2, lean=False)
        assert answer["amount"] == 2
        for mode in peer.MODES:
            assert frontrun.ask(check=mode) == {"finds": True}


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two CPUs")
def test_two_processes_give_a_row_with_its_reference() -> None:
    for made in ENTRIES["processes"].run(TINY):
        assert made.reference == "jobs=1"
        assert made.ratio is not None
