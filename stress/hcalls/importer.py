"""Reads a trace file of any of the three forms into calls, and refuses what it does not understand."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from stress.hcalls.calls import Call, Trace
from stress.hcalls.errors import TraceError
from stress.hcalls.forms import Began, Event, FtraceReader, Reader, Returned, Tally, debugger_reader, printk_line

PRINTABLE = frozenset(range(0x20, 0x7F)) | {0x09, 0x0A}


def read_trace(path: str | Path) -> Trace:
    """Return the calls of the trace at `path`; TraceError names file and line of anything unreadable."""
    path = Path(path)
    lines = text_lines(path)
    reader = reader_for(path, lines[0])
    pairing = Pairing(path)
    for number, line in enumerate(lines, start=1):
        try:
            event = reader(line)
        except ValueError as error:
            raise TraceError(path, number, str(error)) from None
        if event is not None:
            pairing.take(event, number)
    if isinstance(reader, FtraceReader):
        for mark in reader.missing():
            raise TraceError(path, len(lines), f"the file ends before {mark}")
    return pairing.finish()


def text_lines(path: Path) -> list[str]:
    """Return the file's lines after checking that it is whole, printable text."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TraceError(path, 0, error.strerror or str(error)) from None
    if not data:
        raise TraceError(path, 0, "the file is empty")
    for number, line in enumerate(data.split(b"\n"), start=1):
        for column, byte in enumerate(line, start=1):
            if byte not in PRINTABLE:
                raise TraceError(path, number, f"byte {byte:#04x} in column {column} is not text: a binary file?")
    if not data.endswith(b"\n"):
        raise TraceError(path, data.count(b"\n") + 1, "the file is cut in the middle of this line")
    return data.decode("ascii").splitlines()


def reader_for(path: Path, first: str) -> Reader:
    """Return the reader of the form that the first line shows."""
    if first.startswith("HC-"):
        return FtraceReader()
    if first.startswith("["):
        return printk_line
    if " thread=" in first:
        return debugger_reader()
    reason = f"none of the three forms (ftrace, printk, debugger) begins like this: {first!r}"
    raise TraceError(path, 1, reason)


@dataclass
class Pairing:
    """Matches returns to calls: each CPU has at most one call in flight."""

    path: Path
    in_flight: dict[int, tuple[Began, int, bool]] = field(default_factory=dict)
    done: list[Call] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    tallies: list[tuple[Tally, int]] = field(default_factory=list)

    def take(self, event: Event, line: int) -> None:
        """Take in the event of one line."""
        match event:
            case Began():
                self.begin(event, line)
            case Returned():
                self.end(event, line)
            case Tally():
                self.tallies.append((event, line))

    def begin(self, call: Began, line: int) -> None:
        """Note a call, and whether another CPU's is in flight."""
        if call.cpu in self.in_flight:
            earlier = self.in_flight[call.cpu][1]
            raise TraceError(self.path, line, f"cpu {call.cpu} calls again, its call of line {earlier} has no return")
        self.in_flight[call.cpu] = (call, line, bool(self.in_flight))
        self.seen[f"call_{call.name}"] += 1

    def end(self, back: Returned, line: int) -> None:
        """Note a return and complete its call."""
        if back.cpu not in self.in_flight:
            raise TraceError(self.path, line, f"a return on cpu {back.cpu}, which has no call in flight")
        call, began_at, overlapped = self.in_flight.pop(back.cpu)
        if back.name not in ("", call.name):
            raise TraceError(self.path, line, f"ret_{back.name} ends call_{call.name} of line {began_at}")
        self.seen[f"ret_{call.name}"] += 1
        self.done.append(
            Call(
                cpu=call.cpu,
                function=call.function,
                flags=call.flags,
                proc=call.proc,
                addr=call.addr,
                length=call.length,
                result=back.result,
                line=began_at,
                overlapped=overlapped,
            )
        )

    def finish(self) -> Trace:
        """Check that nothing is left over and return the calls in the order in which they began."""
        for call, line, _ in self.in_flight.values():
            raise TraceError(self.path, line, f"call_{call.name} on cpu {call.cpu} has no return")
        for tally, line in self.tallies:
            if tally.hits != self.seen[tally.probe]:
                reason = f"the guest counted {tally.hits} of {tally.probe}, the file has {self.seen[tally.probe]}"
                raise TraceError(self.path, line, reason)
        if not self.done:
            raise TraceError(self.path, 0, "the file has no call of H_REGISTER_VPA")
        return Trace(self.path, tuple(sorted(self.done, key=lambda call: call.line)))
