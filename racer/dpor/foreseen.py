"""Finds out a test that does not do the same again: an operation is not the one that was foreseen."""

from racer.core.errors import ForeseenError
from racer.core.operation import NAMES
from racer.engine.turnstile import Turnstile


def compare(run: Turnstile, codes: list[int], length: int) -> None:
    """Raise ForeseenError if the first `length` steps of an execution are not what they were, `codes`, before."""
    if run.codes[:length] == codes[:length]:
        return
    at = next((i for i, (now, before) in enumerate(zip(run.codes, codes, strict=False)) if now != before), -1)
    if at < 0:
        at = len(run.codes)
        raise ForeseenError(at, shown(run, -1, codes[at]), f"the end of the execution, after {at} steps")
    number = run.order[at]
    raise ForeseenError(at, shown(run, number, codes[at]), shown(run, number, run.codes[at]))


def shown(run: Turnstile, number: int, code: int) -> str:
    """Return a step in words."""
    thread = f"{run.threads[number].shown_name}: " if 0 <= number < len(run.threads) else ""
    return f"{thread}{NAMES[code >> 8 & 0xFF]} of object {code >> 16}"
