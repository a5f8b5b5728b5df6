"""A campaign: many executions of one test under one strategy, and what they add up to."""

from collections.abc import Callable
from dataclasses import dataclass, field

from racer.core.call import UNJUDGED
from racer.core.execution import SCHEDULE_DIGEST, Execution, digest_of
from racer.core.finding import Finding
from racer.core.interleavings import SeenClasses
from racer.core.lock_order import LockOrder, Source
from racer.core.result import FAIL, PASS, UNKNOWN, Result, Share, Snapshot
from racer.core.rng import execution_seed
from racer.core.schedule import Schedule
from racer.core.strategy import Strategy
from racer.engine.driver import Driver, collect_young
from racer.engine.pool import Worker
from racer.engine.recorder import Recorder, Watch
from racer.engine.turnstile import Turnstile
from racer.histories import judge_histories
from racer.judging import Asked
from racer.nondeterminism import compare
from racer.sampling import shares_of, unseen_of
from racer.strategies.foreign import Foreign
from racer.strategies.portfolio import Portfolio
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
    detect: Asked
    keep_going: bool
    max_steps: int
    indices: range | None = None

    def own_indices(self) -> range:
        """Return the executions to be run here: all, or one process's share."""
        return range(self.executions) if self.indices is None else self.indices


@dataclass
class Tally:
    """What the counted executions add up to. `threads` and `longest` are the most threads and steps of any."""

    executions: int = 0
    steps: int = 0
    threads: int = 0
    longest: int = 0
    failed: int = 0
    first_failure: int | None = None
    last_index: int | None = None
    cut: bool = False
    raced: bool = False
    findings: dict[tuple[object, ...], Finding] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    shares: dict[str, Share] = field(default_factory=dict)
    seen: SeenClasses = field(default_factory=SeenClasses)
    locks: LockOrder = field(default_factory=LockOrder)

    def add(self, index: int, run: Turnstile, *, complete: bool = True) -> bool:
        """Count one execution, one that is not complete adds no interleaving; return whether its class is new."""
        new = False
        self.last_index = index
        self.executions += 1
        steps = len(run.order)
        self.steps += steps
        if steps > self.longest:  # noqa: PLR1730  (a call of max takes four times as long)
            self.longest = steps
        if len(run.threads) > self.threads:  # noqa: PLR1730
            self.threads = len(run.threads)
        self.raced = self.raced or run.raced
        if run.counters:
            for name, n in run.counters.items():
                self.counters[name] = self.counters.get(name, 0) + n
        if run.cut:
            self.cut = True
        elif complete:
            new = self.seen.add(run.interleaving(), index) or self.seen.capped
        if run.findings:
            self.failed += 1
            if self.first_failure is None:
                self.first_failure = index
        return new

    def add_share(self, member: str, run: Turnstile) -> None:
        """Count an execution for the member of a portfolio that it ran under."""
        share = self.shares.get(member)
        if share is None:
            share = self.shares[member] = Share(member)
        share.executions += 1
        if run.findings:
            share.failed += 1
            for kind in dict.fromkeys(finding.kind for finding in run.findings):
                share.kinds[kind] = share.kinds.get(kind, 0) + 1

    def merge(self, other: "Tally") -> None:
        """Add the tally of another share of the same campaign."""
        self.executions += other.executions
        self.steps += other.steps
        self.threads = max(self.threads, other.threads)
        self.longest = max(self.longest, other.longest)
        self.failed += other.failed
        self.first_failure = _lowest(self.first_failure, other.first_failure)
        self.last_index = max((i for i in (self.last_index, other.last_index) if i is not None), default=None)
        self.cut = self.cut or other.cut
        self.raced = self.raced or other.raced
        for name, n in other.counters.items():
            self.counters[name] = self.counters.get(name, 0) + n
        self.seen.merge(other.seen)
        self.locks.merge(other.locks)
        for member, share in other.shares.items():
            self.shares.setdefault(member, Share(member)).add(share)
        both = [*self.findings.items(), *other.findings.items()]
        self.findings = {}
        for signature, finding in sorted(both, key=lambda item: index_of(item[1])):
            known = self.findings.setdefault(signature, finding)
            if known is not finding:
                known.count += finding.count


