"""A campaign: many executions of one test under one strategy, and what they add up to."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from racer.core.errors import NondeterminismError
from racer.core.execution import SCHEDULE_DIGEST, Execution, digest_of
from racer.core.finding import Finding
from racer.core.interleavings import SeenClasses
from racer.core.operation import CHOOSE, NAMES
from racer.core.result import FAIL, PASS, UNKNOWN, Result, Snapshot
from racer.core.rng import execution_seed
from racer.core.schedule import Schedule
from racer.core.strategy import Strategy
from racer.engine.driver import Driver, collect_young
from racer.engine.pool import Worker, pool
from racer.engine.recorder import Recorder
from racer.engine.turnstile import Turnstile
from racer.strategies.pct import Pct
from racer.strategies.random_walk import RandomWalk

Test = Callable[[], object]

PILOT_SEEDS = (1, 2, 3)
CHECKED_AT_LEAST = 2
CHECKED_EVERY = 100
"""Executions that are run twice and compared: the first two, and one in so many."""


@dataclass(frozen=True)
class Options:
    """How a campaign is run; the meaning of each is told at `racer.explore`."""

    executions: int
    seed: int
    detect: frozenset[str]
    keep_going: bool
    max_steps: int
    indices: range | None = None

    def own_indices(self) -> range:
        """The executions to be run here: all, or one process's share."""
        return range(self.executions) if self.indices is None else self.indices


@dataclass
class Tally:
    """What the counted executions add up to."""

    executions: int = 0
    steps: int = 0
    failed: int = 0
    first_failure: int | None = None
    cut: bool = False
    raced: bool = False
    findings: dict[tuple[str, ...], Finding] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    seen: SeenClasses = field(default_factory=SeenClasses)

    def add(self, index: int, run: Turnstile) -> None:
        """Count one execution."""
        self.executions += 1
        self.steps += len(run.order)
        self.raced = self.raced or run.raced
        for name, n in run.counters.items():
            self.counters[name] = self.counters.get(name, 0) + n
        if run.cut:
            self.cut = True
        else:
            self.seen.add(run.interleaving())
        if run.findings:
            self.failed += 1
            if self.first_failure is None:
                self.first_failure = index


class Campaign:
    """Runs a test under a strategy, execution by execution, in a pooled thread."""

    def __init__(self, test: Test, strategy: Strategy, options: Options, driver: Driver) -> None:
        self.test = test
        self.strategy = strategy
        self.options = options
        self.driver = driver
        self.tally = Tally()
        self._began = time.monotonic()

    def loop(self, worker: Worker) -> Result:
        """Run the executions; return the result. Called in the pooled thread that is thread 0 of each."""
        strategy = self.strategy = self._measured(worker)
        for index in self.options.own_indices():
            if self.driver.stop:
                break
            seed = execution_seed(self.options.seed, index)
            run = self._run(strategy, seed, worker)
            self.tally.add(index, run)
            if index < CHECKED_AT_LEAST or index % CHECKED_EVERY == 0:
                compare(seed, run, self._run(strategy, seed, worker, Recorder()))
            if run.findings and self._keep(run, index, seed, worker):
                break
            collect_young()
            self.driver.executions += 1
        return self._result()

    def snapshot(self) -> Snapshot:
        """Return how far the campaign is; called from another thread."""
        tally = self.tally
        return Snapshot(
            tally.executions, tally.steps, tally.failed, len(tally.findings), tally.seen.count, self._seconds()
        )

    def _seconds(self) -> float:
        return time.monotonic() - self._began

    def _measured(self, worker: Worker) -> Strategy:
        """Give a strategy that needs it the length of an execution: the longest of three pilots."""
        strategy = self.strategy
        if not isinstance(strategy, Pct) or strategy.length is not None:
            return strategy
        pilots = (self._run(RandomWalk(), seed, worker) for seed in PILOT_SEEDS)
        return strategy.with_length(max(len(run.order) for run in pilots))

    def _run(self, strategy: Strategy, seed: int, worker: Worker, recorder: Recorder | None = None) -> Turnstile:
        return run_once(self.test, strategy, seed, worker, self.options.max_steps, self.options.detect, recorder)

    def _keep(self, run: Turnstile, index: int, seed: int, worker: Worker) -> bool:
        """Take in the findings of an execution, the new ones with its rich record; return whether to stop."""
        new = []
        for finding in first_of_each(run.findings):
            known = self.tally.findings.get(finding.signature)
            if known is None:
                new.append(finding)
            else:
                known.count += 1
        if new:
            recorder = Recorder()
            again = self._run(self.strategy, seed, worker, recorder)
            compare(seed, run, again)
            execution = execution_of(again, recorder, index, seed)
            for finding in execution.findings:
                if finding.signature not in self.tally.findings:
                    self.tally.findings[finding.signature] = finding
        return not self.options.keep_going

    def _result(self) -> Result:
        tally = self.tally
        verdict, reason = self._verdict()
        return Result(
            verdict=verdict,
            reason=reason,
            findings=tuple(tally.findings.values()),
            executions=tally.executions,
            steps=tally.steps,
            strategy=self.strategy.text,
            seed=self.options.seed,
            failed=tally.failed,
            first_failure=tally.first_failure,
            interleavings=tally.seen.count,
            interleavings_capped=tally.seen.capped,
            counters=tally.counters,
            seconds=self._seconds(),
        )

    def _verdict(self) -> tuple[str, str]:
        tally = self.tally
        if tally.failed:
            return FAIL, f"{tally.failed} of {tally.executions} executions had a finding"
        if tally.executions < len(self.options.own_indices()):
            return UNKNOWN, f"cut short after {tally.executions} of {self.options.executions} executions"
        if not tally.raced:
            return UNKNOWN, "nothing raced: no two threads were ever able to run at the same step"
        return PASS, f"no finding in {tally.executions} executions"


