"""Lost update: threads add 1 to a variable, and what one writes another overwrites with an older sum.

The smallest of all; SCTBench and the POPL 2014 paper on optimal DPOR know it as inc(n) and ainc(n). Mended by a lock.
"""

from contextlib import nullcontext

import racer
from stress.classics.classic import together


def body(threads: int = 2, *, fixed: bool = False) -> None:
    """Let so many threads add 1 each."""
    counter = racer.Shared(0, name="counter")
    lock = racer.Lock(name="lock")

    def add() -> None:
        with lock if fixed else nullcontext():
            counter.value += 1

    together(racer.Thread(target=add, name=f"adder{n}") for n in range(threads))
    total = counter.value
    assert total == threads, f"{threads} additions made {total}"
