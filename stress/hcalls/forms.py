"""The three text forms of a trace, line by line: ftrace, printk and debugger."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from stress.hcalls.calls import OPCODE, Function, function_of, length_in_area


@dataclass(frozen=True)
class Began:
    """A call's arguments, as one line gives them."""

    cpu: int
    name: str
    flags: int
    proc: int
    addr: int
    length: int | None

    @property
    def function(self) -> Function:
        """The subfunction in the flags word."""
        return function_of(self.flags)


@dataclass(frozen=True)
class Returned:
    """A call's return code. `name` is the probe's, empty where the form does not give it."""

    cpu: int
    name: str
    result: int


@dataclass(frozen=True)
class Tally:
    """What the guest itself counted: how often a probe was hit."""

    probe: str
    hits: int


Event = Began | Returned | Tally
# Reads one line: an event, or None for a line that carries none. ValueError tells what is wrong with it.
Reader = Callable[[str], Event | None]

HEX = r"0x[0-9a-f]+"
PROBE = re.compile(
    r"(?P<way>call|ret)_(?P<name>\w+): \(\w+\+0x[0-9a-f]+/0x[0-9a-f]+\) "
    rf"(?:op=(?P<op>{HEX}) flags=(?P<flags>{HEX}) proc=(?P<proc>\d+) addr=(?P<addr>{HEX}) self=(?P<caller>\d+)"
    rf"(?: len=(?P<len>{HEX}))?|ret=(?P<ret>-?\d+) self=(?P<returner>\d+))"
)
TASK_PREFIX = re.compile(r"\s+\S.*-\d+\s+\[\d+\] \S+\s+\d+\.\d+: ")
PRINTK_PREFIX = re.compile(r"\[\s*\d+\.\d+\] ")
DEBUGGER = re.compile(
    r"\s*(?P<seq>\d+)\s+\d+\.\d+ thread=\d+ self=(?P<cpu>\d+) "
    rf"(?:call op=(?P<op>{HEX}) flags=(?P<flags>{HEX}) fn=(?P<name>\w+) proc=(?P<proc>\d+) addr=(?P<addr>{HEX}) "
    r"site=\S+(?: area=(?P<area>[0-9a-f]{32}) len=(?P<len>\d+))?|ret\s+(?P<ret>-?\d+) site=\S+)"
)


def probe_event(text: str) -> Event:
    """Read what follows the prefix of an ftrace or printk line."""
    match = PROBE.fullmatch(text)
    if match is None:
        msg = f"not a call, a return or a mark: {text!r}"
        raise ValueError(msg)
    name = match["name"]
    if match["way"] == "ret":
        if match["ret"] is None:
            msg = f"ret_{name} has a call's arguments"
            raise ValueError(msg)
        return Returned(int(match["returner"]), name, int(match["ret"]))
    if match["op"] is None:
        msg = f"call_{name} has no arguments"
        raise ValueError(msg)
    function = checked_function(match["op"], match["flags"], name)
    length = None if match["len"] is None else length_in_area(function, int(match["len"], 16))
    return began(int(match["caller"]), name, match, length)


def began(cpu: int, name: str, match: re.Match[str], length: int | None) -> Began:
    """Put a call together and check that a length is there exactly when an area is registered."""
    event = Began(cpu, name, int(match["flags"], 16), int(match["proc"]), int(match["addr"], 16), length)
    if event.function.registers != (length is not None):
        msg = f"{name} {'without' if length is None else 'with'} a length"
        raise ValueError(msg)
    return event


def checked_function(op: str, flags: str, name: str) -> Function:
    """Return the subfunction after checking that opcode, flags and probe name agree."""
    if int(op, 16) != OPCODE:
        msg = f"opcode {op} is not H_REGISTER_VPA ({OPCODE:#x})"
        raise ValueError(msg)
    function = function_of(int(flags, 16))
    if name.removeprefix("kx_").replace("unreg", "dereg") != function.name.lower():
        msg = f"{name} does not go with flags {flags} ({function.name.lower()})"
        raise ValueError(msg)
    return function


def printk_line(line: str) -> Event | None:
    """Read a line of the kernel's log: a probe, or the script's and kexec's own messages."""
    prefix = PRINTK_PREFIX.match(line)
    if prefix is None:
        msg = f"no kernel time stamp: {line!r}"
        raise ValueError(msg)
    text = line[prefix.end() :]
    if text.startswith(("HC: ", "kexec: ", "kexec_core: ")):
        return None
    return probe_event(text)


