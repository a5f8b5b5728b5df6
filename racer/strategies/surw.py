"""SURW: the accesses to one object, chosen for this execution, come in every order with equal probability."""

from collections.abc import Iterable

from racer.core.operation import MODIFIED, START
from racer.core.rng import SplitMix64
from racer.strategies.fair import Fair
from racer.strategies.pending import ON_TWO, Run, Thread, second_of
from racer.strategies.priorities import Priorities
from racer.strategies.profile import MAIN, UNCOUNTED, Profile, key_at, made_at, name_of, with_descendants

NOBODY = -1
NONE = -1
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
    are; the intention is drawn among the threads that can go on. Loops that wait, be it for a parked thread, must come
    to an end: threads that yield again and again wait for the others, and one that stood for 1000 steps (or 250 in
    which nothing was modified) takes the next, as racer.strategies.fair has it; who was intended all that time is not
    expected any more.

    A pass says that no violation was seen in so many samples. A bug that needs an order of accesses to one object has
    at least the share of that order in the executions on that object; of bugs that need two objects it promises
    nothing.
    """

    every_step = False

    def __init__(self, profile: Profile | None = None) -> None:
        self.profile = profile
        self._fair = Fair()
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
        self._fair.attach(run)

    def begin(self, seed: int) -> None:
        self._draws = Priorities(seed)
        self._draw = self._draws.draw
        self._fair.begin()
        # From a generator of its own: under a profile of this object alone the seed then shows the same execution.
        self._object = name = None if self.profile is None else self.profile.draw(SplitMix64(seed ^ _OBJECT))
        self._expected: dict[str, int] = {}
        self._maker, self._place = "", 0
        if name is not None and self.profile is not None:
            self._expected = with_descendants(self.profile.counts[name])
            self._maker, self._place = made_at(name)
        self._key: int | None = None
        self._number, self._looked_at, self._seen = NONE, 0, 0
        self._intended = NOBODY
        self._parked: set[int] = set()
        self._names: list[str] = []
        self._makers: list[int] = []
        self._left: list[int] = []
        self._priorities: list[int] = []
        self._threads: dict[int, int] = {}

    def created(self, thread: int) -> None:
        run = self._run
        self._fair.created()
        maker, made = run.current, run.threads[thread]
        name = name_of(self._names[maker.thread_number], maker.children - 1) if thread else MAIN
        if name == self._maker:
            self._key = key_at(made.path, self._place)
        self._names.append(name)
        self._makers.append(maker.thread_number)
        self._left.append(self._expected.get(name, 0))
        self._priorities.append(self._draw())
        self._threads[made.number] = thread

    def pick(self, enabled: list[int], current: int) -> int:
        run, fair = self._run, self._fair
        step = len(run.order) + 1
        self._catch_up(run)
        if step >= fair.look and (starved := fair.starved(enabled)):
            return self._hurry(starved[0], step)
        return self._proposed(run, fair.let(enabled) if fair.yielding else enabled)

    def choose(self, n: int) -> int:
        return self._draws.below(n)

    def yielded(self, thread: int) -> None:
        self._fair.yielded(thread)

    def _hurry(self, starved: int, step: int) -> int:
        """Let a thread go on that has stood too long, whatever was intended; look at once whether there are others."""
        self._fair.look = step + 1
        if self._intended != NOBODY:
            self._left[self._intended] = 0
            self._intended = NOBODY
        self._parked.clear()
        return starved

    def _proposed(self, run: Run, enabled: list[int]) -> int:
        """Return the thread of the highest priority, but one that is about to touch the object only if intended."""
        parked, priorities = self._parked, self._priorities
        while True:
            chosen, highest = NOBODY, -1
            for thread in enabled:
                if priorities[thread] > highest and thread not in parked:
                    chosen, highest = thread, priorities[thread]
            if chosen == NOBODY:  # the intended thread cannot go on, and all others are about to touch the object
                parked.clear()
                self._intend(enabled)
                return self._intended
            if self._number < 0 or not self._interesting(run.threads[chosen]):
                return chosen
            if self._intended == NOBODY:
                self._intend(enabled)
            if chosen == self._intended:
                return chosen
            parked.add(chosen)

    def _catch_up(self, run: Run) -> None:
        """Take note of the steps since the last time: at all but the first of them one thread alone could go on."""
        seen, self._seen = self._seen, len(run.order)
        for thread in dict.fromkeys(run.order[seen:]):
            self._priorities[thread] = self._draw()
        if self._key is None:
            return
        if self._number < 0 and self._looked_at < len(run.keys):
            self._look_for_it(run.keys)
        for step in range(seen, len(run.order)):
            code = run.codes[step]
            kind = code >> 8 & 0xFF
            if kind == START:
                if code & MODIFIED:
                    self._started(self._threads[code >> 16])
            elif (code >> 16 == self._number and kind not in UNCOUNTED) or (kind in ON_TWO and self._also(run, step)):
                self._left[run.order[step]] -= 1
                self._intended = NOBODY
                self._parked.clear()

    def _look_for_it(self, keys: list[int]) -> None:
        """Take the number of the interesting object once it has been made."""
        if self._key in keys[self._looked_at :]:
            self._number = keys.index(self._key)
        self._looked_at = len(keys)

    def _also(self, run: Run, step: int) -> bool:
        """Return whether the second object of an operation on two is the interesting one."""
        return (step, self._number) in run.also

    def _started(self, thread: int) -> None:
        """Hand the events that a new thread is expected to have over to it, and the intention with their share."""
        maker, its = self._makers[thread], self._left[thread]
        if maker == self._intended and its > 0 and self._draws.below(max(self._left[maker], its)) < its:
            self._intended = thread
        self._left[maker] -= its

    def _interesting(self, thread: Thread) -> bool:
        """Return whether the pending operation of a thread is on the interesting object."""
        kind = thread.kind
        if kind in UNCOUNTED:
            return False
        return thread.operand.number == self._number or (kind in ON_TWO and second_of(thread) == self._number)

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
