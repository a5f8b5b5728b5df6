"""POS: a random priority for every pending event, drawn anew where it conflicts with what was executed."""

from racer.core.operation import MODIFIED
from racer.strategies.fair import Fair
from racer.strategies.pending import ALONE, ON_TWO, ONLY_READ, Run, second_of
from racer.strategies.priorities import Priorities

NONE = -1


class Pos:
    """Partial order sampling, with reassignment of priorities.

    Source: Yuan, Yang, Gu: "Partial Order Aware Concurrency Sampling", CAV 2018. Every pending event, enabled or not,
    carries a priority drawn independently and uniformly; the enabled one of the highest priority is executed. After
    it, the next event of its thread gets a fresh priority, and so does every pending event that conflicts with it
    (touches the same object, one of the two modifying it: two acquires of a mutex do); all others keep theirs. So the
    order of a pair of conflicting events depends little on how many independent events lie between, where a random
    walk's chance halves with each of them.

    Where it departs: the paper's programs end. Here a thread that loops until another has acted would run on as long
    as the other's event has a low priority, n steps with probability about 1 / n. So threads that yield again and
    again wait for the others, and one that stood for 1000 steps (or 250 in which nothing was modified) takes the next,
    as racer.strategies.fair has it. Whether a pending operation will modify is not known of a compare-exchange, a
    trylock and the like: they count as modifying. Two priorities are equal once in two million; the older thread
    wins then.

    A pass says that no violation was seen in so many samples of the partial orders. An order of e events is sampled
    with a probability that falls exponentially in e: it proves nothing, and the bound for a bug that needs a few
    events in one order is the paper's, for programs as it has them.
    """

    text = "pos"
    every_step = False

    def __init__(self) -> None:
        self._fair = Fair()
        self._run: Run
        self.begin(0)

    def attach(self, run: Run) -> None:
        """Take the execution whose pending operations are to be looked at."""
        self._run = run
        self._fair.attach(run)

    def begin(self, seed: int) -> None:
        self._draws = Priorities(seed)
        self._draw = self._draws.draw
        self._fair.begin()
        self._priorities: list[int] = []
        self._seen = self._seen_also = 0
        # Of each thread the number of the object it is about to touch; of few a second one.
        self._objects: list[int] = []
        self._seconds: dict[int, int] = {}

    def created(self, thread: int) -> None:
        self._fair.created()
        self._priorities.append(self._draw())
        self._objects.append(NONE)

    def pick(self, enabled: list[int], current: int) -> int:
        fair = self._fair
        step = len(self._run.order) + 1
        self._reassign(self._run)
        if step >= fair.look and (starved := fair.starved(enabled)):
            fair.look = step + 1
            return starved[0]
        if fair.yielding:
            enabled = fair.let(enabled)
        priorities, highest, chosen = self._priorities, NONE, NONE
        for thread in enabled:
            if priorities[thread] > highest:
                chosen, highest = thread, priorities[thread]
        return chosen

    def choose(self, n: int) -> int:
        return self._draws.below(n)

    def yielded(self, thread: int) -> None:
        self._fair.yielded(thread)

    def _reassign(self, run: Run) -> None:
        """Draw the priorities anew that have become void by the steps since they were last compared.

        Where several steps were executed in between, one thread alone could go on at each, and a priority that was
        void more than once need be drawn only once.
        """
        seen, objects = self._seen, self._objects
        ran = dict.fromkeys(run.order[seen:])  # in order, which a set is not
        touched: dict[int, int] = {}
        for code in run.codes[seen:]:
            if code >> 8 & 0xFF not in ALONE:
                touched[code >> 16] = touched.get(code >> 16, 0) | code & MODIFIED
        self._seen = len(run.order)
        if len(run.also) > self._seen_also:
            touched |= {number: MODIFIED for _, number in run.also[self._seen_also :]}
            self._seen_also = len(run.also)
        for number in ran:
            self._priorities[number] = self._draw()
            thread = run.threads[number]
            objects[number] = NONE if thread.kind in ALONE else thread.operand.number
            if thread.ended:
                objects[number] = NONE
                touched[thread.number] = MODIFIED
            if thread.kind in ON_TWO and not thread.ended:
                self._seconds[number] = second_of(thread)
            elif self._seconds:
                self._seconds.pop(number, None)
        if self._seconds or not touched.keys().isdisjoint(objects):
            self._void(run, ran, touched)

    def _void(self, run: Run, ran: dict[int, None], touched: dict[int, int]) -> None:
        """Draw the priorities anew of threads that stood and are about to do what conflicts with what was touched."""
        for thread, number in enumerate(self._objects):
            if thread in ran:
                continue
            if (number in touched and (touched[number] or run.threads[thread].kind not in ONLY_READ)) or (
                self._seconds.get(thread) in touched
            ):
                self._priorities[thread] = self._draw()
