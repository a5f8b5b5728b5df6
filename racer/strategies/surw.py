"""SURW: the accesses to one object, chosen for this execution, come in every order with equal probability."""

from collections.abc import Iterable

from racer.core.operation import MODIFIED, START
from racer.core.rng import SplitMix64
from racer.strategies.pending import Run, Thread, second_of
from racer.strategies.pos import AFRESH_EVERY
from racer.strategies.profile import MAIN, UNCOUNTED, Profile, key_at, made_at, name_of, with_descendants

NOBODY = -1
_OBJECT = 0x6F_626A_6563_7400
"""What tells the generator that the object is drawn from apart from that of all other draws."""


class Surw:
    """The selectively uniform random walk.

    Source: Zhao, Wolff, Mathur, Roychoudhury: "Selectively Uniform Concurrency Testing", ASPLOS 2025. Each execution
    has one interesting object, drawn in proportion to how often it is touched. A thread is intended to touch it next,
    drawn in proportion to how many such events it and the threads it has yet to start still have. Otherwise pending
    events have random priorities; a thread that is about to touch the object and is not the intended one is parked
    until that has done so. When the intended thread starts another, the intention passes on with the share of events
    that the new one takes over. If all that could go on are parked, the intention is drawn anew among them. How many
    events there will be is measured on pilot executions (racer.strategies.profile); locks count as objects, too.

    With exact counts, and where nothing blocks, every order of the interesting events is equally likely, and no
    interleaving is impossible. With locks, or lengths that depend on data, it is not uniform.

    Where it departs: an object that nobody modifies is never interesting, and of the others only the 12 most used
    are; the intention is drawn among the threads that can go on. So that a loop that waits for a parked thread comes
    to an end, the intention is dropped and all priorities are drawn anew after a sleep or a wait that timed out, and
    after every 1000th step.

    A pass says that no violation was seen in so many samples. A bug that needs an order of accesses to one object has
    at least the share of that order in the executions on that object; of bugs that need two objects it promises
    nothing.
    """

    every_step = True

    def __init__(self, profile: Profile | None = None) -> None:
        self.profile = profile
        self._run: Run
        self.begin(0)

    @classmethod
    def parse(cls, parameters: str) -> "Surw":
        """Read what stands after ``surw:``: nothing, or a profile."""
        return cls(Profile.parse(parameters) if parameters else None)

    @property
    def text(self) -> str:
        """The strategy with all its parameters."""
        return "surw" if self.profile is None else f"surw:{self.profile.text}"

    @property
    def alone(self) -> str:
        """The shortest text under which its seed shows the execution begun last: the profile of one object."""
        if self.profile is None or self._object is None:
            return self.text
        return f"surw:{Profile({self._object: self.profile.counts[self._object]}).text}"

    def profiled(self, runs: Iterable[Run]) -> "Surw":
        """Return the strategy with the profile of pilot executions, unless it has one."""
        return self if self.profile is not None else Surw(Profile.measured(runs))

    def attach(self, run: Run) -> None:
        """Take the execution whose pending operations are to be looked at."""
        self._run = run

    def begin(self, seed: int) -> None:
        self._draws = SplitMix64(seed)
        # From a generator of its own: under a profile of this object alone the seed then shows the same execution.
        self._object = name = None if self.profile is None else self.profile.draw(SplitMix64(seed ^ _OBJECT))
        self._expected: dict[str, int] = {}
        self._maker, self._place = "", 0
        if name is not None and self.profile is not None:
            self._expected = with_descendants(self.profile.counts[name])
            self._maker, self._place = made_at(name)
        self._key: int | None = None
        self._intended = NOBODY
        self._parked: set[int] = set()
        self._names: list[str] = []
        self._makers: list[int] = []
        self._left: list[int] = []
        self._priorities: list[int] = []
        self._threads: dict[int, int] = {}

    def created(self, thread: int) -> None:
        run = self._run
        maker, made = run.current, run.threads[thread]
        name = name_of(self._names[maker.thread_number], maker.children - 1) if thread else MAIN
        if name == self._maker:
            self._key = key_at(made.path, self._place)
        self._names.append(name)
        self._makers.append(maker.thread_number)
        self._left.append(self._expected.get(name, 0))
        self._priorities.append(self._draws.next())
        self._threads[made.number] = thread

    def pick(self, enabled: list[int], current: int) -> int:
        run = self._run
        if run.codes:
            self._executed(run)
        parked, priorities = self._parked, self._priorities
        while True:
            free = [thread for thread in enabled if thread not in parked] if parked else enabled
            if not free:  # the intended thread is blocked or has ended, and all others are about to touch the object
                parked.clear()
                self._intend(enabled)
                return self._intended
            chosen = max(free, key=priorities.__getitem__)
            if not self._interesting(run.threads[chosen]):
                return chosen
            if self._intended == NOBODY:
                self._intend(enabled)
            if chosen == self._intended:
                return chosen
            parked.add(chosen)

    def choose(self, n: int) -> int:
        return self._draws.below(n)

    def yielded(self, thread: int) -> None:
        self._all_afresh()

    def _executed(self, run: Run) -> None:
        """Take note of the last step: what is left to its thread, whether the intention is fulfilled or passes on."""
        last, code = run.order[-1], run.codes[-1]
        self._priorities[last] = self._draws.next()
        kind = code >> 8 & 0xFF
        if kind == START:
            if code & MODIFIED:
                self._started(self._threads[code >> 16])
        elif self._key is not None and kind not in UNCOUNTED and self._touched(run):
            self._left[last] -= 1
            self._intended = NOBODY
            self._parked.clear()
        if len(run.codes) % AFRESH_EVERY == 0:
            self._all_afresh()

    def _touched(self, run: Run) -> bool:
        """Return whether the last step touched the interesting object."""
        if run.keys[run.codes[-1] >> 16] == self._key:
            return True
        return bool(run.also) and run.also[-1][0] == len(run.codes) - 1 and run.keys[run.also[-1][1]] == self._key

    def _started(self, thread: int) -> None:
        """Hand the events that a new thread is expected to have over to it, and the intention with their share."""
        maker, its = self._makers[thread], self._left[thread]
        if maker == self._intended and its > 0 and self._draws.below(max(self._left[maker], its)) < its:
            self._intended = thread
        self._left[maker] -= its

    def _interesting(self, thread: Thread) -> bool:
        """Return whether the pending operation of a thread is on the interesting object."""
        if self._key is None or thread.kind in UNCOUNTED:
            return False
        keys, second = self._run.keys, second_of(thread)
        return keys[thread.operand.number] == self._key or (second is not None and keys[second] == self._key)

    def _intend(self, enabled: list[int]) -> None:
        """Draw the thread to touch the object next; one that is about to counts, whatever was expected of it."""
        threads = self._run.threads
        left = [max(self._left[t], 1 if self._interesting(threads[t]) else 0) for t in enabled]
        at = self._draws.below(sum(left))
        for thread, weight in zip(enabled, left, strict=True):
            at -= weight
            if at < 0:
                self._intended = thread
                return

    def _all_afresh(self) -> None:
        self._priorities = [self._draws.next() for _ in self._priorities]
        self._intended = NOBODY
        self._parked.clear()
