"""A finding as text: what happened, both sides aligned, how they came there, where in the run, how to see it again."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

from racer.core.finding import Finding, Side

_INDENT = "    "

NARROW: Final = 80
"""What has to be broken into lines is broken here."""

WIDE: Final = 100
"""A line up to here is left whole: a place stays beside what happened there, and a command can be copied."""

DEEPEST: Final = 8
"""So many places of a stack are shown, the innermost."""


def describe(finding: Finding, where: str = "", reproduce: str = "", *, stacks: bool = True) -> str:
    """Return a finding's block of lines, readable without a manual and without colour.

    `where` is a line about the run (workload, scheme, strategy, seed), `reproduce` the command that shows it again;
    without them the block says what the finding itself knows: its execution, seed and schedule. With `stacks` it says
    how each side came to its place, where that is known.
    """
    blocks = [_headline(f"FAIL {finding.kind}: {finding.message}")]
    if finding.sides:
        blocks.append("\n".join(_aligned(finding.sides)))
    blocks.append("\n".join(_INDENT + note for note in finding.notes))
    if stacks:
        blocks.extend("\n".join(_stack(side)) for side in finding.sides if side.stack)
    last = [where or _where(finding)]
    if reproduce:
        last.append(f"reproduce: {reproduce}")
    elif finding.schedule is not None:
        last.append(f"schedule: {finding.schedule}")
    blocks.append("\n".join(_INDENT + line for line in last if line))
    return "\n\n".join(block for block in blocks if block)


def _headline(text: str) -> str:
    """Return the first line; one that is too long goes on below."""
    if len(text) <= WIDE:
        return text
    lines = textwrap.wrap(text, NARROW, subsequent_indent=_INDENT, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines)


def _where(finding: Finding) -> str:
    parts = []
    if finding.execution is not None:
        parts.append(f"execution {finding.execution.index}")
    if finding.seed is not None:
        parts.append(f"seed {finding.seed:#x}")
    if finding.count > 1:
        parts.append(f"seen in {finding.count} executions")
    return ", ".join(parts)


def _aligned(sides: Sequence[Side]) -> Iterator[str]:
    """Yield a line per side, its columns aligned: thread, action, object, step, place; long ones have that below."""
    rows = [(side.thread, side.action, side.what, "" if side.step is None else f"step {side.step}") for side in sides]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    places = [str(side.location or "") for side in sides]
    below = len(_INDENT) + sum(widths) + 8 + max(map(len, places)) > WIDE
    for row, place in zip(rows, places, strict=True):
        line = _INDENT + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        if below:
            yield line.rstrip()
            if place:
                yield _INDENT * 2 + place
        else:
            yield f"{line}  {place}".rstrip()


def _stack(side: Side) -> Iterator[str]:
    """Yield how a side came to its place: that itself and the callers, the innermost first."""
    step = "" if side.step is None else f" at step {side.step}"
    yield _INDENT + " ".join(filter(None, (side.thread, side.action, side.what))) + step
    frames = [place() for place in (side.place, *side.stack)]
    shown = [(str(frame), frame.function.rpartition("<locals>.")[2]) for frame in frames if frame is not None]
    width = max((len(place) for place, _ in shown[:DEEPEST]), default=0)
    for place, function in shown[:DEEPEST]:
        yield f"{_INDENT * 2}{place.ljust(width)}  in {function}"
    if len(shown) > DEEPEST:
        yield f"{_INDENT * 2}... {len(shown) - DEEPEST} more"
