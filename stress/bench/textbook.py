"""The textbook programs that a verification is timed on, as test bodies and as programs of the bare baton."""

import racer
from stress.bench.bare import Bare, BareLock
from stress.bench.programs import Cell
from stress.classics.classic import together


def lockinc(n: int) -> None:
    """Each of n threads adds 1 to a variable under the lock: n! interleavings."""
    counter = racer.Shared(0, name="counter")
    lock = racer.Lock(name="lock")

    def add() -> None:
        with lock:
            counter.value += 1

    together(racer.Thread(target=add) for _ in range(n))
    assert counter.value == n


def bare_lockinc(n: int, baton: Bare) -> None:
    """Do the same over the bare baton."""
    counter = Cell()
    lock = BareLock()

    def add() -> None:
        baton.acquire(lock)
        baton.point()
        value = counter.value
        baton.point()
        counter.value = value + 1
        baton.release(lock)

    for thread in [baton.start(add) for _ in range(n)]:
        baton.join(thread)
    baton.point()
    assert counter.value == n


def lastzero(n: int) -> None:
    """One thread looks for the last zero of an array, n others each set an element to its predecessor's plus 1.

    From "Optimal dynamic partial order reduction" (POPL 2014): (n + 3) 2^(n - 2) interleavings.
    """
    cells = [racer.Shared(0, name=f"x{i}") for i in range(n + 1)]

    def search() -> None:
        for cell in reversed(cells):
            if cell.value == 0:
                return

    def fill(i: int) -> None:
        cells[i].value = cells[i - 1].value + 1

    fillers = [racer.Thread(target=fill, args=(i,)) for i in range(1, n + 1)]
    together([racer.Thread(target=search), *fillers])


def bare_lastzero(n: int, baton: Bare) -> None:
    """Do the same over the bare baton."""
    cells = [Cell() for _ in range(n + 1)]

    def search() -> None:
        for cell in reversed(cells):
            baton.point()
            if cell.value == 0:
                return

    def fill(i: int) -> None:
        baton.point()
        value = cells[i - 1].value
        baton.point()
        cells[i].value = value + 1

    fillers = [baton.start(lambda i=i: fill(i)) for i in range(1, n + 1)]  # type: ignore[misc]  # a default
    for thread in [baton.start(search), *fillers]:
        baton.join(thread)


def two_adders() -> None:
    """Two threads add to one variable: 2,704,156 interleavings."""
    counter = racer.Atomic(0, name="counter")

    def add() -> None:
        for _ in range(ADDS):
            counter.add(1)

    together(racer.Thread(target=add) for _ in range(2))


ADDS = 12


def two_threads(length: int, *, shared: bool) -> None:
    """Two threads make executions of about so many steps: each on its own variable, or all on one.

    On their own variables they also take a lock twice each, in all 6 orders.
    """
    one = racer.Shared(0, name="one")
    own = [one, one] if shared else [racer.Shared(0, name=f"own {n}") for n in range(2)]
    lock = racer.Lock(name="lock")
    rounds = max(1, (length - FRAME) // 2 // 2)

    def run(n: int) -> None:
        mine = own[n]
        for _ in range(2):
            for value in range(rounds):
                mine.value = value
            with lock:
                pass

    together(racer.Thread(target=run, args=(n,)) for n in range(2))


FRAME = 15
"""Steps besides those on the variables: begin, start, and join, four acquires and releases."""
