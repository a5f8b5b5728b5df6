"""What a run says of how it sampled: what it did not see, and which strategy found what."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from racer.core.unseen import CONFIDENCE
from racer.report.unseen import chance, misses, novelty
from stress.cell import EXPECTED, FREE, Outcome
from stress.judge import required_of


def not_seen(done: Iterable[Outcome]) -> str:
    """Return what may be left in the clean cells as a sentence, or nothing if no cell was clean.

    The bounds of all cells hold together with CONFIDENCE: each is asked for with its part of the risk.
    """
    clean = [each for each in done if each.cell.mode != FREE and each.judged == EXPECTED and not each.found]
    known = [each.unseen for each in clean if each.unseen is not None]
    if not known:
        return ""
    each_confidence = 1 - (1 - CONFIDENCE) / len(known)
    bounds = [unseen.at_most(each_confidence) for unseen in known]
    why = next((unseen.why for unseen in known if unseen.why), "")
    if why or None in bounds:
        return f" How likely the next execution shows a new one is not known: {why or 'a campaign was cut short'}."
    new = novelty(max(unseen.new or 0.0 for unseen in known), max(bound or 0.0 for bound in bounds))
    where = "the clean cell with most left" if len(known) > 1 else "the clean cell"
    parts = [f" In {where} the next execution would show a new one with {new}"]
    missed = [each for unseen in known for each in unseen.missed]
    if missed:
        parts.append(misses(missed))
    return "; ".join(parts) + "."


def short(strategy: str) -> str:
    """Return the name of a strategy without what it measured.

    >>> short("pct:3,k=412"), short("surw:1=2:2+3:4")
    ('pct:3', 'surw')
    """
    name, _, parameters = strategy.partition(":")
    return f"{name}:{parameters.partition(',')[0]}" if name == "pct" else name


def exceptions(out: Console, outcomes: list[Outcome]) -> None:
    """Print which member of a portfolio alone would have missed what had to be found."""
    shared = [outcome for outcome in outcomes if outcome.shares and required_of(outcome.cell)]
    if not shared:
        return
    made = Table(box=None, show_header=False, pad_edge=False)
    for outcome in shared:
        for kind in sorted(required_of(outcome.cell)):
            without = [short(share.strategy) for share in outcome.shares if kind not in share.kinds]
            if without:
                made.add_row(f"  {outcome.cell.scheme}", outcome.cell.title, kind, f"not by {', '.join(without)}")
    members = ", ".join(short(share.strategy) for share in shared[0].shares)
    out.print(f"Each of {members} found by itself what had to be found{', except:' if made.row_count else '.'}")
    if made.row_count:
        out.print(made)
    out.print()


def curves(out: Console, outcomes: Iterable[Outcome]) -> None:
    """Print how the interleavings of each cell grew, and how likely the next execution shows a new one."""
    known = [(outcome, outcome.unseen) for outcome in outcomes if outcome.unseen is not None and outcome.unseen.curve]
    if not known:
        return
    marks = sorted({mark for _, unseen in known for mark, _ in unseen.curve})
    made = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("scheme", "workload"):
        made.add_column(name, no_wrap=True)
    for mark in marks:
        made.add_column(f"{mark:,}", justify="right")
    for name in ("next is new", "at most"):
        made.add_column(name, justify="right")
    for outcome, unseen in known:
        seen = dict(unseen.curve)
        most = unseen.at_most()
        made.add_row(
            outcome.cell.scheme,
            outcome.cell.title,
            *[f"{seen[mark]:,}" if mark in seen else "" for mark in marks],
            "" if unseen.new is None else chance(unseen.new),
            "" if most is None else chance(most, up=True),
        )
    out.print("Distinct interleavings after so many executions, and the probability that the next one shows a new one:")
    out.print(made)
    out.print()


def finders(out: Console, outcomes: Iterable[Outcome]) -> None:
    """Print how many executions of each member of a portfolio had each kind of finding."""
    shared = [outcome for outcome in outcomes if outcome.shares and outcome.found]
    if not shared:
        return
    made = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("scheme", "workload", "finding"):
        made.add_column(name, no_wrap=True)
    for share in shared[0].shares:
        made.add_column(short(share.strategy), justify="right")
    for outcome in shared:
        for kind in outcome.kinds:
            counts = [f"{share.kinds.get(kind, 0):,}/{share.executions:,}" for share in outcome.shares]
            made.add_row(outcome.cell.scheme, outcome.cell.title, kind, *counts)
    out.print("Executions under each strategy, and how many of them had a finding:")
    out.print(made)
    out.print()
