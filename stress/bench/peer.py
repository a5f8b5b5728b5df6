"""Executions a second side by side with frontrun, the other harness for Python code on real OS threads."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from statistics import median
from types import TracebackType
from typing import Any, Self

from stress.bench.executions import explored
from stress.bench.measure import Effort, Sample, Work, interleaved
from stress.bench.programs import locked_increments, lost_update
from stress.bench.row import Row, row, times_at_least

MODES = ("random", "dpor")
INSTALL = "make bench installs it: pip install '.[bench]'"
SETTINGS = {False: "as it comes", True: "at its leanest: no I/O detection, short schedules or no preemption bound"}


@dataclass(frozen=True)
class Match:
    """A program that both run, how often, and how much faster racer has to be."""

    program: str
    test: Callable[[], None]
    ours: int
    theirs: int
    times: float


MATCHES = (
    Match("lost-update", lost_update, 10_000, 1_000, 20),
    Match("locked-increments", locked_increments, 2_500, 120, 12),
)


class Frontrun:
    """A process in which frontrun runs, started by its own command as its documentation asks."""

    def __enter__(self) -> Self:
        """Start it."""
        side = [sys.executable, "-m", "stress.bench.frontrun_side"]
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "frontrun.cli", *side],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.communicate()

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send a request and return the answer."""
        pipes = self._process
        assert pipes.stdin is not None
        assert pipes.stdout is not None
        pipes.stdin.write(json.dumps(request) + "\n")
        pipes.stdin.flush()
        line = pipes.stdout.readline()
        if not line:
            raise RuntimeError(f"frontrun's process ended at the request {request}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def works(self, match: Match, executions: int, *, lean: bool) -> dict[str, Work]:
        """Return the work of each of its modes."""

        def work(mode: str) -> Sample:
            return Sample(**self.ask(program=match.program, mode=mode, executions=executions, lean=lean))

        return {mode: lambda mode=mode: work(mode) for mode in MODES}  # type: ignore[misc]  # a default is no surprise


def peer_rows(effort: Effort) -> list[Row]:
    """Run both programs under racer and under each mode of frontrun in turn."""
    if find_spec("frontrun") is None:
        return [
            Row("frontrun", match.program, "executions/s", demand=times_at_least(match.times), note=INSTALL)
            for match in MATCHES
        ]
    with Frontrun() as frontrun:
        return [compare(frontrun, match, effort, lean=lean) for match in MATCHES for lean in SETTINGS]


def compare(frontrun: Frontrun, match: Match, effort: Effort, *, lean: bool) -> Row:
    """Return the row of one program, beside the fastest of frontrun's modes."""
    works: dict[str, Work] = {"racer": lambda: explored(match.test, effort.of(match.ours))}
    works |= frontrun.works(match, effort.of(match.theirs), lean=lean)
    samples = interleaved(works, effort.rounds)
    rates = {mode: median(sample.rate for sample in samples[mode]) for mode in MODES}
    fastest = max(MODES, key=rates.__getitem__)
    blind = [mode for mode in MODES if not frontrun.ask(check=mode)["finds"]]
    return row(
        "frontrun",
        f"{match.program}, frontrun {SETTINGS[lean]}",
        "executions/s",
        samples["racer"],
        demand=times_at_least(match.times),
        reference=f"frontrun {version('frontrun')} {fastest}",
        beside=samples[fastest],
        note="frontrun.explore: "
        + ", ".join(f"{mode} {rate:,.0f}/s" for mode, rate in rates.items())
        + (f"; finds no lost update: {', '.join(blind)}" if blind else ""),
    )
