"""Reorder: two variables that belong together are set one after the other, and a checker sees one without the other.

The family reorder_N of SCTBench: one of N threads checks, all others set. What is set first stays set, so the checker
has to come between the very first two writes, and each further setter makes that less likely. Mended by a lock.
"""

from contextlib import nullcontext

import racer
from stress.classics.classic import together


def body(setters: int = 2, *, fixed: bool = False) -> None:
    """Let so many threads set both variables, and one more read them."""
    first, second = racer.Shared(0, name="first"), racer.Shared(0, name="second")
    lock = racer.Lock(name="lock")

    def set_both() -> None:
        with lock if fixed else nullcontext():
            first.value = 1
            second.value = 1

    def check() -> None:
        with lock if fixed else nullcontext():
            seen = first.value, second.value
        assert seen != (1, 0), "the first is set, the second is not"

    threads = [racer.Thread(target=set_both, name=f"setter{n}") for n in range(setters)]
    together([*threads, racer.Thread(target=check, name="checker")])
