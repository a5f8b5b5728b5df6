"""The importer reproduces the counts of the traces' README, and refuses everything it cannot read."""

import re
from pathlib import Path

import pytest

from stress.hcalls import Function, TraceError, read_trace

TRACES = Path(__file__).parents[2] / "stress" / "traces"
ROW = re.compile(r"\| (\S+\.txt) " + r"\| (\d+) " * 8 + r"\|")
ROWS = [match.groups() for match in ROW.finditer((TRACES / "README.md").read_text())]
COLUMNS = (
    Function.REG_VPA,
    Function.REG_SLB,
    Function.REG_DTL,
    Function.DEREG_DTL,
    Function.DEREG_SLB,
    Function.DEREG_VPA,
)


def test_the_table_names_every_trace() -> None:
    assert sorted(row[0] for row in ROWS) == sorted(path.name for path in TRACES.glob("*.txt"))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_the_counts_are_those_of_the_table(row: tuple[str, ...]) -> None:
    trace = read_trace(TRACES / row[0])
    found = [len(trace.calls), *(trace.counts[column] for column in COLUMNS), trace.overlapped]
    assert found == [int(number) for number in row[1:]]


@pytest.mark.parametrize("name", [row[0] for row in ROWS])
def test_every_call_succeeded_and_is_about_its_own_cpu(name: str) -> None:
    for call in read_trace(TRACES / name).calls:
        assert call.result == 0
        assert call.proc == call.cpu


LENGTHS = {Function.REG_VPA: 1024, Function.REG_SLB: 128, Function.REG_DTL: 4096}


@pytest.mark.parametrize("name", [row[0] for row in ROWS])
def test_lengths_are_turned_round_in_every_form(name: str) -> None:
    for call in read_trace(TRACES / name).calls:
        assert call.length == LENGTHS.get(call.function)
        assert bool(call.addr) == call.function.registers


def test_calls_are_in_the_order_in_which_they_began() -> None:
    lines = [call.line for call in read_trace(TRACES / "gdb-hash8.txt").calls]
    assert lines == sorted(lines)


PRINTK_CALL = (
    "[    3.183109] call_reg_vpa: (vpa_init+0xb4/0x1c0) op=0xdc flags=0x200000000000 proc=1 addr=0x7fffec00 "
    "self=1 len=0x4\n"
)
PRINTK_RETURN = "[    3.183506] ret_reg_vpa: (vpa_init+0xb8/0x1c0) ret=0 self=1\n"
GDB_CALL = (
    "   1   10.1491 thread=1 self=0 call op=0xdc flags=0x200000000000 fn=reg_vpa proc=0 addr=0x2881000 "
    "site=vpa_init+0xb4 area=d397d781040000000000000000000000 len=1024\n"
)
GDB_RETURN = "   2   10.1502 thread=1 self=0 ret  0 site=vpa_init+0xb4\n"

