"""What was asked for becomes cells: everything by default, with sizes, strategies and budgets as given."""

import pytest

import racer
from stress import plan, workloads
from stress.cell import FREE, Cell
from stress.plan import Asked, Sizes


def test_by_default_every_workload_runs_against_every_scheme() -> None:
    controlled = [cell for cell in plan.cells(Asked()) if cell.mode != FREE]
    assert {(cell.scheme, cell.workload) for cell in controlled} == {
        (scheme, name) for scheme in plan.SCHEMES for name in workloads.NAMES
    }
    assert all(cell.full and cell.executions >= 1000 for cell in controlled)


def test_by_default_every_scheme_runs_free_for_five_seconds_at_the_end() -> None:
    cells = plan.cells(Asked())
    assert [(cell.scheme, cell.seconds) for cell in cells[-4:]] == [(scheme, 5.0) for scheme in plan.SCHEMES]
    assert all(cell.mode != FREE for cell in cells[:-4])


def crosses(cells: list[Cell]) -> list[bool]:
    return [cell.parameters.cross for cell in cells if cell.workload == "guest-trace"]


CROSSED = {
    "both ways by default": (Asked(workload="guest-trace", scheme="seed"), [False, True]),
    "crossed when asked": (Asked(workload="guest-trace", scheme="seed", sizes=Sizes(cross=True)), [True]),
    "as recorded when asked": (Asked(workload="guest-trace", scheme="seed", sizes=Sizes(cross=False)), [False]),
}


@pytest.mark.parametrize("name", CROSSED)
def test_guest_trace_runs_as_recorded_and_crossed(name: str) -> None:
    asked, ways = CROSSED[name]
    assert crosses(plan.cells(asked)) == ways


FULL = {
    "nothing asked": (Asked(workload="remap"), True),
    "another seed": (Asked(workload="remap", seed="9"), True),
    "more executions": (Asked(workload="remap", executions=1501), True),
    "fewer executions": (Asked(workload="remap", executions=1499), False),
    "one strategy": (Asked(workload="remap", strategy="random"), False),
    "more vcpus": (Asked(workload="remap", sizes=Sizes(vcpus=3)), True),
    "fewer vcpus": (Asked(workload="remap", sizes=Sizes(vcpus=1)), False),
    "one trace": (Asked(workload="guest-trace", sizes=Sizes(trace="hash4.trace.txt")), False),
}


@pytest.mark.parametrize("name", FULL)
def test_a_run_that_asks_for_less_than_the_default_is_not_full(name: str) -> None:
    asked, full = FULL[name]
    assert {cell.full for cell in plan.cells(asked)} == {full}


def test_sizes_are_put_in_the_place_of_the_defaults() -> None:
    (cell,) = plan.cells(Asked(workload="remap", scheme="seed", sizes=Sizes(vcpus=3, calls=5)))
    defaults = workloads.by_name("remap").defaults
    assert cell.parameters == defaults.with_options(vcpus=3, calls=5)


def test_free_mode_alone_has_no_controlled_cells() -> None:
    cells = plan.cells(Asked(mode="free", seconds=1.5, workload="remap"))
    assert [(cell.workload, cell.seconds) for cell in cells] == [("remap", 1.5)] * len(plan.SCHEMES)


def test_something_asked_for_means_no_free_mode_at_the_end() -> None:
    assert all(cell.mode != FREE for cell in plan.cells(Asked(scheme="seed")))


@pytest.mark.parametrize("seed", ["9", "0x9"])
def test_a_seed_or_a_budget_alone_keeps_the_whole_run(seed: str) -> None:
    cells = plan.cells(Asked(seed=seed, executions=2000))
    assert cells[-1].mode == FREE
    assert {cell.seed for cell in cells} == {9}


def test_what_cannot_be_built_is_refused_before_anything_runs() -> None:
    with pytest.raises(racer.UsageError, match=r"no\.txt: no such file; give a path, or one of gdb-hash4\.txt"):
        plan.cells(Asked(workload="guest-trace", sizes=Sizes(trace="no.txt")))
