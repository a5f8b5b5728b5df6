"""What blocks outside the turnstile is noticed, told with every stack, and harms no later campaign."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import racer
from racer import StallError
from tests.engine.told import both

ROOT = Path(__file__).parents[2]
SOON = 0.3


def increments() -> None:
    counter = racer.Shared(0)

    def add() -> None:
        counter.value += 1

    both(add, add)


def digest() -> tuple[str, int]:
    result = racer.explore(increments, executions=30, seed=3)
    return result.digest, result.interleavings


def real_deadlock(released: threading.Event) -> Callable[[], None]:
    """A body in which two controlled threads take two real locks in opposite order, with a point in between."""

    def body() -> None:
        x, y = threading.Lock(), threading.Lock()

        def take_both(first: threading.Lock, second: threading.Lock) -> None:
            with first:
                racer.point()
                while not second.acquire(timeout=0.01):
                    if released.is_set():
                        return
                second.release()

        both(lambda: take_both(x, y), lambda: take_both(y, x))

    return body


@pytest.fixture
def released() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_a_real_lock_deadlock_is_a_stall_with_every_stack(released: threading.Event) -> None:
    before = digest()
    with pytest.raises(StallError) as caught:
        racer.explore(real_deadlock(released), executions=50, stall_after=SOON)
    text = str(caught.value)
    assert f"no step for {SOON:g} s" in text
    assert caught.value.thread in {"a", "b"}
    assert caught.value.thread in text
    assert sum("in take_both" in stack for stack in caught.value.stacks) == 2
    assert any("test_a_real_lock_deadlock" in stack for stack in caught.value.stacks)
    assert all(stack in text for stack in caught.value.stacks)
    assert digest() == before


def test_after_a_stall_everything_works_as_before(released: threading.Event) -> None:
    before = digest()
    for _ in range(3):
        with pytest.raises(StallError):
            racer.explore(lambda: released.wait(10), executions=1, stall_after=SOON)
        assert digest() == before
        assert racer.explore(increments, executions=60, keep_going=True, jobs=2).interleavings == 4


def test_a_thread_that_wakes_up_after_its_stall_disturbs_nobody(released: threading.Event) -> None:
    late: list[str] = []

    def stalled() -> None:
        released.wait(10)
        for _ in range(3):
            racer.point()
            racer.Shared(0).value += 1
        late.append("went on")

    with pytest.raises(StallError):
        racer.explore(stalled, executions=5, stall_after=SOON)

    def second() -> None:
        released.set()
        for _ in range(30):
            threading.Event().wait(0.001)  # real time, for the other to do its worst
            assert racer.controlled()
        lock = racer.Lock()
        with lock:
            racer.point()
        assert racer.current_name() == "main"

    result = racer.explore(second, executions=3, stall_after=5)
    assert [str(finding) for finding in result.findings] == []
    assert late == []
    assert digest()[1] == 4


def test_a_loop_without_operations_is_a_stall(released: threading.Event) -> None:
    def spin() -> None:
        while not released.is_set():
            pass

    with pytest.raises(StallError, match="loops without"):
        racer.explore(lambda: both(spin), executions=1, stall_after=SOON)


def test_a_stall_in_a_replay_is_noticed(released: threading.Event) -> None:
    schedule = racer.explore(lambda: racer.violation("x", ""), executions=1).findings[0].schedule
    assert schedule is not None
    with pytest.raises(StallError):
        racer.replay(lambda: released.wait(10), schedule, stall_after=SOON)


def test_a_stall_in_one_of_several_processes_is_raised_here() -> None:
    with pytest.raises(StallError, match="no step for"):
        racer.explore(lambda: threading.Event().wait(10), executions=4, jobs=2, stall_after=SOON)


def test_a_long_campaign_is_no_stall() -> None:
    ticks: list[int] = []
    result = racer.explore(increments, executions=9000, stall_after=SOON, progress=lambda s: ticks.append(s.executions))
    assert result.verdict == "PASS"


STUBBORN = """
import racer

def stubborn():
    def loop():
        e = racer.Event()
        while True:
            try:
                e.wait()
            except BaseException:
                pass
    t = racer.Thread(target=loop)
    t.start()
    t.join()

try:
    racer.explore(stubborn, executions=1, stall_after=0.3)
except racer.StallError as error:
    print("stall:", str(error).partition(":")[0])
"""


@pytest.mark.timeout(60)  # it begins a process: seconds on a busy machine
def test_a_subject_that_can_never_be_unwound_is_a_stall_and_no_hang() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", STUBBORN], cwd=ROOT, capture_output=True, text=True, check=True, timeout=50
    )
    assert ran.stdout.startswith("stall: no step for 0.3 s")
