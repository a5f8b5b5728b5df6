"""Round robin: the enabled threads take turns, a step each."""

from bisect import bisect_right

from racer.core.rng import SplitMix64


class RoundRobin:
    """Runs the next enabled thread after the current one, in the order of their numbers.

    The only thing the seed decides is what `choose` returns. A pass says next to nothing: use it as a baseline, or
    where every thread must get its turn.
    """

    text = "round-robin"
    every_step = False

    def __init__(self) -> None:
        self._draws = SplitMix64(0)

    def begin(self, seed: int) -> None:
        self._draws = SplitMix64(seed)

    def created(self, thread: int) -> None:
        pass

    def pick(self, enabled: list[int], current: int) -> int:
        at = bisect_right(enabled, current)
        return enabled[at] if at < len(enabled) else enabled[0]

    def choose(self, n: int) -> int:
        return self._draws.below(n)

    def yielded(self, thread: int) -> None:
        pass
