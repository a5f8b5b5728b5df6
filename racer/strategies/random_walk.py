"""The random walk: at each step every enabled thread is equally likely."""

from racer.core.rng import SplitMix64


class RandomWalk:
    """Chooses uniformly among the enabled threads.

    It is the baseline every other strategy is measured against: no interleaving has probability 0, but those that
    need a thread to stand still for long have very little. For that very reason it is fair: no loop that waits keeps
    the others from running. A pass says only that so many random schedules showed nothing.
    """

    text = "random"
    every_step = False

    def __init__(self) -> None:
        self.begin(0)

    def begin(self, seed: int) -> None:
        self._draws = SplitMix64(seed)
        self._below = self._draws.below

    def created(self, thread: int) -> None:
        pass

    def pick(self, enabled: list[int], current: int) -> int:
        return enabled[self._below(len(enabled))]

    def choose(self, n: int) -> int:
        return self._below(n)

    def yielded(self, thread: int) -> None:
        pass
