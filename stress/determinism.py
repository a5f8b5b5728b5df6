"""One seed, many fresh processes, every Python from 3.11 on that this machine has: always the same digest."""

import os
import re
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from stress.crew import cpus
from stress.judge import BROKEN, SUCCESS, UNDECIDED, UNEXPECTED

ROOT = Path(__file__).parents[1]
WANTED = ("3.11", "3.12", "3.13", "3.13t", "3.14", "3.14t")
RUNS = 100
TIMEOUT = 300
# A strategy without its lengths, so that the pilot executions that find them are part of what has to be the same.
CELL = ("--workload", "cross-register", "--scheme", "immediate", "--strategy", "pct:3", "--seed", "0x51c0ffee")
PROBE = """
import sys, sysconfig
print("%d.%d" % sys.version_info[:2] + "t" * bool(sysconfig.get_config_var("Py_GIL_DISABLED")))
"""
DIGEST = re.compile(r"^digest ([0-9a-f]{64})$", re.MULTILINE)


@dataclass(frozen=True)
class Interpreter:
    """A Python found on this machine."""

    name: str
    path: str


def candidates() -> list[str]:
    """Return every path at which an interpreter may be, in the order in which they are preferred."""
    names = ["python3", *(f"python{name}" for name in WANTED)]
    folders = [Path(part) for part in os.environ.get("PATH", "").split(os.pathsep) if part]
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    folders += sorted(versions.glob("*/bin")) + sorted((Path.home() / ".local").glob("*/bin"))
    return [sys.executable, *(str(folder / name) for folder in folders for name in names if (folder / name).is_file())]


def interpreters() -> list[Interpreter]:
    """Return one interpreter for each wanted version found; what a file is called says nothing until it has run."""
    found: dict[str, str] = {}
    for path in candidates():
        name = version(path)
        if name in WANTED:
            found.setdefault(name, path)
    return [Interpreter(name, found[name]) for name in WANTED if name in found]


def version(path: str) -> str:
    """Return what the interpreter at `path` says it is; empty if it does not run."""
    try:
        done = subprocess.run([path, "-c", PROBE], capture_output=True, text=True, timeout=TIMEOUT, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def digest(path: str) -> str:
    """Reproduce the cell in a fresh process; return its digest, or what it said instead."""
    command = [path, "-m", "stress.reproduce", *CELL]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, timeout=TIMEOUT, check=False, cwd=ROOT, env=environment
        )
    except subprocess.TimeoutExpired:
        return f"no end within {TIMEOUT} s"
    match = DIGEST.search(done.stdout)
    said = (done.stderr or done.stdout).strip().partition("\n")[0]
    return match[1] if match else f"exit {done.returncode}: {said[:120]}"


def take_a_cpu(free: "SimpleQueue[int]") -> None:
    """Let the calling thread, and the processes that it starts, run on a CPU that no other of them uses.

    Two controlled processes on one CPU take turns at the scheduler's pleasure, and one may wait for seconds.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {free.get()})


def free_cpus() -> "SimpleQueue[int]":
    """Return the CPUs that this process may use."""
    free: SimpleQueue[int] = SimpleQueue()
    for cpu in sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []:
        free.put(cpu)
    return free


def main(argv: list[str]) -> int:
    """Run and compare; print a line per interpreter."""
    if argv and not (argv[0].isascii() and argv[0].isdigit() and int(argv[0]) > 0):
        print(f"error: the number of runs must be at least 1, got {argv[0]!r}", file=sys.stderr)
        return 2
    runs = int(argv[0]) if argv else RUNS
    found = interpreters()
    print(f"reproduce {' '.join(CELL)}: {runs} fresh processes each")
    seen: Counter[str] = Counter()
    with ThreadPoolExecutor(cpus(), initializer=take_a_cpu, initargs=(free_cpus(),)) as pool:
        for each in found:
            digests = Counter(pool.map(digest, [each.path] * runs))
            seen.update(digests)
            print(f"  {each.name:<6} {told(digests)}  {each.path}", flush=True)
    absent = [name for name in WANTED if name not in {each.name for each in found}]
    print(f"skipped, not on this machine: {', '.join(absent) or 'none'}")
    return verdict(seen)


def told(digests: Counter[str]) -> str:
    """Return how often each digest came."""
    return ", ".join(f"{count} x {text if len(text) != 64 else text[:16]}" for text, count in digests.most_common())


def verdict(seen: Counter[str]) -> int:
    """Print the conclusion and return the exit code."""
    digests = [text for text in seen if len(text) == 64]
    if len(digests) > 1:
        print(f"FAIL: {len(digests)} different digests from one seed")
        return UNEXPECTED
    if len(digests) < len(seen):
        print("UNKNOWN: some runs gave no digest")
        return BROKEN if any(text.startswith(f"exit {BROKEN}") for text in seen) else UNDECIDED
    if not seen:
        print("UNKNOWN: no interpreter found")
        return UNDECIDED
    print(f"PASS: {seen.total()} processes, one digest {next(iter(seen))}")
    return SUCCESS


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
