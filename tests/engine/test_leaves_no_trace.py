"""After a campaign everything is as before: affinity, policy, collection, hooks; and Ctrl-C ends one at once."""

import contextvars
import decimal
import gc
import os
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest

import racer
from tests.engine.flat import body
from tests.engine.programs import KNOWN
from tests.engine.told import both

ROOT = Path(__file__).parents[2]


def surroundings() -> dict[str, object]:
    """Return what a campaign might change of the process and of the calling thread."""
    platform = {}
    if hasattr(os, "sched_getaffinity"):
        platform = {"affinity": os.sched_getaffinity(0), "policy": os.sched_getscheduler(0)}
    return {
        **platform,
        "collecting": gc.isenabled(),
        "threshold": gc.get_threshold(),
        "switch interval": sys.getswitchinterval(),
        "recursion": sys.getrecursionlimit(),
        "trace": (sys.gettrace(), sys.getprofile()),
        "hooks": (sys.excepthook, sys.unraisablehook, threading.excepthook),
        "signals": (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGCHLD)),
        "directory": Path.cwd(),
    }


def stalled() -> None:
    gate = threading.Event()
    try:
        with pytest.raises(racer.StallError):
            racer.explore(lambda: gate.wait(10), executions=1, stall_after=0.2)
    finally:
        gate.set()


def refused() -> None:
    lock = racer.Lock()
    with pytest.raises(racer.UsageError):
        racer.explore(lambda: both(lock.acquire), executions=1)


def diverged() -> None:
    with pytest.raises(racer.DivergenceError):
        racer.replay(lambda: None, racer.Schedule((0, 0)))


CAMPAIGNS: dict[str, Callable[[], object]] = {
    "explore": lambda: racer.explore(body(KNOWN["inc(2)"].program), executions=50),
    "deadlocks": lambda: racer.explore(body(KNOWN["abba"].program), executions=50, keep_going=True),
    "jobs": lambda: racer.explore(body(KNOWN["inc(2)"].program), executions=10, jobs=2),
    "replay": lambda: racer.replay(lambda: None, racer.Schedule((0,))),
    "divergence": diverged,
    "usage error": refused,
    "stall": stalled,
    "free run": lambda: racer.run_free(body(KNOWN["inc(2)"].program), 0.02),
    "free run with noise": lambda: racer.run_free(body(KNOWN["inc(2)"].program), 0.02, noise=True),
}


@pytest.mark.parametrize("collecting", [True, False])
@pytest.mark.parametrize("name", CAMPAIGNS)
def test_everything_is_as_before(name: str, collecting: bool) -> None:
    enabled = gc.isenabled()
    try:
        (gc.enable if collecting else gc.disable)()
        before = surroundings()
        CAMPAIGNS[name]()
        assert surroundings() == before
    finally:
        (gc.enable if enabled else gc.disable)()


def test_the_threads_of_a_campaign_are_pinned_to_one_of_the_allowed_cpus() -> None:
    if not hasattr(os, "sched_getaffinity"):
        pytest.skip("this platform cannot pin")
    allowed = os.sched_getaffinity(0)
    seen: list[set[int]] = []

    def test() -> None:
        both(*[lambda: seen.append(os.sched_getaffinity(0))] * 3)
        seen.append(os.sched_getaffinity(0))

    racer.explore(test, executions=3)
    assert len({tuple(cpus) for cpus in seen}) == 1
    assert len(seen[0]) == 1
    assert seen[0] <= allowed


def test_a_thread_started_after_a_campaign_is_not_pinned() -> None:
    if not hasattr(os, "sched_getaffinity"):
        pytest.skip("this platform cannot pin")
    racer.explore(body(KNOWN["inc(2)"].program), executions=5)
    seen: list[set[int]] = []
    thread = threading.Thread(target=lambda: seen.append(os.sched_getaffinity(0)))
    thread.start()
    thread.join()
    assert seen == [os.sched_getaffinity(0)]


def test_campaigns_from_several_threads_take_turns() -> None:
    answers: list[str] = []

    def campaign() -> None:
        answers.append(racer.explore(body(KNOWN["inc(2)"].program), executions=100, seed=3).digest)

    threads = [threading.Thread(target=campaign) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 3
    assert len(set(answers)) == 1


def test_the_memory_of_executions_goes_without_a_full_collection() -> None:
    class Kept:
        pass

    alive = 0

    def track() -> Kept:
        nonlocal alive
        alive += 1
        return Kept()

    def gone() -> None:
        nonlocal alive
        alive -= 1

    def test() -> None:
        kept = track()
        weakref.finalize(kept, gone)
        shared = racer.Shared(kept)
        both(lambda: shared.value, lambda: shared.value)

    racer.explore(test, executions=300)
    assert alive <= 5


def test_context_variables_do_not_pass_from_one_execution_to_another() -> None:
    variable = contextvars.ContextVar("variable", default=0)
    seen: list[int] = []

    def set_it() -> None:
        seen.append(variable.get())
        variable.set(variable.get() + 1)

    def test() -> None:
        set_it()
        both(set_it, set_it)

    variable.set(40)
    racer.explore(test, executions=3)
    assert set(seen) == {0}
    assert variable.get() == 40


def test_arithmetic_contexts_do_not_pass_from_one_execution_to_another() -> None:
    seen: list[int] = []

    def test() -> None:
        seen.append(decimal.getcontext().prec)
        decimal.getcontext().prec = 5

    racer.explore(test, executions=3)
    assert set(seen) == {decimal.DefaultContext.prec}


def open_files() -> int:
    return len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").is_dir() else 0  # noqa: PTH208


def test_threads_and_files_do_not_pile_up_when_the_cpu_changes() -> None:
    def campaign() -> None:
        racer.explore(body(KNOWN["inc(3)"].program), executions=3)

    campaign()
    before = threading.active_count(), open_files()
    for slot in range(10):
        racer.pin_to(slot)
        campaign()
    racer.pin_to(0)
    campaign()
    after = threading.active_count(), open_files()
    assert after[0] <= before[0] + 4
    assert after[1] <= before[1] + 8


INTERRUPTED = """
import sys
import threading
import weakref
import racer

def endless():
    total = racer.Shared(0)
    def work():
        while True:
            total.value += 1
    threads = [racer.Thread(target=work) for _ in range(2)]
    for t in threads:
        t.start()

def short():
    t = racer.Thread(target=racer.point)
    t.start()
    t.join()

def blocked():
    threading.Event().wait()

told = False
def progress(snapshot):
    global told
    if not told:
        told = True
        print("under way", flush=True)

kind, jobs = sys.argv[1:]
tests = {"short": short, "endless": endless, "blocked": blocked}
try:
    racer.explore(
        tests[kind], executions=10**9, max_steps=10**9, jobs=int(jobs), progress=progress, stall_after=1000,
        keep_going=True,
    )
except KeyboardInterrupt:
    print("interrupted", flush=True)
    result = racer.explore(short, executions=20)
    print(result.executions, threading.current_thread() is threading.main_thread(), flush=True)
"""


@pytest.mark.timeout(60)  # it begins processes: seconds on a busy machine
@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("kind", ["short", "endless", "blocked"])
def test_ctrl_c_ends_a_campaign_and_the_next_one_works(kind: str, jobs: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, kind, jobs],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "under way\n"
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=50)
    assert out.splitlines() == ["interrupted", "20 True"], errors
    assert process.returncode == 0
