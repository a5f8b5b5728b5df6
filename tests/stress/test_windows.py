"""Windows hold every call of a trace once, per CPU in order, with what was registered before."""

from pathlib import Path

import pytest

from stress.hcalls import Function, read_trace
from stress.hcalls.windows import Registered, apply, windows

TRACES = sorted((Path(__file__).parents[2] / "stress" / "traces").glob("*.txt"))
SHAPES = [(1, 4), (2, 1), (2, 4), (3, 3), (8, 8)]


@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.name)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_call_is_in_one_window_per_cpu_in_order(path: Path, shape: tuple[int, int]) -> None:
    trace = read_trace(path)
    made = windows(trace, *shape)
    for cpu in trace.cpus:
        replayed = [call for window in made for call in window.calls.get(cpu, [])]
        assert replayed == [call for call in trace.calls if call.proc == cpu]


@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.name)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_no_window_is_larger_than_asked(path: Path, shape: tuple[int, int]) -> None:
    trace = read_trace(path)
    for window in windows(trace, *shape):
        assert len(window.cpus) == min(shape[0], len(trace.cpus))
        assert all(len(calls) <= shape[1] for calls in window.calls.values())


@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.name)
def test_no_two_cpus_of_a_window_use_the_same_memory(path: Path) -> None:
    for window in windows(read_trace(path), 3, 4):
        areas = [
            (cpu, addr, length or 0)
            for cpu in window.cpus
            for addr, length in (
                *((call.addr, call.length) for call in window.calls[cpu] if call.length),
                *window.before[cpu].values(),
            )
        ]
        for cpu, addr, length in areas:
            assert not [1 for other, a, n in areas if other != cpu and a < addr + length and addr < a + n]


def dependencies_hold(registered: Registered) -> bool:
    return Function.REG_VPA in registered or not registered


@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.name)
def test_no_area_is_ever_without_a_vpa(path: Path) -> None:
    for window in windows(read_trace(path), 2, 4):
        for cpu in window.cpus:
            registered = dict(window.before[cpu])
            assert dependencies_hold(registered)
            for call in window.calls[cpu]:
                apply(call, registered)
                assert dependencies_hold(registered)


def test_a_boot_seen_from_its_first_instruction_begins_with_nothing() -> None:
    first = windows(read_trace(TRACES[0].with_name("gdb-hash4.txt")), 2, 4)[0]
    assert first.before[0] == {}


def test_a_trace_that_began_after_boot_begins_with_what_the_boot_registered() -> None:
    for window in windows(read_trace(TRACES[0].with_name("hash4.trace.txt")), 1, 1)[:1]:
        assert window.before == {1: {Function.REG_VPA: (0x7FFFEC00, 1024), Function.REG_SLB: (0x7FFFF280, 128)}}
