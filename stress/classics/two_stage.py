"""Two-stage locking: an update is made in two critical sections, and another thread sees what the first one left.

The family twostage of SCTBench: every access is under a lock, so there is no data race. Mended by one section.
"""

from contextlib import nullcontext

import racer
from stress.classics.classic import together


def body(writers: int = 1, *, fixed: bool = False) -> None:
    """Let so many threads set one variable and, in the next stage, another; one more thread reads both."""
    first, second = racer.Shared(0, name="first"), racer.Shared(0, name="second")
    whole, one, two = racer.Lock(name="whole"), racer.Lock(name="one"), racer.Lock(name="two")

    def write() -> None:
        with whole if fixed else nullcontext():
            with one:
                first.value = 1
            with two:
                second.value = 2

    def read() -> None:
        with whole if fixed else nullcontext():
            with one:
                seen = first.value == 1
            if seen:
                with two:
                    after = second.value
                assert after == 2, f"the first is set, the second is {after}"

    threads = [racer.Thread(target=write, name=f"writer{n}") for n in range(writers)]
    together([*threads, racer.Thread(target=read, name="reader")])
