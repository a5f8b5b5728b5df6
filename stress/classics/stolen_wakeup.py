"""Stolen wake-up: a consumer that was woken does not look again, and another has taken the item meanwhile.

`if` where `while` belongs: what every textbook on monitors warns of, of RADBench's second kind (race, atomicity,
deadlock); no preemption is needed. Mended by `while`.
"""

import racer
from stress.classics.classic import together


def body(pairs: int = 2, *, fixed: bool = False) -> None:
    """Let so many threads put an item each into a queue, and as many take one."""
    condition = racer.Condition(racer.Lock(name="lock"))
    length = racer.Shared(0, name="length")

    def put() -> None:
        with condition:
            length.value += 1
            condition.notify()

    def take() -> None:
        with condition:
            if fixed:
                while not length.value:
                    condition.wait()
            elif not length.value:
                condition.wait()
            left = length.value - 1
            length.value = left
        assert left >= 0, "taken from an empty queue"

    takers = [racer.Thread(target=take, name=f"taker{n}") for n in range(pairs)]
    together([*takers, *[racer.Thread(target=put, name=f"putter{n}") for n in range(pairs)]])
