"""Dining philosophers: each takes the fork on the left first, and all of them wait for the one on the right.

din_phil of SCTBench. Mended by taking the lower-numbered fork first.
"""

import racer
from stress.classics.classic import together


def body(philosophers: int = 3, *, fixed: bool = False) -> None:
    """Let so many philosophers eat once each."""
    forks = [racer.Lock(name=f"fork{n}") for n in range(philosophers)]

    def dine(n: int) -> None:
        left, right = n, (n + 1) % philosophers
        first, second = sorted((left, right)) if fixed else (left, right)
        with forks[first], forks[second]:
            pass

    together(racer.Thread(target=dine, args=(n,), name=f"philosopher{n}") for n in range(philosophers))
