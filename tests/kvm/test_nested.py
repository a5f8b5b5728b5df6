"""The order in which an outer hypervisor is told of VPAs: each way to get it wrong is caught, the right one clean."""

import inspect

import racer
from racer.kvm.schemes import Nested, nested
from racer.kvm.schemes.nested import outer_of
from racer.kvm.schemes.single_vcpu import SingleVcpu
from racer.kvm.vcpu import Vcpu
from stress import workloads
from tests.kvm.test_broken_deferred import replaced

SOURCE = inspect.getsource(nested)
FORGET = "                outer.kvmhv_nestedv2_set_vpa(NULL)\n"
UNPIN = "                kvmppc_unpin_guest_page(vcpu.kvm.memory, old.pinned_addr, old.gpa, dirty=old.dirty)\n"
INIT = "                init_vpa(vcpu.vpa.pinned_addr)\n"
TELL = "                outer.kvmhv_nestedv2_set_vpa(vcpu.vpa.pinned_addr)\n"


def says_so_first(self: Nested, vcpu: Vcpu) -> None:
    """What mends D9."""
    outer_of(vcpu).kvmhv_nestedv2_vcpu_free()
    SingleVcpu.kvmppc_core_vcpu_free(self, vcpu)


def kinds_shown(old: str = "", new: str = "", *, mended: bool = True) -> set[str]:
    space: dict[str, object] = {"__name__": "broken_nested"}
    exec(compile(replaced(SOURCE, old, new) if old else SOURCE, "broken_nested.py", "exec"), space)  # noqa: S102
    scheme = space["Nested"]
    assert isinstance(scheme, type)
    if mended:
        space["outer_of"] = outer_of
        scheme.kvmppc_core_vcpu_free = says_so_first  # type: ignore[attr-defined]
    workload = workloads.by_name("nested")
    result = racer.explore(workload.build(scheme, workload.defaults), executions=300, seed=1, keep_going=True)
    assert result.counters["outer-looks"] > 0
    return {finding.kind for finding in result.findings}


def test_the_update_s_order_is_clean_and_so_is_a_free_that_says_so_first() -> None:
    assert kinds_shown() == set()


def test_a_free_that_says_nothing_leaves_the_outer_hypervisor_with_an_unpinned_page() -> None:
    assert kinds_shown(mended=False) == {"stale-pointer"}


def test_an_unpin_before_the_outer_hypervisor_knows_is_caught() -> None:
    assert "stale-pointer" in kinds_shown(FORGET + UNPIN, UNPIN + FORGET)


def test_an_address_told_before_the_vpa_is_initialised_is_caught() -> None:
    assert "uninitialised-vpa" in kinds_shown(INIT + TELL, TELL + INIT)
