"""ABBA: two threads take the same two locks in opposite orders.

deadlock01 of SCTBench. `rounds` of it take no lock twice; only one round has to go wrong. Mended by one order.
"""

import racer
from stress.classics.classic import together


def body(rounds: int = 1, *, fixed: bool = False) -> None:
    """Let two threads move money to and fro between two accounts, so often each."""
    locks = racer.Lock(name="a"), racer.Lock(name="b")
    accounts = racer.Shared(10, name="account a"), racer.Shared(10, name="account b")

    def move(source: int, target: int) -> None:
        first, second = sorted((source, target)) if fixed else (source, target)
        for _ in range(rounds):
            with locks[first], locks[second]:
                accounts[source].value -= 1
                accounts[target].value += 1

    together(racer.Thread(target=move, args=(n, 1 - n), name=f"mover{n}") for n in range(2))
    total = accounts[0].value + accounts[1].value
    assert total == 20, f"there were 20, now there are {total}"
