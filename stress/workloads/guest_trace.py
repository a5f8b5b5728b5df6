"""guest-trace: the calls that real guests made, per CPU in order, while every vcpu enters and exits the guest."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import racer
from racer.kvm.layout import LENGTH_HWORD, LENGTH_WORD, Member
from racer.kvm.memory import PAGE_SIZE
from racer.kvm.papr import H_REGISTER_VPA, flags_word, return_name
from racer.kvm.vcpu import LEAVE, Exit, Vcpu
from racer.kvm.vm import Vm
from stress.hcalls import Call, Function, TraceError, read_trace
from stress.hcalls.windows import Window, windows
from stress.workload import CLEAN, Parameters, Workload
from stress.workloads.calls import BROKEN_MAY_SHOW

if TYPE_CHECKING:
    from racer.kvm.schemes.base import Scheme

FOLDER = Path(__file__).parents[1] / "traces"
RACED = "calls-beside-guest"
# A VPA first: the other two are only accepted for a vcpu that has one.
IN_ORDER = (Function.REG_VPA, Function.REG_SLB, Function.REG_DTL)


def member_of(function: Function) -> Member:
    """Return where the length stands in an area."""
    return LENGTH_HWORD if function is Function.REG_VPA else LENGTH_WORD


@dataclass
class TracedGuest:
    """The program of one vcpu: makes its calls, one per stay in the guest, and stays `entries` more times in between.

    `judged`: each call is the vcpu's own and has to return what it did in the recording. `beside` are the vcpus whose
    being in the guest during a call is what this is about.
    """

    calls: list[Call]
    entries: int
    judged: bool
    beside: list[Vcpu]

    def __post_init__(self) -> None:
        """Spread the stays without a call between those with one."""
        stays: list[Call | None] = []
        plain = self.entries
        for call in self.calls:
            stays.append(call)
            if plain:
                stays.append(None)
                plain -= 1
        self.stays = iter([*stays, *[None] * plain])
        self.last: Call | None = None

    def run(self, vcpu: Vcpu) -> Exit | None:
        """Make the next call, stay without one, or leave for good."""
        try:
            self.last = next(self.stays)
        except StopIteration:
            return LEAVE
        if self.last is None:
            return None
        return call_of(vcpu, self.last)

    def returned(self, code: int) -> None:
        """Compare a return code with the recorded one, and note whether the call raced with anybody."""
        if any(vcpu.between_bumps for vcpu in self.beside):
            racer.count(RACED)
        call = self.last
        if self.judged and call is not None and code != call.result:
            racer.violation(
                "return-code",
                f"{call.function.name.lower()} for cpu {call.proc} returned {return_name(code)}, "
                f"in the recording {return_name(call.result)}",
                sides=(racer.side("hcall", f"line {call.line} of the trace"),),
            )


def call_of(vcpu: Vcpu, call: Call) -> Exit:
    """Write the length field, as a guest does before it registers an area, and return the hypercall.

    The first log entry overwrites a DTL's length, so it has to be written before each call.
    """
    if call.length is not None:
        vcpu.kvm.memory.guest_store(call.addr, member_of(call.function), call.length)
    return Exit(H_REGISTER_VPA, (call.flags, call.proc, call.addr), wrote=call.length)


def pages(window: Window) -> Iterable[int]:
    """Yield the guest pages that a window touches, in ascending order."""
    areas = [area for registered in window.before.values() for area in registered.values()]
    areas += [(call.addr, call.length) for calls in window.calls.values() for call in calls if call.length]
    return sorted(
        {page for addr, length in areas for page in range(addr // PAGE_SIZE, (addr + length - 1) // PAGE_SIZE + 1)}
    )


def machine(scheme: "Scheme", window: Window) -> Vm:
    """Build a machine with just the pages of a window, at their real addresses, and what its CPUs had registered."""
    # These guests ran with one thread a core, as their hardware ids show.
    vm = Vm(scheme, window.cpus, threads_per_core=1)
    for page in pages(window):
        vm.memory.add_memslot(page * PAGE_SIZE, 1)
    for cpu in window.cpus:
        for function in IN_ORDER:
            if function in window.before[cpu]:
                addr, length = window.before[cpu][function]
                vm.memory.poke(addr, member_of(function), length)
                vm.hcall(vm.vcpus[cpu], H_REGISTER_VPA, flags_word(function), cpu, addr, wrote=length)
    return vm


def guest_of(cpu: int, vm: Vm, window: Window, parameters: Parameters) -> TracedGuest:
    """Return a CPU's program: its own calls, or crossed, those of the CPU before it."""
    target = window.cpus[window.cpus.index(cpu) - 1] if parameters.cross else cpu
    if parameters.cross:
        beside = [vm.vcpus[target]]
    else:
        beside = [vm.vcpus[other] for other in window.cpus if other != cpu]
    return TracedGuest(window.calls[target], parameters.entries, judged=not parameters.cross, beside=beside)


def replay(scheme: "Scheme", window: Window, parameters: Parameters) -> None:
    """Replay one window."""
    vm = machine(scheme, window)
    vm.one_more_entry()
    vm.switch_on()
    tasks = [vm.task(vm.vcpus[cpu], guest_of(cpu, vm, window, parameters)) for cpu in window.cpus]
    for task in tasks:
        task.start()
    for task in tasks:
        task.join()
    vm.finish()


@lru_cache(maxsize=4)
def all_windows(trace: str | None, vcpus: int, calls: int) -> list[Window]:
    """Return the windows of one trace, or of all that come with the workload."""
    return [window for path in paths(trace) for window in windows(read_trace(path), vcpus, calls)]


def paths(trace: str | None) -> list[Path]:
    """Return the files asked for: all, one by its name in the folder, or any file."""
    if trace is None:
        return sorted(FOLDER.glob("*.txt"))
    here = Path(trace)
    known = FOLDER / trace
    if not here.is_file() and not known.is_file():
        allowed = ", ".join(path.name for path in sorted(FOLDER.glob("*.txt")))
        raise TraceError(here, 0, f"no such file; give a path, or one of {allowed}")
    return [here if here.is_file() else known]


def count_windows(parameters: Parameters) -> int:
    """Return how many windows the traces of these parameters have."""
    return len(all_windows(parameters.trace, parameters.vcpus, parameters.calls))


def build(scheme: "Callable[[], Scheme]", parameters: Parameters) -> Callable[[], None]:
    """Return the body: each execution replays one window of a trace, chosen by the schedule."""
    found = all_windows(parameters.trace, parameters.vcpus, parameters.calls)

    def body() -> None:
        number = racer.choose(len(found))
        racer.count(f"window {number}")
        replay(scheme(), found[number], parameters)

    return body


WORKLOAD = Workload(
    name="guest-trace",
    summary="What six real boots asked for, CPU by CPU, against guest entry and exit of every vcpu.",
    build=build,
    defaults=Parameters(vcpus=2, registrars=0, entries=1, calls=6),
    expected={
        "immediate": CLEAN,
        "seed": frozenset({"atomic-sleep", "null-pointer"}),
        "deferred": CLEAN,
        "always-locked": CLEAN,
    },
    expected_crossed={
        "immediate": frozenset({"stale-pointer", "double-unpin", "pin-imbalance"}),
        "seed": frozenset({"atomic-sleep", "null-pointer"}),
        "deferred": CLEAN,
        "always-locked": CLEAN,
    },
    allowed=BROKEN_MAY_SHOW,
    raced=RACED,
    windows=count_windows,
)
