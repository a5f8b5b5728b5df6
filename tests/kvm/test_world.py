"""The world around the schemes: what the workloads about it show in each scheme, in small."""

import pytest

import racer
from racer.kvm import userspace
from racer.kvm.ioctl import get_one_reg, kvm_get_vpa, kvm_put_vpa, nothing_saved, set_one_reg, system_reset
from racer.kvm.judges.byte_order import check_guests_view
from racer.kvm.one_reg import KVM_REG_PPC_VPA_ADDR, KVM_REG_PPC_VPA_DTL, KVM_REG_PPC_VPA_SLB, value_of
from racer.kvm.papr import EINVAL, H_VPA_DEREG_VPA, H_VPA_REG_DTL, H_VPA_REG_VPA
from racer.kvm.schemes import SCHEMES, OwnTask, Scheme
from racer.kvm.srcu import Srcu
from racer.kvm.vm import Vm
from stress import workloads
from tests.kvm.running import clean, kinds, register

WORLD = ("one-reg", "reboot", "dirty-log", "nested", "stolen-time", "byte-order")
BASE = 0x10000
# What takes more executions to show than there are here.
RARE = frozenset({"return-code", "last-request", "stolen-time"})
READERS_OF_REGISTERS = ("late-joiners", "own-task", "nested", "deferred", "always-locked")


def shown(workload: str, scheme: str, executions: int, *, seed: int = 2) -> set[str]:
    found = workloads.by_name(workload)
    body = found.build(SCHEMES[scheme], found.defaults)
    result = racer.explore(body, strategy="random", executions=executions, seed=seed, keep_going=True)
    return {finding.kind for finding in result.findings}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("workload", WORLD)
def test_a_workload_shows_what_it_must_and_nothing_it_may_not(workload: str, scheme: str) -> None:
    found = workloads.by_name(workload)
    assert scheme in found.expected
    kinds_there = shown(workload, scheme, 80)
    assert kinds_there <= found.may_find(scheme)
    assert kinds_there >= found.must_find(scheme) - RARE


@pytest.mark.parametrize(
    ("workload", "scheme", "kind"),
    [
        ("one-reg", "nested", "last-request"),
        ("one-reg", "nested", "return-code"),
        ("stolen-time", "late-joiners", "stolen-time"),
    ],
)
def test_what_is_rare_is_found_all_the_same(workload: str, scheme: str, kind: str) -> None:
    assert kind in shown(workload, scheme, 700)


@pytest.mark.parametrize(("scheme", "found"), [("own-task", True), ("single-vcpu", False), ("deferred", False)])
def test_kvm_lock_inside_a_vcpu_s_mutex_is_the_wrong_way_round(scheme: str, *, found: bool) -> None:
    workload = workloads.by_name("one-reg")
    body = workload.build(SCHEMES[scheme], workload.defaults)
    result = racer.explore(body, executions=60, seed=4, detect=("lock-order",), keep_going=True)
    assert any(finding.kind == "lock-order" for finding in result.findings) == found


def machine(scheme: type[Scheme], **world: bool) -> Vm:
    vm = Vm(scheme(), 1, threads_per_core=1, callers=["caller"], **world)
    vm.memory.add_memslot(BASE, 4)
    return vm


@pytest.mark.parametrize("scheme", READERS_OF_REGISTERS)
def test_a_register_holds_address_and_length_and_can_be_put_back(scheme: str) -> None:
    def body() -> None:
        vm = machine(SCHEMES[scheme], ioctls=True)
        (vcpu,) = vm.runners
        register(vm, vcpu, 0, H_VPA_REG_VPA, BASE, 1024)
        register(vm, vcpu, 0, H_VPA_REG_DTL, BASE + 0x1000, 100)
        vm.one_more_entry()
        saved = kvm_get_vpa(vcpu)
        assert saved == {
            KVM_REG_PPC_VPA_ADDR: BASE,
            KVM_REG_PPC_VPA_SLB: 0,
            KVM_REG_PPC_VPA_DTL: value_of(KVM_REG_PPC_VPA_DTL, BASE + 0x1000, 96),
        }
        assert set_one_reg(vcpu, KVM_REG_PPC_VPA_ADDR, 0) == EINVAL
        kvm_put_vpa(vcpu, {**saved, KVM_REG_PPC_VPA_DTL: value_of(KVM_REG_PPC_VPA_DTL, BASE + 0x2000, 48)})
        vm.one_more_entry()
        assert get_one_reg(vcpu, KVM_REG_PPC_VPA_DTL) == value_of(KVM_REG_PPC_VPA_DTL, BASE + 0x2000, 48)
        assert set_one_reg(vcpu, KVM_REG_PPC_VPA_DTL, value_of(KVM_REG_PPC_VPA_DTL, BASE + 8, 48)) == EINVAL
        assert set_one_reg(vcpu, KVM_REG_PPC_VPA_DTL, value_of(KVM_REG_PPC_VPA_DTL, BASE, 47)) == EINVAL
        vm.finish()

    clean(body)


