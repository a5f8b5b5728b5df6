"""Bounded retry: an optimistic update gives up after so many attempts, each of which another thread made fail.

An update with n attempts needs 2n - 1 preemptions to fail: away between the load and the compare-exchange, back,
away again; the last way back is free, as the other thread has ended. Of the kind of SCTBench's safestack: a bug that
few preemptions do not show. Mended by no bound; the other thread's updates are one.
"""

from itertools import count

import racer
from stress.classics.classic import together


def body(attempts: int = 2, *, fixed: bool = False) -> None:
    """Let one thread try so often to add 1, while another adds 1 as often."""
    counter = racer.Atomic(0, name="counter")

    def try_to_add() -> None:
        for _ in count() if fixed else range(attempts):
            before = counter.load()
            if counter.compare_exchange(before, before + 1):
                return
        raise RuntimeError(f"{attempts} attempts have failed")

    def add() -> None:
        for _ in range(attempts):
            counter.add(1)

    together([racer.Thread(target=try_to_add, name="optimist"), racer.Thread(target=add, name="adder")])
