"""How often executions end as judged, of many with fixed seeds, and how far that may be from the exact share."""

from collections.abc import Callable
from typing import Any

import racer
from tests.engine.flat import Program, Run, body

EXECUTIONS = 3000
Judge = Callable[[Run], bool]


def deadlock(run: Run) -> bool:
    return bool(run.started - run.ended)


def value_of(name: str, wanted: Any) -> Judge:
    """Judge an execution by the value of an object at its end."""

    def judge(run: Run) -> bool:
        return bool(run.values[name] == wanted)

    judge.at_the_end = (name, wanted)  # type: ignore[attr-defined]
    return judge


def observed(program: Program, judge: Judge, strategy: str, executions: int = EXECUTIONS) -> float:
    """Return the share of executions that end as judged, of so many with fixed seeds."""
    if judge is deadlock:
        result = racer.explore(body(program), strategy=strategy, executions=executions, seed=5, keep_going=True)
        return result.failed / executions
    name, wanted = judge.at_the_end  # type: ignore[attr-defined]

    def at_the_end(value: Callable[[str], Any]) -> None:
        racer.count("hit", value(name) == wanted)

    result = racer.explore(body(program, at_the_end), strategy=strategy, executions=executions, seed=5)
    assert not result.failed, result.reason
    return result.counters["hit"] / executions


def tolerance(share: float, executions: int = EXECUTIONS) -> float:
    """Four standard deviations and a half: the seeds are fixed, so a test that passes once always does."""
    return float(4.5 * (share * (1 - share) / executions) ** 0.5 + 1e-9)