def _lowest(one: int | None, other: int | None) -> int | None:
    return min((i for i in (one, other) if i is not None), default=None)


def index_of(finding: Finding) -> int:
    """Return the place in the campaign of the execution that a finding belongs to."""
    return -1 if finding.execution is None else finding.execution.index


class Campaign:
    """Runs a test under a strategy, execution by execution, in a pooled thread.

    `passed(index)` ends it before an execution, `on_failure(index)` is told of each that failed: how several
    processes share a campaign.
    """

    def __init__(self, test: Test, strategy: Strategy, options: Options, driver: Driver) -> None:
        self.test = test
        self.strategy = strategy
        self.options = options
        self.driver = driver
        self.tally = Tally()
        self.passed: Callable[[int], bool] = lambda _: False
        self.on_failure: Callable[[int], None] = lambda _: None
        self._last: Turnstile | None = None

    def loop(self, worker: Worker) -> Result:
        """Run the executions; return the result. Called in the pooled thread that is thread 0 of each."""
        strategy = self.strategy = self._measured(worker)
        for index in self.options.own_indices():
            if self.driver.stop or self.passed(index):
                break
            seed = execution_seed(self.options.seed, index)
            run = self._run(strategy, seed, worker)
            self.tally.add(index, run)
            if isinstance(strategy, Portfolio):
                self.tally.add_share(strategy.member, run)
            if index < CHECKED_AT_LEAST or index % CHECKED_EVERY == 0:
                again = self._run(strategy, seed, worker, self.options.detect.plain(looks=True))
                compare(seed, run, again)
                again.release()
            if self._stops(run, index, seed, worker):
                self._last = run
                break
            if self._last is not None:
                self._last.release()
            self._last = run
            collect_young()
            self.driver.executions += 1
        return result_of(self.tally, self.options, strategy, strategy.text, self.digest(), self.driver.seconds())

    def snapshot(self) -> Snapshot:
        """Return how far the campaign is; called from another thread."""
        tally = self.tally
        return Snapshot(
            tally.executions, tally.steps, tally.failed, len(tally.findings), tally.seen.count, self.driver.seconds()
        )

    def _measured(self, worker: Worker) -> Strategy:
        """Give a strategy that needs them (it has `profiled`) the pilots, run as far as it asks for them."""
        profiled = getattr(self.strategy, "profiled", None)
        if profiled is None:
            return self.strategy
        measured: Strategy = profiled(self._run(RandomWalk(), seed, worker) for seed in PILOT_SEEDS)
        return measured

    def _run(self, strategy: Strategy, seed: int, worker: Worker, recorder: Watch | None = None) -> Turnstile:
        self.driver.check()
        return run_once(self.test, strategy, seed, worker, self.options.max_steps, self.options.detect, recorder)

    def _stops(self, run: Turnstile, index: int, seed: int, worker: Worker) -> bool:
        """Take in what an execution showed; return whether the campaign is to end with it."""
        text = getattr(self.strategy, "alone", self.strategy.text)
        closed = self.options.detect.gather(run, self.tally.locks, lambda: source_of(run, index, seed, text))
        if run.findings:
            self._keep(run, index, seed, worker)
        if not (run.findings or closed):
            return False
        self.on_failure(index)
        return not self.options.keep_going

    def _keep(self, run: Turnstile, index: int, seed: int, worker: Worker) -> None:
        """Take in the findings of an execution, the new ones with its rich record."""
        findings = self.tally.findings
        new = False
        for signature in dict.fromkeys(finding.signature for finding in run.findings):
            if signature in findings:
                findings[signature].count += 1
            else:
                new = True
        if new:
            recorder = Recorder()
            again = self._run(self.strategy, seed, worker, recorder)
            compare(seed, run, again)
            execution = execution_of(again, recorder, index, seed)
            again.release()
            strategy = getattr(self.strategy, "alone", self.strategy.text)
            for finding in execution.findings:
                finding.strategy = strategy
                findings.setdefault(finding.signature, finding)

    def digest(self) -> str:
        """Return the digest of the last counted execution, or nothing."""
        return "" if self._last is None else digest_of_run(self._last)


