"""What a regression test shows: a line for each check, how far it is, findings in full, and the verdict."""

from collections import Counter

from rich.console import Console
from rich.text import Text

from stress.bar import Bar
from stress.cell import Progress
from stress.regress.check import FAIL, FAULT, PASS, UNKNOWN, Check, Job, Stage
from stress.screen import WIDTH

COLOURS = {PASS: "green", FAIL: "bold red", UNKNOWN: "yellow", FAULT: "bold red"}
TITLE = 34
NO_PROOF = "A sample is no proof; make verify SCHEME= goes through every interleaving of the bounded workloads."


class Live:
    """A line for each check that is done, and on a terminal a bar below."""

    def __init__(self, out: Console, plan: list[Stage]) -> None:
        self.out = out
        self.total = sum(len(jobs) for _, jobs in plan)
        self.done = 0
        self.now: dict[Job, int] = {}
        self.bar = Bar(out, "regress", self.total)

    def take(self, job: Job, news: Progress | Check) -> None:
        """Show one report."""
        if isinstance(news, Check):
            self.done += 1
            self.out.print(self.line(news), soft_wrap=True)
        self.now[job] = news.executions
        told = f"{sum(self.now.values()):,} executions  {job.title}"
        self.bar.update(self.done, told[: max(20, self.out.width - 50)])

    def line(self, check: Check) -> Text:
        """Return a check on one line, cut off where the screen ends."""
        line = Text(f"[{self.done:>2}/{self.total}] ")
        line.append(f"{check.verdict:<7}", COLOURS[check.verdict])
        line.append(f" {check.title:<{TITLE}} {told(check)}")
        line.truncate(min(self.out.width, WIDTH), overflow="ellipsis")
        return line


def told(check: Check) -> str:
    """Return what came of a check.

    >>> told(Check("known B2 remap", PASS, executions=1)), told(Check("verify a", PASS, executions=396, exhausted=True))
    ('1 execution', '396 executions, all there are')
    """
    if check.verdict == FAIL:
        return f"{check.kind}: {check.message}"
    if check.verdict != PASS:
        return check.why.strip().splitlines()[-1]
    plural = "" if check.executions == 1 else "s"
    return f"{check.executions:,} execution{plural}{', all there are' if check.exhausted else ''}"


def blocks(out: Console, checks: list[Check]) -> None:
    """Print the first finding of each kind in full, and what else there is to be read of what has no verdict."""
    seen: set[str] = set()
    for check in checks:
        if check.verdict == FAIL and check.kind not in seen:
            seen.add(check.kind)
            out.print(f"\n{check.block}", markup=False)
        elif check.verdict in (UNKNOWN, FAULT):
            out.print(f"\n{check.verdict} {check.title}: {check.why.strip()}", markup=False)
    out.print()


def closing(scheme: str, checks: list[Check], plan: list[Stage]) -> str:
    """Return the verdict, and what it stands on."""
    wanted = sum(len(jobs) for _, jobs in plan)
    counts = Counter(check.verdict for check in checks)
    verdict = verdict_of(checks, wanted)
    parts = [f"{counts[each]} {each}" for each in COLOURS if counts[each]]
    if len(checks) < wanted:
        parts.append(f"{wanted - len(checks)} not made")
    executions = sum(check.executions for check in checks)
    seconds = sum(check.seconds for check in checks)
    kinds = list(dict.fromkeys(check.kind for check in checks if check.kind))
    lines = [f"{verdict}: {scheme}: {', '.join(parts)} of {wanted} checks"]
    lines += [f"    {', '.join(kinds)}"] if kinds else []
    lines += [f"    {executions:,} executions, {seconds:.0f} s of CPU"]
    return "\n".join([*lines, *([f"    {NO_PROOF}"] if verdict == PASS else [])])


def verdict_of(checks: list[Check], wanted: int) -> str:
    """Return the worst verdict there is; UNKNOWN where checks were not made and none failed."""
    verdicts = {check.verdict for check in checks}
    for each in (FAULT, FAIL, UNKNOWN):
        if each in verdicts:
            return each
    return PASS if len(checks) == wanted else UNKNOWN
