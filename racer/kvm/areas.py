"""struct kvmppc_vpa: one registered area of a vcpu, and the request to change it."""

import racer
from racer.kvm.layout import SHARED_PROCESSOR, STATUS, YIELD_COUNT
from racer.kvm.pointer import NULL, Pointer


class PendingFlag(racer.field[int]):
    """The field update_pending: setting it also gives the request a serial number, for the judges.

    In free mode the number goes up before the flag does, so that whoever sees the flag of a request sees its number.
    """

    def __set__(self, instance: object, value: int) -> None:
        assert isinstance(instance, KvmppcVpa)
        free = value and not racer.controlled()
        if free:
            instance.serial += 1
        super().__set__(instance, value)
        if value and not free:
            instance.serial += 1


class PinnedAddr(racer.field[Pointer]):
    """The field pinned_addr: writing it is counted, for the statistics."""

    def __set__(self, instance: object, value: Pointer) -> None:
        assert isinstance(instance, KvmppcVpa)
        instance.changes += 1
        super().__set__(instance, value)


class KvmppcVpa:
    """One area: where it is now, and where the last request wants it.

    `next_gpa`, `len` and `update_pending` belong to vpa_update_lock. `update_pending` is looked at without it by design
    and is marked for that. `pinned_addr` and `pinned_end` are written by the owner of the vcpu.
    """

    pinned_addr = PinnedAddr(NULL)
    pinned_end: "racer.field[Pointer]" = racer.field(NULL)
    next_gpa: "racer.field[int]" = racer.field(0)
    len: "racer.field[int]" = racer.field(0)
    update_pending = PendingFlag(0, marked=True)

    def __init__(self, vcpu: str, kind: str) -> None:
        self.name = f"{vcpu}.{kind}"
        self.label = f"{vcpu}'s {SHOWN[kind]}"
        self.serial = 0
        self.changes = 0
        self.noted: int | None = None
        self.requested: racer.Side | None = None


SHOWN = {"vpa": "VPA", "dtl": "DTL", "slb_shadow": "SLB shadow"}


def init_vpa(vpa: Pointer) -> None:
    """Say in a VPA that its processor is shared, and not dispatched."""
    vpa.store(STATUS, SHARED_PROCESSOR)
    vpa.store(YIELD_COUNT, 1)
