"""ABA: a compare-exchange finds the old value again, and takes it that nothing has happened.

The lock-free stack of every textbook, of the kind of SCTBench's stack and safestack. One thread has read the top and
what lies below, another pops both and pushes the first again. Mended by a version beside the top.
"""

from itertools import count

import racer
from stress.classics.classic import together

Top = tuple[int, int]


class Stack:
    """A lock-free stack of numbers from 1; `top` is a number and a version, which only grows where it counts."""

    def __init__(self, size: int, *, versions: bool) -> None:
        self.step = int(versions)
        self.top = racer.Atomic[Top]((1, 0), name="top")
        self.below = [racer.Shared((n + 1) % (size + 1), name=f"below {n}") for n in range(size + 1)]

    def pop(self) -> int:
        """Return the number on top, 0 if there is none."""
        for _ in count():
            top, version = self.top.load()
            if top == 0:
                break
            rest = self.below[top].value
            if self.top.compare_exchange((top, version), (rest, version + self.step)):
                return top
        return 0

    def push(self, number: int) -> None:
        """Put a number on top."""
        for _ in count():
            top, version = self.top.load()
            self.below[number].value = top
            if self.top.compare_exchange((top, version), (number, version + self.step)):
                return


def body(size: int = 2, *, fixed: bool = False) -> None:
    """Let one thread pop a number, and another pop two and push the first again."""
    stack = Stack(size, versions=fixed)
    popped: list[int] = []

    def pop() -> None:
        popped.append(stack.pop())

    def shuffle() -> None:
        first = stack.pop()
        popped.append(stack.pop())
        if first:
            stack.push(first)

    together([racer.Thread(target=pop, name="popper"), racer.Thread(target=shuffle, name="shuffler")])
    while (number := stack.pop()) != 0:
        popped.append(number)
    numbers = [number for number in popped if number]
    assert sorted(numbers) == list(range(1, size + 1)), f"popped {numbers}"
