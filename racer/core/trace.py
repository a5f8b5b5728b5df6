"""What happened in one execution: events in order, with their places."""

from dataclasses import dataclass
from typing import NamedTuple


class Location(NamedTuple):
    """A place in the code of the subject."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        """Return ``file:line``."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Event:
    """One executed operation, at step `step` of its execution (counted from 0).

    `kind` is a name of core.operation.NAMES; `failed` tells a trylock or compare-exchange that did not succeed and
    a wait that timed out. `value` (a repr) and `location` are known only in an execution recorded richly, which
    every execution of a finding and every replay is.
    """

    step: int
    thread: int
    thread_name: str
    kind: str
    object: int
    object_name: str
    failed: bool = False
    what: str = ""
    value: str | None = None
    location: Location | None = None

    def __str__(self) -> str:
        """Return one line: step, thread, operation, place."""
        what = f" ({self.what})" if self.what else ""
        value = f" = {self.value}" if self.value is not None else ""
        failed = " failed" if self.failed else ""
        place = f"  {self.location}" if self.location else ""
        return f"{self.step:5}  {self.thread_name:12} {self.kind} {self.object_name}{what}{value}{failed}{place}"


Trace = tuple[Event, ...]
