"""Free mode: the same subject on plain OS threads, interleaved by the OS, with noise."""

import gc
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from racer.core.errors import FailureError, StallError, UsageError
from racer.core.finding import Finding, Side
from racer.core.rng import SplitMix64, execution_seed
from racer.engine import interpose, turnstile, where
from racer.engine.garbage import collect_young

_SWITCH_INTERVAL = 1e-5
"""Seconds between forced switches while a free run has noise: the default of 5 ms hardly ever shows a race."""


@dataclass
class FreeRun:
    """What a free run has seen so far. Findings and counters come from many threads at once."""

    findings: dict[tuple[object, ...], Finding] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    runs: int = 0
    failed: int = 0
    first_failure: int | None = None
    guard: threading.Lock = field(default_factory=threading.Lock)
    failing: bool = False
    started: "list[_FreeThread]" = field(default_factory=list)
    draws: SplitMix64 = field(default_factory=lambda: SplitMix64(0))
    histories: list[Any] = field(default_factory=list)

    def counted(self) -> None:
        """Count a run of the body that has ended."""
        if self.failing:
            self.failed += 1
            if self.first_failure is None:
                self.first_failure = self.runs
        self.runs += 1


_run: FreeRun | None = None


def found(finding: Finding) -> None:
    """Take down a finding of the subject; FailureError where there is no run to report to."""
    run = _run
    if run is None:
        raise FailureError(str(finding))
    with run.guard:
        run.failing = True
        known = run.findings.setdefault(finding.signature, finding)
        if known is not finding:
            known.count += 1


def caught(error: Exception) -> bool:
    """Take down an exception that ended a thread; return False where there is no run to report to."""
    if _run is None:
        return False
    name = threading.current_thread().name
    place, *stack = where.stack_of_error(error)
    side = Side(name, "raise", type(error).__name__, None, place, tuple(stack))
    found(
        Finding("exception", f"{name} raised {type(error).__name__}: {where.text_of_error(error)}", name, sides=(side,))
    )
    return True


def count(name: str, n: int) -> None:
    """Add to a counter of the run, if there is one."""
    run = _run
    if run is not None:
        with run.guard:
            run.counters[name] = run.counters.get(name, 0) + n


def draw(n: int) -> int:
    """Return the result of a `choose` outside controlled executions."""
    run = _run
    if run is None:
        return 0
    with run.guard:
        return run.draws.below(n)


def keep(history: object) -> None:
    """Keep a history, to be judged at the end of the run of the body; outside free runs nobody judges it."""
    run = _run
    if run is not None:
        run.histories.append(history)


def run(
    test: Callable[[], object],
    seconds: float,
    seed: int,
    *,
    noise: bool,
    stall_after: float,
    judge: Callable[[list[Any]], None],
) -> FreeRun:
    """Run the test body again and again for so many seconds; the last run is finished.

    `judge` is called after each with the histories that were kept, if there are any. Raises StallError when one run of
    the body takes longer than `stall_after` seconds: its threads are left behind.
    """
    global _run
    if turnstile.active() is not None or _run is not None:
        raise UsageError("run_free cannot be called inside an execution or another free run")
    state = _run = FreeRun()
    before = sys.getswitchinterval()
    hook_before = interpose.install(make_noise(seed) if noise else None)
    if noise:
        sys.setswitchinterval(_SWITCH_INTERVAL)
    collecting = gc.isenabled()
    gc.disable()  # it would run finalizers, and so switch threads, in the middle of what CPython takes for indivisible
    try:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            _once(test, state, seed, stall_after)
            if state.histories:
                judge(state.histories)
            state.counted()
            collect_young()
    finally:
        _run = None
        if collecting:
            gc.enable()
        sys.setswitchinterval(before)
        interpose.install(hook_before)
    return state


def _once(test: Callable[[], object], state: FreeRun, seed: int, stall_after: float) -> None:
    """Run the body once, and the threads it has started to their ends, as an execution does."""
    state.draws = SplitMix64(execution_seed(seed, state.runs))
    state.failing = False
    state.histories = []
    end = time.monotonic() + stall_after
    body = _FreeThread(lambda: _guarded(test), "main", daemon=False)
    state.started = [body]
    body.start()
    for thread in state.started:  # it grows meanwhile
        if not thread.stands_for_daemon:
            thread.join(max(end - time.monotonic(), 0))
            if thread.is_alive():
                raise StallError(stall_after, thread.name, stacks())


def _guarded(test: Callable[[], object]) -> None:
    try:
        test()
    except Exception as error:  # a finding, as in a controlled execution
        caught(error)


class _FreeThread(threading.Thread):
    """A thread of a free run: always a daemon of the process, which must be able to end with threads that are stuck."""

    def __init__(self, target: Callable[[], object], name: str | None, *, daemon: bool) -> None:
        super().__init__(target=target, name=name, daemon=True)
        self.stands_for_daemon = daemon


def make_thread(target: Callable[[], object], name: str | None, daemon: bool | None) -> threading.Thread:
    """Return an OS thread for a thread of the subject outside controlled executions."""
    if _run is None:
        return threading.Thread(target=target, name=name, daemon=daemon)
    inherited = is_daemon(threading.current_thread())
    return _FreeThread(target, name, daemon=inherited if daemon is None else daemon)


def start(thread: threading.Thread) -> None:
    """Start a thread of the subject; a free run waits for it."""
    thread.start()
    if _run is not None and isinstance(thread, _FreeThread):
        _run.started.append(thread)


def is_daemon(thread: threading.Thread) -> bool:
    """Return whether a thread counts as a daemon for the subject."""
    return thread.stands_for_daemon if isinstance(thread, _FreeThread) else thread.daemon


def make_noise(seed: int) -> Callable[[], None]:
    """Return a hook that now and then gives up the CPU: most often not, sometimes a spin, a yield or a short sleep.

    Each thread draws from a generator of its own, so that the noise adds no lock between the threads.
    """
    local = threading.local()

    def hook() -> None:
        draws = getattr(local, "draws", None)
        if draws is None:
            draws = local.draws = SplitMix64(seed ^ threading.get_ident())
        drawn = draws.below(16)
        if drawn == 0:
            time.sleep(0)
        elif drawn == 1:
            for _ in range(draws.below(16) * 20):
                pass
        elif drawn == 2 and draws.below(8) == 0:
            time.sleep(1e-6)

    return hook


def stacks() -> list[str]:
    """Return the stack of every thread of the process, readable."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    return [
        f"--- {names.get(ident, '?')}\n{''.join(traceback.format_stack(frame)).rstrip()}"
        for ident, frame in sys._current_frames().items()
    ]
