"""The same seed gives the same execution: in every process, under every interpreter, whatever happened before."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import racer
from racer.engine import baton, pool
from tests.engine.flat import body
from tests.engine.golden import PROGRAMS, STRATEGIES, VERIFIED, digests
from tests.engine.programs import KNOWN
from tests.engine.told import both

ROOT = Path(__file__).parents[1]
GOLDEN: dict[str, str] = json.loads((ROOT / "tests/engine/golden.json").read_text(encoding="utf-8"))
INTERPRETERS = ("python3.11", "python3.12", "python3.13", "python3.13t", "python3.14", "python3.14t")
new_process = pytest.mark.timeout(60)  # seconds on a busy machine


def interpreter(name: str) -> str | None:
    """Return the path of an interpreter: on PATH, or where pyenv or a user's own installation keeps it."""
    places = (Path.home() / ".pyenv/versions", Path.home() / ".local")
    folders = [str(path) for place in places for path in sorted(place.glob("*/bin"))]
    found = (shutil.which(name, path=path) for path in (None, *folders))
    return next((path for path in found if path and works(path)), None)


def works(path: str) -> bool:
    return subprocess.run([path, "-c", "import os, threading"], capture_output=True, check=False).returncode == 0


def told_by(command: list[str], **environment: str) -> dict[str, str]:
    ran = subprocess.run(
        [*command], cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )
    assert ran.returncode == 0, ran.stderr
    answer: dict[str, str] = json.loads(ran.stdout)
    return answer


def test_the_golden_digests_are_those_of_all_programs_and_strategies() -> None:
    explored = {f"{name} / {strategy}" for name in PROGRAMS for strategy in STRATEGIES}
    assert set(GOLDEN) == explored | {f"{name} / verify" for name in VERIFIED}


def test_digests_are_the_golden_ones() -> None:
    assert digests() == GOLDEN


