"""Data races: what orders two accesses, and what does not."""

from collections.abc import Callable

import pytest

import racer

Body = Callable[[], None]


def together(*bodies: Body) -> None:
    """Run each body in a thread and wait for all."""
    threads = [racer.Thread(target=body, name=f"t{number}") for number, body in enumerate(bodies)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def look(shared: racer.Shared[int]) -> None:
    """Read a variable."""
    _ = shared.value


def races(test: Body) -> set[tuple[str, ...]]:
    """Return every pair of accesses that a verification finds to race, as "thread action" on both sides."""
    found: set[tuple[str, ...]] = set()
    result = racer.verify(test, detect=["data-race"], keep_going=True)
    assert result.exhausted
    for finding in result.findings:
        assert finding.kind == "data-race"
        assert finding.execution is not None
        for each in finding.execution.findings:
            found.add(tuple(sorted(f"{side.thread} {side.action}" for side in each.sides)))
    return found


def test_a_write_beside_a_read_races() -> None:
    def test() -> None:
        shared = racer.Shared(0, name="x")
        together(lambda: setattr(shared, "value", 1), lambda: look(shared))

    assert races(test) == {("t0 write", "t1 read")}


def test_both_sides_are_told_with_their_places() -> None:
    def test() -> None:
        shared = racer.Shared(0, name="x")

        def write() -> None:
            shared.value = 1

        together(write, write)

    (finding,) = racer.explore(test, detect=["data-race"], executions=10).findings
    first, second = finding.sides
    assert (first.what, second.what) == ("x", "x")
    assert first.location is not None
    assert first.location == second.location
    assert first.location.function.endswith("write")
    assert first.step < second.step  # type: ignore[operator]  # both are known
    assert finding.step == second.step


@pytest.mark.parametrize("detect", [["exception"], []])
def test_nobody_looks_for_races_unless_asked(detect: list[str]) -> None:
    def test() -> None:
        shared = racer.Shared(0, name="x")
        together(lambda: setattr(shared, "value", 1), lambda: look(shared))

    assert not racer.explore(test, detect=detect, executions=10).findings
