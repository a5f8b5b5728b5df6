"""What the tests of the model share: running a body under one schedule, and reading what came of it."""

from collections.abc import Callable

import racer
from racer.kvm.layout import LENGTH_HWORD, LENGTH_WORD
from racer.kvm.papr import H_REGISTER_VPA, H_VPA_REG_VPA, flags_word
from racer.kvm.vcpu import Vcpu
from racer.kvm.vm import Vm


def findings(body: Callable[[], object], executions: int = 1) -> list[racer.Finding]:
    """Return what a body shows."""
    return list(racer.explore(body, executions=executions, keep_going=True).findings)


def kinds(body: Callable[[], object], executions: int = 1) -> set[str]:
    """Return the kinds of what a body shows; an exception in it fails the test that asked."""
    found = findings(body, executions)
    broken = [finding.message for finding in found if finding.kind == "exception"]
    assert not broken, broken
    return {finding.kind for finding in found}


def clean(body: Callable[[], object], executions: int = 1) -> None:
    """Check that a body shows nothing."""
    racer.explore(body, executions=executions).raise_on_failure()


def register(  # noqa: PLR0917  (the call's own order)
    vm: Vm, caller: Vcpu, target: int, subfunc: int, gpa: int = 0, length: int | None = None
) -> int:
    """Write an area's length and make a call of H_REGISTER_VPA."""
    if length is not None:
        vm.memory.guest_store(gpa, LENGTH_HWORD if subfunc == H_VPA_REG_VPA else LENGTH_WORD, length)
    return vm.hcall(caller, H_REGISTER_VPA, flags_word(subfunc), target, gpa, wrote=length)
