"""A row of the bug table: which bug, where it is looked for, and what of a finding says that it is this one."""

import re
from dataclasses import dataclass
from typing import NamedTuple

import racer

Functions = tuple[str, ...]


class Trace(NamedTuple):
    """What of a finding says which bug it is of: its kind, the functions its sides are in, and its message.

    Each of `where` names functions one of which a side, or its stack, has to be in. `says` is looked for in the message
    and in what the sides are about.
    """

    kinds: tuple[str, ...]
    where: tuple[Functions, ...] = ()
    says: str = ""

    def matches(self, finding: racer.Finding) -> bool:
        """Whether a finding is one of the bug."""
        if finding.kind not in self.kinds:
            return False
        if self.where:
            sides = [functions_of(side) for side in finding.sides]
            if not all(any(side & set(group) for side in sides) for group in self.where):
                return False
        told = "\n".join([finding.message, *(side.what for side in finding.sides), *finding.notes])
        return not self.says or re.search(self.says, told) is not None


NO_TRACE = Trace(())


def functions_of(side: racer.Side) -> set[str]:
    """Return the names of the functions that a side is in, without their classes."""
    places = [side.place(), *(place() for place in side.stack)]
    return {place.function.rpartition(".")[2] for place in places if place is not None}


@dataclass(frozen=True)
class Row:
    """One bug. `scheme` has it, `mended` is the one that came without it, if any did.

    `executions` is the budget of each seed, and what the mended scheme is clean in. A row without a workload says in
    `why` what there is to be said instead.
    """

    bug: str
    title: str
    scheme: str = ""
    mended: str = ""
    workload: str = ""
    trace: Trace = NO_TRACE
    executions: int = 1000
    why: str = ""

    @property
    def detect(self) -> tuple[str, ...]:
        """The detectors that the row needs."""
        return ("exception", "deadlock", *(kind for kind in self.trace.kinds if kind in racer.DETECTORS[2:]))
