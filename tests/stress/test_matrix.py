"""The bug table: every known bug has a row, what tells a bug is its kind and place, and a row can be done anew."""

import pytest

import racer
from racer.core.trace import Location
from racer.kvm import schemes
from stress import workloads
from stress.matrix import document
from stress.matrix.command import Asked, closing, exit_code
from stress.matrix.measure import SEQUENTIAL, Job, Measured, growing, measured
from stress.matrix.row import Row, Trace
from stress.matrix.rows import ROWS

BY_NAME = {row.bug: row for row in ROWS}
WANTED = [f"P{n}" for n in range(1, 9)] + [f"B{n}" for n in range(1, 16)]
WANTED += [f"C{n}" for n in range(1, 8)] + [f"D{n}" for n in range(1, 12)]
SMALL = Row("P8", "a bug", "immediate", "single-vcpu", "cede-prod", Trace(("deadlock",)), executions=20)


def test_no_bug_is_left_out() -> None:
    assert [row.bug for row in ROWS] == WANTED


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.bug)
def test_a_row_is_looked_for_or_says_why_not(row: Row) -> None:
    if not row.workload:
        assert row.why.endswith(".")
        return
    assert not row.why
    assert row.bug in schemes.by_name(row.scheme).bugs
    if row.mended:
        assert row.bug not in schemes.by_name(row.mended).bugs
    if row.workload != SEQUENTIAL:
        workloads.by_name(row.workload)


def side(function: str, *callers: str) -> racer.Side:
    def place(name: str) -> Location:
        return Location("scheme.py", 1, name)

    return racer.Side(
        "vcpu0",
        "unpin",
        "a page",
        3,
        lambda: place(function),
        tuple(lambda c=c: place(c) for c in callers),  # type: ignore[misc]
    )


@pytest.mark.parametrize(
    ("trace", "same"),
    [
        (Trace(("stale-pointer",)), True),
        (Trace(("double-unpin",)), False),
        (Trace(("stale-pointer",), (("update",), ("bump", "leave"))), True),
        (Trace(("stale-pointer",), (("update",), ("leave",))), False),
        (Trace(("stale-pointer",), (("runner",),)), True),
        (Trace(("stale-pointer",), (), "unpinned"), True),
        (Trace(("stale-pointer",), (), "freed"), False),
    ],
)
def test_a_finding_is_told_by_kind_place_and_message(trace: Trace, same: bool) -> None:
    sides = (side("Seed.update", "Seed.runner"), side("bump"))
    assert trace.matches(racer.Finding("stale-pointer", "a page that was unpinned", sides=sides)) is same


def test_a_row_is_measured() -> None:
    now = measured(Job(SMALL, 1))
    assert now.fine
    assert now.small is not None
    assert now.small.preemptions == 0
    assert now.clean == SMALL.executions
    assert document.row_line(SMALL, now).startswith(
        "| P8 | a bug | `immediate` | `deadlock` | `cede-prod` | 1 (5 of 5) |"
    )


def test_the_smallest_schedule_shows_the_bug_again() -> None:
    now = measured(Job(SMALL, 1))
    assert now.small is not None
    body = workloads.by_name("cede-prod").build(schemes.by_name("immediate"), workloads.by_name("cede-prod").defaults)
    assert racer.explore(body, strategy=now.small.strategy, executions=1).findings


def test_a_mended_scheme_that_shows_the_bug_fails_the_row() -> None:
    row = Row("P8", "a bug", "immediate", "seed", "cede-prod", Trace(("deadlock",)), executions=20)
    now = measured(Job(row, 1))
    assert now.unclean
    assert "**not clean**" in document.row_line(row, now)
    assert exit_code((row,), {"P8": now}) == 1
    assert "Not clean where mended: P8" in closing((row,), {"P8": now})


def test_a_bug_that_is_not_found_fails_the_row() -> None:
    row = Row("P8", "a bug", "deferred", "", "cede-prod", Trace(("deadlock",)), executions=5)
    now = measured(Job(row, 1))
    assert not now.fine
    assert "**not found**" in document.row_line(row, now)
    assert exit_code((row,), {"P8": now}) == 1


def test_rows_that_are_not_measured_stay_as_they_were() -> None:
    before = document.written(ROWS, {"B4": Measured("B4", "stale-pointer", firsts=(3, None, 9, 4, 5))}, "")
    assert "| 5 (4 of 5) |" in before
    after = document.written(ROWS, {"P3": Measured("P3", "stale-pointer", firsts=(1, 1, 1, 1, 1))}, before)
    assert "| 5 (4 of 5) |" in after
    assert "| 1 (5 of 5) |" in after


def test_an_unknown_row_is_refused() -> None:
    with pytest.raises(racer.UsageError, match="unknown row 'X1'"):
        Asked(row="X1").rows()
    assert [row.bug for row in Asked(row="b4, p1").rows()] == ["B4", "P1"]


def test_budgets_grow() -> None:
    assert growing(50) == [50]
