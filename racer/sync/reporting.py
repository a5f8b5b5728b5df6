"""What subject code reports of its own: violations, their sides, counters."""

import threading
from collections.abc import Iterable

from racer.core.errors import UsageError
from racer.core.finding import Finding, Side
from racer.engine import free, turnstile
from racer.engine.operand import Operand
from racer.engine.recorder import Recorder
from racer.engine.where import place_here, stack_here
from racer.sync.resource import Resource


def side(action: str, what: str = "", skip: int = 0) -> Side:
    """Take down that the calling thread does `action` to `what`, here: step and line are resolved when asked for.

    `skip` names a caller further up as the place. Costs about half a microsecond; where the execution is recorded
    richly the callers are taken down, too.
    """
    run = turnstile.active()
    if run is None:
        return Side(threading.current_thread().name, action, what, None, place_here(1, skip))
    step = max(len(run.order) - 1, 0)
    if run.recorder is not None and run.recorder.rich:
        place, *stack = stack_here(1, skip)
        return Side(run.current.shown_name, action, what, step, place, tuple(stack))
    return Side(run.current.shown_name, action, what, step, place_here(1, skip))


def last_use(of: Resource, before: Side, skip: int = 0) -> Side | None:
    """Return what the calling thread did to a resource last before a side of its execution.

    None if it did nothing, and where the execution is not recorded richly: this is for the notes of a report. `skip` as
    for `side`.
    """
    run = turnstile.active()
    if run is None or not isinstance(run.recorder, Recorder) or not isinstance(of, Operand) or before.step is None:
        return None
    me = run.current
    last = run.recorder.last(me.thread_number, of.number, before.step + 1)
    if last is None:
        return None
    step, what = last
    places = (run.recorder.place(step), *run.recorder.stack(step))
    return Side(me.shown_name, what, of.shown_name, step, places[min(skip, len(places) - 1)])


def violation(kind: str, message: str, sides: Iterable[Side] = (), notes: Iterable[str] = ()) -> None:
    """Report a finding of the subject's own; the execution goes on. `notes` are further lines of the report.

    Outside executions and free runs there is nobody to report to: FailureError is raised.
    """
    given = _checked(kind, message, sides)
    run = turnstile.active()
    if run is None:
        free.found(Finding(kind, message, threading.current_thread().name, sides=given, notes=tuple(notes)))
    elif not run.closed:
        run.found(kind, message, given, tuple(notes))


def count(name: str, n: int = 1) -> None:
    """Add n to a counter of this execution; Result.counters sums them over the executions of the campaign."""
    run = turnstile.active()
    if run is None:
        free.count(name, n)
    else:
        if run.counters is None:
            run.counters = {}
        run.counters[name] = run.counters.get(name, 0) + n


def controlled() -> bool:
    """Return whether the caller is a thread of a controlled execution."""
    return turnstile.active() is not None


def _checked(kind: object, message: object, sides: object) -> tuple[Side, ...]:
    if not isinstance(kind, str) or kind.split() != [kind]:
        raise UsageError(f"the kind of a violation is one word such as 'stale-pointer', got {kind!r}")
    if not isinstance(message, str):
        raise UsageError(f"the message of a violation is a text, got {message!r}")
    given = tuple(sides) if isinstance(sides, Iterable) else (sides,)
    if not all(isinstance(side, Side) for side in given):
        raise UsageError(f"the sides of a violation are made by racer.side, got {sides!r}")
    return given
