"""A line that reproduces a finding shows exactly the execution that had it, whichever strategy's turn it was."""

import shlex
from pathlib import Path

import pytest

from stress import plan, runner
from stress.cell import Found
from stress.reproduce import Wanted, reproduce
from stress.sampled import short
from stress.seeds import seed_text


def test_every_member_of_the_portfolio_has_a_short_line_that_shows_its_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    firsts: dict[str, Found] = {}
    for seed in range(1, 11):
        (cell,) = plan.cells(plan.Asked(workload="teardown", scheme="immediate", executions=3, seed=str(seed)))
        for found in runner.run_cell(cell, lambda _: None).found:
            firsts.setdefault(short(found.strategy), found)
    assert set(firsts) == {"random", "pct:2", "pct:3", "pos", "surw"}
    for found in firsts.values():
        assert found.strategy.count(",") <= 1
        assert f"strategy {found.strategy}, seed" in found.block
        (line,) = [line for line in found.block.splitlines() if "reproduce:" in line]
        words = dict(word.split("=", 1) for word in shlex.split(line) if "=" in word)
        assert words == {
            "WORKLOAD": "teardown",
            "SCHEME": "immediate",
            "STRATEGY": found.strategy,
            "SEED": seed_text(found.seed or 0),
        }
        said: list[str] = []
        reproduce(Wanted("teardown", "immediate", words["SEED"], words["STRATEGY"]), said.append)
        assert f"digest {found.digest}" in said


def test_a_seed_given_with_the_portfolio_names_the_member_whose_turn_it_was() -> None:
    said: list[str] = []
    reproduce(Wanted("teardown", "immediate", "0x1", "portfolio"), said.append)
    (full,) = [line for line in said if line.startswith("strategy in full: ")]
    strategy = full.removeprefix("strategy in full: ")
    assert not strategy.startswith("portfolio")
    again: list[str] = []
    reproduce(Wanted("teardown", "immediate", "0x1", strategy), again.append)
    assert [line for line in again if line.startswith("digest")] == [line for line in said if line.startswith("digest")]
