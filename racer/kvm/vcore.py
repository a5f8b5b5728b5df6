"""A virtual core: vcpus that enter the guest together, run by the task of one of them; and its hardware threads."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import racer
from racer.kvm.guest import kvmppc_hv_entry
from racer.kvm.vcpu import BUSY_IN_HOST, RUNNABLE, STOPPED, Vcpu

if TYPE_CHECKING:
    from racer.kvm.vm import Vm

# vcore states.
INACTIVE = "INACTIVE"
STARTING = "STARTING"
RUNNING = "RUNNING"
EXITING = "EXITING"
SLEEPING = "SLEEPING"

EXIT_COUNT_SHIFT = 8


class HardwareThread:
    """A secondary hardware thread (ptid above 0): naps until kvmppc_start_thread gives it a vcpu, and runs that.

    It runs real-mode code, takes no lock of the host's, and reads the pointers of its vcpu itself. `started` is where
    it was given its vcpu, for reports.
    """

    def __init__(self, vcore: "Vcore", ptid: int) -> None:
        self.vcore = vcore
        self.name = f"cpu{vcore.pcpu + ptid}"
        self.started: racer.Side | None = None
        self.kvm_vcpu: racer.Atomic[Vcpu | str | None] = racer.Atomic(None, name=f"{self.name}.kvm_vcpu")
        self.thread = racer.Thread(target=self.nap, name=self.name, daemon=True)

    def nap(self) -> None:
        """Wait for vcpus and run them, until switched off."""
        while True:
            vcpu = self.kvm_vcpu.wait(is_there)
            if not isinstance(vcpu, Vcpu):
                return
            racer.point("wake from nap")
            racer.point("load guest registers")
            kvmppc_hv_entry(vcpu, primary=False)
            if self.vcore.kvm.scheme.naps_before_clearing_vcpu:
                self.vcore.nap_count.add(1)  # C6: who sees it may give this thread a vcpu, which is then cleared
                self.kvm_vcpu.store(None)
            else:
                self.kvm_vcpu.store(None)
                self.vcore.nap_count.add(1)


class RunList:
    """The list of a vcore's runnable vcpus; it belongs to vc->lock. Its length is the kernel's n_runnable.

    A walk that is not over when another thread changes the list is reported: the kernel's would follow a pointer that
    has moved.
    """

    members: "racer.field[tuple[Vcpu, ...]]" = racer.field((), guarded_by="lock")

    def __init__(self, name: str, lock: racer.SpinLock) -> None:
        self.name = name
        self.lock = lock
        self.changed_by = ""

    def __iter__(self) -> Iterator[Vcpu]:
        first = self.members
        yield from first
        if first and self.members is not first and self.changed_by != racer.current_name():
            here = racer.side("walk", self.name, skip=1)
            racer.violation("list-changed", f"{self.name} changed while {here.thread} walked it", sides=(here,))

    def __len__(self) -> int:
        return len(self.members)

    def add_tail(self, vcpu: Vcpu) -> None:
        """Put a vcpu at the end."""
        self._change((*self.members, vcpu))

    def remove(self, vcpu: Vcpu) -> None:
        """Take a vcpu off."""
        self._change(tuple(v for v in self.members if v is not vcpu))

    def _change(self, members: tuple[Vcpu, ...]) -> None:
        self.members = members
        self.changed_by = racer.current_name()

    def first(self) -> Vcpu | None:
        """Return the vcpu at the head, if there is one."""
        members = self.members
        return members[0] if members else None


class Vcore:
    """The virtual core. Its fields belong to `lock`; the counters that real-mode code shares are atomics.

    `entry_exit_count` counts threads that entered in its low byte and threads that began to exit in the next.
    """

    vcore_state: "racer.field[str]" = racer.field(INACTIVE, guarded_by="lock")
    n_busy: "racer.field[int]" = racer.field(0, guarded_by="lock")
    n_woken: "racer.field[int]" = racer.field(0, guarded_by="lock")
    runner: "racer.field[Vcpu | None]" = racer.field(None, guarded_by="lock")

    def __init__(self, vm: "Vm", number: int, threads: int) -> None:
        self.kvm = vm
        self.name = f"vcore{number}"
        self.pcpu = number * threads
        self.lock = racer.SpinLock(name=f"{self.name}.lock")
        self.runnable_threads = RunList(f"{self.name}.runnable_threads", self.lock)
        self.entry_exit_count: racer.Atomic[int] = racer.Atomic(0, name=f"{self.name}.entry_exit_count")
        self.in_guest: racer.Atomic[int] = racer.Atomic(0, name=f"{self.name}.in_guest")
        self.nap_count: racer.Atomic[int] = racer.Atomic(0, name=f"{self.name}.nap_count")
        self.wq: racer.Atomic[int] = racer.Atomic(0, name=f"{self.name}.wq")
        self.threads = [HardwareThread(self, ptid) for ptid in range(1, threads)]

    def exit_count(self) -> int:
        """Return how many threads have begun to leave the guest."""
        return self.entry_exit_count.load() >> EXIT_COUNT_SHIFT


def is_there(vcpu: "Vcpu | str | None") -> bool:
    """Whether a hardware thread was given something."""
    return vcpu is not None


def is_woken(cpu_run: int) -> bool:
    """Whether a task that waits in kvmppc_wait_for_exec was woken."""
    return cpu_run != 0


def kvmppc_start_thread(vcpu: Vcpu) -> None:
    """Give the vcpu to its hardware thread; thread 0 is the runner's own and enters by itself."""
    vc = vcpu.vcore
    ptid = vcpu.ptid
    if ptid:
        vc.n_woken += 1
        hardware = vc.threads[ptid - 1]
        before = hardware.kvm_vcpu.exchange(vcpu)
        earlier, hardware.started = hardware.started, racer.side("start", f"{hardware.name} for {vcpu}", skip=1)
        if before is not None:
            sides = (hardware.started,) if earlier is None else (earlier, hardware.started)
            racer.violation("thread-busy", f"{hardware.name} was started while it ran {before} already", sides=sides)


