"""The big-endian byte layouts of the three areas: lppaca, dtl_entry, slb_shadow."""

import struct
from typing import Any


class Member:
    """One member of an area: where it lies and how it is packed."""

    __slots__ = ("load_label", "name", "offset", "pack_into", "size", "store_label", "unpack_from")

    def __init__(self, name: str, offset: int, packing: str) -> None:
        packer = struct.Struct(">" + packing)
        self.name = name
        self.offset = offset
        self.size = packer.size
        self.unpack_from = packer.unpack_from
        self.pack_into: Any = packer.pack_into
        self.load_label = f"load {name}"
        self.store_label = f"store {name}"

    def unpack(self, data: bytes | bytearray) -> int:
        """Return the member of an area that begins at data[0]."""
        value: int = self.unpack_from(data, self.offset)[0]
        return value

    def __repr__(self) -> str:
        return f"Member({self.name!r}, {self.offset:#x})"


def swapped(member: Member, value: int) -> int:
    """Return what a machine of the other byte order takes a member's value for.

    >>> swapped(LENGTH_HWORD, 1024), swapped(STATUS, 2)
    (4, 2)
    """
    return int.from_bytes(value.to_bytes(member.size, "big"), "little")


# The length of an area being registered stands in the area itself, at offset 4: 16 bits in a VPA, 32 in the others.
LENGTH_HWORD = Member("length", 0x4, "H")
LENGTH_WORD = Member("length", 0x4, "I")
SIZEOF_REG_VPA = 8

# struct lppaca, the members the host or the model's guest uses.
DESC = Member("desc", 0x000, "I")
SIZE = Member("size", 0x004, "H")
STATUS = Member("status", 0x009, "B")
CEDE_LATENCY_HINT = Member("cede_latency_hint", 0x0B0, "B")
DTL_ENABLE_MASK = Member("dtl_enable_mask", 0x0B8, "B")
PMCREGS_IN_USE = Member("pmcregs_in_use", 0x0BB, "B")
WAIT_STATE_CYCLES = Member("wait_state_cycles", 0x0D8, "Q")
SLB_COUNT = Member("slb_count", 0x0FC, "H")
YIELD_COUNT = Member("yield_count", 0x100, "I")
DISPERSION_COUNT = Member("dispersion_count", 0x104, "I")
DTL_IDX = Member("dtl_idx", 0x218, "Q")
LPPACA_DESC = 0xD397D781
SHARED_PROCESSOR = 0x02  # in STATUS
SHARED_PROC_FIELD = 0x40  # where the same bit field of C lies on a little-endian machine
SIZEOF_LPPACA = 640  # what PAPR asks for
SIZEOF_LPPACA_ALIGNED = 1024  # sizeof(struct lppaca) in the kernel until v4.17, because of the struct's alignment

# struct dtl_entry. It is written as a whole.
DISPATCH_REASON = Member("dispatch_reason", 0x00, "B")
PREEMPT_REASON = Member("preempt_reason", 0x01, "B")
PROCESSOR_ID = Member("processor_id", 0x02, "H")
ENQUEUE_TO_DISPATCH_TIME = Member("enqueue_to_dispatch_time", 0x04, "I")
READY_TO_ENQUEUE_TIME = Member("ready_to_enqueue_time", 0x08, "I")
WAITING_TO_READY_TIME = Member("waiting_to_ready_time", 0x0C, "I")
TIMEBASE = Member("timebase", 0x10, "Q")
FAULT_ADDR = Member("fault_addr", 0x18, "Q")
SRR0 = Member("srr0", 0x20, "Q")
SRR1 = Member("srr1", 0x28, "Q")
SIZEOF_DTL_ENTRY = 48
DISPATCHED_BY_KVM = 7  # the reason KVM writes

_dtl_entry = struct.Struct(">BBHIIIQQQQ")
assert _dtl_entry.size == SIZEOF_DTL_ENTRY


def dtl_entry(processor_id: int, stolen: int, timebase: int, srr0: int, srr1: int) -> bytes:
    """Return the log entry that KVM writes for one dispatch.

    >>> entry = dtl_entry(processor_id=5, stolen=3, timebase=9, srr0=0x100, srr1=0)
    >>> len(entry), DISPATCH_REASON.unpack(entry), PROCESSOR_ID.unpack(entry), ENQUEUE_TO_DISPATCH_TIME.unpack(entry)
    (48, 7, 5, 3)
    """
    return _dtl_entry.pack(DISPATCHED_BY_KVM, 0, processor_id, stolen, 0, 0, timebase, 0, srr0, srr1)


# struct slb_shadow.
PERSISTENT = Member("persistent", 0x00, "I")
BUFFER_LENGTH = Member("buffer_length", 0x04, "I")
SLB_HEADER = 0x10
SIZEOF_SLB_ENTRY = 16
SLB_NUM_BOLTED = 3
SLB_ESID = tuple(Member(f"save_area[{i}].esid", SLB_HEADER + 16 * i, "Q") for i in range(SLB_NUM_BOLTED))
SLB_VSID = tuple(Member(f"save_area[{i}].vsid", SLB_HEADER + 16 * i + 8, "Q") for i in range(SLB_NUM_BOLTED))
