"""Stolen time: how long a vcpu could have run and did not, which the dispatch log tells the guest.

It is counted for a vcore: from the end of one run to the begin of the next, and while the runner's task is away. Only
machines that have a timebase (`timebase` of Vm) keep it; elsewhere a constant is logged. Every reading of the timebase
is an operation and a tick.
"""

from typing import TYPE_CHECKING

import racer
from racer.kvm import judges

if TYPE_CHECKING:
    from racer.kvm.vcore import Vcore
    from racer.kvm.vcpu import Vcpu

TB_NIL = -1


class VcoreTimes:
    """What is counted for a vcore: stolen time, since when it is being stolen, whose task runs the vcore.

    `inside`, `idle_since` and `idle` are notes for the judges: the vcpus whose tasks are in KVM, and the time in which
    there was none.
    """

    stolen_tb: "racer.field[int]" = racer.field(0)
    preempt_tb: "racer.field[int]" = racer.field(0)
    runner: "racer.field[str]" = racer.field("")
    busy: "racer.field[int]" = racer.field(0)

    def __init__(self, name: str) -> None:
        self.name = f"{name}.times"
        self.stoltb_lock = racer.SpinLock(name=f"{name}.stoltb_lock")
        self.inside = 0
        self.idle_since = 0
        self.idle = 0


class VcpuTimes:
    """What is counted for a vcpu: the stolen time that was logged last. What else is here are notes for the judges."""

    stolen_logged: "racer.field[int]" = racer.field(0)

    def __init__(self, name: str) -> None:
        self.name = f"{name}.times"
        self.dispatched_at = 0
        self.idle_told = 0


class StolenTime:
    """The counting as it was until v3.7, without a lock (B13).

    A task that comes back and finds itself the runner of a busy vcore has two things to look at; when another task
    becomes the runner in between, the same time is counted twice.
    """

    def __init__(self, vcores: "list[Vcore]") -> None:
        self.timebase: racer.Atomic[int] = racer.Atomic(0, name="timebase")
        self.vcores = {vcore.name: VcoreTimes(vcore.name) for vcore in vcores}
        self.vcpus: dict[str, VcpuTimes] = {}

    def add(self, vcpu: "Vcpu") -> None:
        """Count for a vcpu, too; before the machine runs."""
        self.vcpus[vcpu.name] = VcpuTimes(vcpu.name)

    def mftb(self) -> int:
        """Read the timebase."""
        return self.timebase.add(1) + 1

    def kvmppc_core_vcpu_load(self, vcpu: "Vcpu") -> None:
        """Let a vcpu's task come back to a CPU."""
        times = self.vcores[vcpu.vcore.name]
        now = self.mftb()
        if not times.inside:
            times.idle += now - times.idle_since
        times.inside += 1
        self.came_back(times)

    def kvmppc_core_vcpu_put(self, vcpu: "Vcpu") -> None:
        """Let a vcpu's task go away."""
        times = self.vcores[vcpu.vcore.name]
        self.goes_away(times)
        now = self.mftb()
        times.inside -= 1
        times.idle_since = now

    def came_back(self, times: VcoreTimes) -> None:
        """Count the time that the runner was away."""
        if times.runner == racer.current_name() and times.busy:
            times.stolen_tb += self.mftb() - times.preempt_tb

    def goes_away(self, times: VcoreTimes) -> None:
        """Note since when the runner is away."""
        if times.runner == racer.current_name() and times.busy:
            times.preempt_tb = self.mftb()

    def run_begins(self, vc: "Vcore") -> None:
        """Count the time since the last run; the calling task is the runner. Called with vc->lock held."""
        times = self.vcores[vc.name]
        times.stolen_tb += self.mftb() - times.preempt_tb
        times.runner = racer.current_name()
        times.busy = 1

    def run_ends(self, vc: "Vcore") -> None:
        """Note since when the vcore does not run. Called with vc->lock held."""
        times = self.vcores[vc.name]
        times.busy = 0
        times.preempt_tb = self.mftb()

    def core_stolen(self, vc: "Vcore") -> int:
        """Return the time stolen from a vcore up to now."""
        return self.vcores[vc.name].stolen_tb

    def log(self, vcpu: "Vcpu") -> tuple[int, int]:
        """Return the time and what was stolen from a vcpu since its last log entry; called for each of them."""
        mine = self.vcpus[vcpu.name]
        core_stolen = self.core_stolen(vcpu.vcore)
        stolen = core_stolen - mine.stolen_logged
        mine.stolen_logged = core_stolen
        now = self.mftb()
        judges.check_stolen(vcpu, stolen, now)
        return now, stolen


class Locked(StolenTime):
    """The counting since v3.8 (c7b67670 and 563a1e93): under a lock, and what was counted is not counted again."""

    def came_back(self, times: VcoreTimes) -> None:
        """Count the time that the runner was away, once."""
        with times.stoltb_lock:
            if times.runner == racer.current_name() and times.busy:
                self.end_stolen(times)

    def goes_away(self, times: VcoreTimes) -> None:
        """Note since when the runner is away."""
        with times.stoltb_lock:
            if times.runner == racer.current_name() and times.busy:
                times.preempt_tb = self.mftb()

    def end_stolen(self, times: VcoreTimes) -> None:
        """Count the time since it began to be stolen, if it did. Called with stoltb_lock held."""
        since = times.preempt_tb
        if since != TB_NIL:
            times.stolen_tb += self.mftb() - since
            times.preempt_tb = TB_NIL

    def run_begins(self, vc: "Vcore") -> None:
        """Count the time since the last run, once; the calling task is the runner."""
        times = self.vcores[vc.name]
        with times.stoltb_lock:
            self.end_stolen(times)
            times.runner = racer.current_name()
            times.busy = 1

    def run_ends(self, vc: "Vcore") -> None:
        """Note since when the vcore does not run."""
        times = self.vcores[vc.name]
        with times.stoltb_lock:
            times.busy = 0
            times.preempt_tb = self.mftb()

    def core_stolen(self, vc: "Vcore") -> int:
        """Return the time stolen from a vcore up to now."""
        times = self.vcores[vc.name]
        with times.stoltb_lock:
            return times.stolen_tb


class OneCounter(StolenTime):
    """The counting of the path for POWER9 since v6.1: each vcpu is alone, and away whenever its task is."""

    def came_back(self, times: VcoreTimes) -> None:
        """Count the time that the runner was away, once."""
        times.stolen_tb += self.mftb() - times.preempt_tb

    def goes_away(self, times: VcoreTimes) -> None:
        """Note since when the runner is away."""
        times.preempt_tb = self.mftb()


class NotLogged(OneCounter):
    """The same from v5.17 to v6.0: counted and never told (B14)."""

    def core_stolen(self, vc: "Vcore") -> int:
        """Return the time stolen from a vcore up to now."""
        del vc
        return 0
