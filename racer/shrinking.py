"""Shrinks the schedule of a finding: runs what `racer.shrink` wants to try."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from racer.campaign import Test, run_once
from racer.core.finding import Finding
from racer.core.schedule import Schedule
from racer.core.switches import Switch
from racer.engine.driver import Driver, collect_young
from racer.engine.pool import Worker
from racer.engine.recorder import Recorder
from racer.engine.turnstile import Turnstile
from racer.judging import Asked
from racer.shrink import Attempt
from racer.shrink import shrink as shrunk
from racer.strategies.replay import Replay
from racer.strategies.switches import Noted, Switches

Same = Callable[[Finding], bool]
BUDGET = 2000


@dataclass(frozen=True)
class Small:
    """The smallest schedule found: the strategy that follows it, and how much of everything there is in it."""

    strategy: str
    preemptions: int
    switches: int
    threads: int
    steps: int


def shrink(  # noqa: PLR0917  (as replay)
    test: Test,
    schedule: Schedule,
    same: Same,
    detect: Iterable[object],
    budget: int = BUDGET,
    stall_after: float = 60.0,
    *,
    rich: bool = False,
) -> Small | None:
    """Return the smallest schedule found that has a finding which is the `same`; None if the given one has none.

    With `rich` the findings that `same` is asked about have stacks, which takes longer.
    """
    asked = Asked.of(detect)
    most = 4 * len(schedule) + 1000

    def search(worker: Worker) -> Small | None:
        noted = Noted(Replay(schedule))
        run = run_once(test, noted, 0, worker, most, asked)
        values = tuple(run.values)
        run.release()

        def attempt(switches: tuple[Switch, ...]) -> Attempt:
            strategy = Switches(switches, values)
            tried = run_once(test, strategy, 0, worker, most, asked, Recorder() if rich else None)
            made = attempt_of(tried, strategy, same)
            tried.release()
            collect_young()
            driver.executions += 1
            return made

        first = attempt(tuple(noted.switches))
        if not first.found:
            return None
        best = shrunk(first, attempt, budget)
        text = Switches(best.switches, values).text
        return Small(text, best.preemptions, len(best.switches), best.threads, best.steps)

    driver = Driver(stall_after)
    return driver.run(search, lambda: None)


def attempt_of(run: Turnstile, strategy: Switches, same: Same) -> Attempt:
    """Return what an execution showed: threads and steps up to the finding."""
    found = next((finding for finding in run.findings if same(finding)), None)
    order = run.order if found is None else run.order[: found.step + 1]
    return Attempt(found is not None, tuple(strategy.made), tuple(strategy.points), len(order), len(set(order)))
