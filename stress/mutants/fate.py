"""What becomes of a mutant: it is killed by something, or it lives."""

import os
from dataclasses import dataclass, replace

import racer
from stress.mutants.source import loaded
from stress.mutants.trials import LEVELS

KILLED = "killed"
SURVIVED = "survived"
DIED = "died"


@dataclass(frozen=True)
class Job:
    """One mutant to be tried: its number, its text and the name of the scheme's class in it, and how hard."""

    number: int
    text: str
    scheme: str
    seed: int
    levels: int = len(LEVELS)


@dataclass(frozen=True)
class Fate:
    """What became of a mutant, by which trial, at which level, after how many executions and for how many CPU seconds.

    `broken` says that the process it ran in is not to be used again.
    """

    number: int
    verdict: str
    level: int = -1
    trial: str = ""
    kind: str = ""
    message: str = ""
    executions: int = 0
    seconds: float = 0.0
    broken: bool = False


def fate_of(job: Job, tell: object = None) -> Fate:
    """Try a mutant, and tell for how many CPU seconds."""
    del tell
    before = os.times()
    fate = tried(job)
    after = os.times()
    return replace(fate, seconds=after.user + after.system - before.user - before.system)


def died(job: Job, code: int | None) -> Fate:
    """Return what became of a mutant whose process died."""
    return Fate(job.number, DIED, message=f"the process ended with code {code}")


def tried(job: Job) -> Fate:
    """Try a mutant, from cheap to dear, until something notices it."""
    executions = 0
    try:
        scheme = loaded(job.text, job.scheme)
    except Exception as error:
        return Fate(job.number, KILLED, 0, "load", type(error).__name__, str(error))
    for number, level in enumerate(LEVELS[: job.levels]):
        for trial in level.trials(scheme, job.seed + number):
            try:
                result = trial.run()
            except racer.StallError as error:
                return Fate(job.number, KILLED, number, trial.name, "hangs", first(error), executions, broken=True)
            except Exception as error:
                kind = type(error).__name__
                return Fate(job.number, KILLED, number, trial.name, kind, first(error), executions)
            executions += result.executions
            if result.findings:
                finding = result.findings[0]
                return Fate(job.number, KILLED, number, trial.name, finding.kind, finding.message, executions)
            unseen = trial.unseen(result)
            if unseen:
                told = f"{', '.join(unseen)} is 0"
                return Fate(job.number, KILLED, number, trial.name, "nothing-raced", told, executions)
    return Fate(job.number, SURVIVED, job.levels - 1, executions=executions)


def first(error: Exception) -> str:
    """Return the first line of what an exception says."""
    return str(error).partition("\n")[0]
