"""Explore, verify, replay, run free: the one module that knows every part."""

import inspect
import math
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from racer import estimate as estimate_
from racer import histories
from racer import jobs as jobs_
from racer.campaign import Campaign, Options, digest_of_run, execution_of, run_once
from racer.circles import add_circles
from racer.core.call import UNJUDGED
from racer.core.detector import Detector
from racer.core.errors import DivergenceError, UsageError
from racer.core.execution import Execution, digests_of
from racer.core.result import FAIL, PASS, UNKNOWN, Result, Snapshot
from racer.core.rng import MASK
from racer.core.schedule import Schedule
from racer.core.strategy import Strategy
from racer.engine import free
from racer.engine.driver import Driver
from racer.engine.pool import Worker
from racer.engine.recorder import Recorder
from racer.judging import NAMES, NOTHING, Asked, judgements
from racer.proof import Bounds, Proof
from racer.strategies import is_strategy
from racer.strategies import strategy as strategy_of
from racer.strategies.foreign import Foreign
from racer.strategies.replay import Replay

DETECTORS = NAMES
"""Detectors by name. What the subject reports itself (`racer.violation`) is always a finding."""

USUAL = ("exception", "deadlock")
"""Detectors that are asked unless others are named. `deadlock` finds livelocks, too; `livelock` finds only them."""

STALL_AFTER = 5.0
_NEVER_CUT = 1 << 60


def explore(
    test: Callable[[], object],
    *,
    strategy: str | Strategy = "random",
    executions: int = 1000,
    seed: int = 0,
    detect: Iterable[str | Detector] = USUAL,
    keep_going: bool = False,
    max_steps: int = 100_000,
    jobs: int = 1,
    progress: Callable[[Snapshot], None] | None = None,
    stall_after: float = STALL_AFTER,
) -> Result:
    """Run a test many times, each time under another schedule, and judge every execution.

    `test` is a plain function, run anew for each execution; it makes its objects inside. `seed` (0..2**64-1) is the
    seed of execution 0. Without `keep_going` the campaign ends with the first execution that has a finding; with it,
    one finding of each signature is kept, with its count. An execution is cut after `max_steps` steps, which is a
    finding `step-limit`, and a `livelock` beside it if all that its threads did at the end was to go round. `jobs`
    processes (forked) share the executions; the findings are the same, but more executions may have been run when the
    first failure stops them. `progress` is called a few times a second in the caller's thread. A thread that comes to
    no operation for `stall_after` seconds raises StallError.

    Raises UsageError, NondeterminismError, StallError. A pass says only that these schedules showed nothing.
    """
    _check_test(test)
    options = Options(
        executions=_at_least("executions", executions, 1),
        seed=check_seed(seed),
        detect=Asked.of(detect),
        keep_going=_flag("keep_going", keep_going),
        max_steps=_at_least("max_steps", max_steps, 1),
    )
    _at_least("jobs", jobs, 1)
    _check_progress(progress)
    if strategy == "dpor":
        return verify(
            test, detect=detect, keep_going=keep_going, max_executions=executions, max_steps=max_steps,
            progress=progress, stall_after=stall_after,
        )  # fmt: skip
    chosen = _strategy(strategy)
    seconds = _positive("stall_after", stall_after)
    if min(jobs, executions) > 1:
        return jobs_.explore(test, chosen, options, min(jobs, executions), progress, seconds)
    driver = Driver(seconds)
    campaign = Campaign(test, chosen, options, driver)
    result = driver.run(campaign.loop, lambda: progress and progress(campaign.snapshot()))
    return add_circles(result, campaign.tally.locks, test, options, seconds)


