"""A corner of the run loop that no workload reaches: only a planted fault does."""

import pytest

import racer
from racer.kvm.schemes import DroppedLocks, Scheme, Snapshot
from racer.kvm.vcore import Vcore
from racer.kvm.vcpu import LEAVE, Exit, Vcpu
from racer.kvm.vm import Vm


class Leaves:
    """A guest that stays a few times and leaves."""

    def __init__(self, stays: int) -> None:
        self.left = stays

    def run(self, vcpu: Vcpu) -> Exit | None:
        del vcpu
        self.left -= 1
        return None if self.left else LEAVE

    def returned(self, code: int) -> None:
        raise AssertionError(code)


class Blind(Scheme):
    """A fault, planted: the first runner of all takes its vcpus for ready when every one of them has ceded."""

    blind = True

    def kvmppc_run_core(self, vc: Vcore) -> None:
        blind, self.blind = self.blind, False
        for vcpu in vc.runnable_threads:
            vcpu.ceded = int(blind)
        super().kvmppc_run_core(vc)
        for vcpu in vc.runnable_threads:
            vcpu.ceded = 0


class BlindDroppedLocks(Blind, DroppedLocks):
    """S3 with the fault."""


class BlindSnapshot(Blind, Snapshot):
    """S4a with the fault."""


@pytest.mark.parametrize(("scheme", "kinds"), [(BlindDroppedLocks, {"deadlock"}), (BlindSnapshot, set())])
def test_a_core_with_nothing_to_run_must_not_stay_running(scheme: type[Scheme], kinds: set[str]) -> None:
    def body() -> None:
        vm = Vm(scheme(), 1)
        vm.switch_on()
        task = vm.task(vm.runners[0], Leaves(2))
        task.start()
        task.join()
        vm.finish()

    result = racer.explore(body, executions=5, keep_going=True)
    assert {finding.kind for finding in result.findings} == kinds  # C4
