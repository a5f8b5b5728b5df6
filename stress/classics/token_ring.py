"""Token ring: each station passes on its predecessor's number plus one, and none waits for its turn.

token_ring of SCTBench: an order that nothing ensures; no preemption is needed to break it. Mended by waiting.
"""

import racer
from stress.classics.classic import together


def body(stations: int = 3, *, fixed: bool = False) -> None:
    """Send a token once round so many stations."""
    numbers = [racer.Shared(0, name=f"number {n}") for n in range(stations + 1)]
    passed = [racer.Event() for _ in range(stations + 1)]

    def station(n: int) -> None:
        if fixed and n:
            passed[n].wait()
        numbers[n + 1].value = numbers[n].value + 1
        passed[n + 1].set()

    together(racer.Thread(target=station, args=(n,), name=f"station{n}") for n in range(stations))
    last = numbers[stations].value
    assert last == stations, f"the token went through {last} of {stations} stations"