@pytest.mark.parametrize("scheme", ["own-task", "nested", "deferred", "always-locked"])
def test_a_reset_leaves_nothing_of_the_kernel_before(scheme: str) -> None:
    def body() -> None:
        vm = machine(SCHEMES[scheme], ioctls=True)
        (vcpu,) = vm.runners
        register(vm, vcpu, 0, H_VPA_REG_VPA, BASE, 1024)
        register(vm, vcpu, 0, H_VPA_REG_DTL, BASE + 0x1000, 100)
        vm.one_more_entry()
        system_reset(vm)
        vm.one_more_entry()
        assert not any(area.pinned_addr for area in vcpu.areas)
        assert kvm_get_vpa(vcpu) == nothing_saved()
        vm.finish()

    clean(body)


@pytest.mark.parametrize("scheme", ["immediate", "seed"])
def test_kernels_without_registers_refuse_them_and_keep_their_areas_over_a_reset(scheme: str) -> None:
    def body() -> None:
        vm = machine(SCHEMES[scheme], ioctls=True)
        (vcpu,) = vm.runners
        assert get_one_reg(vcpu, KVM_REG_PPC_VPA_ADDR) == EINVAL
        assert set_one_reg(vcpu, KVM_REG_PPC_VPA_ADDR, BASE) == EINVAL
        register(vm, vcpu, 0, H_VPA_REG_VPA, BASE, 1024)
        vm.one_more_entry()
        system_reset(vm)
        vm.finish()

    assert "stale-registration" in kinds(body)


class ConfersNatively(OwnTask):
    """As from v3.17 to v3.19: all members are converted but the one that H_CONFER looks at (B10)."""

    h_confer_converts = False


def test_a_confer_that_does_not_convert_never_yields_on_a_little_endian_host_and_does_on_another() -> None:
    def body(*, little_endian: bool) -> None:
        vm = machine(ConfersNatively, little_endian=little_endian)
        register(vm, vm.runners[0], 0, H_VPA_REG_VPA, BASE, 1024)
        vm.one_more_entry()
        check_guests_view(vm)
        register(vm, vm.runners[0], 0, H_VPA_DEREG_VPA)
        vm.finish()

    assert kinds(lambda: body(little_endian=True)) == {"never-yields"}
    clean(lambda: body(little_endian=False))


class NeverWaits(Srcu):
    def synchronize(self) -> None:
        pass


def looking_while_slots_change(srcu: type[Srcu] | None) -> None:
    vm = machine(SCHEMES["deferred"])
    slot = vm.memory.add_memslot(BASE + 0x10000, 1)
    vm.memory.srcu = None if srcu is None else srcu()
    userspace.change_memslots(vm.memory)
    threads = [
        racer.Thread(target=register, args=(vm, vm.callers[0], 0, H_VPA_REG_VPA, BASE, 1024), name="caller"),
        racer.Thread(target=userspace.delete_memslot, args=(vm.memory, slot), name="userspace"),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_an_array_of_memslots_is_not_freed_while_it_is_searched() -> None:
    clean(lambda: looking_while_slots_change(Srcu), executions=200)


@pytest.mark.parametrize("srcu", [None, NeverWaits])
def test_an_array_of_memslots_that_nobody_waits_for_is_freed_under_the_search(srcu: type[Srcu] | None) -> None:
    assert kinds(lambda: looking_while_slots_change(srcu), executions=200) == {"use-after-free"}
