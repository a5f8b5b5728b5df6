"""What is judged of stolen time, at each log entry: it is no more than passed, and not none where nobody could run."""

from typing import TYPE_CHECKING

import racer

if TYPE_CHECKING:
    from racer.kvm.vcpu import Vcpu


def check_stolen(vcpu: "Vcpu", stolen: int, now: int) -> None:
    """Report an entry that tells of more stolen time than passed since the last one, or forgets what was stolen.

    Whatever else counts as stolen: while no task of a vcore was in KVM none of its vcpus could run.
    """
    counted = vcpu.kvm.stolen_time
    assert counted is not None
    mine, core = counted.vcpus[vcpu.name], counted.vcores[vcpu.vcore.name]
    passed, idle = now - mine.dispatched_at, core.idle - mine.idle_told
    mine.dispatched_at, mine.idle_told = now, core.idle
    here = racer.side("log", f"{vcpu} dispatched at {now}, {stolen} stolen", skip=1)
    if stolen > passed:
        message = f"{vcpu} is told that {stolen} ticks were stolen in the {passed} since it was dispatched last"
        racer.violation("stolen-time", message, sides=(here,))
    elif not stolen and idle:
        message = f"{vcpu} is told that nothing was stolen, but for {idle} ticks nobody could run it"
        racer.violation("stolen-time-lost", message, sides=(here,))
