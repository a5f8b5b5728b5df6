"""Switches: each thread goes on for as long as it can, but for some places where another one takes its turn."""

from collections.abc import Iterable

from racer.core.strategy import Strategy
from racer.core.switches import Point, Switch, parse, text_of


class Switches:
    """Follows a list of switches as far as it can: one that cannot be made, or a value that fits no choice, is passed.

    The usual choice is the thread that runs, and where it cannot go on the lowest number that can. A thread that waits
    for time to pass again and again is left, too. Values of choices that are not in the list are 0. `points` tells
    where there was a choice in the execution that ran last, and `made` which switches were.
    """

    every_step = True

    def __init__(self, switches: Iterable[Switch] = (), values: Iterable[int] = ()) -> None:
        self.switches = tuple(switches)
        self.values = tuple(values)
        self._wanted = {(each.thread, each.taken): each.to for each in self.switches}
        self.begin(0)

    @classmethod
    def parse(cls, text: str) -> "Switches":
        """Return the strategy that a text (after the colon) describes."""
        return cls(*parse(text))

    @property
    def text(self) -> str:
        return f"switches:{text_of(self.switches, self.values)}"

    def begin(self, seed: int) -> None:
        self.points: list[Point] = []
        self.made: list[Switch] = []
        self._taken: dict[int, int] = {}
        self._value = 0
        self._last = -1
        self._idle = 0

    def created(self, thread: int) -> None:
        pass

    def pick(self, enabled: list[int], current: int) -> int:
        taken = self._taken.get(current, 0)
        usual = self._usual(enabled, current)
        chosen = usual
        if len(enabled) > 1:
            self.points.append(Point(current, taken, tuple(enabled), usual == current))
            wanted = self._wanted.get((current, taken), usual)
            if wanted != usual and wanted in enabled:
                chosen = wanted
                self.made.append(Switch(current, taken, chosen))
        self._taken[chosen] = self._taken.get(chosen, 0) + 1
        if chosen != current:
            self._idle = 0
        return chosen

    def _usual(self, enabled: list[int], current: int) -> int:
        if current not in enabled or self._idle > 1:
            later = [thread for thread in enabled if self._idle > 1 and thread > current]
            return later[0] if later else enabled[0]
        return current

    def choose(self, n: int) -> int:
        value = self.values[self._value] if self._value < len(self.values) else 0
        self._value += 1
        return value if value < n else 0

    def yielded(self, thread: int) -> None:
        self._idle += 1


class Noted:
    """Any other strategy, noting the switches it makes: what `Switches` would have to be told."""

    every_step = True

    def __init__(self, strategy: Strategy) -> None:
        self.strategy = strategy
        self._usual = Switches()
        self.switches: list[Switch] = []

    @property
    def text(self) -> str:
        return self.strategy.text

    def begin(self, seed: int) -> None:
        self.strategy.begin(seed)
        self.switches = []
        self._usual.begin(0)
        self._taken: dict[int, int] = {}

    def created(self, thread: int) -> None:
        self.strategy.created(thread)

    def pick(self, enabled: list[int], current: int) -> int:
        chosen = self.strategy.pick(enabled, current)
        taken = self._taken.get(current, 0)
        if chosen != self._usual.pick(enabled, current):
            self.switches.append(Switch(current, taken, chosen))
        self._taken[chosen] = self._taken.get(chosen, 0) + 1
        return chosen

    def choose(self, n: int) -> int:
        return self.strategy.choose(n)

    def yielded(self, thread: int) -> None:
        self.strategy.yielded(thread)
        self._usual.yielded(thread)
