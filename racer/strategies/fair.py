"""Fairness: who waits for others must not keep them from running."""

from typing import Final

from racer.core.operation import MODIFIED
from racer.strategies.pending import Run

PATIENCE: Final = 1000
"""A thread that could go on is not left standing for longer than about so many steps."""

QUIET: Final = 250
"""Nor for longer than about so many if in all of them nobody modified anything; also how often this is looked at."""


class Fair:
    """Says which threads have to wait because they yielded, and which have waited too long.

    Source: Musuvathi, Qadeer: "Fair stateless model checking", PLDI 2008. A thread yields where it waits for time to
    pass (a sleep, a wait that timed out). Between two yields of a thread every other one that could go on has to take
    a step, else the first may not go on before it has. So a loop that waits with a sleep goes round a few times for
    each step of the others, whatever the priorities; and a thread that yields once is not held back at all, nor is
    one that lets the others run anyhow. There is always a thread that may go on: the one that stood longest.

    Where it departs: a thread is waited for too if it became able to go on only after the yield. And the paper asks
    for a yield in every loop that waits. For those that have none, a thread that has stood for `patience` steps is
    taken to be starved; it is enough to stand for 250 if those modified nothing, which is what loops that wait do.

    An execution in which nobody yields twice, and which has at most `patience` steps of which no 250 in a row only
    read, is not touched.
    """

    def __init__(self, patience: int = PATIENCE) -> None:
        self.patience = max(PATIENCE, patience)
        self._run: Run
        self.begin()

    def attach(self, run: Run) -> None:
        """Take the execution whose steps are looked at."""
        self._run = run

    def begin(self) -> None:
        """Prepare for an execution."""
        self.yielding = False
        self.look = QUIET + 1
        self._seen = 0
        # Of each thread: its last step, and those at which it yielded last and before that.
        self._last: list[int] = []
        self._yielded: list[int] = []
        self._before: list[int] = []

    def created(self) -> None:
        """Take note of a new thread."""
        self._last.append(len(self._run.order))
        self._yielded.append(0)
        self._before.append(0)

    def yielded(self, thread: int) -> None:
        """Take note that a thread yielded in the last step."""
        self._before[thread] = self._yielded[thread]
        self._yielded[thread] = len(self._run.order)
        self.yielding = self.yielding or self._before[thread] > 0

    def let(self, enabled: list[int]) -> list[int]:
        """Return those that may go on: since their last yield but one all others took a step. Never nobody."""
        last, before, order = self._last, self._before, self._run.order
        for step in range(self._seen, len(order)):
            last[order[step]] = step + 1
        self._seen = len(order)
        longest = min([last[thread] for thread in enabled])
        return [thread for thread in enabled if before[thread] <= longest]

    def starved(self, enabled: list[int]) -> list[int]:
        """Return the threads that have stood too long while others ran, the longest first.

        To be called where the step that is about to be executed (from 1) has come to `look`.
        """
        order = self._run.order
        self.look = len(order) + 1 + QUIET
        quiet = not any(code & MODIFIED for code in self._run.codes[-QUIET:])
        window = QUIET if quiet else self.patience
        if len(order) < window:
            return []
        ran = set(order[-window:])
        found = [thread for thread in enabled if thread not in ran]
        return sorted(found, key=self._stood) if len(found) < len(enabled) else []

    def _stood(self, thread: int) -> int:
        """Return the last step of a thread, from 0; that of its birth is early enough if it has none."""
        order = self._run.order
        return next((step for step in reversed(range(len(order))) if order[step] == thread), 0)
