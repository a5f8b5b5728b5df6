"""Whether memory stays flat over a long campaign, apart from the table of classes seen, and over a verification."""

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
from stress.bench.textbook import ADDS, two_adders

EXECUTIONS = 200_000
VERIFIED = 1_000_000
EVERY = 10_000
JUDGED = 10_000
SETTLED = 2
BROKEN = "immediate"
FLAT_KIB = 1024


@dataclass
class Watched:
    """A test body that takes down the resident memory before every so many executions of it.

    `kib` is the memory, `classes` how many classes had been seen, as far as was told by then.
    """

    body: Callable[[], None]
    every: int
    runs: int = 0
    seen: int = 0
    kib: list[float] = field(default_factory=list)
    classes: list[int] = field(default_factory=list)

    def __call__(self) -> None:
        """Run the body."""
        if self.runs % self.every == 0:
            self.sample()
        self.runs += 1
        self.body()

    def tell(self, now: racer.Snapshot) -> None:
        """Take note of how far the campaign is."""
        self.seen = now.interleavings

    def sample(self) -> None:
        """Take down the memory of now."""
        self.kib.append(resident_kib())
        self.classes.append(self.seen)

    def less_table(self) -> list[float]:
        """Return the memory at each sample without the table of classes."""
        return [kib - table_kib(classes) for kib, classes in zip(self.kib, self.classes, strict=True)]


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
    """Run a campaign and return how much higher its memory peaked late than early, less the table.

    Peaks, because garbage in cycles piles up for a while before it is collected. A campaign too short to be told
    from its own start is measured and not judged.
    """
    every = max(1, min(EVERY, executions // 20))
    watched = Watched(body, every)
    result = racer.explore(watched, executions=executions, keep_going=True, progress=watched.tell)
    watched.seen = result.interleavings
    watched.sample()
    settled = watched.less_table()[SETTLED:] or [0.0]
    middle = max(1, len(settled) // 2)
    late = settled[middle:] or settled
    return Row(
        name="memory",
        what=f"{what}: peak of the last {executions // 2:,} executions over the peak before, less the table",
        unit="KiB",
        value=max(0.0, max(late) - max(settled[:middle])),
        low=min(settled) - settled[0],
        high=max(settled) - settled[0],
        demand=at_most(FLAT_KIB) if executions >= JUDGED else None,
        note=f"grew {settled[-1] - settled[0]:,.0f} KiB from execution {SETTLED * every:,} to {executions:,}; "
        f"table of {result.interleavings:,} classes {table_kib(result.interleavings):,.0f} KiB; "
        f"resident at the end {watched.kib[-1]:,.0f} KiB",
    )


def verification_rows(effort: Effort) -> list[Row]:
    """Watch a verification with far more interleavings than it executes. Its table of classes ends early: it counts."""
    return [watch_verification(effort.of(VERIFIED))]


def watch_verification(executions: int) -> Row:
    """Verify so far and return how much higher memory peaked in the last nine tenths than in the tenth before."""
    watched = Watched(two_adders, max(1, executions // 100))
    racer.verify(watched, max_executions=executions)
    watched.sample()
    kib = watched.kib[1:]  # the first is of before the first execution
    tenth = len(kib) // 10
    at = {executions // 100: kib[0], executions // 10: kib[tenth - 1], executions: kib[-1]}
    return Row(
        name="verify-memory",
        what=f"two threads, {ADDS} additions each: peak of the last nine tenths of {executions:,} executions over the"
        " peak of the first",
        unit="KiB",
        value=max(0.0, max(kib[tenth:]) - max(kib[:tenth])),
        low=min(kib) - kib[0],
        high=max(kib) - kib[0],
        demand=at_most(FLAT_KIB) if executions >= JUDGED else None,
        note="resident " + ", ".join(f"after {n:,} executions {each:,.0f} KiB" for n, each in at.items()),
    )