def result_of(  # noqa: PLR0917  (all that a result says)
    tally: Tally, options: Options, strategy: Strategy, text: str, digest: str, seconds: float
) -> Result:
    """Return the result that a tally amounts to; `text` is that of the strategy as measured."""
    verdict, reason = _verdict(tally, options)
    return Result(
        verdict=verdict,
        reason=reason,
        digest=digest,
        findings=tuple(tally.findings.values()),
        executions=tally.executions,
        steps=tally.steps,
        strategy=text,
        seed=options.seed,
        failed=tally.failed,
        first_failure=tally.first_failure,
        interleavings=tally.seen.count,
        interleavings_capped=tally.seen.capped,
        counters=tally.counters,
        seconds=seconds,
        unseen=unseen_of(tally, strategy, text, options.executions),
        shares=shares_of(tally, strategy, text),
    )


def _verdict(tally: Tally, options: Options) -> tuple[str, str]:
    if tally.failed:
        return FAIL, f"{tally.failed} of {tally.executions} executions had a finding"
    if UNJUDGED in tally.counters:
        return UNKNOWN, f"{tally.counters[UNJUDGED]} histories of calls were too long to judge"
    if tally.executions < options.executions:
        return UNKNOWN, f"cut short after {tally.executions} of {options.executions} executions"
    if not tally.raced:
        return UNKNOWN, "nothing raced: no two threads were ever able to run at the same step"
    return PASS, f"no finding in {tally.executions} executions"


def run_once(  # noqa: PLR0917  (everything an execution is a function of)
    test: Test,
    strategy: Strategy,
    seed: int,
    worker: Worker,
    max_steps: int,
    detect: Asked,
    recorder: Watch | None = None,
) -> Turnstile:
    """Run one execution; raise what went wrong with racer's own rules in it."""
    strategy.begin(seed)
    run = Turnstile(strategy, worker.pool, max_steps, detect.names, recorder or detect.plain())
    attach = getattr(strategy, "attach", None)
    if attach is not None:
        attach(run)
    run.execute(test, worker)
    if run.histories is not None:
        judge_histories(run)
    error = run.error or (strategy.error if isinstance(strategy, Foreign) else None)
    if error is not None:
        raise error
    detect.judge(run)
    return run


def digest_of_run(run: Turnstile) -> str:
    """Return the digest of an execution that has ended."""
    return digest_of(run.order, run.codes, run.values, run.findings)


def source_of(run: Turnstile, index: int, seed: int | None, strategy: str) -> Source:
    """Return what tells an execution from the others of its campaign, and repeats it."""
    schedule = Schedule(tuple(run.order), tuple(run.values), cut=run.cut)
    return Source(index, seed, strategy, schedule, bool(run.findings))


def execution_of(run: Turnstile, recorder: Recorder, index: int, seed: int | None) -> Execution:
    """Return the rich record of an execution, its findings tied to it."""
    digest = digest_of_run(run)
    schedule = Schedule(tuple(run.order), tuple(run.values), digest[:SCHEDULE_DIGEST], run.cut)
    execution = Execution(
        digest=digest,
        schedule=schedule,
        trace=recorder.trace(),
        findings=tuple(run.findings),
        index=index,
        seed=seed,
        steps=len(run.order),
        counters=dict(run.counters or {}),
    )
    for finding in run.findings:
        finding.seed, finding.schedule, finding.execution = seed, schedule, execution
    return execution
