"""Random probes: each execution says how many interleavings there are, and on average it is right."""

from racer.core.rng import SplitMix64


class Probe:
    """Chooses uniformly among what can go on, and multiplies up how many that was.

    Source: Knuth: "Estimating the Efficiency of Backtrack Programs", Mathematics of Computation 29, 1975.
    """

    text = "probe"
    every_step = True

    def __init__(self) -> None:
        self.begin(0)

    def begin(self, seed: int) -> None:
        self._draws = SplitMix64(seed)
        self.product = 1

    def created(self, thread: int) -> None:
        pass

    def yielded(self, thread: int) -> None:
        pass

    def pick(self, enabled: list[int], current: int) -> int:
        return enabled[self.choose(len(enabled))]

    def choose(self, n: int) -> int:
        self.product *= n
        return self._draws.below(n)
