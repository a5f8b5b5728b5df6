"""No pitfall is without a test, and the tests that are named exist."""

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.pitfalls.coverage import COVERED
from tests.pitfalls.programs import PITFALLS

ROOT = Path(__file__).parents[2]


@cache
def names_in(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


@pytest.mark.parametrize("number", range(1, 18))
def test_every_pitfall_has_tests(number: int) -> None:
    assert COVERED[number].tests
    for test in COVERED[number].tests:
        file, _, name = test.partition("::")
        assert name in names_in(file), test


def test_every_program_belongs_to_a_pitfall() -> None:
    assert {program.number for program in PITFALLS.values()} <= set(COVERED)
