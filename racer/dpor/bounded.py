"""The search within a bound on preemptions: every class that can be shown with so few of them."""

from collections.abc import Iterator

from racer.core.operation import (
    ACQUIRE,
    COMPARE_EXCHANGE,
    JOIN,
    REACQUIRE,
    RELEASE,
    SEM_TRY_ACQUIRE,
    START,
    TIMED_REACQUIRE,
    TRY_ACQUIRE,
)
from racer.dpor.access import Event, all_accesses, pending
from racer.dpor.foreseen import compare
from racer.dpor.races import Races
from racer.engine.recorder import Ledger
from racer.engine.turnstile import Turnstile

NOBODY = -1
_ACQUIRES = frozenset({ACQUIRE, REACQUIRE, TIMED_REACQUIRE})
_MAY_MODIFY = frozenset({COMPARE_EXCHANGE, TRY_ACQUIRE, SEM_TRY_ACQUIRE, RELEASE})


class State:
    """A state on the path: who ran before, who can go on, who is still to be tried, and the preemptions so far."""

    __slots__ = ("before", "enabled", "known", "left", "spent", "thread", "value", "values", "width")

    def __init__(self, before: int, enabled: list[int], thread: int, spent: int) -> None:
        self.before = before
        self.enabled = enabled
        self.spent = spent
        self.known = {thread}
        self.left: list[int] = []
        self.take(thread)

    def take(self, thread: int) -> None:
        """Go on with a thread."""
        self.thread = thread
        self.value = self.width = 0
        self.values: list[int] = []

    def branches(self) -> tuple[int, int]:
        """Return how many branches are explored, and how many are known of."""
        return len(self.known) - len(self.left) - 1, len(self.known) + len(self.values)

    def cost(self, thread: int) -> int:
        """Return 1 if going on with a thread is a preemption: the one that ran before could go on."""
        return int(thread != self.before and self.before in self.enabled)


class Bounded:
    """The strategy that executes every happens-before class that takes at most so many preemptions, some repeatedly.

    Source: Coons, Musuvathi, McKinley: "Bounded Partial-Order Reduction", OOPSLA 2013. Where two operations conflict,
    the later one's thread is tried before the earlier one; and also where the earlier one's thread was switched to,
    since a switch there may be free. Sleep sets and bounds do not go together, so a class may be executed several
    times. A preemption is a switch away from a thread that could go on. `left_out` says that something was not
    executed because of the bound.

    It departs from the paper in that an execution is analysed when it has ended: each operation is compared with all
    that its thread had not seen when it came to it.
    """

    every_step = True
    looks_at_life = True
    cut_off = False
    root = -1
    restarts = False

    def __init__(self, preemptions: int) -> None:
        self.preemptions = preemptions
        self.left_out = False
        self.outbox: list[tuple[int, list[Event], int]] = []
        self.stack: list[State] = []
        self.codes: list[int] = []
        self.fresh = 0
        self._depth = 0

    @property
    def text(self) -> str:
        """The strategy with its bound."""
        return f"dpor:{self.preemptions}"

    def begin(self, seed: int) -> None:
        self._depth = 0

    def created(self, thread: int) -> None:
        pass

    def yielded(self, thread: int) -> None:
        pass

    def choose(self, n: int) -> int:
        state = self.stack[self._depth - 1]
        if state.width == 0:
            state.width = n
            state.values = list(range(1, n))
        return state.value

    def pick(self, enabled: list[int], current: int) -> int:
        depth = self._depth
        self._depth = depth + 1
        if depth == len(self.stack):
            last = self.stack[-1] if self.stack else None
            before, spent = (current, last.spent + last.cost(last.thread)) if last else (NOBODY, 0)
            self.stack.append(State(before, enabled[:], before if before in enabled else enabled[-1], spent))
        thread = self.stack[depth].thread
        return thread if thread in enabled else enabled[0]  # another one only in a test that is not deterministic

    def learn(self, run: Turnstile, ledger: Ledger) -> bool:
        """Analyse an execution; return whether another is to be run."""
        compare(run, self.codes, self.fresh)
        self.codes = run.codes
        for earlier, thread, enables in self._conflicts(run):
            self._try(earlier, thread, alone=enables)
            switched = earlier
            while switched and self.stack[switched - 1].thread == self.stack[switched].thread:
                switched -= 1
            self._try(switched, thread, alone=enables)
        return self._backtrack()

    def _conflicts(self, run: Turnstile) -> Iterator[tuple[int, int, bool]]:
        """Yield the steps that conflict with a new one whose thread had not seen them, and that thread.

        And whether the step enables the new one: those two cannot change places.
        """
        races = Races()
        races.make_room(len(run.threads))
        touched: dict[int, list[tuple[int, bool]]] = {}
        by_number = {thread.number: thread.thread_number for thread in run.threads}
        for index, accesses in enumerate(all_accesses(run)):
            code, thread = run.codes[index], run.order[index]
            event = Event(index, thread, run.threads[thread].path, code >> 8 & 0xFF, accesses)
            if index >= self.fresh:
                yield from self._unseen(event, races, touched)
            races.add(event, by_number[code >> 16] if event.kind == START else None)
            for key, modifies in accesses:
                touched.setdefault(key, []).append((index, modifies or event.kind in _MAY_MODIFY))
        if not run.cut:
            for state in run.threads:
                if state.started and not state.ended and not (state.kind == REACQUIRE and not state.notified):
                    yield from self._unseen(pending(run, state, life=False), races, touched)

    def _unseen(
        self, event: Event, races: Races, touched: dict[int, list[tuple[int, bool]]]
    ) -> Iterator[tuple[int, int, bool]]:
        seen, events = races.seen_by(event.thread), races.events
        for key, modifies in event.accesses:
            modifies = modifies or event.kind in _MAY_MODIFY  # noqa: PLW2901  (what it may be elsewhere)
            for index, modified in touched.get(key, ()):
                other = events[index]
                if (modifies or modified) and other.thread != event.thread and seen[other.thread] < index:
                    release = event.kind in _ACQUIRES and other.kind == RELEASE and (key, True) in other.accesses
                    yield index, event.thread, release or event.kind == JOIN

    def _try(self, depth: int, thread: int, *, alone: bool) -> None:
        """Have a thread go on at a state, up to where it is blocked; if it cannot, all that can, unless `alone`."""
        state = self.stack[depth]
        if thread in state.enabled:
            tried = [thread]
        else:
            tried = [] if alone else state.enabled
        for each in tried:
            if each not in state.known:
                if state.spent + state.cost(each) <= self.preemptions:
                    state.known.add(each)
                    state.left.append(each)
                else:
                    self.left_out = True

    def _backtrack(self) -> bool:
        stack = self.stack
        while stack:
            state = stack[-1]
            if state.values:
                state.value = state.values.pop(0)
            elif state.left:
                state.take(state.left.pop(0))
            else:
                stack.pop()
                continue
            self.fresh = len(stack) - 1
            return True
        return False
