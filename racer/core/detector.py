"""What a detector is: the interface between the campaign, which asks, and the detectors, which judge."""

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from racer.core.finding import Finding
from racer.core.record import Record


@runtime_checkable
class Detector(Protocol):
    """Judges an execution after it has ended.

    What it says must be a function of the execution's happens-before class: whether an operation came before another
    that it is not ordered with says nothing. Then `verify`, which runs one execution of each class, misses nothing.
    It reads what the record holds and changes none of it.
    """

    @property
    def name(self) -> str:
        """What it is asked for by: `detect=["data-race"]`."""

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of its findings."""

    def judge(self, record: Record) -> Iterable[Finding]:
        """Return what is wrong."""
