"""What a verification shows in the end: findings, and each workload in words with a row for each scheme."""

from collections import Counter
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from stress.cell import EXPECTED, FAILED, FAULT, Outcome
from stress.interpreter import described
from stress.judge import UNKNOWN
from stress.screen import IN_TABLE
from stress.verify.bounded import find
from stress.verify.cell import BoundedCell, Proof
from stress.verify.words import stated, threads

COLUMNS = ("executions", "without reduction", "redundant", "failed", "time")


def head(out: Console, cells: list[BoundedCell], processes: int) -> None:
    """Print what the run depends on."""
    limit = max(cell.executions for cell in cells)
    until = f"at most {limit:,} executions each" if limit else "until all is explored"
    out.print(f"racer verify: {described()}, {processes} processes, {len(cells)} cells, {until}")
    out.print()


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
        mine = {number: cell for number, cell in enumerate(cells) if cell.workload == name}
        in_words(out, next(iter(mine.values())))
        made = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
        made.add_column("    scheme", no_wrap=True)
        for column in ("verdict", "exhausted"):
            made.add_column(column, no_wrap=True)
        for column in COLUMNS:
            made.add_column(column, justify="right", no_wrap=True)
        made.add_column("distinct findings")
        for number, cell in mine.items():
            made.add_row(f"    {cell.scheme}", *row(proofs.get(number)))
        out.print(made)
        out.print()


def in_words(out: Console, cell: BoundedCell) -> None:
    """Print what the threads of a cell's workload do."""
    workload = find(cell.workload)
    assert workload is not None
    out.print(f"({workload.letter}) {workload.name}: {stated(workload, cell.parameters)}", markup=False)
    for line in threads(workload.program, cell.parameters):
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
