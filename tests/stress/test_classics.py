"""The classics: every bug is found, by chance and by proof, with as few preemptions as stated; none once mended."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

import racer
from stress import classics
from stress.classics import CLASSICS
from tests.engine.flat import Program, Run, body
from tests.engine.programs import abba, inc, lost_signal
from tests.stress.enumeration import taken_all

EXECUTIONS = 2000
SIZES = {
    "lost-update": {"threads": 3},
    "wrong-lock": {"others": 2},
    "check-then-act": {"customers": 3},
    "account": {"depositors": 3},
    "token-ring": {"stations": 4},
    "reorder": {"setters": 4},
    "two-stage": {"writers": 3},
    "double-checked": {"users": 3},
    "string-buffer": {"appends": 3},
    "bluetooth": {"workers": 2},
    "abba": {"rounds": 2},
    "philosophers": {"philosophers": 4},
    "lost-wakeup": {"waiters": 2},
    "stolen-wakeup": {"pairs": 3},
    "bounded-buffer": {"consumers": 3},
    "circular-buffer": {"items": 4, "places": 3},
    "reader-writer": {"readers": 3},
    "work-stealing": {"items": 3},
    "aba": {"size": 3},
    "peterson": {"rounds": 2},
    "bounded-retry": {"attempts": 3},
}
"""Other sizes than the default ones, for each."""


def test_every_classic_is_a_file_of_its_own_and_every_file_is_one() -> None:
    folder = Path(classics.__file__).parent
    files = {path.stem for path in folder.glob("*.py")} - {"__init__", "classic"}
    assert {name.replace("-", "_") for name in CLASSICS} == files
    assert list(CLASSICS) == list(SIZES)


@pytest.mark.parametrize("name", CLASSICS)
def test_the_bug_is_found_by_a_random_walk_and_replays(name: str) -> None:
    classic = CLASSICS[name]
    result = racer.explore(classic.body, executions=EXECUTIONS, seed=1)
    finding = result.findings[0]
    assert finding.kind in classic.kinds
    assert finding.execution is not None
    assert racer.replay(classic.body, finding.schedule or "").digest == finding.execution.digest


@pytest.mark.parametrize("name", CLASSICS)
def test_a_verification_finds_every_kind_there_is_and_no_other(name: str) -> None:
    classic = CLASSICS[name]
    result = racer.verify(classic.body, keep_going=True)
    assert result.exhausted
    assert {finding.kind for finding in result.findings} == classic.kinds
    assert 0 < result.failed < result.interleavings, "some interleavings have the bug, some have not"


@pytest.mark.parametrize("name", CLASSICS)
def test_the_mended_one_is_proved_clean(name: str) -> None:
    result = racer.verify(CLASSICS[name].fixed)
    assert (result.verdict, result.exhausted) == ("PASS", True)
    assert result.interleavings > 1 or name == "token-ring", "mended, but nothing is left to interleave"


@pytest.mark.parametrize("name", CLASSICS)
def test_other_sizes_have_the_bug_too_unless_mended(name: str) -> None:
    program, sizes = CLASSICS[name].program, SIZES[name]
    broken = racer.explore(partial(program, **sizes), strategy="surw", executions=EXECUTIONS, seed=1)
    assert {finding.kind for finding in broken.findings} <= CLASSICS[name].kinds
    assert broken.verdict == "FAIL"
    mended = racer.explore(partial(program, fixed=True, **sizes), strategy="surw", executions=100, seed=1)
    assert mended.verdict == "PASS"


@pytest.mark.parametrize("name", CLASSICS)
def test_the_stated_preemptions_show_the_bug_and_one_less_does_not(name: str) -> None:
    classic = CLASSICS[name]
    shown = taken_all(classic.body, classic.preemptions)[1]
    assert shown
    assert shown <= classic.kinds
    if classic.preemptions:
        assert taken_all(classic.body, classic.preemptions - 1)[1] == set()


@pytest.mark.parametrize("name", CLASSICS)
def test_a_verification_with_fewer_preemptions_passes_and_proves_only_that(name: str) -> None:
    classic = CLASSICS[name]
    for fewer in range(classic.preemptions):
        result = racer.verify(classic.body, preemptions=fewer)
        assert (result.verdict, result.exhausted) == ("PASS", False), f"{fewer} preemptions"


@pytest.mark.parametrize("name", CLASSICS)
def test_a_verification_within_a_bound_shows_the_kinds_that_every_schedule_within_it_shows(name: str) -> None:
    classic = CLASSICS[name]
    for preemptions in range(classic.preemptions + 1):
        result = racer.verify(classic.body, preemptions=preemptions, keep_going=True)
        assert {finding.kind for finding in result.findings} == taken_all(classic.body, preemptions)[1]


@pytest.mark.parametrize("name", CLASSICS)
def test_it_has_the_stated_threads(name: str) -> None:
    classic = CLASSICS[name]
    (finding, *_) = racer.verify(classic.body).findings
    assert finding.schedule is not None
    assert max(finding.schedule.threads) == classic.threads


@pytest.mark.parametrize("attempts", [1, 2, 3])
def test_an_update_with_n_attempts_needs_2n_less_1_preemptions(attempts: int) -> None:
    program = partial(CLASSICS["bounded-retry"].program, attempts=attempts)
    assert taken_all(program, 2 * attempts - 1)[1] == {"exception"}
    assert taken_all(program, 2 * attempts - 2)[1] == set()


def counted(program: Program, preemptions: int) -> int:
    """Return how many schedules have so few preemptions, by going back and forth in the flat model."""

    def beyond(schedule: tuple[int, ...], left: int) -> int:
        run = Run(program)
        for thread in schedule:
            run.step(thread)
        enabled = run.enabled()
        last = schedule[-1] if schedule else 0
        costs = {thread: int(thread != last and last in enabled) for thread in enabled}
        return sum(
            beyond((*schedule, thread), left - cost) for thread, cost in costs.items() if cost <= left
        ) if enabled else 1  # fmt: skip

    return beyond((), preemptions)


@pytest.mark.parametrize("make", [lambda: inc(2), abba, lost_signal], ids=["inc(2)", "abba", "lost signal"])
@pytest.mark.parametrize("preemptions", [0, 1, 2])
def test_the_judge_of_preemptions_takes_every_schedule_once(make: Callable[[], Program], preemptions: int) -> None:
    program = make()
    assert taken_all(body(program), preemptions)[0] == counted(program, preemptions)
