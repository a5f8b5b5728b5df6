"""Executions of one interleaving agree: all that is shared is an operation, so that one of them stands for all.

Whatever two threads share behind racer's back (a plain attribute of the model, a note of a judge) could make them
differ, and a verification that executes only one of them would miss things.
"""

from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Any

import pytest

import racer
from racer.kvm.schemes import by_name
from racer.kvm.vm import Vm
from stress.verify.bounded import WORKLOADS, Bounded
from stress.verify.play import play

EXECUTIONS = 100


class Compared:
    """Any strategy, and what came of the executions under it, by interleaving: `outcome` tells of the last one."""

    def __init__(self, strategy: Any, outcome: Callable[[], Hashable]) -> None:
        self.strategy = strategy
        self.every_step = strategy.every_step
        self.text = strategy.text
        self.outcome = outcome
        self.seen: dict[int, Hashable] = {}
        self.repeated = 0
        self.disagreements: list[tuple[Hashable, Hashable]] = []
        self._run: Any = None

    def attach(self, run: Any) -> None:
        self._run = run

    def begin(self, seed: int) -> None:
        self.compare()
        self.strategy.begin(seed)

    def compare(self) -> None:
        run = self._run
        if run is None or not run.threads:  # an execution that was run again and is gone
            return
        found = tuple(sorted((finding.kind, finding.thread) for finding in run.findings))
        mine = (found, self.outcome())
        key = run.interleaving()
        self.repeated += key in self.seen
        if self.seen.setdefault(key, mine) != mine:
            self.disagreements.append((self.seen[key], mine))

    def created(self, thread: int) -> None:
        self.strategy.created(thread)

    def pick(self, enabled: list[int], current: int) -> int:
        chosen: int = self.strategy.pick(enabled, current)
        return chosen

    def choose(self, n: int) -> int:
        chosen: int = self.strategy.choose(n)
        return chosen

    def yielded(self, thread: int) -> None:
        self.strategy.yielded(thread)


def compared(body: Callable[[], None], outcome: Callable[[], Hashable]) -> Compared:
    """Run a body some times at random; return what was compared."""
    strategy = Compared(racer.strategy("random"), outcome)
    racer.explore(body, strategy=strategy, executions=EXECUTIONS, keep_going=True)
    return strategy


def end_of(vm: Vm) -> Hashable:
    calls = [(call.caller.name, call.subfunc, call.code) for vcpu in vm.vcpus.values() for call in vcpu.calls]
    areas = [(area.changes, area.serial, area.asked) for vcpu in vm.runners for area in vcpu.areas]
    frames = [(frame.refs, len(frame.pins), frame.owner, bytes(frame.data)) for frame in vm.host.frames]
    return tuple(calls), tuple(areas), tuple(frames)


@pytest.mark.parametrize("scheme", ["immediate", "deferred"])
@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.letter)
def test_executions_of_one_interleaving_agree(workload: Bounded, scheme: str) -> None:
    ends: list[Hashable] = [None]
    parameters = replace(workload.defaults, entries=1, calls=min(workload.defaults.calls, 3))

    def body() -> None:
        ends[0] = end_of(play(by_name(scheme)(), workload.program, parameters))

    strategy = compared(body, lambda: ends[0])
    assert strategy.repeated > 0
    assert strategy.disagreements == []


def test_what_is_shared_behind_racers_back_makes_them_disagree() -> None:
    plain: list[int] = []

    def body() -> None:
        plain.clear()
        one, other = racer.Shared(0), racer.Shared(0)

        def work(mine: racer.Shared[int], number: int) -> None:
            mine.value = number
            plain.append(number)

        threads = [racer.Thread(target=work, args=each) for each in ((one, 1), (other, 2))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert compared(body, lambda: tuple(plain)).disagreements
