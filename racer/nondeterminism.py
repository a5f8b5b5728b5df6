"""Two executions of one seed, compared: a test whose behaviour hangs on more than the schedule is found out."""

from collections.abc import Iterator

from racer.core.errors import NondeterminismError
from racer.core.operation import CHOOSE, NAMES, OUTCOME
from racer.engine.turnstile import Turnstile


def compare(seed: int, first: Turnstile, second: Turnstile) -> None:
    """Raise NondeterminismError if two executions with one seed are not the same."""
    if _essence(first) == _essence(second):
        return
    one, two = list(_shown_steps(first)), list(_shown_steps(second))
    step = next((i for i, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))
    raise NondeterminismError(seed, step, _at(one, step, first), _at(two, step, second))


def _essence(run: Turnstile) -> tuple[object, ...]:
    """Return what the digest is made of, which is quicker to compare than to hash."""
    return run.order, run.codes, run.values, [(f.kind, f.thread_number, f.step) for f in run.findings]


def _shown_steps(run: Turnstile) -> Iterator[str]:
    values = iter(run.values)
    for thread, code in zip(run.order, run.codes, strict=False):
        kind = code >> 8 & 0xFF
        decided = f" = {next(values)}" if kind == CHOOSE else " failed" if code & OUTCOME else ""
        yield f"{run.threads[thread].shown_name}: {NAMES[kind]} of object {code >> 16}{decided}"


def _at(steps: list[str], step: int, run: Turnstile) -> str:
    if step < len(steps):
        return steps[step]
    found = ", ".join(f"{f.kind} of {f.thread} at step {f.step}" for f in run.findings) or "no finding"
    return f"ended after {len(steps)} steps, with {found}"
