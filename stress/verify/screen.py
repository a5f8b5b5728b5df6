"""What a verification shows in the end: findings, and each workload in words with a row for each scheme."""

from collections import Counter
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from stress.cell import EXPECTED, FAILED, FAULT, Outcome
from stress.interpreter import described
from stress.judge import UNKNOWN
from stress.screen import IN_TABLE, WIDE
from stress.verify.bounded import WORKLOADS, find
from stress.verify.cell import BoundedCell, Proof
from stress.verify.words import stated, threads, times
from stress.workload import Parameters

COLUMNS = ("executions", "without reduction", "redundant", "failed", "time")


def head(out: Console, cells: list[BoundedCell], processes: int) -> None:
    """Print what the run depends on."""
    limit = max(cell.executions for cell in cells)
    until = f"at most {limit:,} executions each" if limit else "until all is explored"
    out.print(f"racer verify: {described()}, {processes} processes, {len(cells)} cells, {until}")
    out.print()


def title(cell: BoundedCell, *, short: bool = False) -> str:
    """Return a cell's letter, workload unless it is to be short, and scheme."""
    workload = find(cell.workload)
    return f"({workload.letter if workload else '?'}) {'' if short else f'{cell.workload} '}{cell.scheme}"


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
    for workload in WORKLOADS:
        mine = {number: cell for number, cell in enumerate(cells) if cell.workload == workload.name}
        if not mine:
            continue
        most = max((cell.parameters for cell in mine.values()), key=lambda each: each.entries)
        out.print(f"({workload.letter}) {workload.name}: {stated(workload, most)}", markup=False)
        for line in threads(workload.program, most):
            out.print(f"      {line}", markup=False)
        rows = {number: [scheme_of(cell, most), *row(proofs.get(number))] for number, cell in mine.items()}
        (in_columns if out.width >= WIDE else in_lines)(out, list(rows.values()))
        out.print()


def scheme_of(cell: BoundedCell, most: Parameters) -> str:
    """Return a cell's scheme, and its bounds where they are smaller than the others'."""
    entries = cell.parameters.entries
    return cell.scheme if entries == most.entries else f"{cell.scheme} (entering {times(entries)})"


def in_columns(out: Console, rows: list[list[str]]) -> None:
    """Print rows as a table."""
    made = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    made.add_column("    scheme", no_wrap=True)
    for column in ("verdict", "exhausted"):
        made.add_column(column, no_wrap=True)
    for column in COLUMNS:
        made.add_column(column, justify="right", no_wrap=True)
    made.add_column("distinct findings")
    for scheme, *columns in rows:
        made.add_row(f"    {scheme}", *columns)
    out.print(made)


def in_lines(out: Console, rows: list[list[str]]) -> None:
    """Print rows one column below the other: for narrow terminals."""
    for scheme, verdict, exhausted, *numbers, found in rows:
        out.print(f"    {scheme}: {verdict}", markup=False)
        told = [f"exhausted {exhausted}" if exhausted else ""]
        told += [f"{column} {number}" for column, number in zip(COLUMNS, numbers, strict=True) if number]
        for line in (", ".join(filter(None, told)), found):
            if line:
                out.print(f"      {line}", markup=False)


def row(proof: Outcome | None) -> list[str]:
    """Return the columns of one cell."""
    if not isinstance(proof, Proof) or not proof.executions:
        why = proof.why.strip().splitlines()[-1] if proof is not None and proof.why else ""
        return ["not run" if proof is None else verdict(proof), "", *[""] * len(COLUMNS), why]
    kinds = ", ".join(f"{kind} {count}" for kind, count in Counter(each.kind for each in proof.found).items())
    why = proof.why if proof.judged != EXPECTED else ""
    return [
        verdict(proof),
        "yes" if proof.exhausted else "no",
        f"{proof.executions:,}",
        "-" if proof.unreduced is None else f"~{amount(proof.unreduced)}",
        f"{proof.redundant:,}",
        f"{proof.failed:,}",
        f"{proof.seconds:.1f} s",
        "; ".join(part for part in (kinds, why) if part),
    ]


def amount(number: int) -> str:
    """Return an estimated number, in powers of ten when it is large.

    >>> amount(1260), amount(31 * 10**17)
    ('1,260', '3e18')
    """
    return f"{number:,}" if number < 10**6 else f"{str(number)[0]}e{len(str(number)) - 1}"
