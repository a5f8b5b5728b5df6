"""The bar that shows how far a run is."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars


class Bar:
    """A bar on a terminal, with words on both sides; where output is no terminal, nothing."""

    def __init__(self, out: Console, what: str, total: int) -> None:
        self.out = out
        self.bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[told]}"),
            TimeElapsedColumn(),
            console=out,
            transient=True,
            disable=not out.is_terminal,
        )
        self.task = self.bars.add_task(what, total=total, told="")

    def __enter__(self) -> Self:
        """Start to draw."""
        self.bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.bars.stop()

    def update(self, done: int, told: str) -> None:
        """Show how many are done, and what there is to be said."""
        self.bars.update(self.task, completed=done, told=told)
