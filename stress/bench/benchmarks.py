"""Every benchmark by name, in the order in which they are run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from rich.table import Table

from stress.bench import detectors, exhaustive, first_finding, lengths, pivot, proofs
from stress.bench.executions import LOCKED, LOST_UPDATE, beside_bare, processes_rows
from stress.bench.memory import memory_rows, verification_rows
from stress.bench.model import model_rows
from stress.bench.peer import peer_rows
from stress.bench.row import Benchmark, Row
from stress.bench.steps import free_rows, hand_over_rows, step_rows


@dataclass(frozen=True)
class Entry:
    """A benchmark, how many CPUs it runs on, and the tables of its own that it is shown in, if it is."""

    run: Benchmark
    cpus: int = 1
    tables: Callable[[Sequence[Row]], list[Table]] | None = None


ENTRIES: dict[str, Entry] = {
    "lost-update": Entry(partial(beside_bare, LOST_UPDATE)),
    "locked-increments": Entry(partial(beside_bare, LOCKED)),
    "hand-over": Entry(hand_over_rows),
    "step": Entry(step_rows),
    "free-access": Entry(free_rows),
    "cross-register": Entry(model_rows),
    detectors.NAME: Entry(detectors.detector_rows),
    "memory": Entry(memory_rows),
    "frontrun": Entry(peer_rows),
    "processes": Entry(processes_rows, cpus=2),
    exhaustive.NAME: Entry(exhaustive.exhaustive_rows),
    lengths.NAME: Entry(lengths.length_rows),
    "verify-memory": Entry(verification_rows),
    proofs.NAME: Entry(proofs.proof_rows, cpus=2),
    first_finding.NAME: Entry(first_finding.first_finding_rows, cpus=2, tables=pivot.tables),
}
