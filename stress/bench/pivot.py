"""First findings as tables: a row for each subject, a column for each strategy."""

from collections.abc import Callable, Sequence

from rich.table import Table

from stress.bench.row import Row

NEVER = "never"


def tables(rows: Sequence[Row]) -> list[Table]:
    """Return two tables: means with their intervals, and medians with what 95 of 100 searches needed."""
    return [
        pivot(rows, "executions to the first finding: mean, its 95 % interval, searches that gave up", mean),
        pivot(rows, "executions to the first finding: median, and within how many 95 of 100 searches had one", median),
    ]


def pivot(rows: Sequence[Row], title: str, shown: Callable[[Row], str]) -> Table:
    """Return a table of what is shown of each row; the least mean of a subject stands out."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, header_style="bold", pad_edge=False)
    strategies = list(dict.fromkeys(row.detail["strategy"] for row in rows))
    table.add_column("subject")
    table.add_column("seeds", justify="right")
    for strategy in strategies:
        table.add_column(strategy, justify="right")
    for subject in dict.fromkeys(row.detail["subject"] for row in rows):
        mine = {row.detail["strategy"]: row for row in rows if row.detail["subject"] == subject}
        best = min((row.value for row in mine.values() if row.value is not None), default=None)
        cells = [
            f"[bold]{shown(row)}[/bold]" if row.value is not None and row.value == best else shown(row)
            for row in (mine[strategy] for strategy in strategies)
        ]
        table.add_row(subject, str(next(iter(mine.values())).detail["seeds"]), *cells)
    return table


def mean(row: Row) -> str:
    """Return the mean with its interval, and how many searches gave up."""
    missed = row.detail["seeds"] - row.detail["found"]
    gave_up = f" -{missed}" if missed else ""
    low = number(row.low)
    return f"> {low}{gave_up}" if row.value is None else f"{number(row.value)} {low}..{number(row.high)}{gave_up}"


def median(row: Row) -> str:
    """Return the median and the 95th percentile."""
    return " | ".join(
        f"{each:,}" if each is not None else f"> {row.detail['given_up_after']:,}"
        for each in (row.detail["median"], row.detail["within_95"])
    )


def number(value: float | None) -> str:
    """Return a number of executions.

    >>> number(1.234), number(56.7), number(1234.5), number(None)
    ('1.2', '57', '1,234', 'never')
    """
    if value is None:
        return NEVER
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"