def run_once(  # noqa: PLR0913  (everything an execution is a function of)
    test: Test,
    strategy: Strategy,
    seed: int,
    worker: Worker,
    max_steps: int,
    detect: frozenset[str],
    recorder: Recorder | None = None,
) -> Turnstile:
    """Run one execution; raise what went wrong with racer's own rules in it."""
    strategy.begin(seed)
    run = Turnstile(strategy, pool(), max_steps, detect, recorder)
    run.execute(test, worker)
    if run.error is not None:
        raise run.error
    return run


def first_of_each(findings: list[Finding]) -> Iterator[Finding]:
    """Yield the findings of an execution, one of each signature."""
    seen = set()
    for finding in findings:
        if finding.signature not in seen:
            seen.add(finding.signature)
            yield finding


def execution_of(run: Turnstile, recorder: Recorder, index: int, seed: int | None) -> Execution:
    """Return the rich record of an execution, its findings tied to it."""
    digest = digest_of(run.order, run.codes, run.values, run.findings)
    schedule = Schedule(tuple(run.order), tuple(run.values), digest[:SCHEDULE_DIGEST], run.cut)
    execution = Execution(
        digest=digest,
        schedule=schedule,
        trace=recorder.trace(),
        findings=tuple(run.findings),
        index=index,
        seed=seed,
        steps=len(run.order),
        counters=dict(run.counters),
    )
    for finding in run.findings:
        finding.seed, finding.schedule, finding.execution = seed, schedule, execution
    return execution


def compare(seed: int, first: Turnstile, second: Turnstile) -> None:
    """Raise NondeterminismError if two executions with one seed are not the same."""
    mine = digest_of(first.order, first.codes, first.values, first.findings)
    again = digest_of(second.order, second.codes, second.values, second.findings)
    if mine == again:
        return
    one, two = list(_shown_steps(first)), list(_shown_steps(second))
    step = next((i for i, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))
    raise NondeterminismError(seed, step, _at(one, step, first), _at(two, step, second))


def _shown_steps(run: Turnstile) -> Iterator[str]:
    values = iter(run.values)
    for thread, code in zip(run.order, run.codes, strict=False):
        kind = code >> 8 & 0xFF
        decided = f" = {next(values)}" if kind == CHOOSE else " failed" if code & 0xFF else ""
        yield f"{run.threads[thread].shown_name}: {NAMES[kind]} of object {code >> 16}{decided}"


def _at(steps: list[str], step: int, run: Turnstile) -> str:
    if step < len(steps):
        return steps[step]
    found = ", ".join(f"{f.kind} of {f.thread} at step {f.step}" for f in run.findings) or "no finding"
    return f"ended after {len(steps)} steps, with {found}"
