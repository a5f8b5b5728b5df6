"""The history of schemes against the history of bugs: each is found where it was, and nowhere else.

A row says how a bug shows: in which workload, within how many executions, and by which finding. That finding has to be
there for every scheme that has the bug, by its `bugs`, and must not be there for any that has neither it nor one of the
bugs that look the same.
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import pytest

import racer
from racer.kvm.schemes import SCHEMES, DirtyTracking, DroppedLocks, LateJoiners, OwnTask, Scheme, Snapshot
from stress import workloads

EXECUTIONS = 100
USUAL = ("exception", "deadlock")
CROSS, SELF, CEDE, REMAP, TEARDOWN = "cross-register", "self-register", "cede-prod", "remap", "teardown"


def places(finding: racer.Finding) -> set[str]:
    """The functions that a finding's sides lie in, and those that had called them."""
    found = {place() for side in finding.sides for place in (side.place, *side.stack)}
    return {location.function.rpartition(".")[2] for location in found if location is not None}


def says(kind: str, text: str = "", at: str = "") -> Callable[[racer.Finding], bool]:
    """Tell findings of this kind whose message has this text and that have a side in this function."""
    return lambda found: found.kind == kind and text in found.message and (not at or at in places(found))


def started_twice_by_the_runner(finding: racer.Finding) -> bool:
    """Tell when the runner started a hardware thread that had not let go of what the runner had started before."""
    at = [side.location.function for side in finding.sides if side.location is not None]
    return finding.kind == "thread-busy" and all(each.endswith(".kvmppc_dispatch") for each in at)


class Row(NamedTuple):
    """A bug, the workload that finds it, how it shows, and the bugs that show in the same way."""

    bug: str
    workload: str
    shows: Callable[[racer.Finding], bool]
    alike: str = ""


ROWS = (
    Row("P1", CROSS, says("data-race", "pinned_addr", at="machine_check")),
    Row("P1", CROSS, says("data-race", "pinned_addr", at="kvmppc_hv_entry"), alike="B4 C3"),
    Row("P1", TEARDOWN, says("yield-count-parity"), alike="B4 B12 P7 C3"),
    Row("P2", CROSS, says("null-pointer", "unpinned NULL", at="register"), alike="B2"),
    Row("P3", TEARDOWN, says("stale-pointer"), alike="B4"),
    Row("P4", TEARDOWN, says("double-unpin")),
    Row("P5", CROSS, says("data-race", "pinned_addr", at="unregister")),
    Row("P6", CROSS, says("data-race", "pinned_end")),
    Row("P7", CROSS, says("yield-count-parity", "entered the guest and found yield_count"), alike="P1 B4 B12 C3"),
    Row("P8", CEDE, says("deadlock", ".wq")),
    Row("B1", CROSS, says("atomic-sleep", "kvmppc_pin_guest_page")),
    Row("B2", REMAP, says("null-pointer", "unpinned NULL"), alike="P2"),
    Row("B3", SELF, says("null-pointer", "stored yield_count through NULL", at="init_vpa")),
    Row("B4", CROSS, says("data-race", "pinned_addr", at="bump_on_entry"), alike="P1 C3"),
    Row("B5", REMAP, says("stale-areas"), alike="C3"),
    Row("B12", SELF, says("yield-count-parity"), alike="P1 P7 B4 C3"),
    Row("C1", CROSS, says("lock-discipline", "next_gpa", at="kvmppc_update_vpa")),
    Row("C1", CROSS, says("data-race", "next_gpa", at="kvmppc_update_vpa")),
    Row("C2", CROSS, says("list-changed", at="kvmppc_run_core")),
    Row("C2", CROSS, says("lock-discipline", "runnable_threads", at="kvmppc_run_core")),
    Row("C3", CROSS, says("thread-busy", at="kvmppc_join_running_core")),
    Row("C5", CEDE, says("lock-discipline", "runnable_threads", at="kvmppc_vcore_blocked")),
)


@cache
def findings(scheme: str, workload: str) -> tuple[racer.Finding, ...]:
    return explored(SCHEMES[scheme], workload, EXECUTIONS, racer.DETECTORS)


def explored(
    scheme: type[Scheme], workload: str, executions: int, detect: tuple[str, ...] = USUAL
) -> tuple[racer.Finding, ...]:
    found = workloads.by_name(workload)
    result = racer.explore(
        found.build(scheme, found.defaults),
        strategy="portfolio",
        executions=executions,
        seed=1,
        detect=detect,
        keep_going=True,
        max_steps=20_000,
    )
    return tuple(result.findings)


def name(row: Row) -> str:
    return f"{row.bug}-{row.workload}"


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("row", ROWS, ids=name)
def test_a_bug_is_found_in_the_schemes_that_have_it_and_in_no_other(row: Row, scheme: str) -> None:
    bugs = SCHEMES[scheme].bugs
    if row.bug not in bugs and bugs & set(row.alike.split()):
        return  # what is found is another's
    shown = [finding.message for finding in findings(scheme, row.workload) if row.shows(finding)]
    assert bool(shown) == (row.bug in bugs), shown[:1] or {f.kind for f in findings(scheme, row.workload)}


@pytest.mark.parametrize(("scheme", "found"), [(DroppedLocks, True), (Snapshot, False)])
def test_a_thread_that_naps_before_it_lets_go_of_its_vcpu_is_started_too_early_once_in_a_while(
    scheme: type[Scheme], found: bool
) -> None:
    shown = [finding for finding in explored(scheme, SELF, 600) if started_twice_by_the_runner(finding)]
    assert bool(shown) == found  # C6


class MendedLateJoiners(LateJoiners):
    """S4b without B12: what is left is C1 and P8."""

    bumps_before_too_late_test = False


class MendedDirtyTracking(DirtyTracking):
    """S4c without B12 and P8."""

    bumps_before_too_late_test = False
    h_prod = Scheme.h_prod
    kvmppc_vcpu_woken = Scheme.kvmppc_vcpu_woken


class MendedOwnTask(OwnTask):
    """S5 without P8."""

    h_prod = Scheme.h_prod
    kvmppc_vcpu_woken = Scheme.kvmppc_vcpu_woken


def test_the_address_read_again_is_found_by_its_effect_too_if_seldom() -> None:
    shown = explored(MendedLateJoiners, CROSS, 2000)
    assert {finding.kind for finding in shown} == {"last-request"}  # C1


@pytest.mark.parametrize("workload", [CROSS, SELF, CEDE, REMAP, TEARDOWN])
@pytest.mark.parametrize("scheme", [MendedDirtyTracking, MendedOwnTask])
def test_with_the_bugs_mended_that_later_commits_mended_a_scheme_is_clean(scheme: type[Scheme], workload: str) -> None:
    assert explored(scheme, workload, EXECUTIONS, racer.DETECTORS) == ()
