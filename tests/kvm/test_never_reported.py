"""What looks like a bug and is none, or is known and nobody's bug, is never reported: by no scheme that has it."""

from collections.abc import Callable

import pytest

import racer
from racer.kvm import userspace
from racer.kvm.ioctl import kvm_get_vpa, kvm_put_vpa, nothing_saved
from racer.kvm.memory import PAGE_SIZE
from racer.kvm.papr import H_VPA_DEREG_VPA, H_VPA_REG_DTL, H_VPA_REG_SLB, H_VPA_REG_VPA
from racer.kvm.schemes import SCHEMES, LateJoiners, Scheme, SingleVcpu
from racer.kvm.vcpu import LEAVE, Exit, Vcpu
from racer.kvm.vm import Vm, kvmppc_vcpu_run
from stress import workloads
from tests.kvm.running import clean, kinds, register

BASE = 0x10000
NEWER = ("late-joiners", "dirty-tracking", "own-task", "single-vcpu", "nested", "deferred")


class Once:
    """A guest that does one thing and leaves."""

    def __init__(self, stay: Callable[[], object]) -> None:
        self.stay = stay

    def run(self, vcpu: Vcpu) -> Exit | None:
        del vcpu
        self.stay()
        return LEAVE

    def returned(self, code: int) -> None:
        pass


def machine(scheme: type[Scheme], vcpus: int = 1, **world: bool) -> Vm:
    vm = Vm(scheme(), vcpus, threads_per_core=vcpus, callers=["caller"], **world)
    vm.memory.add_memslot(BASE, 4)
    return vm


def meanwhile(vm: Vm, *asked: tuple[int, int, int | None]) -> None:
    """The vcpu has a VPA and is in the guest; another one makes these calls for it."""
    (vcpu,) = vm.runners
    register(vm, vcpu, 0, H_VPA_REG_VPA, BASE, 1024)
    vm.one_more_entry()
    kvmppc_vcpu_run(vcpu, Once(lambda: [register(vm, vm.callers[0], 0, *call) for call in asked]))


def taken_back_in_use(vm: Vm) -> None:
    meanwhile(vm, (H_VPA_DEREG_VPA, 0, None))
    vm.finish()


def last_request_wins(vm: Vm) -> None:
    meanwhile(vm, (H_VPA_REG_VPA, BASE + 0x400, 1024), (H_VPA_REG_VPA, BASE + 0x800, 1024))
    vm.finish()


def gone_and_back(vm: Vm) -> None:
    meanwhile(vm, (H_VPA_DEREG_VPA, 0, None), (H_VPA_REG_VPA, BASE, 1024))
    vm.finish()


def too_late_for_this_entry(vm: Vm) -> None:
    meanwhile(vm, (H_VPA_REG_SLB, BASE + 0x400, 64))
    vm.finish()


def unmapped_in_use(vm: Vm) -> None:
    meanwhile(vm)
    userspace.unmap(vm.memory, vm.memory.pages[0])
    vm.finish(mappings_changed=True)


def gone_before_it_is_applied(vm: Vm) -> None:
    meanwhile(vm, (H_VPA_REG_DTL, BASE + PAGE_SIZE, 96), (H_VPA_REG_VPA, BASE + 0x400, 1024))
    userspace.unmap(vm.memory, vm.memory.pages[0])
    vm.finish(mappings_changed=True)


def across_4k_of_a_huge_page(vm: Vm) -> None:
    vm.memory.add_memslot(0x400000, 2, huge=2)
    register(vm, vm.runners[0], 0, H_VPA_REG_VPA, 0x400F00, 1024)
    vm.one_more_entry()
    vm.finish(mappings_changed=True)


ROWS = {
    "D1: an area is written until the next entry": taken_back_in_use,
    "D2: an area is dropped as its memory is gone, a DTL stays without a VPA": gone_before_it_is_applied,
    "D5: a page stays pinned when userspace unmaps it": unmapped_in_use,
    "D6: gone and back between two looks": gone_and_back,
    "D7: a request that just misses an entry": too_late_for_this_entry,
    "D8: an area across 4 KiB": across_4k_of_a_huge_page,
    "the last request before an entry wins": last_request_wins,
}


