"""The command `mutants`: breaks a scheme in every small way there is, and shows what went unnoticed."""

from dataclasses import dataclass

from rich.console import Console

import racer
from racer.core.rng import SplitMix64
from stress import plan
from stress import screen as stress_screen
from stress.crew import Crew
from stress.interpreter import described
from stress.judge import INTERRUPTED
from stress.mutants import screen
from stress.mutants.equivalent import reasons
from stress.mutants.fate import Fate, Job, died, fate_of
from stress.mutants.operators import mutants_of
from stress.mutants.score import Score
from stress.mutants.source import Mutant, Source, source_of
from stress.mutants.trials import LEVELS
from stress.seeds import parse_seed, seed_text

SCHEME = "deferred"
ITSELF = -1
# What was shown to be equivalent is tried all the same, if not as hard.
EQUIVALENT_LEVELS = 3


@dataclass(frozen=True)
class Asked:
    """A mutation test as it was asked for: which scheme, how many of its mutants (None: all), drawn by which seed."""

    scheme: str = SCHEME
    sample: int | None = None
    seed: str | None = None
    levels: int = len(LEVELS)

    def seed_number(self) -> int:
        """Return the seed asked for, or the default."""
        return plan.DEFAULT_SEED if self.seed is None else parse_seed(self.seed)


def jobs_of(source: Source, mutants: list[Mutant], asked: Asked, equivalent: dict[int, str]) -> list[Job]:
    """Return the scheme itself and the mutants to be tried; those that take longest first."""
    seed = asked.seed_number()
    numbers = drawn(len(mutants), asked.sample, seed)
    numbers.sort(key=lambda number: number not in equivalent)
    jobs = [Job(ITSELF, source.text, source.scheme, seed, asked.levels)]
    for number in numbers:
        levels = min(asked.levels, EQUIVALENT_LEVELS) if number in equivalent else asked.levels
        jobs.append(Job(number, source.mutated(mutants[number]), source.scheme, seed, levels))
    return jobs


def drawn(total: int, sample: int | None, seed: int) -> list[int]:
    """Return the numbers of a sample without repetition, all if none was asked for.

    >>> drawn(5, None, 1), len(set(drawn(100, 7, 1)))
    ([0, 1, 2, 3, 4], 7)
    """
    left = list(range(total))
    if sample is None or sample >= total:
        return left
    random = SplitMix64(seed)
    return [left.pop(random.below(len(left))) for _ in range(sample)]


def run(asked: Asked, processes: int, *, verbose: bool) -> int:
    """Try the mutants of a scheme in worker processes and show what comes; Ctrl-C ends with what there is so far."""
    if asked.sample is not None and asked.sample < 1:
        raise racer.UsageError(f"sample must be at least 1, got {asked.sample}")
    out = stress_screen.console()
    source = source_of(asked.scheme)
    mutants = mutants_of(source)
    known, stale = reasons(source, mutants)
    jobs = jobs_of(source, mutants, asked, known)
    score = Score(len(jobs) - 1, known, stale)
    out.print(f"racer mutants: {source.path}, {source.scheme}: {len(mutants)} mutants", end="", markup=False)
    out.print("" if asked.sample is None else f", {len(jobs) - 1} of them drawn")
    out.print(f"seed {seed_text(asked.seed_number())}, {described()}, {processes} processes")
    interrupted = False
    try:
        try_all(out, jobs, score, processes)
    except KeyboardInterrupt:
        interrupted = True
    out.print()
    if verbose:
        screen.everything(out, source, mutants, score)
    screen.diffs(out, source, mutants, score)
    screen.tables(out, mutants, score)
    out.print(score.closing(asked.scheme), markup=False)
    return INTERRUPTED if interrupted else score.exit_code()


def try_all(out: Console, jobs: list[Job], score: Score, processes: int) -> None:
    """Try mutants in worker processes."""
    live = screen.Live(out, len(jobs) - 1)
    with live.bar:
        for _, fate in Crew(processes, fate_of, died).run(jobs):
            assert isinstance(fate, Fate)
            if fate.number == ITSELF:
                score.itself = fate
            else:
                score.fates[fate.number] = fate
                live.take(fate)
