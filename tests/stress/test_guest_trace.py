"""guest-trace replays what real guests asked for: every window of every trace, as recorded and crossed."""

from functools import partial
from pathlib import Path

import pytest

import racer
from racer.kvm.papr import H_RESOURCE
from racer.kvm.schemes import Deferred, Immediate
from racer.kvm.vcpu import Vcpu
from stress.hcalls.windows import Window
from stress.workload import Parameters
from stress.workloads import guest_trace

WORKLOAD = guest_trace.WORKLOAD
RECORDED = WORKLOAD.defaults
CROSSED = WORKLOAD.defaults.with_options(cross=True)
TRACES = [path.name for path in guest_trace.paths(None)]


def found(scheme: type[Deferred] | type[Immediate], parameters: Parameters, executions: int) -> set[str]:
    body = WORKLOAD.build(scheme, parameters)
    return {finding.kind for finding in racer.explore(body, executions=executions, seed=1, keep_going=True).findings}


def replay(window: Window, parameters: Parameters) -> None:
    guest_trace.replay(Deferred(), window, parameters)


@pytest.mark.parametrize("cross", [False, True])
@pytest.mark.parametrize("name", TRACES)
def test_every_window_of_every_trace_can_be_replayed(name: str, *, cross: bool) -> None:
    parameters = WORKLOAD.defaults.with_options(trace=name, cross=cross)
    for window in guest_trace.all_windows(name, parameters.vcpus, parameters.calls):
        racer.explore(partial(replay, window, parameters), executions=1).raise_on_failure()


def test_the_scheme_from_before_the_patch_is_right_for_calls_as_they_were_recorded() -> None:
    assert found(Immediate, RECORDED, 60) == set()


def test_the_scheme_from_before_the_patch_is_caught_when_calls_are_crossed() -> None:
    assert {"stale-pointer", "double-unpin", "pin-imbalance"} <= found(Immediate, CROSSED, 60)


class Refuses(Deferred):
    """Answers every call with H_RESOURCE."""

    def do_h_register_vpa(self, vcpu: Vcpu, flags: int, vcpuid: int, vpa: int) -> int:
        super().do_h_register_vpa(vcpu, flags, vcpuid, vpa)
        return H_RESOURCE


def test_a_return_code_that_was_not_recorded_is_a_finding() -> None:
    body = WORKLOAD.build(Refuses, RECORDED)
    messages = [finding.message for finding in racer.explore(body, executions=5, keep_going=True).findings]
    assert any("returned H_RESOURCE, in the recording H_SUCCESS" in message for message in messages)


def test_a_crossed_call_is_not_compared_with_the_recording() -> None:
    body = WORKLOAD.build(Refuses, CROSSED)
    messages = [finding.message for finding in racer.explore(body, executions=5, keep_going=True).findings]
    assert not any("in the recording" in message for message in messages)


def test_calls_race_with_vcpus_in_the_guest() -> None:
    for parameters in (RECORDED, CROSSED):
        result = racer.explore(WORKLOAD.build(Deferred, parameters), executions=30, seed=1)
        assert result.counters[WORKLOAD.raced] > 0


def test_each_execution_counts_its_window() -> None:
    result = racer.explore(WORKLOAD.build(Deferred, RECORDED), executions=20, seed=1)
    windows = {name: count for name, count in result.counters.items() if name.startswith("window ")}
    assert sum(windows.values()) == 20
    assert guest_trace.count_windows(RECORDED) == len(guest_trace.all_windows(None, RECORDED.vcpus, RECORDED.calls))


def test_a_trace_is_found_by_name_or_by_path(tmp_path: Path) -> None:
    copy = tmp_path / "mine.txt"
    copy.write_bytes((guest_trace.FOLDER / TRACES[0]).read_bytes())
    assert guest_trace.paths(TRACES[0]) == [guest_trace.FOLDER / TRACES[0]]
    assert guest_trace.paths(str(copy)) == [copy]
