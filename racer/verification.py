"""A verification: one search, executed until it is through, or stopped."""

from racer.campaign import (
    CHECKED_AT_LEAST,
    CHECKED_EVERY,
    Options,
    Tally,
    Test,
    digest_of_run,
    execution_of,
    run_once,
    source_of,
)
from racer.core.errors import NondeterminismError
from racer.core.schedule import Schedule
from racer.dpor.bounded import Bounded
from racer.dpor.search import Dpor
from racer.engine.driver import Driver, collect_young
from racer.engine.pool import Worker
from racer.engine.recorder import Recorder
from racer.engine.turnstile import Turnstile
from racer.strategies.replay import Replay

COMPARED = 10_000
"""So many executions are compared with all before; later ones only where some may repeat: memory does not grow."""

Search = Dpor | Bounded


class Verification:
    """Executes what a search asks for, and adds it to a tally.

    It is `explored` when nothing is left, `found` when it stopped at a finding; `pause`, set by another thread, stops
    it. `redundant` counts executions that repeated a class or were cut off since they would have.
    """

    def __init__(self, test: Test, search: Search, options: Options, driver: Driver, tally: Tally) -> None:
        self.test = test
        self.search = search
        self.options = options
        self.driver = driver
        self.tally = tally
        self.redundant = 0
        self.explored = False
        self.found = False
        self.pause = False
        self.digest = ""

    def loop(self, worker: Worker, most: int | None = None) -> None:
        """Run executions until the tally has so many. Called in the pooled thread that is thread 0 of each."""
        last: Turnstile | None = None
        while not (self.explored or self.found or self.pause or self.driver.stop):
            if most is not None and self.tally.executions >= most:
                break
            run = self._one(worker)
            if last is not None:
                last.release()
            last = run
            collect_young()
            self.driver.executions += 1
        if last is not None:
            self.digest = digest_of_run(last)

    def _one(self, worker: Worker) -> Turnstile:
        """Run one execution, learn from it and count it."""
        index, search = self.tally.executions, self.search
        ledger = self.options.detect.ledger(looks=index < CHECKED_AT_LEAST or index % CHECKED_EVERY == 0)
        self.driver.check()
        run = run_once(self.test, search, 0, worker, self.options.max_steps, self.options.detect, ledger)
        cut_off = search.cut_off
        self.explored = not search.learn(run, ledger)
        counted = not cut_off and (index < COMPARED or search.looks_at_life)
        new = self.tally.add(index, run, complete=counted)
        self.redundant += cut_off or (counted and not (new or run.cut))
        closed = self.options.detect.gather(run, self.tally.locks, lambda: source_of(run, index, None, "dpor"))
        if run.findings:
            self._keep(run, index, worker)
        if run.findings or closed:
            self.found = not self.options.keep_going
        return run

    def _keep(self, run: Turnstile, index: int, worker: Worker) -> None:
        """Take in the findings of an execution, the new ones with its rich record."""
        findings = self.tally.findings
        signatures = dict.fromkeys(finding.signature for finding in run.findings)
        if any(signature not in findings for signature in signatures):
            recorder = Recorder()
            schedule = Schedule(tuple(run.order), tuple(run.values), cut=run.cut)
            most = len(run.order) if run.cut else self.options.max_steps
            again = run_once(self.test, Replay(schedule), 0, worker, most, self.options.detect, recorder)
            if digest_of_run(again) != digest_of_run(run):
                raise NondeterminismError(0, len(again.order), f"{len(run.order)} steps", f"{len(again.order)} steps")
            execution = execution_of(again, recorder, index, None)
            again.release()
            for finding in execution.findings:
                findings.setdefault(finding.signature, finding)
                finding.count = 0
        for signature in signatures:
            findings[signature].count += 1
