"""A whole verification: its parts, what they add up to, in one process or in several, and where it is kept."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from racer import checkpoint
from racer.campaign import Options, Tally, Test, index_of
from racer.circles import add_circles
from racer.core.call import UNJUDGED
from racer.core.finding import Finding
from racer.core.result import FAIL, PASS, UNKNOWN, Result, Snapshot
from racer.core.unseen import Unseen, no_sample
from racer.dpor.bounded import Bounded
from racer.dpor.estimate import SMALLEST_SHARE
from racer.dpor.forks import Division, Part
from racer.dpor.search import Call, Dpor
from racer.dpor.state import plain, restored
from racer.engine.driver import Driver
from racer.engine.pool import Worker
from racer.engine.processes import Board, run_in_processes
from racer.portable import portable
from racer.verification import COMPARED, Search, Verification

PARTS_A_JOB = 4
FIRST_BUDGET = 50
BUDGET = 800
"""Executions of a part in the first round, and at most: between rounds the parts learn of each other."""

SAVE_EVERY = 30.0


@dataclass(frozen=True)
class Bounds:
    """How a verification is bounded, shared out and kept; `executions` and `preemptions` of None are no bound."""

    executions: int | None = None
    preemptions: int | None = None
    jobs: int = 1
    checkpoint: Path | None = None


class Proof:
    """A verification under way. `division` holds what is left to explore, `tally` what was seen."""

    def __init__(self, test: Test, options: Options, bounds: Bounds, stall_after: float) -> None:
        self.test = test
        self.options = options
        self.bounds = bounds
        self.stall_after = stall_after
        self.tally = Tally()
        self.redundant = 0
        self.digest = ""
        self.found = False
        bound = bounds.preemptions
        self.text = "dpor" if bound is None else f"dpor:{bound}"
        self.left_out = False
        self.division = Division([Part(None, Dpor() if bound is None else Bounded(bound))])
        self._watch = Driver(stall_after)
        self._saved = 0.0

    def run(self, progress: Callable[[Snapshot], None] | None) -> Result:
        """Explore what is left, within the bounds; what was done is kept, if it is to be, however that ends."""
        if self.bounds.checkpoint is not None:
            checkpoint.load(self, self.bounds.checkpoint)
        try:
            if self.bounds.jobs > 1:
                self._in_processes(progress)
            else:
                self._here(progress)
        finally:
            if self.bounds.checkpoint is not None:
                checkpoint.keep(self, self.bounds.checkpoint)
        return add_circles(self.result(), self.tally.locks, self.test, self.options, self.stall_after)

    def _goes_on(self) -> bool:
        most = self.bounds.executions
        return not (self.division.done or self.found or (most is not None and self.tally.executions >= most))

    def _save_now_and_then(self) -> None:
        if self.bounds.checkpoint is not None and self._watch.seconds() - self._saved > SAVE_EVERY:
            checkpoint.keep(self, self.bounds.checkpoint)
            self._saved = self._watch.seconds()

    # -- in this process -----------------------------------------------------------------------------------------

    def _here(self, progress: Callable[[Snapshot], None] | None) -> None:
        driver = Driver(self.stall_after)
        part = self.division.parts[0] if self.division.parts else None
        running: list[Verification] = []

        def loop(worker: Worker) -> None:
            nonlocal part
            while self._goes_on() and not driver.stop:
                self.division.fill(1)
                part = self.division.parts[0]
                one = Verification(self.test, part.search, self.options, driver, self.tally)
                running[:] = [one]
                one.loop(worker, self.bounds.executions)
                self._take_back(part, one.search, one)
                self._save_now_and_then()

        def tick() -> None:
            if running and self.bounds.checkpoint is not None and self._watch.seconds() - self._saved > SAVE_EVERY:
                running[0].pause = True
            if progress is not None:
                progress(self.snapshot(running[0].redundant if running else 0))

        driver.run(loop, tick)

    def _take_back(self, part: Part, search: Search, done: "Verification | Answer") -> None:
        """Count what a part's executions showed, and go on from where they left it."""
        self.redundant += done.redundant
        self.digest = done.digest or self.digest
        self.found = self.found or done.found
        if isinstance(search, Bounded):
            self.left_out = search.left_out
        self.division.returned(part, search, explored=done.explored)

    # -- in several processes ------------------------------------------------------------------------------------

    def _in_processes(self, progress: Callable[[Snapshot], None] | None) -> None:
        """Explore in rounds: so what is found does not depend on which process is the faster one."""
        budget = FIRST_BUDGET
        while self._goes_on():
            self.division.fill(self.bounds.jobs * PARTS_A_JOB)
            self._round(budget, progress)
            self.found = self.found or (not self.options.keep_going and any(self.tally.locks.circles()))
            budget = min(2 * budget, BUDGET)
            self._save_now_and_then()

    def _round(self, budget: int, progress: Callable[[Snapshot], None] | None) -> None:
        parts = list(self.division.parts)
        jobs = min(self.bounds.jobs, len(parts))
        shares = self._shares(budget, len(parts))
        board = Board(jobs)

        def work(job: int) -> object:
            driver = Driver(self.stall_after)
            answers: list[Answer] = []

            def loop(worker: Worker) -> None:
                for number in range(job, len(parts), jobs):
                    tally = Tally()
                    one = Verification(self.test, parts[number].search, self.options, driver, tally)
                    one.loop(worker, shares[number])
                    answers.append(Answer.of(one))

            def tell() -> None:
                board[job] = driver.executions

            driver.run(loop, tell)
            return answers

        def tick() -> None:
            if progress is not None:
                progress(self.snapshot(executions=sum(board[job] for job in range(jobs))))

        answers: list[list[Answer]] = run_in_processes(work, jobs, tick)  # type: ignore[assignment]
        for number, part in enumerate(parts):
            answer = answers[number % jobs][number // jobs]
            self._add(answer)
            search = restored(answer.state)
            search.outbox = answer.outbox
            self._take_back(part, search, answer)

    def _shares(self, budget: int, parts: int) -> list[int]:
        """Return how many executions each part gets in a round."""
        if self.bounds.executions is None:
            return [budget] * parts
        each, over = divmod(self.bounds.executions - self.tally.executions, parts)
        return [min(budget, each + (number < over)) for number in range(parts)]

    def _add(self, answer: "Answer") -> None:
        """Add a part's tally, whose executions are counted from 0, behind those that are counted already."""
        tally, before = answer.tally, self.tally.executions
        for finding in tally.findings.values():
            if finding.execution is not None:
                finding.execution.index += before
        if tally.first_failure is not None:
            tally.first_failure += before
        if tally.last_index is not None:
            tally.last_index += before
        tally.locks.later(before)
        if before > COMPARED and not answer.state.get("looks_at_life", True):
            tally.seen = Tally().seen
        classes = self.tally.seen.count + tally.seen.count
        self.tally.merge(tally)
        if not self.tally.seen.capped:
            self.redundant += classes - self.tally.seen.count

    # -- what it amounts to --------------------------------------------------------------------------------------

    def snapshot(self, redundant: int = 0, executions: int = 0) -> Snapshot:
        """Return how far it is: what is counted, and what a part has in addition; called from another thread."""
        tally, share = self.tally, max(self.division.explored_share(), SMALLEST_SHARE)
        done = tally.executions + executions
        return Snapshot(
            done, tally.steps, tally.failed, len(tally.findings), done - self.redundant - redundant,
            self._watch.seconds(), done / share,
        )  # fmt: skip

    def _findings(self) -> list[Finding]:
        """Return the findings that were asked for: without keep_going, those of the first execution that failed."""
        findings = list(self.tally.findings.values())
        if self.options.keep_going:
            return findings
        return [finding for finding in findings if index_of(finding) == self.tally.first_failure]

    def result(self) -> Result:
        """Return the result so far."""
        tally, bound = self.tally, self.bounds.preemptions
        executed, classes = tally.executions, tally.executions - self.redundant
        explored = self.division.done and not tally.cut
        exhausted = explored and not self.left_out
        within = "" if exhausted or bound is None else f" with at most {bound} preemptions"
        if tally.failed:
            verdict, reason = FAIL, f"{tally.failed} of {executed} executions had a finding"
        elif UNJUDGED in tally.counters:
            verdict, reason = UNKNOWN, f"{tally.counters[UNJUDGED]} histories of calls were too long to judge"
        elif explored:
            verdict, reason = PASS, f"all {classes} interleavings{within} were executed, without a finding"
        else:
            verdict, reason = UNKNOWN, f"cut short after {executed} executions, without a finding"
        return Result(
            verdict=verdict,
            reason=reason,
            digest=self.digest,
            findings=tuple(self._findings()),
            executions=executed,
            steps=tally.steps,
            strategy=self.text,
            seed=0,
            failed=tally.failed,
            first_failure=tally.first_failure,
            interleavings=classes,
            exhausted=exhausted,
            redundant=self.redundant,
            preemptions=bound,
            counters=tally.counters,
            seconds=self._watch.seconds(),
            unseen=Unseen(executed, why=no_sample(self.text), exhausted=exhausted),
        )


@dataclass
class Answer:
    """What a process has to say of a part that it explored for a while."""

    state: dict[str, object]
    outbox: list[Call]
    tally: Tally
    redundant: int
    explored: bool
    found: bool
    digest: str

    @classmethod
    def of(cls, done: Verification) -> "Answer":
        """Return what is to be told of a part."""
        done.tally.findings = {signature: portable(finding) for signature, finding in done.tally.findings.items()}
        search = done.search
        return cls(plain(search), search.outbox, done.tally, done.redundant, done.explored, done.found, done.digest)