def verify(
    test: Callable[[], object],
    *,
    detect: Iterable[str | Detector] = USUAL,
    keep_going: bool = False,
    max_executions: int | None = None,
    preemptions: int | None = None,
    max_steps: int = 100_000,
    jobs: int = 1,
    checkpoint: str | os.PathLike[str] | None = None,
    progress: Callable[[Snapshot], None] | None = None,
    stall_after: float = STALL_AFTER,
) -> Result:
    """Run a test under every schedule that matters: each happens-before class is executed once (racer.dpor).

    `Result.exhausted` is True when all were executed; without a finding that is a proof for this test, as far as its
    behaviour is decided by operations. `max_executions` bounds the search, and the result then says that it was cut
    short. With `keep_going` it goes on after findings; an execution that ends in one counts. `Result.redundant` counts
    executions that repeated a class, or were cut off since they would have. With `preemptions` only those interleavings
    are executed that take at most so many (a switch away from a thread that could go on is one); `exhausted` is then
    True only if there are no others. `jobs` processes (forked) share the work, in rounds, with the same result each
    time; some executions may then be cut off that one process would have avoided.

    With `checkpoint`, the path of a file, an interrupted or bounded verification can go on: what is left to explore is
    written there now and then and at the end, and taken up from there by the next call, which must be of the same test
    with the same options; `max_executions` counts all. The file is removed when all is explored.

    Raises UsageError, NondeterminismError, StallError.
    """
    _check_test(test)
    options = Options(
        executions=0,
        seed=0,
        detect=Asked.of(detect),
        keep_going=_flag("keep_going", keep_going),
        max_steps=_at_least("max_steps", max_steps, 1),
    )
    bounds = Bounds(
        executions=None if max_executions is None else _at_least("max_executions", max_executions, 1),
        preemptions=None if preemptions is None else _at_least("preemptions", preemptions, 0),
        jobs=_at_least("jobs", jobs, 1),
        checkpoint=None if checkpoint is None else _path("checkpoint", checkpoint),
    )
    if bounds.jobs > 1 and bounds.preemptions is not None:
        raise UsageError(f"a verification with a bound on preemptions runs in one process: jobs must be 1, got {jobs}")
    _check_progress(progress)
    return Proof(test, options, bounds, _positive("stall_after", stall_after)).run(progress)


def replay(
    test: Callable[[], object], schedule: Schedule | str, *, detect: Iterable[str | Detector] = USUAL,
    stall_after: float = STALL_AFTER,
) -> Execution:  # fmt: skip
    """Run a test under a schedule, or its text form, and return the execution, recorded richly.

    It need not be judged by the detectors that the schedule was recorded with; by one of the user's own, if there was
    one, it must. Raises ScheduleError for a text that is no schedule and DivergenceError where the schedule cannot be
    followed.
    """
    _check_test(test)
    wanted = Schedule.parse(schedule) if isinstance(schedule, str) else schedule
    if not isinstance(wanted, Schedule):
        raise UsageError(f"a schedule is a racer.Schedule or its text, got {schedule!r}")
    asked = Asked.of(detect)

    def follow(worker: Worker) -> Execution:
        strategy = Replay(wanted)
        recorder = Recorder()
        most = len(wanted) if wanted.cut else _NEVER_CUT
        run = run_once(test, strategy, 0, worker, most, asked, recorder)
        if strategy.why is not None:
            raise DivergenceError(strategy.step, strategy.why)
        if strategy.step < len(wanted):
            raise DivergenceError(strategy.step, f"the execution ended, and the schedule has {len(wanted)} steps")
        if len(run.values) < len(wanted.values):
            why = f"the execution made {len(run.values)} choices, and the schedule has {len(wanted.values)} values"
            raise DivergenceError(strategy.step, why)
        digest = digest_of_run(run)
        if not (digest.startswith(wanted.digest) or judged_otherwise(worker, most)):
            raise DivergenceError(
                len(wanted), f"every choice could be followed, but the execution is another one: digest {digest[:16]}, "
                f"recorded {wanted.digest}; the schedule belongs to another test or the test has changed",
            )  # fmt: skip
        return execution_of(run, recorder, 0, None)

    def judged_otherwise(worker: Worker, most: int) -> bool:
        """Whether it is the execution that was recorded, with other detectors: findings are part of a digest."""
        everything = Asked.of([*NAMES, *asked.detectors])
        run = run_once(test, Replay(wanted), 0, worker, most, everything, Recorder())
        digests = digests_of(run.order, run.codes, run.values, judgements(run.findings))
        return any(digest.startswith(wanted.digest) for digest in digests)

    return Driver(_positive("stall_after", stall_after)).run(follow, lambda: None)


