"""Wrong lock: one thread guards a variable with another lock than everybody else.

wronglock of SCTBench: nothing is unlocked, and nothing is protected. Mended by the right lock.
"""

import racer
from stress.classics.classic import together


def body(others: int = 1, *, fixed: bool = False) -> None:
    """Let so many threads add 1 under one lock, and one more under another."""
    right, wrong = racer.Lock(name="right"), racer.Lock(name="wrong")
    counter = racer.Shared(0, name="counter")

    def add(lock: racer.Lock) -> None:
        with lock:
            counter.value += 1

    threads = [racer.Thread(target=add, args=(right,), name=f"adder{n}") for n in range(others)]
    together([*threads, racer.Thread(target=add, args=(right if fixed else wrong,), name="stray")])
    total = counter.value
    assert total == others + 1, f"{others + 1} additions made {total}"
