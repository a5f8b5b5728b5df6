"""The other side of the comparison: the same two programs under frontrun, in the process that its command starts.

Reads one request a line from standard input, answers each with a line.
"""

import json
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from racer.sync.lock import FreeLock
from stress.bench.measure import Sample, timed
from stress.bench.programs import INCREMENTS, LOCKERS


class Counter:
    """What the two-thread lost update is about. Its attribute is what frontrun watches."""

    workers = 2
    max_ops = 50  # a schedule of that length covers the 20 opcodes of the two; drawing longer ones only costs

    def __init__(self) -> None:
        self.value = 0

    def add(self) -> None:
        """Add 1, in three opcodes that matter."""
        self.value += 1


class Locked(Counter):
    """What the locked increments are about."""

    workers = LOCKERS
    max_ops = 300

    def __init__(self) -> None:
        super().__init__()
        self.lock = FreeLock().real  # a threading.Lock made while frontrun has its own in place

    def add(self) -> None:
        """Add 1 under the lock."""
        for _ in range(INCREMENTS):
            with self.lock:
                self.value += 1


PROGRAMS: dict[str, type[Counter]] = {"lost-update": Counter, "locked-increments": Locked}


def always(_: Counter) -> bool:
    """Judge nothing: random exploration would stop at the first violation, and reporting it takes time."""
    return True


def options_of(program: type[Counter], mode: str, executions: int, *, lean: bool) -> dict[str, Any]:
    """Return the arguments of `frontrun.explore`: its defaults, or without all that can be left out."""
    options: dict[str, Any] = {"strategy": mode}
    if mode == "random":
        options |= {"max_attempts": executions, "seed": 1}
    else:
        options |= {"max_executions": executions, "stop_on_first": False}
    if lean:
        options["detect_io"] = False
        options |= {"max_ops": program.max_ops} if mode == "random" else {"preemption_bound": None}
    return options


def explored(explore: Callable[..., Any], program: type[Counter], mode: str, executions: int, *, lean: bool) -> Sample:
    """Explore until there were so many executions: an exhaustive search may be over sooner and starts again.

    An exploration that frontrun itself gave up after its time limit does not count, and neither does its time.
    """
    done, wall, cpu = 0.0, 0.0, 0.0
    given_up = 0
    while done < executions and given_up <= executions:
        options = options_of(program, mode, executions, lean=lean)
        result: Any = None

        def once(options: dict[str, Any] = options) -> int:
            nonlocal result
            result = explore(setup=program, workers=program.add, count=program.workers, invariant=always, **options)
            return int(result.num_explored)

        sample = timed(once)
        if result.property_holds is None:
            given_up += 1
            continue
        done, wall, cpu = done + sample.amount, wall + sample.wall, cpu + sample.cpu
    return Sample(done, wall, cpu)


def finds_the_lost_update(explore: Callable[..., Any], mode: str) -> bool:
    """Return whether a mode does its job here: what schedules nothing is fast, too."""
    result = explore(
        setup=Counter, workers=Counter.add, count=2, strategy=mode, invariant=lambda counter: counter.value == 2
    )
    return result.property_holds is False


def answer(explore: Callable[..., Any], request: dict[str, Any]) -> dict[str, Any]:
    """Do what one request asks for."""
    if "check" in request:
        return {"finds": finds_the_lost_update(explore, request["check"])}
    program = PROGRAMS[request["program"]]
    return vars(explored(explore, program, request["mode"], request["executions"], lean=request["lean"]))


def main() -> None:
    """Answer requests until there are no more."""
    explore = import_module("frontrun").explore
    for line in sys.stdin:
        print(json.dumps(answer(explore, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
