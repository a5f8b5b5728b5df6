"""A verification: every happens-before class of a test, each executed once."""

from racer.campaign import CHECKED_AT_LEAST, CHECKED_EVERY, Options, Tally, Test, digest_of_run, execution_of, run_once
from racer.core.errors import NondeterminismError
from racer.core.result import FAIL, PASS, UNKNOWN, Result, Snapshot
from racer.core.schedule import Schedule
from racer.core.unseen import Unseen, no_sample
from racer.dpor.bounded import Bounded
from racer.dpor.estimate import SMALLEST_SHARE, explored_share
from racer.dpor.search import Dpor
from racer.engine.driver import Driver, collect_young
from racer.engine.pool import Worker
from racer.engine.recorder import Ledger, Recorder
from racer.engine.turnstile import Turnstile
from racer.strategies.replay import Replay

COMPARED = 10_000
"""So many executions are compared with all before; later ones only where some may repeat: memory does not grow."""


class Verification:
    """Runs a test until every class was executed, or the budget is used up; `options.executions` of 0 is no budget."""

    def __init__(self, test: Test, options: Options, driver: Driver, preemptions: int | None = None) -> None:
        self.test = test
        self.options = options
        self.driver = driver
        self.tally = Tally()
        self.redundant = 0
        self.preemptions = preemptions
        self.search: Dpor | Bounded = Dpor() if preemptions is None else Bounded(preemptions)
        self._last: Turnstile | None = None

    def loop(self, worker: Worker) -> Result:
        """Run the executions; return the result. Called in the pooled thread that is thread 0 of each."""
        exhausted = False
        while not exhausted and not self.driver.stop:
            if self.options.executions and self.tally.executions >= self.options.executions:
                break
            index = self.tally.executions
            ledger = Ledger(looks=index < CHECKED_AT_LEAST or index % CHECKED_EVERY == 0)
            self.driver.check()
            run = run_once(self.test, self.search, 0, worker, self.options.max_steps, self.options.detect, ledger)
            cut_off = self.search.cut_off
            self.redundant += cut_off
            exhausted = not self.search.learn(run, ledger)
            counted = not cut_off and (index < COMPARED or self.search.looks_at_life)
            new = self.tally.add(index, run, complete=counted)
            self.redundant += counted and not (new or run.cut)
            found = bool(run.findings) and self._keep(run, index, worker)
            if self._last is not None:
                self._last.release()
            self._last = run
            collect_young()
            self.driver.executions += 1
            if found:
                break
        return self._result(explored=exhausted and not self.tally.cut)

    def snapshot(self) -> Snapshot:
        """Return how far the verification is; called from another thread."""
        tally = self.tally
        return Snapshot(
            tally.executions, tally.steps, tally.failed, len(tally.findings), tally.executions - self.redundant,
            self.driver.seconds(), tally.executions / max(explored_share(self.search.stack), SMALLEST_SHARE),
        )  # fmt: skip

    def _keep(self, run: Turnstile, index: int, worker: Worker) -> bool:
        """Take in the findings of an execution, the new ones with its rich record; return whether to stop."""
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
        return not self.options.keep_going

    def _result(self, *, explored: bool) -> Result:
        tally = self.tally
        executed = tally.executions
        bound = self.preemptions
        exhausted = explored and not (isinstance(self.search, Bounded) and self.search.left_out)
        within = "" if exhausted or bound is None else f" with at most {bound} preemptions"
        if tally.failed:
            verdict, reason = FAIL, f"{tally.failed} of {executed} executions had a finding"
        elif explored:
            many = f"all {executed - self.redundant} interleavings{within}"
            verdict, reason = PASS, f"{many} were executed, without a finding"
        else:
            verdict, reason = UNKNOWN, f"cut short after {executed} executions, without a finding"
        return Result(
            verdict=verdict,
            reason=reason,
            digest="" if self._last is None else digest_of_run(self._last),
            findings=tuple(tally.findings.values()),
            executions=executed,
            steps=tally.steps,
            strategy=self.search.text,
            seed=0,
            failed=tally.failed,
            first_failure=tally.first_failure,
            interleavings=executed - self.redundant,
            exhausted=exhausted,
            redundant=self.redundant,
            preemptions=bound,
            counters=tally.counters,
            seconds=self.driver.seconds(),
            unseen=Unseen(executed, why=no_sample(self.search.text), exhausted=exhausted),
        )
