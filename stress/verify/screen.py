"""What a verification shows: progress, each workload in words with a row per scheme, and the closing sentence."""

from collections.abc import Iterable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from stress.cell import EXPECTED, FAILED, FAULT, Outcome, Progress
from stress.interpreter import described
from stress.judge import UNKNOWN
from stress.screen import IN_TABLE
from stress.verify.bounded import find
from stress.verify.cell import BoundedCell, Proof, Search


def head(out: Console, cells: list[BoundedCell], processes: int) -> None:
    """Print what the run depends on."""
    limit = max(cell.executions for cell in cells)
    until = f"at most {limit:,} executions each" if limit else "until all is explored"
    out.print(f"racer verify: {described()}, {processes} processes, {len(cells)} cells, {until}")
    out.print()


class Live:
    """Progress: a line for each cell under way on a terminal, otherwise a line for each that is done."""

    def __init__(self, out: Console, cells: list[BoundedCell]) -> None:
        self.out = out
        self.cells = cells
        self.done = 0
        self.bars = Bars(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TextColumn("{task.fields[told]}"),
            TimeElapsedColumn(),
            console=out,
            transient=True,
            disable=not out.is_terminal,
        )
        self.tasks = {n: self.bars.add_task(title(cell), visible=False, told="") for n, cell in enumerate(cells)}
        self.total = self.bars.add_task("cells", told="")

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
            self.bars.update(self.total, told=f"{self.done} of {len(self.cells)} done")
            if not self.out.is_terminal:
                self.out.print(f"[{self.done}/{len(self.cells)}] {line_of(news)}", markup=False)
        elif isinstance(news, Search):
            self.bars.update(self.tasks[number], visible=True, told=told(news))


def told(now: Search) -> str:
    """Return how far a search is: speed, explored, and what is left as far as can be told."""
    rate = now.executions / now.seconds if now.seconds else 0
    known = f"{rate:,.0f} executions/s  {now.executions:,} explored  {now.findings} findings"
    if now.total is None:
        return known
    left = max(now.total - now.executions, 0)
    return f"{known}  about {left:,.0f} left" + (f", {left / rate:,.0f} s" if rate else "")


def title(cell: BoundedCell) -> str:
    """Return a cell's letter, workload and scheme."""
    workload = find(cell.workload)
    return f"({workload.letter if workload else '?'}) {cell.workload} {cell.scheme}"


def line_of(outcome: Outcome) -> str:
    """Return a finished cell on a line."""
    assert isinstance(outcome.cell, BoundedCell)
    kinds = f": {', '.join(outcome.kinds)}" if outcome.kinds else ""
    return f"{title(outcome.cell)}: {verdict(outcome)}{kinds}, {outcome.executions:,} executions"


def verdict(outcome: Outcome) -> str:
    """Return the verdict and whether it was expected."""
    if outcome.judged == FAULT:
        return "fault"
    if outcome.verdict == UNKNOWN or (outcome.verdict == "PASS" and outcome.judged == EXPECTED):
        return outcome.verdict
    return f"{outcome.verdict}, {IN_TABLE[outcome.judged]}"


def blocks(out: Console, proofs: Iterable[Outcome], *, verbose: bool) -> None:
    """Print in full what was not expected, and the first finding of each scheme with two sides; all if `verbose`."""
    shown: set[str] = set()
    for proof in proofs:
        kinds: set[str] = set()
        for each in proof.found:
            first = each.kind not in kinds
            kinds.add(each.kind)
            telling = proof.judged == EXPECTED and each.threads > 1 and proof.cell.scheme not in shown
            if verbose or (first and proof.judged == FAILED) or telling:
                out.print(each.block, markup=False)
                shown.add(proof.cell.scheme)


def table(out: Console, cells: list[BoundedCell], proofs: dict[int, Outcome]) -> None:
    """Print each workload in words, with what was shown of each scheme."""
    for name in dict.fromkeys(cell.workload for cell in cells):
        workload = find(name)
        assert workload is not None
        out.print(f"({workload.letter}) {workload.name}: {workload.summary}", markup=False)
        made = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
        made.add_column("    scheme", no_wrap=True)
        for column in ("verdict", "exhausted"):
            made.add_column(column, no_wrap=True)
        for column in ("executions", "unreduced", "time"):
            made.add_column(column, justify="right", no_wrap=True)
        made.add_column("found, in how many executions")
        for number, cell in enumerate(cells):
            if cell.workload == name:
                made.add_row(f"    {cell.scheme}", *row(proofs.get(number)))
        out.print(made)
        out.print()


def row(proof: Outcome | None) -> list[str]:
    """Return the columns of one cell."""
    if not isinstance(proof, Proof):
        why = "not run" if proof is None else verdict(proof)
        return [why, "", "", "", "", "" if proof is None else proof.why.strip().splitlines()[-1]]
    counts: dict[str, int] = {}
    for each in proof.found:
        counts[each.kind] = max(counts.get(each.kind, 0), each.count)
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in counts.items())
    why = proof.why if proof.judged != EXPECTED else ""
    return [
        verdict(proof),
        "yes" if proof.exhausted else "no",
        f"{proof.executions:,}",
        "-" if proof.unreduced is None else f"{proof.unreduced:.0e}",
        f"{proof.seconds:.1f} s",
        "; ".join(part for part in (kinds, why) if part),
    ]