@new_process
@pytest.mark.parametrize("name", INTERPRETERS)
def test_digests_are_the_same_under_every_interpreter(name: str) -> None:
    path = interpreter(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    assert told_by([path, "-m", "tests.engine.golden"]) == GOLDEN


@new_process
def test_digests_do_not_depend_on_the_hash_seed_or_optimisation() -> None:
    assert told_by([sys.executable, "-O", "-m", "tests.engine.golden"], PYTHONHASHSEED="4242") == GOLDEN


@new_process
def test_digests_are_the_same_with_a_baton_over_a_lock() -> None:
    assert told_by([sys.executable, "-m", "tests.engine.golden", "--lock"]) == GOLDEN


@pytest.fixture(params=[baton.eventfd_baton, baton.lock_baton], ids=["eventfd", "lock"])
def _each_baton(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if request.param is baton.eventfd_baton and not hasattr(os, "eventfd"):
        pytest.skip("no eventfd on this platform")
    monkeypatch.setattr(pool, "make_baton", request.param)
    pool.discard()
    yield
    pool.discard()


@pytest.mark.usefixtures("_each_baton")
@pytest.mark.parametrize("name", ["inc(3)", "abba", "two waiters", "one never unlocks", "event taken back"])
def test_both_batons_carry_every_kind_of_execution(name: str) -> None:
    known = KNOWN[name]
    result = racer.explore(body(known.program), executions=300, seed=1, keep_going=True)
    assert result.interleavings <= known.classes
    assert bool(result.failed) == bool(known.deadlocks)
    for finding in result.findings:
        assert finding.schedule is not None
        assert racer.replay(body(known.program), finding.schedule).schedule == finding.schedule


@pytest.mark.usefixtures("_each_baton")
def test_both_batons_survive_limits_exceptions_and_divergence() -> None:
    def endless() -> None:
        while True:
            racer.point()

    def failing() -> None:
        both(lambda: racer.Lock().release(), endless)

    for test in (endless, failing, lambda: both(endless, endless)):
        assert racer.explore(test, executions=20, max_steps=15, keep_going=True).failed == 20
    with pytest.raises(racer.DivergenceError):
        racer.replay(endless, racer.Schedule((0, 0, 1)))
    assert racer.explore(body(KNOWN["inc(2)"].program), executions=100).interleavings == 4


@pytest.mark.usefixtures("_each_baton")
def test_a_wake_before_the_wait_is_not_lost() -> None:
    for _ in range(3):
        made = pool.make_baton()  # type: ignore[attr-defined]  # set by the fixture
        made.wake()
        made.wait()
        made.wake()
        made.wait()


def disturbances() -> dict[str, Callable[[], object]]:
    lock = racer.Lock()

    def refused() -> None:
        with pytest.raises(racer.UsageError):
            racer.explore(lambda: both(lock.acquire, lock.acquire), executions=1)

    return {
        "nothing": lambda: None,
        "deadlocks": lambda: racer.explore(body(KNOWN["abba"].program), executions=50, keep_going=True),
        "a usage error": refused,
        "a cut": lambda: racer.explore(PROGRAMS["endless"], executions=3, max_steps=50),
        "a free run": lambda: racer.run_free(body(KNOWN["inc(2)"].program), 0.02),
        "another cpu": lambda: racer.pin_to(1),
        "the other cpu": lambda: racer.pin_to(0),
        "processes": lambda: racer.explore(body(KNOWN["inc(2)"].program), executions=4, jobs=2),
    }


@pytest.mark.parametrize("name", disturbances())
def test_digests_do_not_depend_on_what_went_before(name: str) -> None:
    disturbances()[name]()
    for program in ("every primitive", "unstructured"):
        for strategy in STRATEGIES:
            result = racer.explore(
                PROGRAMS[program], strategy=strategy, executions=25, seed=2012, keep_going=True, max_steps=300
            )
            assert GOLDEN[f"{program} / {strategy}"].split()[0] == result.digest


def test_every_recorded_execution_has_the_digest_of_the_lean_one() -> None:
    for program in PROGRAMS.values():
        result = racer.explore(program, executions=30, seed=6, keep_going=True, max_steps=300)
        for finding in result.findings:
            assert finding.seed is not None
            again = racer.explore(program, executions=1, seed=finding.seed, max_steps=300)
            assert finding.execution is not None
            assert again.digest == finding.execution.digest
            assert finding.schedule is not None
            assert finding.execution.digest.startswith(finding.schedule.digest)
            assert racer.replay(program, str(finding.schedule)).digest == finding.execution.digest


def same_but(shown: str) -> Callable[[], None]:
    def test() -> None:
        x = racer.Shared(shown, name=shown)
        x.value += shown
        both(lambda: x.value, racer.Thread(name=shown).is_alive)
        racer.point(shown)
        racer.Resource(name=shown).write(shown)
        racer.violation("kind", shown, sides=(racer.side(shown, shown),))
        raise ValueError(shown)

    return test


def test_names_values_and_messages_are_no_part_of_a_digest() -> None:
    results = [racer.explore(same_but(shown), executions=3, keep_going=True) for shown in ("one", "another")]
    assert results[0].digest == results[1].digest


def one_more(extra: str) -> Callable[[], None]:
    def test() -> None:
        if extra == "object":
            racer.Lock()
        x, a = racer.Shared(0), racer.Atomic(0)
        if extra == "step":
            racer.point()
        a.compare_exchange(1 if extra == "outcome" else 0, 0)
        if extra == "kind":
            x.value = 0
        else:
            x.value  # noqa: B018
        racer.choose(1)
        if extra == "finding":
            racer.violation("x", "")
        if extra == "finding's kind":
            racer.violation("y", "")
        if extra == "later finding":
            racer.point()
        (racer.Atomic(0) if extra == "other object" else a).load()

    return test


def test_every_step_object_kind_outcome_and_finding_is_part_of_a_digest() -> None:
    kinds = ("", "object", "step", "outcome", "kind", "finding", "finding's kind", "later finding", "other object")
    found = {racer.explore(one_more(extra), executions=1, seed=3).digest for extra in kinds}
    assert len(found) == len(kinds)
