"""Plays a program once: builds the machine, runs the threads, ends the machine."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import racer
from racer.kvm.papr import FUNCTION_NAMES, H_REGISTER_VPA, flags_word
from racer.kvm.vcpu import LEAVE, Exit, Vcpu
from racer.kvm.vm import Vm
from stress.verify.program import LENGTHS, Call, Calls, Program, gpa_of, lay_out, reclaim, remap

if TYPE_CHECKING:
    from racer.kvm.schemes.base import Scheme
    from stress.workload import Parameters

NO_FUNCTION = 0x4  # a hypercall that has nothing to do with areas: it only takes the vcpu out to its own task


class Stays:
    """A guest that stays so many times: it comes out by an interrupt and for a hypercall in turn, at last for good."""

    def __init__(self, stays: int, *, machine_checks: bool) -> None:
        self.stays = stays
        self.over = 0
        self.machine_checks = machine_checks

    def run(self, vcpu: Vcpu) -> Exit | None:
        """Stay in the guest."""
        if self.machine_checks:
            vcpu.kvm.scheme.machine_check(vcpu)
        self.over += 1
        if self.over == self.stays:
            return LEAVE
        return None if self.over % 2 else Exit(NO_FUNCTION)

    def returned(self, code: int) -> None:
        """Take no notice of return codes."""


def make_calls(vm: Vm, caller: Vcpu, program: Program, calls: Calls) -> None:
    """Make calls on the calling thread, one after another."""
    for call in calls:
        make_call(vm, caller, program, call)


def make_call(vm: Vm, caller: Vcpu, program: Program, call: Call) -> None:
    """Make one call."""
    gpa, wrote = (gpa_of(program.places[call.place]), LENGTHS[call.subfunc]) if call.registers else (0, 0)
    target = vm.runners[call.vcpu].vcpu_id
    if vm.hcall(caller, H_REGISTER_VPA, flags_word(call.subfunc), target, gpa, wrote=wrote):
        racer.count(f"{FUNCTION_NAMES[call.subfunc]} refused")


def play(scheme: "Scheme", program: Program, parameters: "Parameters") -> Vm:
    """Run the threads of a program against each other once; return the machine, which has ended."""
    names = [f"registrar{n}" for n in range(len(program.registrars))]
    vm = Vm(scheme, program.vcpus, threads_per_core=program.vcpus, callers=names, orders_calls=False)
    lay_out(vm, program)
    vm.switch_on()
    make_calls(vm, vm.runners[0], program, program.before)
    if program.in_use:
        vm.one_more_entry()
    threads = [vm.task(vcpu, Stays(parameters.entries, machine_checks=program.machine_checks)) for vcpu in vm.runners]
    for caller, calls in zip(vm.callers, program.registrars, strict=True):
        made = calls[: parameters.calls]
        threads.append(racer.Thread(target=make_calls, args=(vm, caller, program, made), name=caller.name))
    for name, places, change in (("userspace", program.userspace, remap), ("mm", program.mm, reclaim)):
        if places:
            threads.append(racer.Thread(target=change, args=(vm, program), name=name))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    vm.finish(quiesce=program.quiesce, mappings_changed=bool(program.userspace or program.mm))
    return vm


def build_of(program: Program) -> "Callable[[Callable[[], Scheme], Parameters], Callable[[], None]]":
    """Return what builds the test body of a program for a scheme."""

    def build(scheme: "Callable[[], Scheme]", parameters: "Parameters") -> Callable[[], None]:
        def body() -> None:
            play(scheme(), program, parameters)

        return body

    return build
