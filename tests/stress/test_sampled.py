"""What a run says of how it sampled: of the clean cells what may be left, of the others which strategy found what."""

import io

import pytest
from rich.console import Console

from racer import Missed, Share, Unseen
from racer.report.unseen import chance
from stress import sampled, screen
from stress.cell import FAILED, Cell, Found, Outcome
from stress.workload import Parameters

MISSED = Missed(2, 200, threads=6, length=400, longest=400)
WORSE = Missed(2, 200, threads=6, length=500, longest=600)


def outcome(scheme: str, unseen: Unseen | None, *kinds: str, seconds: float | None = None) -> Outcome:
    cell = Cell("cross-register", scheme, Parameters(), "portfolio", 1, 1000, seconds=seconds)
    found = tuple(Found(kind, "", "", 1) for kind in kinds)
    return Outcome(cell, "FAIL" if kinds else "PASS", found=found, unseen=unseen)


def sample(once: int, *missed: Missed) -> Unseen:
    return Unseen(1000, ((500, 30), (1000, 30 + once)), once, missed)


LEFT = outcome("deferred", sample(30, MISSED))
LITTLE = outcome("always-locked", sample(2, WORSE))
BROKEN = outcome("immediate", sample(900, WORSE), "stale-pointer")


def test_one_clean_cell_speaks_for_itself() -> None:
    assert sampled.not_seen([LEFT, BROKEN]) == (
        " In the clean cell the next execution would show a new one with a probability of about 0.030, at most 0.094 "
        "(95 % confidence); a bug that takes 2 pairs of steps in a certain order would have been missed with "
        "probability up to 0.921."
    )


def test_of_several_the_worst_is_told_and_all_bounds_hold_together() -> None:
    said = sampled.not_seen([LEFT, LITTLE])
    alone, together = (sample(30).at_most(confidence) for confidence in (0.95, 0.975))
    assert alone is not None
    assert together is not None
    bound = chance(together, up=True)
    assert bound != chance(alone, up=True)
    assert said.startswith(
        " In the clean cell with most left the next execution would show a new one with a probability of about 0.030, "
        f"at most {bound} (95 % confidence); "
    )
    assert said.endswith("up to 0.936, if within the first 400 steps.")


SILENT = {
    "nothing was clean": [BROKEN],
    "nothing came out as stated": [Outcome(LEFT.cell, "PASS", FAILED, unseen=LEFT.unseen)],
    "only free mode": [outcome("deferred", None, seconds=5.0)],
    "nothing at all": [],
}


@pytest.mark.parametrize("name", SILENT)
def test_nothing_is_said_where_no_cell_was_clean(name: str) -> None:
    assert sampled.not_seen(SILENT[name]) == ""


def test_one_cell_that_is_no_sample_leaves_the_whole_unknown() -> None:
    none = outcome("deferred", Unseen(1000, why="executions under round-robin are not drawn independently"))
    assert sampled.not_seen([LITTLE, none]) == (
        " How likely the next execution shows a new one is not known: executions under round-robin are not drawn "
        "independently."
    )


def test_the_closing_sentence_ends_with_it() -> None:
    cells = [LEFT.cell, BROKEN.cell]
    closing = screen.closing(cells, {0: LEFT, 1: BROKEN})
    assert closing.endswith(f"Not shown: {screen.NO_PROOF[11:]}{sampled.not_seen([LEFT])}")


def shared(*kinds: dict[str, int]) -> Outcome:
    names = ("random", "pct:2,k=412", "surw:1=2:2+3:4")
    made = outcome("immediate", sample(3), "stale-pointer", "deadlock")
    made.shares = tuple(Share(name, 10, 4, found) for name, found in zip(names, kinds, strict=True))
    return made


def printed(show: object, outcomes: list[Outcome]) -> list[str]:
    out = Console(file=io.StringIO(), width=screen.WIDTH)
    show(out, outcomes)  # type: ignore[operator]
    assert isinstance(out.file, io.StringIO)
    return [" ".join(line.split()) for line in out.file.getvalue().splitlines() if line.strip()]


def test_a_strategy_that_would_have_missed_what_was_required_is_named() -> None:
    one = shared({"stale-pointer": 4}, {"deadlock": 4}, {"stale-pointer": 1, "deadlock": 1})
    assert printed(sampled.exceptions, [one, LEFT]) == [
        "Each of random, pct:2, surw found by itself what had to be found, except:",
        "immediate cross-register stale-pointer not by pct:2",
    ]
    assert printed(sampled.exceptions, [shared({}, {}, {})])[1].endswith("not by random, pct:2, surw")


def test_where_each_found_all_a_line_says_so() -> None:
    every = {"stale-pointer": 4}
    assert printed(sampled.exceptions, [shared(every, every, every)]) == [
        "Each of random, pct:2, surw found by itself what had to be found."
    ]


def test_a_run_under_one_strategy_does_not_compare() -> None:
    assert printed(sampled.exceptions, [LEFT, outcome("immediate", None, "stale-pointer")]) == []
    assert printed(sampled.finders, [LEFT, outcome("immediate", None, "stale-pointer")]) == []


def test_verbose_shows_who_found_what_and_how_the_interleavings_grew() -> None:
    one = shared({"stale-pointer": 4}, {"deadlock": 3}, {})
    assert printed(sampled.finders, [one])[1:] == [
        "scheme workload finding random pct:2 surw",
        "immediate cross-register stale-pointer 4/10 0/10 0/10",
        "immediate cross-register deadlock 0/10 3/10 0/10",
    ]
    short = outcome("seed", Unseen(100, ((50, 5), (100, 5)), 0))
    assert printed(sampled.curves, [LEFT, short, outcome("deferred", None, seconds=5.0)])[1:] == [
        "scheme workload 50 100 500 1,000 next is new at most",
        "deferred cross-register 30 60 0.030 0.094",
        "seed cross-register 5 5 0 0.072",
    ]
