"""Slips in `deferred`, each caught by a bounded workload: what `make verify` calls clean, it would have seen."""

from typing import NamedTuple

import pytest

import racer
from stress.verify.bounded import WORKLOADS, find
from tests.kvm.breakages import BREAKAGES, RETRY_BREAKAGES, Breakage
from tests.kvm.test_broken_deferred import broken


class Slip(NamedTuple):
    """A breakage of `deferred`, and what a workload shows of it; within fewer entries where that is quicker."""

    letter: str
    breakage: str
    kind: str
    entries: int | None = None


SLIPS = (
    Slip("a", "the hypercall takes no lock", "last-request"),
    Slip("a", "next_gpa is pinned instead of the sample", "last-request"),
    Slip("a", "next_gpa is not compared again", "last-request"),
    Slip("a", "the retry forgets its pin", "pin-imbalance"),
    Slip("a", "init_vpa runs without a VPA", "null-pointer"),
    Slip("a", "the page is pinned under vpa_update_lock", "atomic-sleep"),
    Slip("a", "the old page stays pinned", "pin-imbalance"),
    Slip("b", "a late joiner is not updated", "stale-areas"),
    Slip("b", "a late joiner is started before its log entry", "dispatch-not-logged"),
    Slip("b", "the entry bump comes before the too-late test", "yield-count-parity"),
    Slip("c", "update_pending is cleared before the pin", "return-code"),
    Slip("c", "dtl_index is not reset", "dtl-bounds"),
    Slip("d", "a page too short stays pinned", "pin-imbalance", entries=1),
    Slip("d", "a missing page is measured", "null-pointer", entries=1),
    Slip("e", "the free forgets the SLB shadow", "pin-imbalance"),
    Slip("f", "the runner updates nobody", "stale-areas"),
    Slip("f", "the SLB shadow is not updated", "stale-areas"),
)
BY_NAME: dict[str, Breakage] = {each.name: each for each in (*BREAKAGES, *RETRY_BREAKAGES)}
ENOUGH = 2_000


def slip_name(slip: Slip) -> str:
    return f"{slip.letter}-{slip.breakage.replace(' ', '-')}"


@pytest.mark.parametrize("slip", SLIPS, ids=slip_name)
def test_a_slip_in_deferred_is_caught(slip: Slip) -> None:
    workload = find(slip.letter)
    assert workload is not None
    bounds = workload.defaults.with_options(entries=slip.entries)
    body = workload.build(broken(BY_NAME[slip.breakage]), bounds)
    result = racer.verify(body, max_executions=ENOUGH, max_steps=10_000)
    assert slip.kind in {finding.kind for finding in result.findings}


def test_every_workload_catches_something() -> None:
    assert {slip.letter for slip in SLIPS} == {workload.letter for workload in WORKLOADS}
