"""Work stealing: the owner takes from the tail and a thief from the head, and both get the last item.

The work-stealing queues of the CHESS paper's evaluation ("Finding and reproducing Heisenbugs in concurrent programs",
OSDI 2008), here with a thief that looks at the tail before it moves the head. Mended by looking afterwards and, where
the owner and a thief meet, by deciding under the lock.
"""

import racer
from stress.classics.classic import together


def body(items: int = 1, *, fixed: bool = False) -> None:
    """Let the owner take every item it can get, while a thief steals one."""
    head, tail = racer.Shared(0, name="head"), racer.Shared(items, name="tail")
    lock = racer.Lock(name="lock")
    taken = [racer.Atomic(0, name=f"takers of {n}") for n in range(items)]

    def take(n: int) -> None:
        before = taken[n].add(1)
        assert before == 0, f"item {n} is taken twice"

    def pop() -> bool:
        last = tail.value - 1
        tail.value = last
        if head.value <= last:
            take(last)
            return True
        with lock:
            if head.value <= last:
                take(last)
                return True
            tail.value = last + 1
        return False

    def own() -> None:
        while pop():
            pass

    def steal() -> None:
        with lock:
            at = head.value
            if fixed:
                head.value = at + 1
                if at < tail.value:
                    take(at)
                else:
                    head.value = at
            elif at < tail.value:
                head.value = at + 1
                take(at)

    together([racer.Thread(target=own, name="owner"), racer.Thread(target=steal, name="thief")])
    left = [n for n in range(items) if not taken[n].load()]
    assert not left, f"nobody has taken {left}"
