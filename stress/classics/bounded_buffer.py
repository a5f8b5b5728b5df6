"""Bounded buffer: producers and consumers wait on one condition, and a notification wakes one that cannot go on.

boundedBuffer of SCTBench's Inspect family, with one place. A consumer that was woken takes the item and wakes the
other consumer, which finds nothing and waits again, while the producer waits for ever; no preemption is needed.
Mended by waking all.
"""

import racer
from stress.classics.classic import together


def body(consumers: int = 2, *, fixed: bool = False) -> None:
    """Let one thread put an item for each of so many consumers, through a buffer of one place."""
    condition = racer.Condition(racer.Lock(name="lock"))
    filled = racer.Shared(False, name="filled")
    wake = condition.notify_all if fixed else condition.notify

    def exchange(*, full: bool) -> None:
        with condition:
            while filled.value is full:
                condition.wait()
            filled.value = full
            wake()

    def produce() -> None:
        for _ in range(consumers):
            exchange(full=True)

    def consume() -> None:
        exchange(full=False)

    threads = [racer.Thread(target=consume, name=f"consumer{n}") for n in range(consumers)]
    together([*threads, racer.Thread(target=produce, name="producer")])
