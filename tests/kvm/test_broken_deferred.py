"""Each slip that `deferred` mends, and each line of it that matters: broken by hand, a workload notices in time."""

from collections.abc import Callable
from pathlib import Path

import pytest

import racer
from racer.kvm.papr import H_REGISTER_VPA, H_VPA_DEREG_SLB, H_VPA_REG_SLB, H_VPA_REG_VPA
from racer.kvm.schemes import Deferred, Scheme, deferred
from racer.kvm.vm import Vm
from stress import workloads
from stress.workloads.calls import AreaPlan
from tests.kvm.breakages import BREAKAGES, RETRY_BREAKAGES, SECOND_PLACES, Breakage

SOURCE = Path(deferred.__file__).read_text(encoding="utf-8")
EXECUTIONS = 1000


def replaced(source: str, old: str, new: str) -> str:
    assert source.count(old) == 1, f"{source.count(old)} places have {old!r}"
    return source.replace(old, new)


def broken(breakage: Breakage) -> type[Deferred]:
    source = replaced(SOURCE, breakage.old, breakage.new) if breakage.old else SOURCE
    if breakage.extra in SECOND_PLACES:
        source = replaced(source, *SECOND_PLACES[breakage.extra])
    else:
        source += "\n\n" + breakage.extra
    space: dict[str, object] = {"__name__": "broken_deferred"}
    exec(compile(source, "broken_deferred.py", "exec"), space)  # noqa: S102
    scheme = space["Deferred"]
    assert isinstance(scheme, type)
    assert issubclass(scheme, Scheme)
    return scheme  # type: ignore[return-value]


def name(breakage: Breakage) -> str:
    return breakage.name.replace(" ", "-")


@pytest.mark.parametrize("breakage", BREAKAGES, ids=name)
def test_a_broken_deferred_is_caught(breakage: Breakage) -> None:
    workload = workloads.by_name(breakage.workload)
    body = workload.build(broken(breakage), workload.defaults)
    result = racer.explore(body, strategy=breakage.strategy, executions=EXECUTIONS, seed=1, max_steps=10_000)
    assert result.verdict == "FAIL", f"{EXECUTIONS} executions of {breakage.workload} noticed nothing"


def requests_during_an_update(scheme: type[Deferred]) -> Callable[[], None]:
    """One vcpu applies a request for its SLB shadow while two callers deregister it and ask for the same again."""

    def body() -> None:
        vm = Vm(scheme(), 1, threads_per_core=1, callers=["caller0", "caller1"])
        plan = AreaPlan(vm, 1)
        (vcpu,) = vm.runners

        def ask(caller: int, *subfuncs: int) -> None:
            for subfunc in subfuncs:
                call = plan.ask(subfunc, vcpu, 1)
                vm.hcall(vm.callers[caller], H_REGISTER_VPA, call.flags, call.target, call.gpa, wrote=call.wrote)

        ask(0, H_VPA_REG_VPA, H_VPA_REG_SLB)
        threads = [
            racer.Thread(target=vm.scheme.kvmppc_update_vpas, args=(vcpu,), name="vcpu0"),  # type: ignore[attr-defined]
            racer.Thread(target=ask, args=(0, H_VPA_DEREG_SLB), name="caller0"),
            racer.Thread(target=ask, args=(1, H_VPA_REG_SLB), name="caller1"),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        vm.finish()

    return body


@pytest.mark.parametrize("breakage", RETRY_BREAKAGES, ids=name)
def test_a_broken_retry_is_caught_where_requests_come_thick(breakage: Breakage) -> None:
    result = racer.explore(requests_during_an_update(broken(breakage)), executions=4000, seed=1)
    assert result.verdict == "FAIL"


def test_the_retry_of_deferred_is_clean_where_requests_come_thick() -> None:
    racer.explore(requests_during_an_update(Deferred), executions=2000, seed=1).raise_on_failure()
