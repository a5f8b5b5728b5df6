"""The vector clocks, and the races found with them, against an order that is worked out the slow way."""

from collections.abc import Iterator

import pytest

import racer
from racer.core.finding import Finding
from racer.core.record import Record
from racer.detectors.data_race import DataRace
from tests.detectors.any_program import program
from tests.detectors.naive import Steps, races, reached

PROGRAMS = 300
EXECUTIONS = 4


class Compared:
    """A detector that compares what the clocks say with what is so, and counts what it saw."""

    name = "compared"
    kinds = frozenset({"wrong"})

    def __init__(self) -> None:
        self.executions = self.pairs = self.ordered = self.racy = 0
        self.kinds_seen: set[str] = set()

    def judge(self, record: Record) -> Iterator[Finding]:
        self.executions += 1
        steps = Steps(record)
        before = reached(steps)
        self.kinds_seen |= set(steps.kind)
        for j in range(len(steps.who)):
            for i in range(j):
                self.pairs += 1
                self.ordered += i in before[j]
                assert record.ordered(i, j) == (i in before[j]), (i, steps.kind[i], j, steps.kind[j])
        found = {(f.sides[0].step, f.sides[1].step) for f in DataRace().judge(record)}
        for pair in found:  # accesses that follow one another: no write comes between
            first, second = map(int, pair)  # type: ignore[arg-type]  # both are known
            between = [k for k in range(first + 1, second) if steps.object[k] == steps.object[first]]
            assert "write" not in {steps.kind[k] for k in between}
        slow = races(steps)
        self.racy += bool(slow)
        assert found <= slow
        assert {steps.object[j] for _, j in found} == {steps.object[j] for _, j in slow}  # type: ignore[index]
        return iter(())


@pytest.mark.parametrize("part", range(6))
def test_clocks_and_races_of_any_program_are_right(part: int) -> None:
    compared = Compared()
    for seed in range(part, PROGRAMS, 6):
        racer.explore(program(seed), detect=[compared], executions=EXECUTIONS, seed=seed, keep_going=True)
    assert compared.executions // 4 < compared.racy < compared.executions  # neither all nor none: so it says something
    assert compared.pairs // 4 < compared.ordered < compared.pairs
    assert {"leave", "timed-reacquire", "compare-exchange", "is-alive", "sem-acquire"} <= compared.kinds_seen
