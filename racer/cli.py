"""The command `racer`: explore and replay test bodies of one's own."""

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Self

import click

import racer
from racer.report.text import describe
from racer.report.unseen import sentences

SUCCESS = 0
FOUND = 1
USAGE = 2
UNDECIDED = 3
BROKEN = 4
INTERRUPTED = 130

EVERY = 0.25
"""Seconds between two progress lines."""
LARGE = 1e9

Body = Callable[[], object]
LARGEST_SEED = 2**64 - 1


def main() -> None:
    """Run the command and exit with its code."""
    sys.exit(run(sys.argv[1:]))


def run(argv: list[str]) -> int:
    """Run the command; every way to end has its exit code."""
    try:
        code = command.main(argv, prog_name="racer", standalone_mode=False)
    except click.ClickException as error:
        return complain(error.format_message(), USAGE)
    except racer.UsageError as error:
        return complain(str(error), USAGE)
    except (racer.StallError, racer.DivergenceError, racer.NondeterminismError) as error:
        return complain(str(error), UNDECIDED)
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except Exception:
        return complain(f"a fault of racer itself:\n{traceback.format_exc()}", BROKEN)
    return code if isinstance(code, int) else SUCCESS


def complain(message: str, code: int) -> int:
    """Print an error and return its exit code."""
    click.echo(f"error: {message}", err=True)
    return code


def installed() -> str:
    """Return the version, also in a checkout that is not installed."""
    try:
        return version("racer")
    except PackageNotFoundError:
        return "(not installed)"


@click.group()
@click.version_option(installed(), prog_name="racer", message="%(prog)s %(version)s")
def command() -> None:
    """Run threaded code under schedules of one's choosing, and the same one again."""


def body_of(text: str) -> Body:
    """Return the function that `module:function` or `path/to/file.py:function` names; UsageError if there is none."""
    where, _, name = text.rpartition(":")
    if not where or not name.isidentifier():
        raise racer.UsageError(f"a test is named module:function or path/to/file.py:function, got {text!r}")
    body = getattr(module_of(where), name, None)
    if not callable(body):
        raise racer.UsageError(f"{where} has no function {name!r}")
    found: Body = body
    return found


def module_of(where: str) -> Any:
    """Import a module by dotted name or by path."""
    if where.endswith(".py"):
        path = Path(where)
        spec = importlib.util.spec_from_file_location(path.stem, path)
        if not path.is_file() or spec is None or spec.loader is None:
            raise racer.UsageError(f"no such file: {where}")
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module
        spec.loader.exec_module(module)
        return module
    # As `python -m` does: the console script does not look into the current folder of itself.
    sys.path.insert(0, "")
    try:
        return importlib.import_module(where)
    except ModuleNotFoundError as error:
        raise racer.UsageError(f"cannot import {where}: {error}") from None


def seed_of(text: str) -> int:
    """Read a decimal or hexadecimal seed."""
    try:
        seed = int(text, 16 if text.lower().startswith("0x") else 10)
    except ValueError:
        seed = -1
    if not 0 <= seed <= LARGEST_SEED:
        raise racer.UsageError(f"seed must be a whole number from 0 to 2^64-1, decimal or 0x hexadecimal, got {text!r}")
    return seed


@command.command()
@click.argument("test")
@click.option(
    "--strategy", default="random", show_default=True, help="random, pct:3, pos, surw, portfolio, round-robin"
)
@click.option("--executions", default=1000, show_default=True)
@click.option("--seed", default="0", show_default=True)
@click.option("--keep-going", is_flag=True, help="Do not stop at the first finding.")
@click.option("--max-steps", default=100_000, show_default=True, help="Steps after which an execution is cut.")
def explore(test: str, strategy: str, executions: int, seed: str, max_steps: int, *, keep_going: bool) -> int:
    """Run TEST (module:function) under many schedules."""
    body, first = body_of(test), seed_of(seed)
    click.echo(f"racer explore {test}: strategy {strategy}, seed {first:#x}, {executions} executions")
    options: dict[str, Any] = {"keep_going": keep_going, "max_steps": max_steps}
    result = racer.explore(body, strategy=strategy, executions=executions, seed=first, **options)
    for finding in result.findings:
        show(finding, f"racer explore {test} --strategy {finding.strategy} --executions 1 --seed ", test)
    least = "at least " if result.interleavings_capped else ""
    click.echo(
        f"{result.verdict}: {result.executions} executions, {result.steps} steps, {least}{result.interleavings} "
        f"distinct interleavings, {result.failed} with a finding"
    )
    for sentence in sentences(result.unseen) if result.unseen else ():
        click.echo(sentence)
    return {"PASS": SUCCESS, "FAIL": FOUND}.get(result.verdict, UNDECIDED)


