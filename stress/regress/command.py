"""The command `regress`: every check of a scheme, stage by stage, and one verdict."""

from dataclasses import dataclass

from stress import plan
from stress import screen as stress_screen
from stress.crew import Crew
from stress.interpreter import described
from stress.judge import BROKEN, INTERRUPTED, SUCCESS, UNDECIDED, UNEXPECTED
from stress.regress import screen
from stress.regress.check import FAIL, FAULT, PASS, UNKNOWN, Check, Stage, stages
from stress.regress.made import checked, died
from stress.seeds import parse_seed, seed_text

SCHEME = "deferred"
CODES = {PASS: SUCCESS, FAIL: UNEXPECTED, UNKNOWN: UNDECIDED, FAULT: BROKEN}


@dataclass(frozen=True)
class Asked:
    """A regression test as it was asked for: of which scheme, by which seed, and whether to go on after a finding."""

    scheme: str = SCHEME
    seed: str | None = None
    keep_going: bool = False
    scale: float = 1.0

    def seed_number(self) -> int:
        """Return the seed asked for, or the default."""
        return plan.DEFAULT_SEED if self.seed is None else parse_seed(self.seed)


def run(asked: Asked, processes: int) -> int:
    """Make every check of a scheme in worker processes; Ctrl-C ends with what there is so far."""
    (scheme,) = plan.schemes_of(asked.scheme)
    todo = list(stages(scheme, asked.seed_number(), asked.scale))
    out = stress_screen.console()
    checks = sum(len(jobs) for _, jobs in todo)
    out.print(f"racer regress: scheme {scheme}, {checks} checks, seed {seed_text(asked.seed_number())}", markup=False)
    out.print(f"{described()}, {processes} processes")
    done: list[Check] = []
    interrupted = False
    try:
        make(screen.Live(out, todo), todo, done, asked, processes)
    except KeyboardInterrupt:
        interrupted = True
    screen.blocks(out, done)
    out.print(screen.closing(scheme, done, todo), markup=False)
    return INTERRUPTED if interrupted else CODES[screen.verdict_of(done, checks)]


def make(live: screen.Live, todo: list[Stage], done: list[Check], asked: Asked, processes: int) -> None:
    """Make the checks of one stage after the other; what is not right ends it, for the rest would take longer."""
    with live.bar:
        for name, jobs in todo:
            live.out.print(f"\n{name}")
            made: dict[int, Check] = {}
            try:
                for number, news in Crew(processes, checked, died).run(jobs):
                    if isinstance(news, Check):
                        made[number] = news
                    live.take(jobs[number], news)
                    if isinstance(news, Check) and news.verdict == FAULT and not asked.keep_going:
                        return  # what ended one process ends the next, too
            finally:
                done += [made[number] for number in sorted(made)]
            if not asked.keep_going and any(check.verdict != PASS for check in made.values()):
                return
