"""A virtual processor: its three areas, its dispatch log position, its run state, and what its guest does."""

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import racer
from racer.kvm.areas import KvmppcVpa
from racer.kvm.pointer import NULL, Pointer

if TYPE_CHECKING:
    from racer.kvm.nested import OuterVcpu
    from racer.kvm.vcore import Vcore
    from racer.kvm.vm import Vm

# vcpu states.
STOPPED = "STOPPED"
BUSY_IN_HOST = "BUSY_IN_HOST"
RUNNABLE = "RUNNABLE"


class Exit(NamedTuple):
    """Why a vcpu left the guest for its own task: a hypercall, or (opcode 0) to leave kvmppc_vcpu_run.

    `wrote` is the length the guest had put into the area, for the judges; None where they cannot know.
    """

    opcode: int
    args: tuple[int, ...] = ()
    wrote: int | None = None


LEAVE = Exit(0)
RESUME_GUEST = Exit(-1)  # the task has nothing to do: it comes back, and only what it does on the way is wanted


class Guest(Protocol):
    """The program that a vcpu's guest runs."""

    def run(self, vcpu: "Vcpu") -> Exit | None:
        """Run for one stay in the guest, on whichever thread that is; None stands for an interrupt the host handles."""

    def returned(self, code: int) -> None:
        """Take the return code of the hypercall that was asked for; on the vcpu's own task."""


class Vcpu:
    """One vcpu. Its fields and those of its areas are operations; what is not a field is set up before it runs.

    `vpa_update_lock` guards its areas. `owner` stands for whoever runs the vcpu at a time: its own task, a runner, a
    hardware thread; no rule can name it, and what belongs to it goes from one to the other with no lock of its own.
    `logged`, the number of the last dispatch that was logged, `logged_before`, `between_bumps`, `left`, `entries`,
    `calls` and `call_order` are notes for judges and counters; nothing in a scheme may look at them.
    """

    state: "racer.field[str]" = racer.field(STOPPED, guarded_by="vcore.lock")
    trap: "racer.field[Exit | None]" = racer.field(None, owned_by="owner")
    ptid: "racer.field[int]" = racer.field(0, guarded_by="vcore.lock")
    ceded: "racer.field[int]" = racer.field(0, marked=True)
    prodded: "racer.field[int]" = racer.field(0, marked=True)
    running: "racer.field[int]" = racer.field(0, guarded_by="vpa_update_lock")
    dtl_ptr: "racer.field[Pointer]" = racer.field(NULL, owned_by="owner")
    dtl_index: "racer.field[int]" = racer.field(0, owned_by="owner")
    logged: "racer.field[int]" = racer.field(0, marked=True)

    def __init__(self, vm: "Vm", vcpu_id: int, name: str) -> None:
        self.kvm = vm
        self.vcpu_id = vcpu_id
        self.name = name
        self.vpa_update_lock = racer.SpinLock(name=f"{name}.vpa_update_lock")
        self.vpa = KvmppcVpa(name, "vpa", self.vpa_update_lock)
        self.dtl = KvmppcVpa(name, "dtl", self.vpa_update_lock)
        self.slb_shadow = KvmppcVpa(name, "slb_shadow", self.vpa_update_lock)
        self.areas = (self.vpa, self.dtl, self.slb_shadow)
        self.cpu_run: racer.Atomic[int] = racer.Atomic(1, name=f"{name}.cpu_run")
        self.owner = None
        self.vcore: Vcore
        self.outer: OuterVcpu | None = None  # what a hypervisor outside knows of it, if there is one
        self.guest: Guest
        self.between_bumps = False
        self.left = False
        self.entries = 0
        self.dispatches = 0
        self.yielded_to = 0
        self.logged_before = 0
        self.calls: list[Any] = []
        self.call_order = racer.Resource(name=f"{name}.calls") if vm.orders_calls else None

    def __repr__(self) -> str:
        return self.name
