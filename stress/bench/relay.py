"""The bare hand-overs of given schedules: the same turns between as many OS threads, and nothing done in them."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from racer.engine.baton import make_baton
from racer.engine.pool import Worker, pool


def turns_of(orders: Iterable[Sequence[int]]) -> list[int]:
    """Return which OS thread has the turn, one after another, in executions with these threads at each step.

    A thread that begins just after another's end runs on that one's OS thread, as in racer: no hand-over.

    >>> turns_of([(0, 0, 1, 0), (0, 1, 1, 2, 2, 0)])
    [0, 1, 0, 1, 0]
    """
    turns: list[int] = []
    for order in orders:
        last_step = {thread: step for step, thread in enumerate(order)}
        seats = {0: 0}
        idle = list(range(len(last_step) - 1, 0, -1))
        before = 0
        for step, thread in enumerate(order):
            if thread != before and step > last_step[before]:
                idle.append(seats[before])
            if thread not in seats:
                seats[thread] = idle.pop()
            if not turns or turns[-1] != seats[thread]:
                turns.append(seats[thread])
            before = thread
    return turns


class Relay:
    """Hands the turn round pooled OS threads as a list says; seat 0 begins and ends."""

    def __init__(self, turns: Sequence[int]) -> None:
        self.turns = turns
        self.at = 0
        self.left: list[Worker] = []
        self.done = make_baton()

    def run(self) -> int:
        """Hand over as often as the list says; return how often."""
        threads = pool()
        self.workers = [threads.take() for _ in range(max(self.turns) + 1)]
        for worker in self.workers:
            worker.body = partial(self._serve, worker)
        self.left = list(self.workers)
        self.workers[self.turns[0]].baton.wake()
        self.done.wait()
        self.done.close()
        threads.idle += self.workers
        return len(self.turns) - 1

    def _serve(self, me: Worker) -> None:
        wait = me.baton.wait
        turns = self.turns
        wakes: list[Callable[[], object]] = [worker.baton.wake for worker in self.workers]
        last = len(turns) - 1
        while self.at < last:
            self.at = at = self.at + 1
            wakes[turns[at]]()
            wait()
        # All turns are taken: each wakes one more, so that all of them end.
        self.left.remove(me)
        (self.left[-1].baton if self.left else self.done).wake()
