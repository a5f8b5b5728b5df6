"""`make verify`: the schemes over small bounds, judged, told in words, with findings that can be replayed."""

import dataclasses
from pathlib import Path

import pytest

from stress import plan, reproduce, schedule_file
from stress.cell import EXPECTED, FAILED, INCONCLUSIVE, Found
from stress.verify.bounded import WORKLOADS, Bounded, find
from stress.verify.cell import BoundedCell, Proof
from stress.verify.judge import judge
from stress.verify.runner import STRATEGY, verify_cell

GOOD = ("deferred", "always-locked")

# Entries and calls small enough for a test of every day; the defaults take minutes.
SMALL = {"a": (2, 2), "b": (1, 1), "c": (1, 1), "d": (1, 0), "e": (1, 1), "f": (1, 3)}


def cell_of(workload: Bounded, scheme: str, executions: int = 0, entries: int = 1, calls: int = 1) -> BoundedCell:
    parameters = dataclasses.replace(workload.defaults, entries=entries, calls=calls)
    return BoundedCell(workload.name, scheme, parameters, STRATEGY, 0, executions)


def small(letter: str, scheme: str) -> BoundedCell:
    workload = find(letter)
    assert workload is not None
    return cell_of(workload, scheme, 0, *SMALL[letter])


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Schedule files go to a folder of their own."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("scheme", GOOD)
@pytest.mark.parametrize("letter", SMALL)
def test_a_good_scheme_is_clean_in_every_interleaving(letter: str, scheme: str) -> None:
    proof = verify_cell(small(letter, scheme), lambda _: None)
    assert (proof.verdict, proof.judged, proof.exhausted, proof.found) == ("PASS", EXPECTED, True, ())
    assert proof.unreduced is not None
    assert proof.unreduced > 10 * proof.executions


@pytest.mark.parametrize("letter", ["a", "c", "e"])
def test_a_broken_scheme_shows_what_it_may_and_each_finding_can_be_replayed(letter: str) -> None:
    cell = small(letter, "immediate")
    proof = verify_cell(cell, lambda _: None)
    assert (proof.verdict, proof.judged, proof.exhausted) == ("FAIL", EXPECTED, True)
    assert proof.found
    assert len({found.file for found in proof.found}) == len(proof.found)
    for found in proof.found:
        said: list[str] = []
        assert reproduce.replay(schedule_file.read(Path(found.file)), said.append) == 0
        assert f"digest {found.digest}" in said
        assert any(line.startswith(f"FAIL {found.kind}: ") for line in said)
        assert any(f"make verify WORKLOAD={cell.workload} SCHEME=immediate" in line for line in said)
        assert f"make replay FILE={found.file}" in found.block


def test_the_first_finding_of_a_kind_is_replayed_before_it_is_told() -> None:
    proof = verify_cell(small("c", "immediate"), lambda _: None)
    kinds = set()
    for found in proof.found:
        assert ("replayed 10 of 10" in found.block) is (found.kind not in kinds)
        kinds.add(found.kind)


def test_a_search_that_was_cut_short_is_undecided() -> None:
    workload = find("c")
    assert workload is not None
    proof = verify_cell(cell_of(workload, "deferred", executions=3), lambda _: None)
    assert (proof.verdict, proof.judged, proof.exhausted) == ("UNKNOWN", INCONCLUSIVE, False)
    assert proof.why == "not exhausted in 3 executions"


def proof_of(scheme: str, kinds: tuple[str, ...], *, exhausted: bool = True, usual: bool = True) -> Proof:
    """Return the proof of one-vcpu in which everything happened that ought to."""
    (workload,) = (each for each in WORKLOADS if each.letter == "a")
    parameters = workload.defaults if usual else dataclasses.replace(workload.defaults, entries=1)
    cell = BoundedCell(workload.name, scheme, parameters, STRATEGY, 0, 0)
    found = tuple(Found(kind, "", "", 1) for kind in kinds)
    counters = dict.fromkeys(workload.seen, 1)
    verdict = "FAIL" if kinds else "PASS" if exhausted else "UNKNOWN"
    return Proof(cell, verdict, found=found, executions=9, counters=counters, exhausted=exhausted)


def stated(scheme: str) -> tuple[str, ...]:
    workload = find("a")
    assert workload is not None
    return tuple(workload.must_find(scheme))


JUDGED = {
    "clean": (proof_of("deferred", ()), EXPECTED, ""),
    "clean, a user's own": (proof_of("mine.py:Mine", ()), EXPECTED, ""),
    "a finding in a good scheme": (proof_of("deferred", ("stale-pointer",)), FAILED, "not expected: stale-pointer"),
    "a finding in a user's own": (proof_of("x.py:X", ("deadlock",)), FAILED, "not expected: deadlock"),
    "a finding before the end": (
        proof_of("deferred", ("deadlock",), exhausted=False), FAILED, "not expected: deadlock",
    ),
    "as stated": (proof_of("seed", stated("seed")), EXPECTED, ""),
    "one missing": (proof_of("seed", stated("seed")[1:]), FAILED, f"expected, not found: {stated('seed')[0]}"),
    "one missing before the end": (
        proof_of("seed", stated("seed")[1:], exhausted=False), INCONCLUSIVE, "not exhausted in 9 executions",
    ),
    "all before the end": (
        proof_of("seed", stated("seed"), exhausted=False), INCONCLUSIVE, "not exhausted in 9 executions",
    ),
    "one missing within other bounds": (proof_of("seed", stated("seed")[1:], usual=False), EXPECTED, ""),
    "another kind": (
        proof_of("seed", (*stated("seed"), "stale-areas")), FAILED, "not expected: stale-areas",
    ),
    "another kind within other bounds": (
        proof_of("seed", (*stated("seed"), "stale-areas"), usual=False), EXPECTED, "",
    ),
    "not found before the end": (
        proof_of("deferred", (), exhausted=False), INCONCLUSIVE, "not exhausted in 9 executions",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", JUDGED)
def test_what_is_found_has_to_be_what_is_stated(case: str) -> None:
    proof, judged, why = JUDGED[case]
    workload = find("a")
    assert workload is not None
    judge(proof, workload)
    assert (proof.judged, proof.why) == (judged, why)


def test_a_proof_in_which_something_never_happened_proves_nothing() -> None:
    workload = find("a")
    assert workload is not None
    for name in workload.seen:
        proof = proof_of("deferred", ())
        del proof.counters[name]
        judge(proof, workload)
        assert (proof.verdict, proof.judged, proof.why) == ("UNKNOWN", INCONCLUSIVE, f"never happened: {name}")


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.letter)
def test_a_workload_states_what_every_scheme_shows(workload: Bounded) -> None:
    for scheme in plan.SCHEMES:
        assert bool(workload.must_find(scheme)) is (scheme not in GOOD)
        assert workload.must_find(scheme) <= workload.may_find(scheme)
