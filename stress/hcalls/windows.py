"""A trace cut into windows: few CPUs, few calls each, and what those CPUs had registered before."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from stress.hcalls.calls import Call, Function, Trace

Registered = dict[Function, tuple[int, int]]

# The boot CPU of these guests registers its VPA here; used where a trace began after that and never shows it.
BOOT_VPA = 0x2881000
PAGE = 0x1000
VPA_LENGTH = 1024
AREA_OF = {
    Function.DEREG_VPA: Function.REG_VPA,
    Function.DEREG_DTL: Function.REG_DTL,
    Function.DEREG_SLB: Function.REG_SLB,
}


@dataclass
class Window:
    """Calls to be replayed together: per CPU in order, CPUs racing.

    `before` is what each CPU had registered when its first call here was made: register function to address and length.
    """

    cpus: list[int] = field(default_factory=list)
    calls: dict[int, list[Call]] = field(default_factory=dict)
    before: dict[int, Registered] = field(default_factory=dict)

    def takes(self, call: Call, registered: Registered, most_cpus: int, most_calls: int) -> bool:
        """Whether there is room for one more call, and no other CPU here uses the memory it is about.

        Guests hand a freed log buffer to another CPU. They wait for the first one to be done with it, and the
        calls of different CPUs are not ordered here: so the two go into different windows.
        """
        cpu = call.proc
        if cpu in self.calls:
            return len(self.calls[cpu]) < most_calls and not self.shares(cpu, [call])
        return len(self.cpus) < most_cpus and not self.shares(cpu, [call], registered)

    def shares(self, cpu: int, calls: Iterable[Call], registered: Registered | None = None) -> bool:
        """Whether any of these areas of `cpu` overlaps one that another CPU uses here."""
        mine = [*areas_of(calls), *(registered or {}).values()]
        others = [
            area
            for other in self.cpus
            if other != cpu
            for area in (*areas_of(self.calls[other]), *self.before[other].values())
        ]
        return any(a < b + other_length and b < a + length for a, length in mine for b, other_length in others)

    def join(self, cpu: int, registered: Registered) -> None:
        """Let a CPU take part with what it has registered."""
        self.cpus.append(cpu)
        self.calls[cpu] = []
        self.before[cpu] = dict(registered)


def windows(trace: Trace, cpus: int, calls: int) -> list[Window]:
    """Cut a trace into windows of at most `cpus` CPUs with at most `calls` calls each; every call is in exactly one.

    A call goes into the first window with room for it that is not before the window of its CPU's last call. A
    CPU's areas are changed by its own calls only (true of every recorded trace), so a window needs nothing of
    what other CPUs did before.
    """
    made: list[Window] = []
    last: dict[int, int] = {}
    registered = at_the_start(trace)
    for call in trace.calls:
        cpu = call.proc
        at = last.get(cpu, 0)
        while at < len(made) and not made[at].takes(call, registered[cpu], cpus, calls):
            at += 1
        if at == len(made):
            made.append(Window())
        if cpu not in made[at].calls:
            made[at].join(cpu, registered[cpu])
        made[at].calls[cpu].append(call)
        last[cpu] = at
        apply(call, registered[cpu])
    for window in made:
        fill(window, trace, cpus)
    return made


def areas_of(calls: Iterable[Call]) -> Iterator[tuple[int, int]]:
    """Yield address and length of the areas that calls register."""
    yield from ((call.addr, call.length) for call in calls if call.length is not None)


def apply(call: Call, registered: Registered) -> None:
    """Change what a CPU has registered as the call does."""
    if call.length is not None:
        registered[call.function] = (call.addr, call.length)
    else:
        registered.pop(AREA_OF[call.function], None)


def fill(window: Window, trace: Trace, cpus: int) -> None:
    """Let idle CPUs join until there are `cpus`: they enter and exit the guest, and can make others' calls."""
    for cpu in trace.cpus:
        if len(window.cpus) >= min(cpus, len(trace.cpus)):
            return
        brought = {Function.REG_VPA: assumed_vpa(trace, cpu)}
        if cpu not in window.cpus and not window.shares(cpu, [], brought):
            window.join(cpu, brought)


def at_the_start(trace: Trace) -> dict[int, Registered]:
    """Return what each CPU must have had registered when the trace began, for a trace that began after boot.

    A CPU that registers a DTL or SLB shadow before any VPA had a VPA; one that deregisters an SLB shadow and later
    registers one had it before, at the same address, which is what these guests do.
    """
    return {cpu: dict(had_before(trace, cpu)) for cpu in trace.cpus}


def had_before(trace: Trace, cpu: int) -> Iterator[tuple[Function, tuple[int, int]]]:
    """Yield the areas that a CPU brought along."""
    mine = [call for call in trace.calls if call.proc == cpu]
    of_slb = [call for call in mine if call.function in (Function.REG_SLB, Function.DEREG_SLB)]
    brings_slb = bool(of_slb) and of_slb[0].function is Function.DEREG_SLB and any(call.length for call in of_slb)
    needs_vpa = (Function.REG_DTL, Function.REG_SLB)
    first = next((call.function for call in mine if call.function in (*needs_vpa, Function.REG_VPA)), None)
    if brings_slb or first in needs_vpa:
        yield Function.REG_VPA, assumed_vpa(trace, cpu)
    if brings_slb:
        later = next(call for call in of_slb if call.length is not None)
        yield Function.REG_SLB, (later.addr, later.length or 0)


def assumed_vpa(trace: Trace, cpu: int) -> tuple[int, int]:
    """Return where a CPU's VPA was before the trace: where it is later, or a page of its own."""
    for call in trace.calls:
        if call.proc == cpu and call.function is Function.REG_VPA:
            return call.addr, call.length or VPA_LENGTH
    return BOOT_VPA + PAGE * trace.cpus.index(cpu), VPA_LENGTH
