"""What `make verify` prints: workloads in words, a row for each scheme, sentences that claim what was shown."""

import io

import pytest
from rich.console import Console

from stress.cell import EXPECTED, FAILED, FAULT, INCONCLUSIVE, Found, Outcome
from stress.verify import screen
from stress.verify.bounded import WORKLOADS
from stress.verify.cell import BoundedCell, Proof, Search
from stress.verify.closing import closing
from stress.verify.live import Live, told
from stress.verify.words import stated, threads
from stress.workload import Parameters

SCHEMES = ("immediate", "deferred")
CELLS = [
    BoundedCell(each.name, scheme, each.defaults, "dpor", 0, 0)
    for each in WORKLOADS
    if each.letter in "ac"
    for scheme in SCHEMES
]


def proof(cell: BoundedCell, *kinds: str, judged: str = EXPECTED, exhausted: bool = True, why: str = "") -> Proof:
    found = tuple(Found(kind, "", f"FAIL {kind} in {cell.scheme}\n", 7, threads=2) for kind in kinds)
    verdict = "FAIL" if kinds else "PASS" if exhausted else "UNKNOWN"
    return Proof(
        cell, verdict, judged, why, found, executions=490, failed=7 * len(kinds), seconds=1.25, exhausted=exhausted,
        redundant=3, unreduced=5 * 10**20,
    )  # fmt: skip


CAUGHT = proof(CELLS[0], "stale-pointer", "null-pointer", "stale-pointer")
CLEAN = proof(CELLS[1])
EVERY: dict[int, Outcome] = {0: CAUGHT, 1: CLEAN, 2: proof(CELLS[2], "stale-pointer"), 3: proof(CELLS[3])}


def console() -> Console:
    return Console(file=io.StringIO(), width=180)


def printed(out: Console) -> str:
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def rows(proofs: dict[int, Outcome]) -> list[str]:
    out = console()
    screen.table(out, CELLS, proofs)
    return [" ".join(line.split()) for line in printed(out).splitlines()]


def test_each_workload_is_told_in_words_with_a_row_for_each_scheme() -> None:
    shown = rows(EVERY)
    assert shown[0].startswith("(a) one-vcpu: one vcpu enters ")
    assert shown[1].startswith("registrar0: register VPA A, register VPA B, deregister VPA")
    heads = [line for line in shown if line.startswith("scheme ")]
    assert len(heads) == 2
    row = next(line for line in shown if line.startswith("immediate "))
    assert row == "immediate FAIL, expected yes 490 ~5e20 3 21 1.2 s stale-pointer 2, null-pointer 1"
    assert "deferred PASS yes 490 ~5e20 3 0 1.2 s" in shown


def test_a_row_says_why_it_is_not_as_expected() -> None:
    wrong = proof(CELLS[1], "deadlock", judged=FAILED, why="not expected: deadlock")
    short = proof(CELLS[3], judged=INCONCLUSIVE, exhausted=False, why="not exhausted in 490 executions")
    broke = Outcome(CELLS[0], "UNKNOWN", FAULT, "Traceback\nValueError: x")
    shown = rows({0: broke, 1: wrong, 3: short})
    assert "immediate fault ValueError: x" in shown
    assert "deferred FAIL, not expected yes 490 ~5e20 3 7 1.2 s deadlock 1; not expected: deadlock" in shown
    assert "immediate not run" in shown
    assert "deferred UNKNOWN no 490 ~5e20 3 0 1.2 s not exhausted in 490 executions" in shown


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.letter)
def test_a_sentence_follows_the_bounds(workload: object) -> None:
    (one,) = (each for each in WORKLOADS if each is workload)
    shown = [stated(one, Parameters(entries=entries)) for entries in (1, 2, 3)]
    assert all(word in sentence for word, sentence in zip((" once", " twice", " 3 times"), shown, strict=True))
    calls = [len(" ".join(threads(one.program, Parameters(calls=calls)))) for calls in (0, 1)]
    assert calls[0] < calls[1]


def test_without_verbose_a_scheme_that_was_caught_has_one_finding_told() -> None:
    out = console()
    screen.blocks(out, EVERY.values(), verbose=False)
    assert printed(out).split() == ["FAIL", "stale-pointer", "in", "immediate"]
    out = console()
    screen.blocks(out, EVERY.values(), verbose=True)
    assert printed(out).count("FAIL") == 4


def test_what_was_not_expected_is_told_once_for_each_kind() -> None:
    out = console()
    wrong = proof(CELLS[1], "deadlock", "stale-pointer", "deadlock", judged=FAILED)
    screen.blocks(out, [wrong], verbose=False)
    assert [line.split()[1] for line in printed(out).splitlines() if line] == ["deadlock", "stale-pointer"]


PROVED = "Proved, in every interleaving of the workloads as stated above: nothing is found in deferred in"
SHOWN = "shown: every kind of finding that there is in immediate in"
CLAIMS: dict[str, tuple[dict[int, Outcome], str]] = {
    "all as stated": (EVERY, f"{PROVED} (a) (c); {SHOWN} (a) (c) (1,960 executions). Not proved: "),
    "one not clean": (
        {**EVERY, 3: proof(CELLS[3], "deadlock", judged=FAILED)},
        f"{PROVED} (a); {SHOWN} (a) (c); NOT as stated: deferred in (c) (1,960 executions). Not proved: ",
    ),
    "cut short": (
        {0: CAUGHT, 1: proof(CELLS[1], judged=INCONCLUSIVE, exhausted=False)},
        f"{SHOWN} (a); undecided: deferred in (a); 2 of 4 cells were not finished (980 executions). Not proved: ",
    ),
    "nothing": ({}, "4 of 4 cells were not finished (0 executions). Not proved: "),
}


@pytest.mark.parametrize("case", CLAIMS)
def test_the_closing_claims_what_was_exhausted_and_no_more(case: str) -> None:
    proofs, claim = CLAIMS[case]
    assert closing(CELLS, proofs).startswith(claim)


def test_progress_on_no_terminal_is_a_line_for_each_cell_that_is_done() -> None:
    out = console()
    with Live(out, CELLS) as live:
        live.take(0, Search(10, 1, 10, 100.0, 1.0))
        live.take(0, CAUGHT)
    told_of = "(a) one-vcpu immediate: FAIL, expected: stale-pointer, null-pointer, 490 executions"
    assert printed(out).splitlines() == [f"[1/4] {told_of}"]


def test_progress_tells_what_is_left_once_it_is_known() -> None:
    assert told(Search(100, 2, 100, None, 4.0)) == "25 executions/s  100 explored  2 findings"
    assert told(Search(100, 0, 100, 350.0, 4.0)) == "25 executions/s  100 explored  0 findings  about 250 left, 10 s"
