"""The small integer generator every random choice of racer comes from."""

from typing import Final

MASK: Final = (1 << 64) - 1
_GOLDEN: Final = 0x9E3779B97F4A7C15
_DRAWS_PER_WORD: Final = 8
_SMALL: Final = 16


def output(state: int) -> int:
    """Return the SplitMix64 output function of one 64-bit state."""
    z = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
    return z ^ (z >> 31)


class SplitMix64:
    """A 64-bit generator, the same on every interpreter.

    Source: Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014. One output serves
    up to eight small draws, since arithmetic on 64-bit integers is slow in Python and a draw stands in every step.
    """

    __slots__ = ("_left", "_state", "_word")

    def __init__(self, seed: int) -> None:
        self._state = seed & MASK
        self._word = 0
        self._left = 0

    def next(self) -> int:
        """Return the next 64-bit output."""
        self._state = state = (self._state + _GOLDEN) & MASK
        return output(state)

    def below(self, n: int) -> int:
        """Return a number in 0..n-1; the bias is below n / 2**32 for n <= 16 and below n / 2**128 above."""
        if self._left and n <= _SMALL:
            self._left -= 1
            self._word, drawn = divmod(self._word, n)
            return drawn
        if n > _SMALL:
            return (self.next() << 128 | self.next() << 64 | self.next()) % n if n >> 32 else self.next() % n
        self._left = _DRAWS_PER_WORD - 1
        self._word, drawn = divmod(self.next(), n)
        return drawn


def execution_seed(seed: int, index: int) -> int:
    """Return the seed of execution `index` of a campaign: `seed` itself, then the outputs of its generator."""
    return seed if index == 0 else output((seed + index * _GOLDEN) & MASK)
