"""The command line of stress: run, verify, mutants, matrix, regress, reproduce, replay."""

import sys
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

import click
from loguru import logger

import racer
from stress import plan, sampled, screen
from stress.cell import FAULT, Cell, Outcome
from stress.crew import Crew, cpus
from stress.judge import BROKEN, INTERRUPTED, UNDECIDED, USAGE, exit_code
from stress.matrix import command as matrix
from stress.mutants import command as mutation
from stress.regress import command as regression
from stress.reproduce import Wanted, read_file, replay, reproduce
from stress.verify import command

Command = Callable[..., Any]

SUBJECT = (
    click.option("--workload", help="One workload; all if not given."),
    click.option("--scheme", help="A scheme's name, or path/to/file.py:Class; all if not given."),
    click.option("--strategy", help="How interleavings are chosen, such as random, pct:3, pos, surw, portfolio."),
    click.option("--seed", help="Decimal or 0x hexadecimal."),
    click.option("--vcpus", type=int, help="Vcpus of the guest."),
    click.option("--registrars", type=int, help="Threads that make hypercalls."),
    click.option("--entries", type=int, help="Guest entries of each vcpu."),
    click.option("--calls", type=int, help="Hypercalls of each registrar."),
    click.option("--detect", help="Detectors, with commas between, or all; exception,deadlock if not given."),
    click.option("--trace", help="guest-trace: a trace file, or the name of one in stress/traces."),
    click.option("--cross", is_flag=True, default=None, help="guest-trace: another CPU's thread makes each call."),
)


def subject(command: Command) -> Command:
    """Give a command the options that say what runs."""
    for option in reversed(SUBJECT):
        command = option(command)
    return command


def sizes_of(given: dict[str, Any]) -> plan.Sizes:
    """Take the workload parameters out of the options."""
    return plan.Sizes(**{name: given.pop(name) for name in vars(plan.Sizes())})


@click.group()
def stress() -> None:
    """Race workloads against locking schemes; without a command: run."""


@stress.command()
@subject
@click.option("--executions", type=int, help="Executions of each cell; the workload says if not given.")
@click.option("--mode", help="controlled (a strategy schedules) or free (the system does).")
@click.option("--seconds", type=float, help=f"Free mode: seconds per scheme; {plan.FREE_SECONDS:g} if not given.")
@click.option("--processes", type=int, help="Worker processes; one per CPU if not given.")
@click.option("--verbose", is_flag=True, default=False, help="Show every finding in full.")
def run(processes: int | None, *, verbose: bool, **given: Any) -> int:
    """Run every workload against every scheme, or those asked for."""
    sizes = sizes_of(given)
    cells = plan.cells(plan.Asked(**given, sizes=sizes))
    return run_cells(cells, processes_of(processes), verbose=verbose)


def processes_of(asked: int | None) -> int:
    """Return how many worker processes to use; UsageError for what makes no sense."""
    if asked is not None and not 1 <= asked <= 256:
        raise racer.UsageError(f"processes must be between 1 and 256, got {asked}")
    return asked or cpus()


def run_cells(cells: list[Cell], processes: int, *, verbose: bool) -> int:
    """Run cells in worker processes and show what comes; Ctrl-C ends with what there is so far."""
    out = screen.console()
    processes = min(processes, len(cells))
    outcomes: dict[int, Outcome] = {}
    interrupted = False
    try:
        screen.head(out, cells, processes)
        with screen.Live(out, cells) as live:
            for number, news in Crew(processes).run(cells):
                live.take(number, news)
                if isinstance(news, Outcome):
                    outcomes[number] = news
    except KeyboardInterrupt:
        interrupted = True
    done = [outcomes[number] for number in sorted(outcomes)]
    out.print()
    screen.blocks(out, done, verbose=verbose)
    for outcome in done:
        if outcome.judged == FAULT:
            logger.error("{} {}:\n{}", outcome.cell.scheme, outcome.cell.title, outcome.why)
    screen.table(out, cells, outcomes)
    out.print()
    sampled.exceptions(out, done)
    if verbose:
        sampled.curves(out, done)
        sampled.finders(out, done)
    out.print(screen.closing(cells, outcomes), markup=False)
    return INTERRUPTED if interrupted else exit_code(done)


