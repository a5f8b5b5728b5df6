"""The public names, and that importing them needs the standard library only."""

import subprocess
import sys
from pathlib import Path

import racer

ROOT = Path(__file__).parents[2]

FIXED = (
    "Thread", "Lock", "RLock", "Condition", "Semaphore", "BoundedSemaphore", "Event", "Barrier", "Shared",
    "field", "Atomic", "point", "sleep", "choose", "time", "explore", "replay", "run_free", "violation",
    "SpinLock", "may_sleep", "Schedule", "Result", "Finding", "Execution", "UsageError", "DivergenceError",
    "NondeterminismError", "StallError", "ScheduleError", "RacerError", "Resource", "side", "Side", "count",
    "current_name", "controlled", "strategy", "STRATEGIES", "pin_to", "BrokenBarrierError",
)  # fmt: skip


def test_the_fixed_names_are_there_and_listed() -> None:
    assert [name for name in FIXED if not hasattr(racer, name) or name not in racer.__all__] == []


def test_every_listed_name_exists_once() -> None:
    assert len(set(racer.__all__)) == len(racer.__all__)
    assert [name for name in racer.__all__ if not hasattr(racer, name)] == []


def test_importing_racer_needs_only_the_standard_library() -> None:
    program = (
        "import sys; before = set(sys.modules); import racer; "
        "print(*sorted({m.partition('.')[0] for m in set(sys.modules) - before} - sys.stdlib_module_names))"
    )
    ran = subprocess.run([sys.executable, "-S", "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["racer"]
