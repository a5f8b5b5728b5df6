"""One benchmark in a process of its own, pinned: nothing that ran before it is left in memory or on the CPU."""

import json
import os
import subprocess
import sys
from dataclasses import asdict

from stress.bench.benchmarks import ENTRIES
from stress.bench.measure import Effort
from stress.bench.row import Demand, Row

_ANSWER = "answer: "


def run_apart(name: str, effort: Effort) -> list[Row]:
    """Run a benchmark in a fresh process and return its rows, or one that says how it crashed."""
    command = [sys.executable, "-m", "stress.bench.apart", name, json.dumps(asdict(effort))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    for line in done.stdout.splitlines():
        if done.returncode == 0 and line.startswith(_ANSWER):
            return [from_answer(fields) for fields in json.loads(line.removeprefix(_ANSWER))]
    said = (done.stderr or done.stdout).strip()
    return [Row(name, "", "", note=said or f"exit {done.returncode}", crashed=True)]


def from_answer(fields: dict[str, object]) -> Row:
    """Return a row as the process had it."""
    demand = fields.pop("demand")
    return Row(**fields, demand=Demand(**demand) if isinstance(demand, dict) else None)  # type: ignore[arg-type]


def pin(cpus: int) -> None:
    """Pin this process to so many of the CPUs it may use, the last ones: the first are the busiest on most machines."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-cpus:])


def main(name: str, effort: str) -> None:
    """Run the benchmark and print its rows on one line."""
    entry = ENTRIES[name]
    pin(entry.cpus)
    rows = entry.run(Effort(**json.loads(effort)))
    print(_ANSWER + json.dumps([asdict(row) for row in rows]))


if __name__ == "__main__":
    main(*sys.argv[1:])
