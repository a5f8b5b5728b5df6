"""What a run shows: its head, progress, findings, the table and the closing sentence."""

from collections.abc import Iterable
from dataclasses import fields
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table

import racer
from racer.strategies.portfolio import Portfolio
from stress.cell import EXPECTED, FAILED, FAULT, FREE, INCONCLUSIVE, Cell, Found, Outcome, Progress
from stress.interpreter import described
from stress.judge import UNKNOWN, expected_of, required_of
from stress.sampled import not_seen, short
from stress.seeds import seed_text

WIDTH = 180
NO_PROOF = "Not shown: interleavings that were not sampled, so a PASS is no proof."
IN_TABLE = {EXPECTED: "expected", FAILED: "not expected", INCONCLUSIVE: "undecided"}


NARROW = {"executions": "runs"}
WIDE = 130
"""From so many characters on the table has columns for schemes and for the kinds found, which progress names, too."""


def console() -> Console:
    """Return the console; where output is no terminal, lines are wide enough for the table."""
    made = Console(highlight=False, soft_wrap=True)
    return made if made.is_terminal else Console(highlight=False, soft_wrap=True, width=WIDTH)


def head(out: Console, cells: list[Cell], processes: int) -> None:
    """Print everything that the run depends on."""
    first = cells[0]
    controlled = [cell for cell in cells if cell.mode != FREE]
    out.print(f"racer stress: seed {seed_text(first.seed)}, {described()}, {processes} processes")
    if controlled:
        strategy = racer.strategy(controlled[0].strategy)
        shared = f" ({', '.join(map(short, strategy.texts))})" if isinstance(strategy, Portfolio) else ""
        out.print(f"{len(controlled)} cells, strategy {strategy.text}{shared}")
    if len(controlled) < len(cells):
        out.print("free mode: unscheduled threads, with noise")
    for line in dict.fromkeys(sizes(cell) for cell in cells):
        out.print(line)
    out.print()


def sizes(cell: Cell) -> str:
    """Return a cell's parameters on a line."""
    values = [(f.name, getattr(cell.parameters, f.name)) for f in fields(cell.parameters) if f.name != "cross"]
    amount = f"{cell.executions} executions" if cell.seconds is None else f"{cell.seconds:g} s"
    given = ", ".join(f"{name} {value}" for name, value in values if value is not None)
    return f"  {cell.title:<22}{given}, {amount}"


class Live:
    """Progress of a run: a bar on a terminal, otherwise a line for each cell that is done."""

    def __init__(self, out: Console, cells: list[Cell]) -> None:
        self.out = out
        self.cells = cells
        self.now: dict[int, Progress] = {}
        self.done = 0
        self.bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("cells  {task.fields[rate]} executions/s  {task.fields[findings]} findings"),
            TextColumn("{task.fields[interleavings]} interleavings"),
            TimeElapsedColumn(),
            console=out,
            transient=True,
            disable=not out.is_terminal,
        )
        self.task = self.bars.add_task("stress", total=len(cells), rate="0", findings="0", interleavings="0")

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
            self.now[number] = Progress(news.executions, len(news.found), news.interleavings)
            if not self.out.is_terminal:
                self.out.print(f"[{self.done}/{len(self.cells)}] {line_of(news)}")
        else:
            self.now[number] = news
        executions = sum(now.executions for now in self.now.values())
        elapsed = self.bars.tasks[0].elapsed or 0.0
        cell = self.cells[number]
        self.bars.update(
            self.task,
            completed=self.done,
            description=f"{cell.scheme} {cell.title}",
            rate=f"{executions / elapsed if elapsed else 0:,.0f}",
            findings=str(sum(now.findings for now in self.now.values())),
            interleavings=f"{sum(now.interleavings for now in self.now.values()):,}",
        )


def line_of(outcome: Outcome) -> str:
    """Return a finished cell on a line."""
    cell = outcome.cell
    kinds = f": {told(outcome)}" if told(outcome) else ""
    name = f"{cell.scheme} {cell.title}" + (" free" if cell.mode == FREE else "")
    return f"{name}: {outcome.verdict}{kinds}, {outcome.judged}, {outcome.executions:,} executions"


def blocks(out: Console, outcomes: Iterable[Outcome], *, verbose: bool) -> None:
    """Print findings in full, every one if `verbose`.

    If not: the first of each kind that was not expected in a cell, and the most telling one of each scheme that was
    caught.
    """
    caught: dict[str, list[tuple[bool, bool, Found]]] = {}
    for outcome in outcomes:
        may, must = expected_of(outcome.cell), required_of(outcome.cell)
        shown: set[str] = set()
        for found in outcome.found:
            first = found.kind not in shown
            shown.add(found.kind)
            if verbose or (first and found.kind not in may):
                out.print(found.block, markup=False)
            elif first:
                caught.setdefault(outcome.cell.scheme, []).append((found.kind in must, found.threads > 1, found))
    if not verbose:
        for candidates in caught.values():
            # What has to be found says more than what may be, and a race has two sides.
            out.print(max(candidates, key=lambda each: each[:2])[-1].block, markup=False)


