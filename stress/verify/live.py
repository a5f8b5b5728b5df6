"""Progress of a verification: how fast, how far, and how much is left as far as can be told."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

from stress.cell import Outcome, Progress
from stress.screen import WIDE
from stress.verify.cell import BoundedCell, Search
from stress.verify.screen import line_of, title


class Live:
    """A line for each cell under way on a terminal, otherwise a line for each that is done."""

    def __init__(self, out: Console, cells: list[BoundedCell]) -> None:
        self.out = out
        self.cells = cells
        self.done = 0
        self.short = out.width < WIDE
        self.bars = Bars(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TextColumn("{task.fields[told]}"),
            TimeElapsedColumn(),
            console=out,
            transient=True,
            disable=not out.is_terminal,
        )
        self.tasks = {
            number: self.bars.add_task(title(cell, short=self.short), visible=False, start=False, told="")
            for number, cell in enumerate(cells)
        }
        self.all = self.bars.add_task("verify", told=f"0 of {len(cells)} cells")

    def __enter__(self) -> Self:
        """Start to draw."""
        self.bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.bars.stop()

    def take(self, number: int, news: Progress | Outcome) -> None:
        """Show one report."""
        if isinstance(news, Outcome):
            self.done += 1
            self.bars.update(self.tasks[number], visible=False)
            self.bars.update(self.all, told=f"{self.done} of {len(self.cells)} cells")
            if not self.out.is_terminal:
                self.out.print(f"[{self.done}/{len(self.cells)}] {line_of(news)}", markup=False)
        elif isinstance(news, Search):
            self.bars.start_task(self.tasks[number])
            self.bars.update(self.tasks[number], visible=True, told=told(news, short=self.short))


def told(now: Search, *, short: bool = False) -> str:
    """Return how far a search is.

    >>> told(Search(executions=3000, findings=1, total=9000.0, seconds=10.0))
    '300 executions/s  3,000 explored  1 findings  about 6,000 left, 20 s'
    >>> told(Search(executions=3000, findings=1, total=9000.0, seconds=10.0), short=True)
    '300/s  3,000 explored, ~6,000 left, 20 s'
    """
    rate = now.executions / now.seconds if now.seconds else 0
    known = f"{rate:,.0f}/s  {now.executions:,} explored"
    if not short:
        known = f"{rate:,.0f} executions/s  {now.executions:,} explored  {now.findings} findings"
    if now.total is None or not rate:
        return known
    left = max(now.total - now.executions, 0)
    return f"{known}{', ~' if short else '  about '}{left:,.0f} left, {left / rate:,.0f} s"
