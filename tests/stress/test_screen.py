"""What a run shows in the end: a table with a row for every cell, and a sentence that claims no more than was seen."""

import io

from rich.console import Console

from stress import screen
from stress.cell import EXPECTED, FAILED, FAULT, INCONCLUSIVE, Cell, Found, Outcome
from stress.workload import Parameters


def cell(scheme: str, *, cross: bool = False, seconds: float | None = None) -> Cell:
    workload = "guest-trace" if cross else "cross-register"
    return Cell(workload, scheme, Parameters(cross=cross), "random", 1, 1000, seconds=seconds)


def outcome(of: Cell, verdict: str, judged: str, *kinds: str) -> Outcome:
    found = tuple(Found(kind, "", f"FAIL {kind}\n", 1, threads=2) for kind in kinds)
    return Outcome(of, verdict, judged, why="" if judged == EXPECTED else "why", found=found, executions=1000)


def printed(cells: list[Cell], outcomes: dict[int, Outcome]) -> str:
    out = Console(file=io.StringIO(), width=screen.WIDTH)
    screen.table(out, cells, outcomes)
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


CELLS = [cell("immediate"), cell("deferred"), cell("deferred", cross=True), cell("deferred", seconds=5.0)]
CAUGHT = outcome(CELLS[0], "FAIL", EXPECTED, "canary-corruption", "stale-pointer")
CLEAN = outcome(CELLS[1], "PASS", EXPECTED)


def test_every_cell_has_a_row_also_one_that_was_not_reached() -> None:
    rows = printed(CELLS, {0: CAUGHT, 1: CLEAN}).splitlines()
    assert [row.split()[:3] for row in rows[1:]] == [
        ["immediate", "cross-register", "FAIL,"],
        ["deferred", "cross-register", "PASS"],
        ["guest-trace", "--cross", "not"],
        ["deferred", "cross-register", "(free)"],
    ]
    assert rows[3].split()[2:4] == ["not", "run"]


def test_the_required_kinds_are_named_and_the_others_counted() -> None:
    assert "stale-pointer, 1 more" in printed(CELLS[:1], {0: CAUGHT})


def test_a_verdict_says_whether_it_was_expected() -> None:
    verdicts = {
        (EXPECTED, "FAIL"): "FAIL, expected",
        (EXPECTED, "PASS"): "PASS",
        (FAILED, "FAIL"): "FAIL, not expected",
        (FAILED, "PASS"): "PASS, not expected",
        (INCONCLUSIVE, "UNKNOWN"): "UNKNOWN",
        (INCONCLUSIVE, "PASS"): "PASS, undecided",
        (FAULT, "UNKNOWN"): "fault",
    }
    for (judged, verdict), text in verdicts.items():
        assert screen.verdict(outcome(CELLS[0], verdict, judged)) == text


def test_the_closing_sentence_says_what_was_shown_and_what_was_not() -> None:
    sentence = screen.closing(CELLS[:2], {1: CLEAN, 0: CAUGHT})
    assert sentence == (
        "Shown: in 2,000 executions (0 interleavings), nothing was found in deferred; immediate was caught as stated. "
        "Not shown: interleavings that were not sampled, so a PASS is no proof."
    )


def test_the_closing_sentence_of_a_cut_run_says_how_much_is_missing() -> None:
    assert "2 of 4 cells were not run" in screen.closing(CELLS, {0: CAUGHT, 1: CLEAN})
    assert "no executions, nothing was shown, 4 of 4 cells were not run" in screen.closing(CELLS, {})


def test_a_scheme_that_failed_anywhere_is_not_called_caught_or_clean() -> None:
    failed = outcome(CELLS[2], "FAIL", FAILED, "deadlock")
    assert screen.closing(CELLS[:3], {0: CAUGHT, 1: CLEAN, 2: failed}).count("deferred") == 1
    assert "deferred did NOT come out as stated" in screen.closing(CELLS[:3], {0: CAUGHT, 1: CLEAN, 2: failed})


def blocks(outcomes: list[Outcome], *, verbose: bool) -> list[str]:
    out = Console(file=io.StringIO(), width=screen.WIDTH)
    screen.blocks(out, outcomes, verbose=verbose)
    assert isinstance(out.file, io.StringIO)
    return [line for line in out.file.getvalue().splitlines() if line.strip()]


def test_a_caught_scheme_shows_one_finding_a_required_one() -> None:
    assert blocks([CAUGHT], verbose=False) == ["FAIL stale-pointer"]
    assert blocks([CAUGHT], verbose=True) == ["FAIL canary-corruption", "FAIL stale-pointer"]


def test_what_was_not_expected_is_always_shown_once_a_kind() -> None:
    failed = outcome(CELLS[1], "FAIL", FAILED, "deadlock", "deadlock", "stale-pointer")
    assert blocks([CAUGHT, failed], verbose=False) == ["FAIL deadlock", "FAIL stale-pointer", "FAIL stale-pointer"]
