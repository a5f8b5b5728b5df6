"""docs/detectors.md: every detector has its section, and every example there shows what it says."""

import contextlib
import re
from pathlib import Path
from typing import Any

import pytest

import racer

TEXT = (Path(__file__).parents[2] / "docs" / "detectors.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL))
WITHOUT_ASKING = "Found without asking"


def example(section: str) -> Any:
    """Return the example of a section."""
    (code,) = re.findall(r"```python\n(.*?)```", SECTIONS[section], re.DOTALL)
    names: dict[str, Any] = {"racer": racer, "contextlib": contextlib}
    exec(compile(code, f"docs/detectors.md, {section}", "exec"), names)  # noqa: S102
    return names["example"]


def test_every_detector_has_a_section_and_a_row() -> None:
    assert [*SECTIONS] == [*sorted(racer.DETECTORS, key=[*SECTIONS].index), WITHOUT_ASKING]
    assert re.findall(r"^\| \[`(.*?)`\]", TEXT, re.MULTILINE) == [*SECTIONS][:-1]


@pytest.mark.parametrize("name", racer.DETECTORS)
def test_an_example_shows_what_its_section_says(name: str) -> None:
    result = racer.explore(example(name), detect=[name], executions=100, max_steps=3000, seed=1, keep_going=True)
    assert name in {finding.kind for finding in result.findings}


@pytest.mark.parametrize("name", racer.DETECTORS)
def test_a_section_says_what_it_never_reports_and_what_it_costs(name: str) -> None:
    assert "*Never:*" in SECTIONS[name]
    assert "*Costs*" in SECTIONS[name]


def test_what_is_found_without_asking_is() -> None:
    result = racer.explore(example(WITHOUT_ASKING), detect=[], executions=200, keep_going=True)
    assert {finding.kind for finding in result.findings} == {"use-after-end"}
