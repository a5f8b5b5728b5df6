"""A finding as text: what happened, both sides aligned, where in the run, how to see it again."""

from racer.core.finding import Finding, Side

_INDENT = "    "


def describe(finding: Finding, where: str = "", reproduce: str = "") -> str:
    """Return a finding's block of lines, readable without a manual and without colour.

    `where` is a line about the run (workload, scheme, strategy, seed), `reproduce` the command that shows it again;
    without them the block says what the finding itself knows: its execution, seed and schedule.
    """
    blocks = [f"FAIL {finding.kind}: {finding.message}"]
    sides = [*finding.sides]
    if sides:
        blocks.append("\n".join(_aligned(sides)))
    last = [where or _where(finding)]
    if reproduce:
        last.append(f"reproduce: {reproduce}")
    elif finding.schedule is not None:
        last.append(f"schedule: {finding.schedule}")
    blocks.append("\n".join(_INDENT + line for line in last if line))
    return "\n\n".join(block for block in blocks if block)


def _where(finding: Finding) -> str:
    parts = []
    if finding.execution is not None:
        parts.append(f"execution {finding.execution.index}")
    if finding.seed is not None:
        parts.append(f"seed {finding.seed:#x}")
    if finding.count > 1:
        parts.append(f"seen in {finding.count} executions")
    return ", ".join(parts)


def _aligned(sides: list[Side]) -> list[str]:
    """Return a line per side, its columns aligned: thread, action, object, step, place."""
    rows = [
        (
            side.thread,
            side.action,
            side.what,
            "" if side.step is None else f"step {side.step}",
            str(side.location or ""),
        )
        for side in sides
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return [
        (
            _INDENT + "  ".join((*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]))
        ).rstrip()
        for row in rows
    ]