@command.command()
@click.argument("test")
@click.option("--preemptions", type=click.IntRange(min=0), help="Only interleavings with at most so many preemptions.")
@click.option("--max-executions", type=click.IntRange(min=1), help="Stop after so many executions.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Processes.")
@click.option(
    "--checkpoint", type=click.Path(path_type=Path), help="A file to go on from, and to keep what is left in."
)
@click.option("--keep-going", is_flag=True, help="Do not stop at the first finding.")
@click.option("--max-steps", default=100_000, show_default=True, help="Steps after which an execution is cut.")
def verify(test: str, checkpoint: Path | None, *, keep_going: bool, **bounds: Any) -> int:
    """Run TEST (module:function) under every interleaving, each once: with no finding that is a proof for this test.

    Interleavings that differ only in the order of independent operations count as one. Example:

        racer verify my_tests.py:lost_update --checkpoint verify.json

    Ctrl-C keeps what was done in the checkpoint; the same command goes on from there.
    """
    body = body_of(test)
    click.echo(f"racer verify {test}")
    with Live() as live:
        try:
            result = racer.verify(body, keep_going=keep_going, checkpoint=checkpoint, progress=live.show, **bounds)
        except KeyboardInterrupt:
            live.stop()
            kept = f"; the same command goes on from {checkpoint}" if checkpoint else ""
            click.echo(f"interrupted after {live.executions:,} executions{kept}", err=True)
            raise
    for finding in result.findings:
        show(finding, "", test)
    click.echo(told(result))
    return {"PASS": SUCCESS, "FAIL": FOUND}.get(result.verdict, UNDECIDED)


def told(result: racer.Result) -> str:
    """Return what a verification showed, in words."""
    rate = result.executions / result.seconds if result.seconds else 0.0
    lines = [f"{result.verdict}: {result.reason}"]
    many = f"{result.executions:,} executions, {result.interleavings:,} distinct interleavings"
    redundant = f", {result.redundant:,} redundant" if result.redundant else ""
    lines.append(f"    {many}{redundant}, {result.steps:,} steps; {result.seconds:.1f} s, {rate:,.0f} executions/s")
    if result.exhausted:
        lines.append("    exhausted: there is no other interleaving of this test")
    else:
        lines.append("    NOT exhausted: there are interleavings that were not executed")
    return "\n".join(lines)


class Live:
    """A line on a terminal that says how far a verification is; nothing where the output is no terminal."""

    def __init__(self) -> None:
        self.executions = 0
        self._open = sys.stderr.isatty()
        self._last = 0.0

    def __enter__(self) -> Self:
        """Return the line."""
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def show(self, now: racer.Snapshot) -> None:
        """Write how far it is, a few times a second."""
        self.executions = now.executions
        if not self._open or now.seconds - self._last < EVERY or not now.seconds:
            return
        self._last = now.seconds
        rate = now.executions / now.seconds
        line = f"{now.executions:,} executions, {rate:,.0f}/s, {now.failed:,} with a finding"
        if now.total is not None and now.total >= now.executions:
            left = (now.total - now.executions) / rate if rate else 0.0
            line += f"; about {brief(now.total)} in all, {brief(left)} s to go (more may turn up)"
        click.echo(f"\r\033[K{line}", nl=False, err=True)

    def stop(self) -> None:
        """Take the line away."""
        if self._open and self._last:
            click.echo("\r\033[K", nl=False, err=True)
        self._open = False


def brief(number: float) -> str:
    """Return a number of any size in a few characters.

    >>> brief(1234.5), brief(2.5e13)
    ('1,234', '2e+13')
    """
    return f"{number:,.0f}" if number < LARGE else f"{number:.0e}"


@command.command()
@click.argument("test")
@click.argument("schedule")
def replay(test: str, schedule: str) -> int:
    """Run TEST (module:function) once more under SCHEDULE, the line a finding prints."""
    execution = racer.replay(body_of(test), schedule)
    click.echo(f"digest {execution.digest}")
    for finding in execution.findings:
        click.echo(f"\n{describe(finding)}")
    if not execution.findings:
        click.echo(f"no finding in this execution of {execution.steps} steps")
    return FOUND if execution.findings else SUCCESS


def show(finding: racer.Finding, again: str, test: str) -> None:
    """Print a finding and how to see it again."""
    click.echo(describe(finding) + "\n")
    if finding.seed is not None and again:
        click.echo(f"    reproduce: {again}{finding.seed:#x}")
    if finding.schedule is not None:
        click.echo(f"    replay:    racer replay {test} '{finding.schedule}'\n")
