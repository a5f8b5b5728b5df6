"""Every schedule with few preemptions, one after another: no reduction, and no code shared with the search by DPOR."""

from collections.abc import Callable
from itertools import count

import racer

AT_ONCE = 100


class FewPreemptions:
    """A strategy that takes every schedule with at most so many preemptions in turn, depth first.

    `path` holds the threads that could have been taken at each step of the last execution, the one taken first.
    A seed it has just seen repeats the execution. `taken` schedules were taken; `ended` says that these were all.
    """

    every_step = True

    def __init__(self, preemptions: int) -> None:
        self.preemptions = preemptions
        self.text = f"at most {preemptions} preemptions"
        self.path: list[list[int]] = []
        self.taken = 0
        self.ended = False
        self._seed: int | None = None

    def begin(self, seed: int) -> None:
        if seed != self._seed:
            self._advance()
        self._seed = seed
        self._depth = self._spent = 0

    def _advance(self) -> None:
        while self.path and len(self.path[-1]) == 1:
            self.path.pop()
        if self.path:
            self.path[-1].pop(0)
        elif self.taken:
            self.ended = True
        self.taken += not self.ended

    def created(self, thread: int) -> None:
        pass

    def pick(self, enabled: list[int], current: int) -> int:
        if self._depth == len(self.path):
            can_go_on = current in enabled
            others = [thread for thread in enabled if thread != current]
            allowed = others if not can_go_on or self._spent < self.preemptions else []
            self.path.append([current, *allowed] if can_go_on else allowed)
        chosen = self.path[self._depth][0]
        self._depth += 1
        self._spent += chosen != current and current in enabled
        return chosen

    def choose(self, n: int) -> int:
        raise NotImplementedError("a choice is not foreseen here")

    def yielded(self, thread: int) -> None:
        pass


def taken_all(body: Callable[[], None], preemptions: int) -> tuple[int, set[str]]:
    """Take every schedule with so few preemptions; return how many there are, and the kinds of finding they show."""
    strategy = FewPreemptions(preemptions)
    kinds: set[str] = set()
    for campaign in count():  # each with a first seed of its own
        result = racer.explore(body, strategy=strategy, executions=AT_ONCE, seed=campaign, keep_going=True)
        kinds |= {finding.kind for finding in result.findings}
        if strategy.ended:
            break
    return strategy.taken, kinds
