"""Circles in the order of locks: gathered over a campaign, told at its end."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from racer.campaign import Test, digest_of_run, execution_of, run_once
from racer.core.errors import NondeterminismError
from racer.core.execution import Execution
from racer.core.finding import Finding, Side
from racer.core.lock_order import Circle, LockOrder, Pair, Source
from racer.core.result import FAIL, Result
from racer.detectors.lock_order import CircularLocking, nestings, pair_of, sides
from racer.engine.driver import Driver
from racer.engine.pool import Worker
from racer.engine.recorder import Recorder
from racer.strategies.replay import Replay

if TYPE_CHECKING:
    from racer.campaign import Options


@dataclass(frozen=True)
class _Told:
    """A pair as its execution shows it again, recorded richly."""

    sides: tuple[Side, Side]
    thread: int
    step: int
    execution: Execution


def add_circles(result: Result, order: LockOrder, test: Test, options: "Options", stall_after: float) -> Result:
    """Add to a result the circles that its executions have in their order of locks; return the result.

    Without keep_going only what came first counts: the circle of the execution that closed it, or what an earlier
    execution had. An execution that closes a circle counts as failed.
    """
    circles = list(order.circles())
    if not options.keep_going:
        first = min((index for index, _ in circles), default=None)
        if first is None or (result.first_failure is not None and result.first_failure < first):
            return result
        circles = [each for each in circles if each[0] == first]
        result.findings = tuple(f for f in result.findings if f.execution is not None and f.execution.index == first)
    if not circles:
        return result

    found = Driver(stall_after).run(
        lambda worker: _Teller(order, test, options, worker).findings(circles), lambda: None
    )
    closing = {index: order.pairs[circle[-1]].failed for index, circle in circles}
    result.failed += sum(not failed for failed in closing.values())
    result.first_failure = min(i for i in (result.first_failure, *closing) if i is not None)
    result.findings = (*result.findings, *found)
    result.verdict = FAIL
    result.reason = f"{result.failed} of {result.executions} executions had a finding"
    return result


class _Teller:
    """Runs the executions again that a circle is made of, and tells of it."""

    def __init__(self, order: LockOrder, test: Test, options: "Options", worker: Worker) -> None:
        self.order = order
        self.test = test
        self.options = options
        self.worker = worker
        self._known: dict[Pair, _Told] = {}

    def findings(self, circles: list[tuple[int, Circle]]) -> list[Finding]:
        """Return a finding for each circle."""
        return [self._finding(circle) for _, circle in circles]

    def _finding(self, circle: Circle) -> Finding:
        told = [self._told(pair) for pair in circle]
        last, source = told[-1], self.order.pairs[circle[-1]]
        return Finding(
            kind=CircularLocking.name,
            message="locks are taken in a circle: " + ", ".join(_words(each.sides) for each in told),
            thread=last.sides[1].thread,
            thread_number=last.thread,
            step=last.step,
            sides=tuple(side for each in told for side in each.sides),
            notes=tuple(_where(each, self.order.pairs[pair]) for pair, each in zip(circle, told, strict=True)),
            seed=source.seed,
            strategy=source.strategy,
            schedule=last.execution.schedule,
            execution=last.execution,
        )

    def _told(self, pair: Pair) -> _Told:
        """Run the execution again that a pair was first seen in, unless that was done already."""
        known = self._known.get(pair)
        if known is None:
            known = self._known[pair] = self._shown(pair, self.order.pairs[pair])
        return known

    def _shown(self, pair: Pair, source: Source) -> _Told:
        recorder, schedule = Recorder(), source.schedule
        most = len(schedule) if schedule.cut else self.options.max_steps
        run = run_once(self.test, Replay(schedule), 0, self.worker, most, self.options.detect, recorder)
        record = recorder.record(run)
        for nested in nestings(record):
            if pair_of(record, nested) == pair:
                execution = execution_of(run, recorder, source.index, source.seed)
                both = sides(record, nested)
                step = len(schedule) - 1 if nested.step is None else nested.step
                run.release()
                return _Told(both, nested.thread, step, execution)
        raise NondeterminismError(0, len(run.order), "locks taken in an order", f"another: {digest_of_run(run)[:16]}")


def _words(both: tuple[Side, Side]) -> str:
    return f"{both[0].what} before {both[1].what} ({both[0].thread})"


def _where(told: _Told, source: Source) -> str:
    seed = "" if source.seed is None else f", seed {source.seed:#x}"
    return (
        f"{told.sides[0].what} before {told.sides[1].what}: execution {source.index}{seed}, "
        f"schedule {told.execution.schedule}"
    )