def kvmppc_wait_for_exec(vcpu: Vcpu) -> None:
    """Sleep until somebody has a reason to wake this vcpu's task. Called with vc->lock held; drops it meanwhile."""
    vc = vcpu.vcore
    vcpu.cpu_run.store(0)
    vc.lock.release()
    racer.may_sleep("kvmppc_wait_for_exec")
    vcpu.cpu_run.wait(is_woken)
    vc.lock.acquire()


def kvmppc_remove_runnable(vc: Vcore, vcpu: Vcpu) -> None:
    """Take a vcpu whose own task has something to do off the list."""
    if vcpu.state != RUNNABLE:
        return
    vcpu.state = BUSY_IN_HOST
    vc.n_busy += 1
    vc.runnable_threads.remove(vcpu)


def kvmppc_vcore_blocked(vc: Vcore) -> None:
    """Sleep until one of the vcpus, all of them ceded, has reason to run. Called with vc->lock held."""
    seen = vc.wq.load()
    scheme = vc.kvm.scheme
    all_idle = True
    for v in vc.runnable_threads:
        if not v.ceded or scheme.kvmppc_vcpu_woken(v):
            all_idle = False
    if not all_idle:
        return
    vc.vcore_state = SLEEPING
    vc.lock.release()
    racer.may_sleep("kvmppc_vcore_blocked")
    vc.wq.wait(lambda now: now != seen)
    vc.lock.acquire()
    vc.vcore_state = INACTIVE


def wake(vcpu: Vcpu) -> None:
    """Wake the task that sleeps because every vcpu of this one's vcore has ceded."""
    vcpu.vcore.wq.add(1)


def assign_ptids(vc: Vcore) -> list[Vcpu]:
    """Give the vcpus that have not ceded the hardware threads in order; return them, the primary's first.

    A ceded vcpu naps in the guest on a real machine; here it stays out until it is woken.
    """
    vcpus = [vcpu for vcpu in vc.runnable_threads if not vcpu.ceded]
    for ptid, vcpu in enumerate(vcpus):
        vcpu.ptid = ptid
    return vcpus


def reset_counts(vc: Vcore) -> None:
    """Make the counters ready for another run of the core."""
    if vc.kvm.stolen_time is not None:
        vc.kvm.stolen_time.run_begins(vc)
    vc.n_woken = 0
    vc.nap_count.store(0)
    vc.entry_exit_count.store(0)


def enter_and_leave(vc: Vcore, vcpu0: Vcpu) -> None:
    """Run the guest on all threads, and see to those who have to leave. Called with vc->lock held, in state RUNNING."""
    vc.lock.release()
    kvmppc_hv_entry(vcpu0, primary=True)

    vc.lock.acquire()
    # wait for the secondary threads to finish; they take no lock, so this may spin under ours
    n_woken = vc.n_woken
    if n_woken:
        vc.nap_count.wait(lambda napping: napping >= n_woken)
    # from now on a late joiner waits for the next run
    vc.vcore_state = EXITING
    vc.lock.release()
    # here the kernel handles what made each of them exit; late comers may put themselves on the list meanwhile
    vc.lock.acquire()
    leaving = [vcpu for vcpu in vc.runnable_threads if vcpu.trap is not None]
    vc.vcore_state = INACTIVE
    if vc.kvm.stolen_time is not None:
        vc.kvm.stolen_time.run_ends(vc)
    for vcpu in leaving:
        kvmppc_remove_runnable(vc, vcpu)
        vcpu.cpu_run.store(1)


def leave_vcore(vcpu: Vcpu) -> None:
    """Stop a vcpu whose task returns to userspace for good, and let another one run the core.

    The kernel counts such a vcpu as busy until it comes back; the model lets the others go on without it.
    """
    vc = vcpu.vcore
    if not vcpu.kvm.scheme.shares_vcores:
        return
    with vc.lock:
        if vcpu.state == BUSY_IN_HOST:
            vc.n_busy -= 1
        vcpu.state = STOPPED
        other = vc.runnable_threads.first()
        if other is not None:
            other.cpu_run.store(1)
