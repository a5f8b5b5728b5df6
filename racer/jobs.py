"""A campaign shared out over processes."""

from collections.abc import Callable
from dataclasses import replace

from racer.campaign import Campaign, Options, Tally, Test, index_of, result_of
from racer.circles import add_circles
from racer.core.result import Result, Snapshot
from racer.core.strategy import Strategy
from racer.engine.driver import Driver
from racer.engine.processes import Board, run_in_processes
from racer.portable import portable

_FIELDS = 5
_NONE = (1 << 64) - 1


def explore(  # noqa: PLR0917  (what a campaign is a function of, and how it is watched)
    test: Test,
    strategy: Strategy,
    options: Options,
    jobs: int,
    progress: Callable[[Snapshot], None] | None,
    stall_after: float,
) -> Result:
    """Run every jobs-th execution in a process of its own and put the tallies together.

    The findings are those of one process: of each signature the one of the lowest execution. Without keep_going a
    process stops at its first failure, and soon after another's at a lower execution.
    """
    board = Board(jobs * _FIELDS + jobs)
    stops = range(jobs * _FIELDS, jobs * _FIELDS + jobs)
    for at in stops:
        board[at] = _NONE
    watch = Driver(stall_after)

    def work(job: int) -> object:
        driver = Driver(stall_after)
        own = replace(options, indices=range(job, options.executions, jobs))
        campaign = Campaign(test, strategy, own, driver)
        campaign.passed = lambda index: index > min(board[at] for at in stops)

        def tell() -> None:
            snapshot = campaign.snapshot()
            for at, value in enumerate(
                (snapshot.executions, snapshot.steps, snapshot.failed, snapshot.findings, snapshot.interleavings)
            ):
                board[job * _FIELDS + at] = value

        def failed(index: int) -> None:
            if not options.keep_going:
                board[stops[job]] = index

        campaign.on_failure = failed
        driver.run(campaign.loop, tell)
        tally = campaign.tally
        tally.findings = {signature: portable(finding) for signature, finding in tally.findings.items()}
        return tally, campaign.strategy.text, campaign.digest()

    def tick() -> None:
        if progress is not None:
            sums = [sum(board[job * _FIELDS + at] for job in range(jobs)) for at in range(_FIELDS)]
            progress(Snapshot(sums[0], sums[1], sums[2], sums[3], sums[4], watch.seconds()))

    answers: list[tuple[Tally, str, str]] = run_in_processes(work, jobs, tick)  # type: ignore[assignment]
    whole = answers[0][0]
    for tally, _, _ in answers[1:]:
        whole.merge(tally)
    if not options.keep_going:
        whole.findings = {s: f for s, f in whole.findings.items() if index_of(f) == whole.first_failure}
    digest = answers[(whole.last_index or 0) % jobs][2]
    result = result_of(whole, options, strategy, answers[0][1], digest, watch.seconds())
    return add_circles(result, whole.locks, test, options, stall_after)
