"""Lifetimes: uses after the end, and ends after the end."""

import pytest

import racer
from tests.detectors.judged import sides, together


def used_while_freed() -> None:
    page = racer.Lifetime(name="page")

    def user() -> None:
        page.use("load")
        page.use("store")

    def owner() -> None:
        page.end("free")

    together(user, owner)


def freed_by_both() -> None:
    page = racer.Lifetime(name="page")

    def first() -> None:
        page.end("free")

    def second() -> None:
        page.end("unpin")

    together(first, second)


def ordered() -> None:
    page = racer.Lifetime()

    def user() -> None:
        assert page.use()

    together(user, user)
    assert page.end()


def findings(test: object) -> dict[str, racer.Finding]:
    result = racer.verify(test, keep_going=True)  # type: ignore[arg-type]
    assert result.exhausted
    assert result.redundant == 0
    return {finding.message: finding for finding in result.findings}


def test_a_use_after_the_end_is_found() -> None:
    found = findings(used_while_freed)
    assert set(found) == {
        "t0 used page (load) after t1 had ended it (free)",
        "t0 used page (store) after t1 had ended it (free)",
    }
    assert {finding.kind for finding in found.values()} == {"use-after-end"}


def test_it_says_who_ended_it_and_the_last_use_that_was_right() -> None:
    result = racer.verify(used_while_freed, keep_going=True)
    (finding,) = (each for each in result.findings if len(each.sides) == 3)
    assert sides(finding) == [
        "t0 load page, last valid use in user",
        "t1 free page in owner",
        "t0 store page in user",
    ]
    steps = [side.step for side in finding.sides if side.step is not None]
    assert steps == sorted(steps)


def test_a_second_end_is_found() -> None:
    found = findings(freed_by_both)
    (message,) = found  # whoever came first, it is the same pair of places
    assert message in {
        "t0 ended page (free), which t1 had ended already (unpin)",
        "t1 ended page (unpin), which t0 had ended already (free)",
    }
    assert {finding.kind for finding in found.values()} == {"double-end"}


def test_uses_before_the_end_are_right() -> None:
    assert findings(ordered) == {}


def test_a_use_says_whether_it_was_right_in_every_mode() -> None:
    def test() -> None:
        page = racer.Lifetime()
        assert page.use()
        assert page.end()
        assert not page.use()
        assert not page.end()

    kinds = {"use-after-end", "double-end"}
    assert {finding.kind for finding in racer.explore(test, executions=1, keep_going=True).findings} == kinds
    assert {finding.kind for finding in racer.run_free(test, 0.01).findings} == kinds


def test_outside_of_executions_a_use_after_the_end_raises() -> None:
    page = racer.Lifetime(name="page")
    page.end()
    with pytest.raises(racer.FailureError, match="used page"):
        page.use()
