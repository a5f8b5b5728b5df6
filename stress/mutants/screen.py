"""What a mutation test shows: progress, the survivors with their diffs, and the counts."""

from collections import Counter

from rich.console import Console
from rich.table import Table

from stress.bar import Bar
from stress.mutants.fate import KILLED, Fate
from stress.mutants.score import EQUIVALENT, Score
from stress.mutants.source import Mutant, Source
from stress.mutants.trials import LEVELS

EVERY = 50


class Live:
    """A bar on a terminal, otherwise a line for every so many mutants."""

    def __init__(self, out: Console, total: int) -> None:
        self.out = out
        self.total = total
        self.counts: Counter[str] = Counter()
        self.bar = Bar(out, "mutants", total)

    def take(self, fate: Fate) -> None:
        """Show that one is done."""
        self.counts[fate.verdict] += 1
        done = self.counts.total()
        told = ", ".join(f"{count} {verdict}" for verdict, count in sorted(self.counts.items()))
        self.bar.update(done, told)
        if not self.out.is_terminal and (done % EVERY == 0 or done == self.total):
            self.out.print(f"[{done}/{self.total}] {told}")


def diffs(out: Console, source: Source, mutants: list[Mutant], score: Score) -> None:
    """Print the diff of each survivor, and of each that was taken for equivalent and is not."""
    for number in score.survivors:
        out.print("SURVIVED")
        out.print("\n".join(source.diff(mutants[number])), markup=False)
        out.print()
    for number in score.refuted:
        fate = score.fates[number]
        out.print(f"NOT EQUIVALENT: {score.reasons[number]}", markup=False)
        out.print(f"killed by {fate.trial}: {fate.kind}: {fate.message}", markup=False)
        out.print("\n".join(source.diff(mutants[number])), markup=False)
        out.print()
    for entry in score.stale:
        out.print(
            f"STALE: no mutant is this any more: {entry.function}: {entry.before!r} -> {entry.after!r}", markup=False
        )


def everything(out: Console, source: Source, mutants: list[Mutant], score: Score) -> None:
    """Print each mutant with what became of it, and why an equivalent one is."""
    for number, fate in sorted(score.fates.items()):
        mutant = mutants[number]
        verdict = score.verdict(number)
        how = f"{fate.trial}: {fate.kind}: {fate.message}" if fate.verdict == KILLED else score.reasons.get(number, "")
        out.print(f"{number:>4} {verdict:<10} {mutant.function}: {mutant.operator}: {mutant.says}", markup=False)
        out.print(f"                {how}", markup=False)
        if verdict == EQUIVALENT:
            out.print("\n".join(source.diff(mutant)[2:]), markup=False)


def tables(out: Console, mutants: list[Mutant], score: Score) -> None:
    """Print the counts of each operator, and how many each level killed."""
    made = Table(box=None, header_style="bold", pad_edge=False)
    made.add_column("operator", no_wrap=True)
    verdicts = ("killed", EQUIVALENT, "survived")
    for name in ("mutants", *verdicts):
        made.add_column(name, justify="right")
    rows: dict[str, Counter[str]] = {}
    for number in score.fates:
        rows.setdefault(mutants[number].operator, Counter())[score.verdict(number)] += 1
    for operator, counts in rows.items():
        made.add_row(operator, str(counts.total()), *(str(counts[verdict] or "") for verdict in verdicts))
    out.print(made)
    out.print()
    killed = Counter(fate.level for fate in score.fates.values() if fate.verdict == KILLED)
    for level, count in sorted(killed.items()):
        out.print(f"{count:>5} killed by {LEVELS[level].name}", markup=False)
    out.print()