def estimate_interleavings(
    test: Callable[[], object], *, probes: int = 200, seed: int = 0, max_steps: int = 100_000,
    stall_after: float = STALL_AFTER,
) -> estimate_.Estimate:  # fmt: skip
    """Estimate how many interleavings a test has when every order of steps counts as one of its own.

    It is what `verify` spares: that executes one of each class of interleavings that differ only in the order of
    independent steps. `probes` random executions are run; findings are of no interest here.
    """
    _check_test(test)
    _at_least("probes", probes, 1)
    options = Options(
        probes, check_seed(seed), NOTHING, keep_going=True, max_steps=_at_least("max_steps", max_steps, 1)
    )
    driver = Driver(_positive("stall_after", stall_after))
    return driver.run(lambda worker: estimate_.estimated(test, options, driver, worker), lambda: None)


def run_free(
    test: Callable[[], object], seconds: float, seed: int = 0, *, noise: bool = True, stall_after: float = 30.0
) -> Result:
    """Run a test again and again on plain OS threads for so many seconds, interleaved by the OS.

    With `noise` the threads now and then give up the CPU at an operation; without it the bare primitives run. The
    findings carry no schedule. Raises StallError if one run of the test takes longer than `stall_after` seconds.
    """
    _check_test(test)
    check_seed(seed)
    _flag("noise", noise)
    longest = _positive("stall_after", stall_after)
    seen = free.run(
        test, _positive("seconds", seconds), seed, noise=noise, stall_after=longest, judge=histories.judge_free
    )
    verdict = FAIL if seen.findings else PASS if seen.runs and UNJUDGED not in seen.counters else UNKNOWN
    return Result(
        verdict=verdict,
        reason=f"{seen.failed} of {seen.runs} free runs had a finding",
        findings=tuple(seen.findings.values()),
        executions=seen.runs,
        steps=0,
        strategy="free",
        seed=seed,
        failed=seen.failed,
        first_failure=seen.first_failure,
        counters=seen.counters,
        seconds=seconds,
    )


def check_seed(seed: object) -> int:
    """Return a seed, or raise UsageError."""
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MASK:
        raise UsageError(f"a seed is a whole number from 0 to 2**64 - 1, got {seed!r}")
    return seed


def _check_test(test: object) -> None:
    if not callable(test):
        raise UsageError(f"a test is a function without arguments, got {test!r}")
    if inspect.iscoroutinefunction(test) or inspect.isgeneratorfunction(test) or inspect.isasyncgenfunction(test):
        raise UsageError(f"a test is a plain function: {test!r} is a coroutine or a generator, and would not run")


def _strategy(given: str | Strategy) -> Strategy:
    if not isinstance(given, str) and is_strategy(given):
        return given if type(given).__module__.startswith("racer.") else Foreign(given)
    return strategy_of(given)  # type: ignore[arg-type]  # what is no text is refused there


def _check_progress(progress: object) -> None:
    if progress is not None and not callable(progress):
        raise UsageError(f"progress is a function of a snapshot, got {progress!r}")


def _flag(what: str, given: object) -> bool:
    if not isinstance(given, bool):
        raise UsageError(f"{what} must be True or False, got {given!r}")
    return given


def _path(what: str, given: object) -> Path:
    if not isinstance(given, str | os.PathLike):
        raise UsageError(f"{what} must be the path of a file, got {given!r}")
    path = Path(given)
    if path.is_dir():
        raise UsageError(f"{what} must be the path of a file, got the folder {path}")
    return path


def _at_least(what: str, given: object, least: int) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or given < least:
        raise UsageError(f"{what} must be a whole number of at least {least}, got {given!r}")
    return given


def _positive(what: str, given: object) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given) or given <= 0:
        raise UsageError(f"{what} must be a number of seconds above 0, got {given!r}")
    return float(given)
