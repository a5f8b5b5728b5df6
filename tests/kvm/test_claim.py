"""The patch's claim: with nothing pending, the guest is entered and left without a lock."""

import pytest

import racer
from racer.kvm.papr import H_VPA_REG_DTL, H_VPA_REG_SLB, H_VPA_REG_VPA
from racer.kvm.schemes import SCHEMES
from racer.kvm.vcpu import LEAVE, Exit, Vcpu
from racer.kvm.vm import Vm, kvmppc_vcpu_run
from tests.kvm.running import register

BASE = 0x10000
LOCKS = ("acquire", "release", "try-acquire")


class Stays:
    """A guest that stays a few times, looks at the shadow buffer, and leaves."""

    def __init__(self, stays: int) -> None:
        self.left = stays

    def run(self, vcpu: Vcpu) -> Exit | None:
        racer.point("in guest")
        vcpu.kvm.scheme.machine_check(vcpu)
        self.left -= 1
        return None if self.left else LEAVE

    def returned(self, code: int) -> None:
        raise AssertionError


def trace_of_stays(scheme: str, vcpus: int, stays: int) -> racer.Trace:
    """All areas are registered and applied; then the vcpus run with nothing pending."""

    def body() -> None:
        vm = Vm(SCHEMES[scheme](), vcpus)
        vm.memory.add_memslot(BASE, vcpus)
        for n, vcpu in enumerate(vm.runners):
            register(vm, vcpu, vcpu.vcpu_id, H_VPA_REG_VPA, BASE + n * 0x1000, 1024)
            register(vm, vcpu, vcpu.vcpu_id, H_VPA_REG_SLB, BASE + n * 0x1000 + 0x400, 64)
            register(vm, vcpu, vcpu.vcpu_id, H_VPA_REG_DTL, BASE + n * 0x1000 + 0x480, 96)
        vm.one_more_entry()
        vm.switch_on()
        racer.point("begin")
        tasks = [racer.Thread(target=kvmppc_vcpu_run, args=(vcpu, Stays(stays)), name=vcpu.name) for vcpu in vm.runners]
        for task in tasks:
            task.start()
        for task in tasks:
            task.join()
        racer.point("end")
        vm.finish(quiesce=False)

    def and_tell() -> None:
        body()
        racer.violation("told", "so that the execution is recorded")

    found = racer.explore(and_tell, executions=1, seed=3, keep_going=True).findings
    told = next(finding for finding in found if finding.kind == "told")
    assert told.execution is not None
    trace = told.execution.trace
    begin = next(e.step for e in trace if e.kind == "point" and e.what == "begin")
    end = next(e.step for e in trace if e.kind == "point" and e.what == "end")
    return trace[begin:end]


def between_bumps(trace: racer.Trace) -> list[racer.TraceEvent]:
    """Return what the threads that enter the guest do from their entry to their exit."""
    inside: set[int] = set()
    found = []
    for event in trace:
        if event.object_name.endswith(".entry_exit_count") and event.kind == "update":
            inside.add(event.thread)
        if event.thread in inside:
            found.append(event)
        if event.object_name.endswith(".entry_exit_count") and event.kind == "await":
            inside.discard(event.thread)
        if event.object_name.endswith(".kvm_vcpu") and event.kind == "store":
            inside.discard(event.thread)
    return found


def test_deferred_takes_no_lock_between_entry_and_exit_and_no_vpa_update_lock_at_all() -> None:
    trace = trace_of_stays("deferred", vcpus=2, stays=4)
    inside = between_bumps(trace)
    assert sum(event.what == "store yield_count" for event in inside) >= 8
    assert [event for event in inside if event.kind in LOCKS] == []
    assert [event for event in trace if event.object_name.endswith("vpa_update_lock")] == []


def test_always_locked_takes_a_lock_on_every_entry_and_exit() -> None:
    inside = between_bumps(trace_of_stays("always-locked", vcpus=2, stays=4))
    taken = [event for event in inside if event.kind == "acquire"]
    bumps = sum(event.what == "store yield_count" for event in inside)
    assert len(taken) >= bumps >= 8


@pytest.mark.parametrize("scheme", ["immediate", "seed"])
def test_the_older_schemes_take_no_lock_in_the_guest_either(scheme: str) -> None:
    inside = between_bumps(trace_of_stays(scheme, vcpus=1, stays=2))
    assert [event for event in inside if event.kind in LOCKS] == []
