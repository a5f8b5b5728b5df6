"""Every benchmark by name, in the order in which they are run."""

from dataclasses import dataclass
from functools import partial

from stress.bench.executions import LOCKED, LOST_UPDATE, beside_bare, processes_rows
from stress.bench.memory import memory_rows
from stress.bench.model import model_rows
from stress.bench.peer import peer_rows
from stress.bench.row import Benchmark
from stress.bench.steps import free_rows, hand_over_rows, step_rows


@dataclass(frozen=True)
class Entry:
    """A benchmark, and how many CPUs it runs on."""

    run: Benchmark
    cpus: int = 1


ENTRIES: dict[str, Entry] = {
    "lost-update": Entry(partial(beside_bare, LOST_UPDATE)),
    "locked-increments": Entry(partial(beside_bare, LOCKED)),
    "hand-over": Entry(hand_over_rows),
    "step": Entry(step_rows),
    "free-access": Entry(free_rows),
    "cross-register": Entry(model_rows),
    "memory": Entry(memory_rows),
    "frontrun": Entry(peer_rows),
    "processes": Entry(processes_rows, cpus=2),
}
