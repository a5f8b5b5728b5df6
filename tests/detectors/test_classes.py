"""What a detector says is the same of all executions that `verify` takes for one."""

from collections.abc import Hashable, Iterator

import pytest

import racer
from racer.core.finding import Finding
from racer.core.operation import MODIFIED
from racer.core.record import Record
from racer.detectors import ALL
from tests.detectors.any_program import program

PROGRAMS = 48
EXECUTIONS = 120


def class_of(record: Record) -> Hashable:
    """Return the execution's happens-before class: each thread's steps, and the order of conflicts on each object."""
    own = {step: (who, place) for who, steps in enumerate(record.steps_of) for place, step in enumerate(steps)}
    touched: dict[int, list[tuple[int, bool]]] = {}
    for step, code in enumerate(record.codes):
        touched.setdefault(code >> 16, []).append((step, bool(code & MODIFIED)))
        for at, number in record.also:
            if at == step:
                touched.setdefault(number, []).append((step, True))
    orders = []
    for number, steps in sorted(touched.items()):
        groups: list[set[tuple[int, int]] | tuple[int, int]] = [set()]
        for step, modifies in steps:
            if modifies:
                groups += [own[step], set()]
            else:
                groups[-1].add(own[step])  # type: ignore[union-attr]  # the last one is a set
        orders.append((number, tuple(frozenset(g) if isinstance(g, set) else g for g in groups)))
    threads = tuple(tuple(record.codes[step] for step in steps) for steps in record.steps_of)
    return threads, tuple(orders)


def essence(record: Record, finding: Finding) -> Hashable:
    """Return what a finding says, its steps counted within their threads; a leak's is where all ended."""
    own = {step: (who, place) for who, steps in enumerate(record.steps_of) for place, step in enumerate(steps)}
    told = [side.step for side in finding.sides if side.step is not None and finding.kind != "leak"]
    sides = tuple((side.thread, side.action, side.what) for side in finding.sides)
    return finding.kind, finding.message, finding.thread, sides, tuple(own[step] for step in told)


class ByClass:
    """Asks every detector about every execution, and holds what it says of one against what it said of its class."""

    name = "by-class"
    kinds = frozenset({"wrong"})

    def __init__(self) -> None:
        self.said: dict[Hashable, set[Hashable]] = {}
        self.again = 0
        self.kinds_seen: set[str] = set()

    def judge(self, record: Record) -> Iterator[Finding]:
        found = [finding for detector in ALL.values() for finding in detector.judge(record)]
        self.kinds_seen |= {finding.kind for finding in found}
        said = {essence(record, finding) for finding in found}
        key = class_of(record)
        self.again += key in self.said
        assert self.said.setdefault(key, said) == said
        return iter(())


@pytest.mark.parametrize("part", range(4))
def test_one_class_one_judgement(part: int) -> None:
    again, kinds = 0, set()
    for seed in range(part, PROGRAMS, 4):
        asks = ByClass()
        racer.explore(program(seed), detect=[asks], executions=EXECUTIONS, seed=seed, keep_going=True)
        again += asks.again
        kinds |= asks.kinds_seen
    assert again > PROGRAMS // 4 * EXECUTIONS // 4
    assert {"data-race", "lockset", "leak"} <= kinds
