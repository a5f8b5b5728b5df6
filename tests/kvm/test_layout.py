import pytest

from racer.kvm import layout, papr
from racer.kvm.layout import Member

OFFSETS = (
    (layout.DESC, 0x000, 4),
    (layout.SIZE, 0x004, 2),
    (layout.LENGTH_HWORD, 0x004, 2),
    (layout.LENGTH_WORD, 0x004, 4),
    (layout.STATUS, 0x009, 1),
    (layout.CEDE_LATENCY_HINT, 0x0B0, 1),
    (layout.DTL_ENABLE_MASK, 0x0B8, 1),
    (layout.PMCREGS_IN_USE, 0x0BB, 1),
    (layout.WAIT_STATE_CYCLES, 0x0D8, 8),
    (layout.SLB_COUNT, 0x0FC, 2),
    (layout.YIELD_COUNT, 0x100, 4),
    (layout.DISPERSION_COUNT, 0x104, 4),
    (layout.DTL_IDX, 0x218, 8),
    (layout.DISPATCH_REASON, 0x00, 1),
    (layout.PROCESSOR_ID, 0x02, 2),
    (layout.ENQUEUE_TO_DISPATCH_TIME, 0x04, 4),
    (layout.TIMEBASE, 0x10, 8),
    (layout.SRR1, 0x28, 8),
    (layout.PERSISTENT, 0x00, 4),
    (layout.BUFFER_LENGTH, 0x04, 4),
    (layout.SLB_ESID[0], 0x10, 8),
    (layout.SLB_VSID[2], 0x38, 8),
)


@pytest.mark.parametrize(("member", "offset", "size"), OFFSETS, ids=lambda value: getattr(value, "name", value))
def test_a_member_lies_where_papr_has_it(member: Member, offset: int, size: int) -> None:
    assert (member.offset, member.size) == (offset, size)


def test_members_are_big_endian() -> None:
    area = bytearray(layout.SIZEOF_LPPACA)
    layout.YIELD_COUNT.pack_into(area, layout.YIELD_COUNT.offset, 0x01020304)
    assert area[0x100:0x104] == b"\x01\x02\x03\x04"


def test_a_log_entry_has_48_bytes_and_its_length_word_is_the_stolen_time() -> None:
    entry = layout.dtl_entry(processor_id=0x1234, stolen=5, timebase=0x99, srr0=0xC000, srr1=0x8000)
    assert len(entry) == 48
    assert entry[0] == 7
    assert entry[2:4] == b"\x12\x34"
    assert layout.LENGTH_WORD.unpack(entry) == 5
    assert layout.SRR0.unpack(entry) == 0xC000


FLAGS = (
    (papr.H_VPA_REG_VPA, 0x0000200000000000),
    (papr.H_VPA_REG_DTL, 0x0000400000000000),
    (papr.H_VPA_REG_SLB, 0x0000600000000000),
    (papr.H_VPA_DEREG_VPA, 0x0000A00000000000),
    (papr.H_VPA_DEREG_DTL, 0x0000C00000000000),
    (papr.H_VPA_DEREG_SLB, 0x0000E00000000000),
)


@pytest.mark.parametrize(("subfunc", "word"), FLAGS, ids=hex)
def test_the_flags_word_and_back(subfunc: int, word: int) -> None:
    assert papr.flags_word(subfunc) == word
    assert papr.subfunction(word) == subfunc


def test_only_three_bits_of_the_flags_word_count() -> None:
    assert papr.subfunction(0xFFF1_2000_0000_0000 & ~(6 << 45) | 0x1FFF) == papr.H_VPA_REG_VPA
