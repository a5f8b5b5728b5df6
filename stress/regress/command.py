"""The command `regress`: every check of a scheme, and one verdict."""

from collections import Counter

from rich.console import Console

from stress import plan
from stress import screen as stress_screen
from stress.crew import Crew
from stress.interpreter import described
from stress.judge import INTERRUPTED, SUCCESS, UNDECIDED, UNEXPECTED, UNKNOWN
from stress.regress.check import FAIL, PASS, Check, checked, died, jobs_of
from stress.seeds import parse_seed, seed_text

NO_PROOF = "What is sampled is no proof; `make verify SCHEME=` goes through all interleavings of the bounded workloads."


def run(scheme: str, seed: str | None, processes: int) -> int:
    """Make every check of a scheme in worker processes; Ctrl-C ends with what there is so far."""
    plan.schemes_of(scheme)
    number = plan.DEFAULT_SEED if seed is None else parse_seed(seed)
    jobs = list(jobs_of(scheme, number))
    out = stress_screen.console()
    out.print(f"racer regress: scheme {scheme}, {len(jobs)} checks, seed {seed_text(number)}, {described()}")
    done: dict[int, Check] = {}
    interrupted = False
    try:
        for place, check in Crew(processes, checked, died).run(jobs):
            assert isinstance(check, Check)
            done[place] = check
            out.print(f"[{len(done)}/{len(jobs)}] {line_of(check)}", markup=False)
    except KeyboardInterrupt:
        interrupted = True
    checks = [done[place] for place in sorted(done)]
    blocks(out, checks)
    out.print(closing(scheme, checks, len(jobs)), markup=False)
    return INTERRUPTED if interrupted else exit_code(checks, len(jobs))


def line_of(check: Check) -> str:
    """Return a check on one line."""
    told = f"{check.kind}: {check.message}" if check.kind else check.why
    if check.verdict == PASS:
        told = f"{check.executions:,} {'executions' if check.executions != 1 else 'execution'}"
        told += ", which are all there are" if check.exhausted else ""
    return f"{check.verdict:<8}{check.title:<40} {told}"[:170]


def blocks(out: Console, checks: list[Check]) -> None:
    """Print the first finding of each kind in full."""
    seen: set[str] = set()
    for check in checks:
        if check.verdict == FAIL and check.kind not in seen:
            seen.add(check.kind)
            out.print()
            out.print(check.block, markup=False)
    out.print()


def closing(scheme: str, checks: list[Check], wanted: int) -> str:
    """Return the verdict in a sentence."""
    counts = Counter(check.verdict for check in checks)
    executions = sum(check.executions for check in checks)
    seconds = sum(check.seconds for check in checks)
    verdict = FAIL if counts[FAIL] else UNKNOWN if counts[UNKNOWN] or len(checks) < wanted else PASS
    parts = [f"{counts[each]} {each}" for each in (PASS, FAIL, UNKNOWN) if counts[each]]
    kinds = sorted({check.kind for check in checks if check.kind})
    said = f"{verdict}: {scheme}: {', '.join(parts) or 'nothing'} of {wanted} checks"
    said += f" ({executions:,} executions, {seconds:.0f} s of CPU)"
    said += f": {', '.join(kinds)}." if kinds else "."
    return f"{said} {NO_PROOF}" if verdict == PASS else said


def exit_code(checks: list[Check], wanted: int) -> int:
    """Return the exit code."""
    verdicts = {check.verdict for check in checks}
    if FAIL in verdicts:
        return UNEXPECTED
    return UNDECIDED if UNKNOWN in verdicts or len(checks) < wanted else SUCCESS
