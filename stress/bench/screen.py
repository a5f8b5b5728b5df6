"""The rows as a table and as a file."""

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from stress.bench.measure import Effort
from stress.bench.row import Row
from stress.interpreter import described

FORMAT = 1
MET = {True: "yes", False: "NO", None: "-"}


def show(out: Console, rows: Sequence[Row], own: Mapping[str, Callable[[Sequence[Row]], list[Table]]]) -> None:
    """Print the rows, those with detail in the tables of their own benchmark, and the notes."""
    plain = [row for row in rows if not row.detail]
    if plain:
        out.print(table(plain))
    notes(out, rows)
    for name, tables in own.items():
        mine = [row for row in rows if row.name == name and row.detail]
        for each in tables(mine) if mine else ():
            out.print()
            out.print(each)


def table(rows: Iterable[Row]) -> Table:
    """Return the rows as a table."""
    made = Table(box=None, header_style="bold", pad_edge=False)
    made.add_column("benchmark")
    made.add_column("of what", max_width=46)
    for name in ("median", "min", "max"):
        made.add_column(name, justify="right")
    made.add_column("unit")
    for name in ("CPU us each", "demanded", "reference", "ratio"):
        made.add_column(name, justify="right")
    made.add_column("met")
    before = ""
    for row in rows:
        numbers = [shown(row.value), shown(row.low), shown(row.high)]
        made.add_row(
            row.name if row.name != before else "",
            "CRASHED" if row.crashed else row.what,
            *numbers,
            row.unit,
            shown(row.cpu),
            "" if row.demand is None else str(row.demand),
            "" if row.reference_value is None else f"{row.reference} {shown(row.reference_value)}",
            "" if row.ratio is None else f"{row.ratio:.2f}",
            MET[row.met],
        )
        before = row.name
    return made


def shown(value: float | None) -> str:
    """Return a number with as many digits as mean anything.

    >>> shown(25123.4), shown(4.321), shown(None)
    ('25,123', '4.3', '')
    """
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}"


def notes(out: Console, rows: Iterable[Row]) -> None:
    """Print what the rows have to say besides."""
    for row in rows:
        if row.note:
            out.print(f"{row.name} {row.what}: {row.note}", markup=False)


def report(rows: Iterable[Row], effort: Effort) -> dict[str, Any]:
    """Return all that was measured, and on what."""
    return {
        "format": FORMAT,
        "interpreter": described(),
        "cpus": os.cpu_count(),
        "rounds": effort.rounds,
        "scale": effort.scale,
        "rows": [row.as_json() for row in rows],
    }


def write(path: Path, rows: Iterable[Row], effort: Effort) -> None:
    """Write the report to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report(rows, effort), indent=1) + "\n", encoding="utf-8")
