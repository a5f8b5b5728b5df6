"""One execution again, from its seed or from its schedule file; needs nothing but the standard library and racer.

`python -m stress.reproduce --workload W --scheme S --seed N` runs under any interpreter from 3.11 on, uninstalled.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import racer
from racer.report.text import describe
from stress import plan, runner, schedule_file, workloads
from stress.cell import Cell
from stress.judge import SUCCESS, UNDECIDED, UNEXPECTED, USAGE, expected_of, required_of
from stress.seeds import parse_seed, seed_text

Say = Callable[[str], None]
NO_SIZES = plan.Sizes()
VERIFIED = "dpor"  # the strategy of a verification, which no seed repeats


@dataclass(frozen=True)
class Wanted:
    """Which execution: everything but the sizes that differ from the default has to be named."""

    workload: str
    scheme: str
    seed: str
    strategy: str = "random"
    sizes: plan.Sizes = NO_SIZES
    detect: str | None = None

    def cell(self) -> Cell:
        """Return the cell with just this execution; UsageError for what is unknown."""
        asked = plan.Asked(
            workload=self.workload,
            scheme=self.scheme,
            strategy=self.strategy,
            seed=str(parse_seed(self.seed)),
            executions=1,
            detect=self.detect,
            # One way, never both: the calls are made as recorded unless --cross was given.
            sizes=plan.Sizes(**{**vars(self.sizes), "cross": bool(self.sizes.cross)}),
        )
        if self.workload != plan.TRACED:
            asked = plan.Asked(**{**vars(asked), "sizes": self.sizes})
        return plan.cells(asked)[0]


def reproduce(wanted: Wanted, say: Say) -> int:
    """Run one execution from its seed and show its digest and what was found; return the exit code.

    A finding that the scheme is known for is what was asked to be seen: it is no failure here.
    """
    cell = wanted.cell()
    body = runner.body_of(cell)
    say(f"{runner.where(cell)}, strategy {wanted.strategy}, seed {seed_text(cell.seed)}")
    result = racer.explore(
        body, strategy=wanted.strategy, executions=1, seed=cell.seed, detect=cell.detect, keep_going=True
    )
    # Of a portfolio, the member whose turn it was: a shorter line for the same execution.
    strategy = next((finding.strategy for finding in result.findings), result.strategy)
    if strategy != wanted.strategy:
        say(f"strategy in full: {strategy}")
    say(f"digest {result.digest}")
    again = runner.reproduce_line(cell, strategy, cell.seed)
    found = result.findings[0].execution.findings if result.findings and result.findings[0].execution else ()
    return show(cell, found, result.steps, again, say)


def replay(file: schedule_file.ScheduleFile, say: Say) -> int:
    """Replay a schedule file; return the exit code."""
    workload = workloads.by_name(file.workload)
    cell = Cell(workload.name, file.scheme, file.parameters, file.strategy, file.seed, executions=1)
    plan.schemes_of(file.scheme)
    say(f"{runner.where(cell)}, schedule of {file.kind} found by strategy {file.strategy}, seed {seed_text(file.seed)}")
    try:
        execution = racer.replay(runner.body_of(cell), file.schedule)
    except racer.DivergenceError as error:
        say(f"UNKNOWN: {error}")
        say("The code under test is not what it was when the schedule was written.")
        return UNDECIDED
    same = execution.digest == file.digest
    say(f"digest {execution.digest}" + ("" if same else f", the file says {file.digest}"))
    again = runner.reproduce_line(cell, file.strategy, file.seed)
    if file.strategy == VERIFIED:
        again = f"make verify WORKLOAD={file.workload} SCHEME={runner.quoted(file.scheme)}"
    code = show(cell, execution.findings, execution.steps, again, say)
    return code if same else UNDECIDED


def show(cell: Cell, findings: Sequence[racer.Finding], steps: int, again: str, say: Say) -> int:
    """Say what an execution found, the first of each kind in full; return the exit code."""
    known = expected_of(cell)
    first: dict[str, racer.Finding] = {}
    for finding in findings:
        first.setdefault(finding.kind, finding)
    for kind, finding in sorted(first.items(), key=lambda each: rank(cell, each[1])):
        count = sum(each.kind == kind for each in findings)
        expected = "expected" if kind in known else "NOT expected"
        say("")
        say(describe(finding, f"{runner.where(cell)}: {expected} of this scheme, {count} in this execution", again))
    if not first:
        say(f"no finding in this execution of {steps} steps")
    return SUCCESS if known.issuperset(first) else UNEXPECTED


def rank(cell: Cell, finding: racer.Finding) -> tuple[bool, bool]:
    """Return where a finding comes: first what has to be found in this scheme, of that first what two threads did."""
    return finding.kind not in required_of(cell), len({side.thread for side in finding.sides}) < 2


def read_file(path: str, workload: str | None, scheme: str | None) -> schedule_file.ScheduleFile:
    """Read a schedule file and check that it is of the workload and scheme asked for, if any were."""
    file = schedule_file.read(Path(path))
    for name, asked, held in (("workload", workload, file.workload), ("scheme", scheme, file.scheme)):
        if asked is not None and asked != held:
            raise schedule_file.ScheduleFileError(Path(path), 0, f"is of {name} {held}, asked for was {asked}")
    return file


def parser() -> argparse.ArgumentParser:
    """Return the parser of this module's own command line."""
    made = argparse.ArgumentParser(prog="python -m stress.reproduce", description="Run one execution from its seed.")
    for name in ("workload", "scheme", "seed"):
        made.add_argument(f"--{name}", required=True)
    made.add_argument("--strategy", default="random")
    for name in ("vcpus", "registrars", "entries", "calls"):
        made.add_argument(f"--{name}", type=int)
    made.add_argument("--trace")
    made.add_argument("--detect")
    made.add_argument("--cross", action="store_true", default=None)
    return made


def main(argv: list[str]) -> int:
    """Parse, run, print."""
    given = vars(parser().parse_args(argv))
    sizes = plan.Sizes(**{name: given.pop(name) for name in vars(plan.Sizes())})
    try:
        return reproduce(Wanted(**given, sizes=sizes), print)
    except racer.UsageError as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE
    except (racer.StallError, racer.DivergenceError, racer.NondeterminismError) as error:
        print(f"UNKNOWN: {error}", file=sys.stderr)
        return UNDECIDED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