@stress.command()
@click.option("--workload", help="One bounded workload, by name or letter; all if not given.")
@click.option("--scheme", help="A scheme's name, or path/to/file.py:Class; all if not given.")
@click.option("--max-executions", type=int, help="Executions of each cell at most; until all is explored if not given.")
@click.option("--entries", type=int, help="Guest entries of each vcpu.")
@click.option("--calls", type=int, help="Hypercalls of each registrar at most.")
@click.option("--resume", is_flag=True, default=False, help="Keep how far each cell is, and go on from there.")
@click.option("--processes", type=int, help="Worker processes; one per CPU if not given.")
@click.option("--verbose", is_flag=True, default=False, help="Show every finding in full.")
def verify(processes: int | None, *, verbose: bool, **given: Any) -> int:
    """Execute every interleaving of bounded workloads under every scheme, or those asked for."""
    cells = command.cells_of(command.Asked(**given))
    return command.verify_cells(cells, processes_of(processes), verbose=verbose)


@stress.command(name="mutants")
@click.option("--scheme", default=mutation.SCHEME, help="A scheme's name, or path/to/file.py:Class.")
@click.option("--sample", type=int, help="Try so many of the mutants only, drawn by the seed.")
@click.option("--seed", help="Decimal or 0x hexadecimal.")
@click.option("--processes", type=int, help="Worker processes; one per CPU if not given.")
@click.option("--verbose", is_flag=True, default=False, help="Show every mutant and what noticed it.")
def mutants_command(processes: int | None, *, verbose: bool, **given: Any) -> int:
    """Break a scheme in every small way there is, and see that each is noticed."""
    return mutation.run(mutation.Asked(**given), processes_of(processes), verbose=verbose)


@stress.command(name="matrix")
@click.option("--row", help="Only this row of the table, or some with commas between; all if not given.")
@click.option("--seed", help="Decimal or 0x hexadecimal.")
@click.option("--processes", type=int, help="Worker processes; one per CPU if not given.")
def matrix_command(processes: int | None, **given: Any) -> int:
    """Find every known bug of the code, and write the bug table, docs/bugs.md."""
    return matrix.run(matrix.Asked(**given), processes_of(processes))


@stress.command(name="regress")
@click.option("--scheme", default=regression.SCHEME, help="A scheme's name, or path/to/file.py:Class.")
@click.option("--seed", help="Decimal or 0x hexadecimal.")
@click.option("--keep-going", is_flag=True, default=False, help="Make all checks, also after one that fails.")
@click.option("--processes", type=int, help="Worker processes; one per CPU if not given.")
def regress_command(processes: int | None, **given: Any) -> int:
    """Make every check of a scheme: known schedules, all workloads, all detectors, bounded verification."""
    return regression.run(regression.Asked(**given), processes_of(processes))


@stress.command(name="reproduce")
@subject
def reproduce_command(**given: Any) -> int:
    """Run one execution again from its seed, and show its digest and finding."""
    sizes = sizes_of(given)
    missing = [name for name in ("workload", "scheme", "seed") if given[name] is None]
    if missing:
        raise racer.UsageError(f"reproduce needs {', '.join(missing)}: paste the whole line that a finding prints")
    given = {name: value for name, value in given.items() if value is not None}
    return reproduce(Wanted(**given, sizes=sizes), click.echo)


@stress.command(name="replay")
@click.argument("file")
@click.option("--workload", help="Refuse a file of another workload.")
@click.option("--scheme", help="Refuse a file of another scheme.")
def replay_command(file: str, workload: str | None, scheme: str | None) -> int:
    """Run one execution again from its schedule file."""
    if not file:
        raise racer.UsageError("replay needs FILE=: a schedule file, such as those a run writes to .racer/")
    return replay(read_file(file, workload, scheme), click.echo)


def refuse(message: str) -> NoReturn:
    """End with one line that says what was wrong with what was asked for."""
    click.echo(f"error: {message}", err=True)
    sys.exit(USAGE)


def main(argv: list[str]) -> int:
    """Run a command; every way to end has its exit code."""
    logger.remove()
    logger.add(sys.stderr, format="<level>{level: <7}</level> {message}", level="INFO")
    if not argv or (argv[0].startswith("-") and argv[0] != "--help"):
        argv = ["run", *argv]
    try:
        code = stress.main(argv, prog_name="python -m stress", standalone_mode=False)
    except click.ClickException as error:
        refuse(error.format_message())
    except racer.UsageError as error:
        refuse(str(error))
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except (racer.StallError, racer.DivergenceError, racer.NondeterminismError) as error:
        click.echo(f"UNKNOWN: {error}", err=True)
        return UNDECIDED
    except Exception:
        click.echo(f"a fault of racer itself:\n{traceback.format_exc()}", err=True)
        return BROKEN
    return code if isinstance(code, int) else 0
