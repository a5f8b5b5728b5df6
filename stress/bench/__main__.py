"""Run benchmarks: `python -m stress.bench [--quick] [--json FILE] [NAME ...]`, which is what `make bench` does."""

import sys
from pathlib import Path

import click
from rich.console import Console

from stress.bench import screen
from stress.bench.apart import run_apart
from stress.bench.benchmarks import ENTRIES
from stress.bench.measure import FULL, QUICK, Effort
from stress.bench.row import Row
from stress.interpreter import described
from stress.judge import BROKEN, INTERRUPTED, SUCCESS

REPORT = Path(".racer") / "bench.json"
WIDTH = 200


@click.command(context_settings={"help_option_names": ["--help", "-h"]})
@click.argument("names", nargs=-1, type=click.Choice(list(ENTRIES)), metavar="[NAME]...")
@click.option("--json", "path", type=click.Path(dir_okay=False, path_type=Path), default=REPORT, show_default=True)
@click.option("--quick", is_flag=True, help="A tenth of the size in fewer rounds.")
def bench(names: tuple[str, ...], path: Path, *, quick: bool) -> None:
    """Measure what racer costs. A bound that is not met is reported and fails nothing; only a crash does (exit 4)."""
    sys.exit(run(names or tuple(ENTRIES), path, QUICK if quick else FULL))


def run(names: tuple[str, ...], path: Path, effort: Effort) -> int:
    """Run benchmarks, show them, write the report; return the exit code."""
    out = Console(highlight=False, soft_wrap=True, width=WIDTH)
    out.print(f"racer bench: {described()}, {effort.rounds} rounds each, pinned to one CPU unless it says otherwise")
    rows: list[Row] = []
    code = SUCCESS
    try:
        for name in dict.fromkeys(names):
            click.echo(f"{name} ...", err=True)
            rows += run_apart(name, effort)
    except KeyboardInterrupt:
        code = INTERRUPTED
    screen.show(out, rows, {name: entry.tables for name, entry in ENTRIES.items() if entry.tables is not None})
    screen.write(path, rows, effort)
    out.print(f"written to {path}")
    return BROKEN if any(row.crashed for row in rows) else code


if __name__ == "__main__":
    bench(prog_name="python -m stress.bench")
