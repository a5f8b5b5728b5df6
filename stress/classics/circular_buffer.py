"""Circular buffer: the producer moves the tail before it has filled the place, and the consumer takes what was there.

circular_buffer of SCTBench. Both sides wait, for a place and for an item; only the order of two writes is wrong.
Mended by filling first.
"""

import racer
from stress.classics.classic import together


def body(items: int = 2, places: int = 2, *, fixed: bool = False) -> None:
    """Send so many items through so many places."""
    head, tail = racer.Atomic(0, name="head"), racer.Atomic(0, name="tail")
    buffer = [racer.Shared(0, name=f"place {n}") for n in range(places)]

    def put(n: int) -> None:
        head.wait(lambda taken: n - taken < places)
        if fixed:
            buffer[n % places].value = n + 1
            tail.store(n + 1)
        else:
            tail.store(n + 1)
            buffer[n % places].value = n + 1

    def take(n: int) -> None:
        tail.wait(lambda filled: filled > n)
        item = buffer[n % places].value
        head.store(n + 1)
        assert item == n + 1, f"item {n + 1} is {item}"

    def produce() -> None:
        for n in range(items):
            put(n)

    def consume() -> None:
        for n in range(items):
            take(n)

    together([racer.Thread(target=produce, name="producer"), racer.Thread(target=consume, name="consumer")])
