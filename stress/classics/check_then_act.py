"""Check-then-act: two withdrawals both find the money there, each under the lock, and both take it.

The bank account of many papers; what is checked in one critical section is no longer so in the next. Mended by one
section.
"""

from contextlib import nullcontext

import racer
from stress.classics.classic import together


def body(customers: int = 2, *, fixed: bool = False) -> None:
    """Let so many threads withdraw what is there only once."""
    whole, lock = racer.Lock(name="whole"), racer.Lock(name="lock")
    balance = racer.Shared(100, name="balance")

    def withdraw() -> None:
        with whole if fixed else nullcontext():
            with lock:
                enough = balance.value >= 100
            if enough:
                with lock:
                    balance.value -= 100

    together(racer.Thread(target=withdraw, name=f"customer{n}") for n in range(customers))
    left = balance.value
    assert left == 0, f"{left} are left"
