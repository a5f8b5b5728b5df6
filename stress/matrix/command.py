"""The command `matrix`: measures the rows of the bug table and writes docs/bugs.md."""

from dataclasses import dataclass

import racer
from stress import plan
from stress import screen as stress_screen
from stress.crew import Crew
from stress.interpreter import described
from stress.judge import INTERRUPTED, SUCCESS, UNDECIDED, UNEXPECTED
from stress.matrix import document
from stress.matrix.measure import Job, Measured, died, measured
from stress.matrix.row import Row
from stress.matrix.rows import ROWS
from stress.regress import known
from stress.seeds import parse_seed, seed_text


@dataclass(frozen=True)
class Asked:
    """A measurement as it was asked for: one row, or some with commas, or all."""

    row: str | None = None
    seed: str | None = None

    def rows(self) -> tuple[Row, ...]:
        """Return the rows asked for; UsageError for one that there is not."""
        if self.row is None:
            return ROWS
        names = [name.strip().upper() for name in self.row.split(",")]
        known = {row.bug: row for row in ROWS}
        for name in names:
            if name not in known:
                raise racer.UsageError(f"unknown row {name!r}: choose of {', '.join(known)}")
        return tuple(known[name] for name in names)


def run(asked: Asked, processes: int) -> int:
    """Measure rows in worker processes, write what came of them; Ctrl-C writes what there is so far."""
    out = stress_screen.console()
    seed = plan.DEFAULT_SEED if asked.seed is None else parse_seed(asked.seed)
    rows = asked.rows()
    out.print(f"racer matrix: {len(rows)} rows, seed {seed_text(seed)}, {described()}, {processes} processes")
    results: dict[str, Measured] = {}
    interrupted = False
    try:
        for _, now in Crew(processes, measured, died).run([Job(row, seed) for row in rows]):
            assert isinstance(now, Measured)
            results[now.bug] = now
            row = next(row for row in rows if row.bug == now.bug)
            out.print(f"[{len(results)}/{len(rows)}] {document.row_line(row, now)}", markup=False)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        write(results)
    out.print()
    out.print(closing(rows, results), markup=False)
    return INTERRUPTED if interrupted else exit_code(rows, results)


def write(results: dict[str, Measured]) -> None:
    """Write the document and the known schedules, with the rows that were measured in their places."""
    before = document.FILE.read_text(encoding="utf-8") if document.FILE.is_file() else ""
    document.FILE.write_text(document.written(ROWS, results, before), encoding="utf-8")
    workload_of = {row.bug: row.workload for row in ROWS}
    small = [(bug, now.small) for bug, now in results.items() if now.small is not None]
    known.write([known.Known(bug, workload_of[bug], each.strategy) for bug, each in small])


def closing(rows: tuple[Row, ...], results: dict[str, Measured]) -> str:
    """Return the sentence at the end."""
    hunted = [row for row in rows if row.workload and row.bug in results]
    fine = [row.bug for row in hunted if results[row.bug].fine]
    said = f"{len(fine)} of {len(hunted)} bugs that are looked for are found, and the scheme that mended each is clean."
    for word, bugs in (
        ("Not found", [row.bug for row in hunted if not results[row.bug].found and not results[row.bug].error]),
        ("Not clean where mended", [row.bug for row in hunted if results[row.bug].unclean]),
        ("Undecided", [row.bug for row in hunted if results[row.bug].error]),
    ):
        if bugs:
            said += f" {word}: {', '.join(bugs)}."
    return f"{said} Written to {document.FILE}."


def exit_code(rows: tuple[Row, ...], results: dict[str, Measured]) -> int:
    """Return the exit code."""
    if any(now.error for now in results.values()):
        return UNDECIDED
    return SUCCESS if all(results[row.bug].fine for row in rows if row.workload) else UNEXPECTED
