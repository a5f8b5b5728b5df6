"""Findings that can go to another process, which code objects cannot."""

from racer.core.finding import Finding, Side
from racer.core.trace import Location


class _Known:
    """A place that is already worked out: a code object cannot go to another process."""

    __slots__ = ("location",)

    def __init__(self, location: Location | None) -> None:
        self.location = location

    def __call__(self) -> Location | None:
        return self.location


def portable(finding: Finding) -> Finding:
    """Return a finding whose places are worked out, with its execution's findings alike."""
    execution = finding.execution
    if execution is not None:
        for one in execution.findings:
            one.sides = tuple(_known(side) for side in one.sides)
    finding.sides = tuple(_known(side) for side in finding.sides)
    return finding


def _known(side: Side) -> Side:
    return side._replace(place=_Known(side.place()), stack=tuple(_Known(place()) for place in side.stack))