BAD = {
    "empty": (b"", 0, "is empty"),
    "binary": (b"\x7fELF\x02\x01\x01\x00\n", 1, "0x7f in column 1 is not text"),
    "binary further on": (PRINTK_CALL.encode() + b"\xff\xfe\n", 2, "0xff in column 1"),
    "cut mid-line": ((PRINTK_CALL + PRINTK_RETURN)[:-10].encode(), 2, "cut in the middle of this line"),
    "unknown form": (b"hello\n", 1, "none of the three forms"),
    "unknown line": ((PRINTK_CALL + "[    3.2] call_me: maybe\n").encode(), 2, "not a call, a return or a mark"),
    "unknown gdb line": ((GDB_CALL + "   2   10.2 thread=1 oops\n").encode(), 2, "not a call or a return"),
    "call without return": (PRINTK_CALL.encode(), 1, "has no return"),
    "call twice": ((PRINTK_CALL * 2).encode(), 2, "its call of line 1 has no return"),
    "return without call": (PRINTK_RETURN.encode(), 1, "no call in flight"),
    "other return": (
        (PRINTK_CALL + PRINTK_RETURN.replace("ret_reg_vpa", "ret_reg_slb")).encode(),
        2,
        "ret_reg_slb ends call_reg_vpa of line 1",
    ),
    "other opcode": (PRINTK_CALL.replace("0xdc", "0xe0").encode(), 1, "opcode 0xe0 is not H_REGISTER_VPA"),
    "stray flags": (PRINTK_CALL.replace("0x2000", "0x2001").encode(), 1, "bits outside the function code"),
    "reserved function": (PRINTK_CALL.replace("0x2000", "0x8000").encode(), 1, "4 is not a valid Function"),
    "name and flags": (PRINTK_CALL.replace("0x2000", "0x6000").encode(), 1, "reg_vpa does not go with flags"),
    "no length": (PRINTK_CALL.replace(" len=0x4", "").encode(), 1, "without a length"),
    "no time stamp": ((PRINTK_CALL + "what\n").encode(), 2, "no kernel time stamp"),
    "gap": ((GDB_CALL + GDB_RETURN.replace("   2 ", "   3 ", 1)).encode(), 2, "a line is missing"),
    "length of another area": (GDB_CALL.replace("len=1024", "len=640").encode(), 1, "the area's bytes say 1024"),
    "no call": (b"[    2.856349] HC: kernel 1: up, online 0-3\n", 0, "has no call of H_REGISTER_VPA"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_read_is_named_by_file_and_line(name: str, tmp_path: Path) -> None:
    data, line, reason = BAD[name]
    path = tmp_path / "trace.txt"
    path.write_bytes(data)
    with pytest.raises(TraceError, match=re.escape(reason)) as caught:
        read_trace(path)
    assert caught.value.line == line
    assert str(caught.value).startswith(f"{path}:{line}: " if line else f"{path}: ")


# What is done to a whole ftrace file: (line to act on, text to put in its place, line and words of the complaint).
EDITS = {
    "a return is gone": ("ret_unreg_slb", "", None, "has no return"),
    "an unknown section": ("HC-BOOT-BEGIN", "HC-NEWS-BEGIN\n", 7, "HC-NEWS-BEGIN is not expected here"),
    "a torn dump": ("cpu-1 d397", "cpu-1 d3\n", 3, "does not belong in VPA-DUMP"),
    "lost events": (
        "cpu0/stats:overrun: 0\n",
        "/sys/kernel/tracing/per_cpu/cpu0/stats:overrun: 3\n",
        None,
        "lost events",
    ),
    "a wrong count": (
        "  call_reg_vpa ",
        "  call_reg_vpa  70  0\n",
        None,
        "the guest counted 70 of call_reg_vpa, the file has 71",
    ),
    "a missed probe": ("  call_reg_vpa ", "  call_reg_vpa  71  2\n", None, "missed 2 of call_reg_vpa"),
    "garbage in the trace": ("tracing_mark_write", "nonsense\n", None, "no task, CPU and time"),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_ftrace_file_is_refused(name: str, tmp_path: Path) -> None:
    needle, put, line, reason = EDITS[name]
    lines = (TRACES / "hash4.trace.txt").read_text().splitlines(keepends=True)
    section = next(i for i, text in enumerate(lines) if text == "HC-STATS-BEGIN\n") if "lost" in name else 0
    at = next(i for i, text in enumerate(lines) if needle in text and i >= section)
    lines[at] = put
    path = tmp_path / "edited.txt"
    path.write_text("".join(lines))
    with pytest.raises(TraceError, match=reason) as caught:
        read_trace(path)
    assert line in (None, caught.value.line)
    assert f"{path}:{caught.value.line}: " in str(caught.value)


@pytest.mark.parametrize("name", [row[0] for row in ROWS if row[0].endswith(".trace.txt")])
def test_an_ftrace_file_cut_between_lines_is_refused(name: str, tmp_path: Path) -> None:
    lines = (TRACES / name).read_text().splitlines(keepends=True)
    path = tmp_path / "cut.txt"
    for keep in range(1, len(lines), 37):
        path.write_text("".join(lines[:keep]))
        with pytest.raises(TraceError):
            read_trace(path)


def test_a_file_that_is_not_there_is_a_trace_error(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="No such file"):
        read_trace(tmp_path / "missing.txt")
