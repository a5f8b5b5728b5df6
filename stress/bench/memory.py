"""Whether memory stays flat over a long campaign, apart from the table of classes seen."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import racer
from racer.core.interleavings import SeenClasses
from stress.bench.measure import Effort
from stress.bench.model import WORKLOAD, body_of
from stress.bench.programs import locked_increments, lost_update
from stress.bench.row import Row, at_most

EXECUTIONS = 200_000
EVERY = 10_000
JUDGED = 10_000
SETTLED = 2
BROKEN = "immediate"
FLAT_KIB = 1024


@dataclass
class Watched:
    """A test body that takes down the resident memory before every so many executions of it."""

    body: Callable[[], None]
    every: int
    runs: int = 0
    kib: list[float] = field(default_factory=list)

    def __call__(self) -> None:
        """Run the body."""
        if self.runs % self.every == 0:
            self.kib.append(resident_kib())
        self.runs += 1
        self.body()


def resident_kib() -> float:
    """Return the memory of this process that is in RAM."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024


def table_kib(classes: int) -> float:
    """Return the size of a table of so many classes."""
    seen = SeenClasses()
    for key in range(1, classes + 1):
        seen.add(key)
    return sys.getsizeof(seen._slots) / 1024  # noqa: SLF001  (its size is nobody's business but this one's)


def memory_rows(effort: Effort) -> list[Row]:
    """Watch a program with few classes, one in which nearly each execution is a new one, and one full of cycles."""
    return [
        watch("lost update, few classes", lost_update, effort.of(EXECUTIONS)),
        watch("locked increments, many classes", locked_increments, effort.of(EXECUTIONS)),
        watch(f"{WORKLOAD} {BROKEN}, garbage in cycles", body_of(BROKEN), effort.of(EXECUTIONS // 20)),
    ]


def watch(what: str, body: Callable[[], None], executions: int) -> Row:
    """Run a campaign and return how much it grew once it had settled, less the table.

    A campaign too short to be told from its own start is measured and not judged.
    """
    every = max(1, min(EVERY, executions // 20))
    watched = Watched(body, every)
    result = racer.explore(watched, executions=executions, keep_going=True)
    watched.kib.append(resident_kib())
    settled = watched.kib[SETTLED:] or watched.kib[-1:]
    table = table_kib(result.interleavings)
    growth = [kib - settled[0] for kib in settled]
    return Row(
        name="memory",
        what=f"{what}: growth from execution {SETTLED * every:,} to {executions:,} less the table",
        unit="KiB",
        value=max(0.0, growth[-1] - table),
        low=min(growth),
        high=max(growth),
        demand=at_most(FLAT_KIB) if executions >= JUDGED else None,
        note=f"grew {growth[-1]:,.0f} KiB; table of {result.interleavings:,} classes {table:,.0f} KiB; "
        f"resident at the end {settled[-1]:,.0f} KiB",
    )
