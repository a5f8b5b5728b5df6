"""struct kvmppc_vpa: one registered area of a vcpu, and the request to change it."""

import racer
from racer.kvm.layout import SHARED_PROCESSOR, STATUS, YIELD_COUNT
from racer.kvm.pointer import NULL, HostPointer, NullPointer, Pointer

# What a field notes for the judges belongs to the step that writes it, so that whoever reads the field sees the notes
# that go with the value, however else the threads interleave. In free mode notes go before: there is no step.


class NextGpa(racer.field[int]):
    """The field next_gpa: requests that begin are counted here, for the judges."""

    def __set__(self, instance: object, value: int) -> None:
        assert isinstance(instance, KvmppcVpa)
        free = not racer.controlled()
        instance.asked += free
        super().__set__(instance, value)
        instance.asked_gpa = value
        instance.asked += not free


class PendingFlag(racer.field[int]):
    """The field update_pending: setting it gives the request its number, for the judges.

    In free mode the number goes up before the flag does, so that whoever sees the flag of a request sees its number.
    """

    def __set__(self, instance: object, value: int) -> None:
        assert isinstance(instance, KvmppcVpa)
        free = value and not racer.controlled()
        if free:
            instance.serial += 1
        super().__set__(instance, value)
        if value:
            instance.recorded += 1
            instance.recorded_gpa = instance.asked_gpa
            if not free:
                instance.serial += 1


class PinnedAddr(racer.field[Pointer]):
    """The field pinned_addr: changes are counted, for statistics and judges."""

    def __set__(self, instance: object, value: Pointer) -> None:
        assert isinstance(instance, KvmppcVpa)
        super().__set__(instance, value)
        instance.changes += 1
        instance.lies_at = None if isinstance(value, NullPointer) else value.pin.gpa
        if not value:
            instance.renewed = False


class KvmppcVpa:
    """One area: where it is now, and where the last request wants it.

    As the patch says, all fields belong to the vcpu's vpa_update_lock, "other than" pinned_addr, which whoever runs the
    vcpu reads without it; it changes under the lock all the same. So does pinned_end, which the dispatch log's writer
    and a machine check read the same way. update_pending is looked at without the lock by design and is marked for
    that.
    `gpa`, where the area is, and `dirty`, whether the host wrote there, are used from v3.10 on; `dirty` is set without
    any lock. `tracked` says whether anybody wants to know.
    """

    pinned_addr = PinnedAddr(NULL, guarded_by="vpa_update_lock", writes_only=True)
    pinned_end: "racer.field[Pointer]" = racer.field(NULL, guarded_by="vpa_update_lock", writes_only=True)
    next_gpa = NextGpa(0, guarded_by="vpa_update_lock")
    len: "racer.field[int]" = racer.field(0, guarded_by="vpa_update_lock")
    gpa: "racer.field[int]" = racer.field(0, guarded_by="vpa_update_lock")
    update_pending = PendingFlag(0, marked=True, guarded_by="vpa_update_lock", writes_only=True)
    dirty: "racer.field[int]" = racer.field(0, marked=True)

    def __init__(self, vcpu: str, kind: str, vpa_update_lock: racer.SpinLock) -> None:
        self.name = f"{vcpu}.{kind}"
        self.vpa_update_lock = vpa_update_lock
        self.tracked = False
        self.label = f"{vcpu}'s {SHOWN[kind]}"
        # Notes for judges: requests begun, recorded, and the last one's number; the addresses that the last one begun
        # and the last one recorded asked for; changes made, and those looked at, and how many requests had been served
        # by then; the request that waited when it was looked at last; whether userspace asked for it since it went
        # away; where in the guest it lies.
        self.asked = 0
        self.asked_gpa = 0
        self.recorded = 0
        self.recorded_gpa = 0
        self.serial = 0
        self.changes = 0
        self.checked = 0
        self.served = 0
        self.noted: int | None = None
        self.requested: racer.Side | None = None
        self.renewed = False
        self.taken_back: racer.Side | None = None
        self.lies_at: int | None = None

    def waiting(self) -> int | None:
        """Return the number of the request that waits, None if none does. One operation, for the judges.

        In free mode a request may come meanwhile: then it is not known whose flag was seen, and what is told is no
        request's number.
        """
        before = self.serial
        if not self.update_pending:
            return None
        number = self.serial
        return number if racer.controlled() or number == before else -number


SHOWN = {"vpa": "VPA", "dtl": "DTL", "slb_shadow": "SLB shadow"}


def mark_dirty(vpap: KvmppcVpa) -> None:
    """Say that the host has written to an area: after it has."""
    if vpap.taken_back is not None:
        report_late_write(vpap, vpap.taken_back)
    if vpap.tracked:
        vpap.dirty = 1


def report_late_write(vpap: KvmppcVpa, taken_back: racer.Side) -> None:
    """Report a write to an area after its deregistration had succeeded; only in machines that are judged strictly."""
    here = racer.side("store", vpap.label, skip=2)
    message = f"{here.thread} wrote to {vpap.label} after {taken_back.thread} was told that it is deregistered"
    racer.violation("late-write", message, sides=(taken_back, here))


def init_vpa(vpa: Pointer) -> None:
    """Say in a VPA that its processor is shared, and not dispatched."""
    shared = vpa.frame.memory.shared_processor if isinstance(vpa, HostPointer) else SHARED_PROCESSOR
    vpa.store(STATUS, shared, logged=False)
    vpa.store(YIELD_COUNT, 1, logged=False)