@pytest.mark.parametrize("scheme", NEWER)
@pytest.mark.parametrize("row", ROWS)
def test_what_is_no_finding_is_none(row: str, scheme: str) -> None:
    clean(lambda: ROWS[row](machine(SCHEMES[scheme])))


def test_an_area_dropped_for_want_of_memory_is_noted() -> None:
    result = racer.explore(lambda: gone_before_it_is_applied(machine(SCHEMES["deferred"])), executions=1)
    assert result.counters["pins-failed"] == 1


@pytest.mark.parametrize("scheme", NEWER)
def test_a_late_write_is_a_finding_where_the_machine_is_judged_strictly(scheme: str) -> None:
    assert kinds(lambda: taken_back_in_use(machine(SCHEMES[scheme], strict=True))) == {"late-write"}
    clean(lambda: last_request_wins(machine(SCHEMES[scheme], strict=True)))


def two_updaters() -> None:
    vm = machine(LateJoiners)
    (vcpu,) = vm.runners
    scheme = vm.scheme
    assert isinstance(scheme, LateJoiners)
    register(vm, vcpu, 0, H_VPA_REG_VPA, BASE, 1024)
    register(vm, vcpu, 0, H_VPA_REG_SLB, BASE + PAGE_SIZE, 64)
    both = [racer.Thread(target=scheme.kvmppc_update_vpas, args=(vcpu,), name=name) for name in ("runner", "own task")]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    vm.finish()


def test_two_updaters_of_one_vcpu_are_no_finding() -> None:
    clean(two_updaters, executions=500)


def test_an_entry_logged_after_its_thread_was_started_is_no_finding() -> None:
    def body() -> None:
        vm = machine(SCHEMES["own-task"], 2)
        for n, vcpu in enumerate(vm.runners):
            register(vm, vcpu, n, H_VPA_REG_VPA, BASE + n * PAGE_SIZE, 1024)
            register(vm, vcpu, n, H_VPA_REG_DTL, BASE + (n + 2) * PAGE_SIZE, 96)
        vm.switch_on()
        tasks = [vm.task(vcpu, Once(lambda: racer.point("in guest"))) for vcpu in vm.runners]
        for task in tasks:
            task.start()
        for task in tasks:
            task.join()
        vm.finish()

    clean(body, executions=300)


class Longer(SingleVcpu):
    """As from v4.14 to v4.16: a hypercall takes 640 bytes, ONE_REG the whole struct (D11)."""

    sizeof_lppaca = 1024


def test_a_vpa_that_userspace_restores_longer_than_its_page_is_no_finding() -> None:
    def body() -> None:
        vm = machine(Longer, ioctls=True)
        (vcpu,) = vm.runners
        register(vm, vcpu, 0, H_VPA_REG_VPA, BASE + PAGE_SIZE - 640, 640)
        vm.one_more_entry()
        saved = kvm_get_vpa(vcpu)
        kvm_put_vpa(vcpu, nothing_saved())
        vm.one_more_entry()
        kvm_put_vpa(vcpu, saved)
        vm.one_more_entry()
        assert not vcpu.vpa.pinned_addr
        vm.finish()

    clean(body)


@pytest.mark.parametrize("scheme", ["deferred", "nested"])
def test_unlocked_looks_at_update_pending_unpins_under_spinlocks_and_retries_are_no_finding(scheme: str) -> None:
    workload = workloads.by_name("cross-register")
    body = workload.build(SCHEMES[scheme], workload.defaults)
    detect = ("exception", "deadlock", "data-race", "lock-discipline", "atomic-sleep")
    result = racer.explore(body, executions=40, seed=3, detect=detect, keep_going=True)
    about = [f for f in result.findings if "update_pending" in f.message or f.kind in {"atomic-sleep", "deadlock"}]
    assert about == []
