"""Random priorities, several out of each output of the generator."""

from racer.core.rng import SplitMix64

_BITS = 21
_MASK = (1 << _BITS) - 1


class Priorities(SplitMix64):
    """A generator that also draws priorities, quickly: a strategy that draws one at every step lives on that."""

    __slots__ = ("_drawn",)

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._drawn: list[int] = []

    def draw(self) -> int:
        """Return a number in 0..2**21-1: two are equal once in two million."""
        if not self._drawn:
            word = self.next()
            self._drawn += (word & _MASK, word >> _BITS & _MASK, word >> 2 * _BITS & _MASK)
        return self._drawn.pop()
