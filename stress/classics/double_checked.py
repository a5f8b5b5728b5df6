"""Lazy initialisation, double-checked: the object is published before it is filled.

The second look is made under the lock, the first is not, and that one finds an object which another thread is still
filling. The family lazy01 of SCTBench, in its best-known form. Mended by publishing last.
"""

import racer
from stress.classics.classic import together


def body(users: int = 2, *, fixed: bool = False) -> None:
    """Let so many threads use one object that the first of them makes."""
    lock = racer.Lock(name="lock")
    made = racer.Shared(False, name="made")
    content = racer.Shared(0, name="content")

    def make() -> None:
        if fixed:
            content.value = 42
            made.value = True
        else:
            made.value = True
            content.value = 42

    def use() -> None:
        if not made.value:
            with lock:
                if not made.value:
                    make()
        seen = content.value
        assert seen == 42, f"an object that is not filled yet: {seen}"

    together(racer.Thread(target=use, name=f"user{n}") for n in range(users))
