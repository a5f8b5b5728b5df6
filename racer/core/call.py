"""A call on a concurrent object, from its invocation to its response, and what all calls may answer one by one."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from racer.core.errors import UsageError
from racer.core.trace import Location

UNJUDGED: Final = "histories-unjudged"
"""The counter of histories that were too long to judge: with any, a campaign without a finding is inconclusive."""


@dataclass(slots=True, eq=False)
class Call:
    """One call: who asked for what, what it got, and when.

    `invoked` and `responded` are moments on one scale, steps in an execution. A call without a response is pending: it
    may have taken effect at any time after its invocation, or not at all.
    """

    name: str
    args: tuple[Any, ...] = ()
    result: Any = None
    invoked: int = 0
    responded: int | None = None
    thread: str = ""
    thread_number: int = 0
    place: Callable[[], Location | None] = lambda: None
    stack: tuple[Callable[[], Location | None], ...] = ()

    def __str__(self) -> str:
        """Return the call as it would be written, and its result if it has one."""
        asked = f"{self.name}({', '.join(map(repr, self.args))})"
        return f"{asked} pending" if self.responded is None else f"{asked} = {self.result!r}"


class Specification(Protocol):
    """What an object does if its calls come one at a time, as a function from states to results and states.

    A call ``name(*args)`` is specified by a method ``name(state, *args)``. It returns a tuple, the result and the state
    afterwards, or an iterable of such tuples if several are allowed. It changes nothing. States are hashable.

    With a method ``partition(name, *args)`` calls for which it returns different keys have nothing to do with each
    other, and each key begins in the initial state: that makes long histories easy to judge.
    """

    @property
    def initial(self) -> Hashable:
        """The state before the first call."""


def outcomes(specification: Specification, state: Hashable, call: Call) -> Iterable[tuple[Any, Hashable]]:
    """Return what a call may answer in a state, each time with the state afterwards."""
    given = getattr(specification, call.name)(state, *call.args)
    return (given,) if isinstance(given, tuple) else given


def check_call(specification: Specification, name: str) -> None:
    """Refuse a call that the specification knows nothing of."""
    if not callable(getattr(specification, name, None)):
        kind = type(specification).__name__
        raise UsageError(f"{kind} specifies no call {name!r}: it needs a method {name}(state, ...) of that name")


def check_specification(specification: Any) -> None:
    """Refuse what cannot be a specification."""
    if not hasattr(specification, "initial"):
        raise UsageError(f"a specification has an initial state, as its attribute 'initial'; got {specification!r}")
