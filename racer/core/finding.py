"""A finding: one violated property, with both its sides."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from racer.core.trace import Location

if TYPE_CHECKING:
    from racer.core.execution import Execution
    from racer.core.schedule import Schedule


class Side(NamedTuple):
    """What one thread did, to what, at which step and place.

    The place is resolved when it is asked for: taking down a side costs half a microsecond, naming its line more.
    `stack` holds the places of the callers, innermost first; it is known only where an execution is recorded richly.
    """

    thread: str
    action: str
    what: str
    step: int | None
    place: Callable[[], Location | None]
    stack: tuple[Callable[[], Location | None], ...] = ()

    @property
    def location(self) -> Location | None:
        """Where in the code of the subject this happened."""
        return self.place()


@dataclass(slots=True)
class Finding:
    """One violated property. `notes` are further lines of the report, for what the sides cannot tell.

    `thread` and `step` are where it was noticed; `seed` under `strategy` repeats the execution (the shortest text that
    does: of a portfolio the member that it ran under), `schedule` replays it; `count` is the number of executions of
    the campaign that had a finding of the same signature.
    """

    kind: str
    message: str
    thread: str = ""
    thread_number: int = 0
    step: int = 0
    sides: tuple[Side, ...] = ()
    notes: tuple[str, ...] = ()
    seed: int | None = None
    strategy: str = ""
    schedule: "Schedule | None" = None
    execution: "Execution | None" = field(default=None, repr=False)
    count: int = 1

    @property
    def signature(self) -> tuple[object, ...]:
        """Kind and both locations, whichever came first: what makes two findings the same one."""
        places = [(side.action, side.place()) for side in self.sides]
        return (self.kind, *(sorted(places, key=str) if len(places) > 1 else places))

    def __str__(self) -> str:
        """Return kind and message."""
        return f"{self.kind}: {self.message}"
