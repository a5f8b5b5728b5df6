"""The one place where a primitive of free mode, or one made outside any execution, can be interrupted.

`hook` is None in ordinary use, adds noise in a free run, and refuses while a controlled execution runs: a primitive
that was not made inside it would escape the schedule.
"""

from collections.abc import Callable

from racer.core.errors import UsageError
from racer.engine import turnstile

hook: Callable[[], None] | None = None


def refuse_uncontrolled() -> None:
    """Refuse a primitive from outside the execution to the threads of the execution."""
    run = turnstile.active()
    if run is not None and not run.closed:
        error = UsageError(
            "an object made before this execution was used in it: make every object of a test inside its body"
        )
        run.error = run.error or error
        raise error


def install(new: Callable[[], None] | None) -> Callable[[], None] | None:
    """Put a hook in place and return the one before."""
    global hook
    before, hook = hook, new
    return before