def table(out: Console, cells: list[Cell], outcomes: dict[int, Outcome]) -> None:
    """Print scheme x workload; cells that were not reached say so."""
    wide = out.width >= WIDE
    made = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2 if wide else 1, 0, 0))
    if wide:
        made.add_column("scheme")
    made.add_column("workload", no_wrap=True)
    made.add_column("verdict", no_wrap=True)
    if wide:
        made.add_column("found")
    for name in ("first at", "executions", "entries", "updates", "stale uses"):
        made.add_column(name if wide else NARROW.get(name, name), justify="right")
    scheme = ""
    for number, cell in enumerate(cells):
        new = cell.scheme != scheme or cell.mode == FREE
        scheme = cell.scheme
        title = cell.title + (" (free)" if cell.mode == FREE else "")
        judged, found, *numbers = row(outcomes.get(number))
        if wide:
            made.add_row(scheme if new else "", title, judged, found, *numbers)
        else:
            if new:
                made.add_row(scheme)
            made.add_row(f"  {title}", judged, *numbers)
    out.print(made)


def row(outcome: Outcome | None) -> list[str]:
    """Return the columns of one cell."""
    if outcome is None:
        return ["not run", "", "", "", "", "", ""]
    counters = outcome.counters
    first = "-" if outcome.first_failure is None else f"{outcome.first_failure:,}"
    numbers = [f"{counters.get(name, 0):,}" for name in ("entries", "updates", "stale")]
    return [verdict(outcome), told(outcome), first, f"{outcome.executions:,}", *numbers]


def verdict(outcome: Outcome) -> str:
    """Return the verdict and whether it was expected."""
    if outcome.judged == FAULT:
        return "fault"
    if outcome.verdict == UNKNOWN or (outcome.verdict == "PASS" and outcome.judged == EXPECTED):
        return outcome.verdict
    return f"{outcome.verdict}, {IN_TABLE[outcome.judged]}"


def told(outcome: Outcome) -> str:
    """Return the kinds found, or what is wrong with the cell in one line."""
    kinds = ", ".join(outcome.kinds)
    if outcome.judged == EXPECTED:
        must = [kind for kind in outcome.kinds if kind in required_of(outcome.cell)]
        others = len(outcome.kinds) - len(must)
        more = [f"{others} more" if must else kinds] if others else []
        seen = [f"{outcome.windows_seen}/{outcome.windows} windows"] if outcome.windows else []
        return ", ".join(must + more + seen)
    why = outcome.why.strip().splitlines()[-1 if "Traceback" in outcome.why else 0] if outcome.why else ""
    return f"{kinds}; {why}" if kinds and outcome.judged != FAILED else why or kinds


def closing(cells: list[Cell], outcomes: dict[int, Outcome]) -> str:
    """Return one sentence: what was shown and what was not."""
    done = [outcomes[number] for number in sorted(outcomes)]
    controlled = [each for each in done if each.cell.mode != FREE]
    executions = sum(each.executions for each in controlled)
    interleavings = sum(each.interleavings for each in controlled)
    least = "at least " if any(each.interleavings_capped for each in controlled) else ""
    free = sum(each.executions for each in done if each.cell.mode == FREE)
    parts = [f"{executions:,} executions ({least}{interleavings:,} interleavings)"] if controlled else []
    if free:
        parts.append(f"{free:,} unscheduled runs")
    sampled = " and ".join(parts) or "no executions"
    shown = "; ".join(claims(done)) or "nothing was shown"
    cut = f", {len(cells) - len(done)} of {len(cells)} cells were not run" if len(done) < len(cells) else ""
    return f"Shown: in {sampled}, {shown}{cut}. {NO_PROOF}{not_seen(controlled)}"


def claims(done: list[Outcome]) -> Iterable[str]:
    """Yield what the outcomes say, scheme by scheme."""
    every = names(done)
    failed = names(each for each in done if each.judged == FAILED)
    undecided = names(each for each in done if each.judged not in (EXPECTED, FAILED))
    found = names(each for each in done if each.found)
    caught = [name for name in every if name in found and name not in (*failed, *undecided)]
    clean = [name for name in every if name not in (*caught, *failed, *undecided)]
    if clean:
        yield f"nothing was found in {' or '.join(clean)}"
    if caught:
        yield f"{' and '.join(caught)} {'was' if len(caught) == 1 else 'were'} caught as stated"
    if failed:
        yield f"{' and '.join(failed)} did NOT come out as stated"
    if undecided:
        yield f"{' and '.join(undecided)} stayed undecided"


def names(outcomes: Iterable[Outcome]) -> list[str]:
    """Return the schemes of some outcomes, each once."""
    return list(dict.fromkeys(each.cell.scheme for each in outcomes))
