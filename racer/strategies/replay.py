"""Replay: follows a schedule, and says where it cannot."""

from racer.core.schedule import Schedule
from racer.core.strategy import GIVE_UP


class Replay:
    """Chooses what a schedule says. Where that cannot be done it gives up; `why` and `step` tell."""

    text = "replay"
    every_step = True

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self.why: str | None = None
        self.step = 0
        self._value = 0

    def begin(self, seed: int) -> None:
        self.why = None
        self.step = 0
        self._value = 0

    def created(self, thread: int) -> None:
        pass

    def pick(self, enabled: list[int], current: int) -> int:
        threads = self._schedule.threads
        if self.step >= len(threads):
            return self._give_up(f"the schedule ends here, and threads {_list(enabled)} could still go on")
        chosen = threads[self.step]
        if chosen not in enabled:
            return self._give_up(f"the schedule says thread {chosen}, and only {_list(enabled)} can go on")
        self.step += 1
        return chosen

    def choose(self, n: int) -> int:
        values = self._schedule.values
        if self._value >= len(values):
            return self._give_up(f"a choice of 0..{n - 1}, and the schedule has no further value")
        value = values[self._value]
        if value >= n:
            return self._give_up(f"the schedule's choice is {value}, and only 0..{n - 1} can be chosen")
        self._value += 1
        return value

    def yielded(self, thread: int) -> None:
        pass

    def _give_up(self, why: str) -> int:
        self.why = why
        return GIVE_UP


def _list(threads: list[int]) -> str:
    return ", ".join(map(str, threads))
