"""Account: a withdrawal takes it for granted that the deposit has been made.

account of SCTBench: every access is under the lock, the order is wrong; no preemption is needed. Mended by waiting.
"""

import racer
from stress.classics.classic import together


def body(depositors: int = 1, *, fixed: bool = False) -> None:
    """Let so many threads deposit 100, and one withdraw it all."""
    condition = racer.Condition(racer.Lock(name="lock"))
    balance = racer.Shared(0, name="balance")
    whole = 100 * depositors

    def deposit() -> None:
        with condition:
            balance.value += 100
            condition.notify()

    def withdraw() -> None:
        with condition:
            while fixed and balance.value < whole:
                condition.wait()
            balance.value -= whole
            left = balance.value
        assert left >= 0, f"overdrawn: {left}"

    threads = [racer.Thread(target=deposit, name=f"depositor{n}") for n in range(depositors)]
    together([racer.Thread(target=withdraw, name="customer"), *threads])
