"""Judges a cell's outcome against what its workload states."""

from racer.kvm import schemes
from stress import workloads
from stress.cell import EXPECTED, FAILED, FREE, INCONCLUSIVE, Cell, Outcome
from stress.workload import Workload

UNKNOWN = "UNKNOWN"

SUCCESS = 0
UNEXPECTED = 1
USAGE = 2
UNDECIDED = 3
BROKEN = 4
INTERRUPTED = 130


def judge(outcome: Outcome, workload: Workload) -> None:
    """Set `judged` and `why`, and the verdict UNKNOWN where nothing raced.

    Nothing unexpected may be found, everything expected must be. In free mode the operating system decides what
    happens, so there a broken scheme need not be caught.
    """
    cell = outcome.cell
    cross = cell.parameters.cross
    must = workload.must_find(cell.scheme, cross=cross)
    unexpected = [kind for kind in outcome.kinds if kind not in workload.may_find(cell.scheme, cross=cross)]
    missing = [] if cell.mode == FREE else sorted(must - set(outcome.kinds))
    unseen = unseen_in(outcome, workload)
    if unexpected:
        outcome.judged, outcome.why = FAILED, f"not expected: {', '.join(unexpected)}"
    elif unseen:
        outcome.verdict = UNKNOWN
        outcome.judged, outcome.why = INCONCLUSIVE, f"nothing raced: {', '.join(unseen)} is 0"
    elif missing:
        outcome.judged = FAILED if cell.full else INCONCLUSIVE
        outcome.why = f"expected, not found: {', '.join(missing)}"
    elif outcome.verdict == UNKNOWN:
        outcome.judged, outcome.why = INCONCLUSIVE, outcome.why or "cut short"
    else:
        outcome.judged, outcome.why = EXPECTED, ""


def unseen_in(outcome: Outcome, workload: Workload) -> list[str]:
    """Return the counters that should not be zero; in free mode only that which says that something raced."""
    cell = outcome.cell
    executions = 0 if cell.mode == FREE else outcome.executions
    return workload.unseen(lambda: schemes.by_name(cell.scheme), outcome.counters, executions)


def expected_of(cell: Cell) -> frozenset[str]:
    """Return every kind that may be found in a cell."""
    return workloads.by_name(cell.workload).may_find(cell.scheme, cross=cell.parameters.cross)


def required_of(cell: Cell) -> frozenset[str]:
    """Return every kind that has to be found in a cell."""
    return workloads.by_name(cell.workload).must_find(cell.scheme, cross=cell.parameters.cross)


def exit_code(outcomes: list[Outcome]) -> int:
    """Return the exit code of a run: a fault of the harness outweighs a failure, that an undecided cell."""
    judged = {outcome.judged for outcome in outcomes}
    if judged - {EXPECTED, FAILED, INCONCLUSIVE}:
        return BROKEN
    if FAILED in judged:
        return UNEXPECTED
    return UNDECIDED if INCONCLUSIVE in judged or not outcomes else SUCCESS