def debugger_reader() -> Reader:
    """Return a reader of the debugger's lines, which are numbered from 1 without gaps."""
    expected = 1

    def read(line: str) -> Event:
        nonlocal expected
        match = DEBUGGER.fullmatch(line)
        if match is None:
            msg = f"not a call or a return: {line!r}"
            raise ValueError(msg)
        if int(match["seq"]) != expected:
            msg = f"sequence number {match['seq']}, expected {expected}: a line is missing"
            raise ValueError(msg)
        expected += 1
        return debugger_event(match)

    return read


def debugger_event(match: re.Match[str]) -> Event:
    """Turn a matched debugger line into an event; the area's bytes must hold the length that the line states."""
    cpu = int(match["cpu"])
    if match["ret"] is not None:
        return Returned(cpu, "", int(match["ret"]))
    function = checked_function(match["op"], match["flags"], match["name"])
    length = None
    if match["len"] is not None:
        length = int(match["len"])
        end = 6 if function is Function.REG_VPA else 8
        held = int.from_bytes(bytes.fromhex(match["area"])[4:end], "big")
        if held != length:
            msg = f"len={length}, but the area's bytes say {held}"
            raise ValueError(msg)
    return began(cpu, match["name"], match, length)


class FtraceReader:
    """Reads the sections of a traced boot: VPA dump, boot tracepoints, the trace itself, the guest's own counts.

    Every section must be closed by its END line and be there, or the file was cut.
    """

    PLAIN = {  # noqa: RUF012 - a table, never changed
        "VPA-DUMP": re.compile(r"cpu-\d+ [0-9a-f]{96}"),
        "BOOT": re.compile(
            r"#.*|\d+|/sys/\S+/stats:[a-z ]+: \d+|\s+\S.*-\d+\s+\[\d+\] \S+\s+\d+\.\d+: "
            r"hcall_(?:entry: opcode=220|exit: opcode=220 retval=-?\d+)"
        ),
    }
    STATS = re.compile(r"\s+(?P<probe>(?:call|ret)_\w+)\s+(?P<hits>\d+)\s+(?P<missed>\d+)")
    LOSS = re.compile(r"/sys/\S+/stats:(?P<what>[a-z ]+): (?P<lost>\d+)")
    SECTIONS = ("VPA-DUMP", "BOOT", "TRACE", "STATS")

    def __init__(self) -> None:
        self.section = ""
        self.done: list[str] = []

    def __call__(self, line: str) -> Event | None:
        """Read one line."""
        if line.startswith("HC-"):
            self.mark(line[3:])
            return None
        if self.section == "TRACE":
            return self.trace_line(line)
        if self.section == "STATS":
            return self.stats_line(line)
        if self.section not in self.PLAIN or not self.PLAIN[self.section].fullmatch(line):
            msg = f"does not belong in {self.section or 'the space between sections'}: {line!r}"
            raise ValueError(msg)
        return None

    def mark(self, text: str) -> None:
        """Open or close a section."""
        name, _, end = text.rpartition("-")
        opens = end == "BEGIN" and not self.section and name in self.SECTIONS and name not in self.done
        closes = end == "END" and name == self.section
        if not opens and not closes:
            msg = f"HC-{text} is not expected here"
            raise ValueError(msg)
        if closes:
            self.done.append(name)
        self.section = name if opens else ""

    def trace_line(self, line: str) -> Event | None:
        """Read a line of the ring buffer."""
        if line.startswith("#"):
            return None
        prefix = TASK_PREFIX.match(line)
        if prefix is None:
            msg = f"no task, CPU and time: {line!r}"
            raise ValueError(msg)
        text = line[prefix.end() :]
        return None if text.startswith("tracing_mark_write: ") else probe_event(text)

    def stats_line(self, line: str) -> Event | None:
        """Read a count of the guest's own, and refuse a trace that lost events."""
        if loss := self.LOSS.fullmatch(line):
            if int(loss["lost"]):
                msg = f"the guest lost events: {loss['what']} {loss['lost']}"
                raise ValueError(msg)
            return None
        match = self.STATS.fullmatch(line)
        if match is None:
            msg = f"not a count: {line!r}"
            raise ValueError(msg)
        if int(match["missed"]):
            msg = f"the guest missed {match['missed']} of {match['probe']}"
            raise ValueError(msg)
        return Tally(match["probe"], int(match["hits"]))

    def missing(self) -> Iterator[str]:
        """Yield the END marks that should have come."""
        yield from (f"HC-{name}-END" for name in self.SECTIONS if name not in self.done)
