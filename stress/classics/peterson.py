"""Peterson's lock with its first two writes exchanged: both threads get in.

The lock of "Myths about the mutual exclusion problem" (1981), a standard subject of verifiers. It takes two
preemptions: one thread has given way but not yet said that it wants in, the other gets in and is left there. A thread
that would have to wait goes away instead. Mended by the right order.
"""

import racer
from stress.classics.classic import together


def body(rounds: int = 1, *, fixed: bool = False) -> None:
    """Let two threads try to get in, so often each."""
    wants = [racer.Shared(False, name=f"{n} wants in") for n in range(2)]
    turn = racer.Shared(0, name="turn")
    inside = racer.Atomic(0, name="inside")

    def ask(me: int) -> None:
        if fixed:
            wants[me].value = True
            turn.value = 1 - me
        else:
            turn.value = 1 - me
            wants[me].value = True

    def enter(me: int) -> None:
        ask(me)
        if not wants[1 - me].value or turn.value == me:
            others = inside.add(1)
            assert others == 0, "both are inside"
            inside.add(-1)
        wants[me].value = False

    def run(me: int) -> None:
        for _ in range(rounds):
            enter(me)

    together(racer.Thread(target=run, args=(n,), name=f"thread{n}") for n in range(2))
