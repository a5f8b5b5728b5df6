"""The search: which execution comes next, so that each happens-before class is executed exactly once."""

from dataclasses import replace

from racer.core.operation import COMPARE_EXCHANGE, REACQUIRE, RELEASE, START, TRY_ACQUIRE, WAIT
from racer.core.strategy import GIVE_UP
from racer.dpor.access import (
    LOOKS_AT_LIFE,
    Accesses,
    Event,
    conflict,
    event_at,
    foreseen,
    pending,
    with_end,
    with_second,
)
from racer.dpor.races import Races
from racer.dpor.tree import Branch, insert, may_be_first
from racer.engine.recorder import Ledger
from racer.engine.turnstile import Turnstile


class Node:
    """A state on the path that is being explored, and the step taken there.

    `sleep` holds the threads, with their next operation, whose exploration from here is done; `tree` what is still
    to be explored, the step being taken first; `blocked` says that it could not be taken. A step that is a choice
    has a `value` out of `width`, and `values` to come.
    """

    __slots__ = ("accesses", "blocked", "sleep", "tree", "value", "values", "who", "width")

    def __init__(self, sleep: dict[int, Accesses], tree: list[Branch]) -> None:
        self.sleep = sleep
        self.tree = tree
        self.take()

    def take(self) -> None:
        """Take the first branch."""
        branch = self.tree[0]
        self.who = branch.who
        self.accesses = branch.accesses
        self.value = branch.value
        self.values: list[int] = []
        self.width = 0
        self.blocked = False

    def choose_next(self) -> None:
        """Take the step with its next value: what races have put into the tree for that, or anew."""
        self.value = value = self.values.pop(0)
        del self.tree[0]
        for at, branch in enumerate(self.tree):
            if branch.who == self.who and branch.value == value:
                self.tree.insert(0, self.tree.pop(at))
                return
        self.tree.insert(0, Branch(self.who, self.accesses, value))


class Dpor:
    """The strategy that executes every happens-before class once.

    It departs from the paper in where races are looked for: each execution is analysed when it has ended, and only
    races of steps that the execution before did not share. Operations other than reads, writes, read-modify-writes,
    locks, trylocks, start and join may be foreseen where they turn out to be blocked; such an execution is cut off,
    and counted. So is one that repeats a class, which happens only where threads ask whether others have ended.
    """

    text = "dpor"
    every_step = True

    def __init__(self) -> None:
        self.stack: list[Node] = []
        self.cut_off = False
        self._fresh = 0
        self._depth = 0
        self._run: Turnstile | None = None
        self._also = 0

    def begin(self, seed: int) -> None:
        self.cut_off = False
        self._depth = 0
        self._also = 0

    def attach(self, run: Turnstile) -> None:
        """Take the execution that is about to run."""
        self._run = run

    def created(self, thread: int) -> None:
        pass

    def yielded(self, thread: int) -> None:
        pass

    def choose(self, n: int) -> int:
        node = self.stack[self._depth - 1]
        if node.width == 0:
            node.width = n
            node.value = node.value or 0
            node.values = [value for value in range(n) if value != node.value]
        assert node.value is not None
        node.tree[0].value = node.value
        return node.value

    def pick(self, enabled: list[int], current: int) -> int:
        run = self._run
        assert run is not None
        depth = self._depth
        stack = self.stack
        if depth > self._fresh:
            self._look_at(run, stack[depth - 1], depth - 1)
        if depth == len(stack):
            node = self._extend(run, enabled, current)
            if node is None:
                self.cut_off = True
                return GIVE_UP
            stack.append(node)
        else:
            node = stack[depth]
        chosen = _number_of(run, node.who)
        if chosen not in enabled:
            self.cut_off = node.blocked = True
            return GIVE_UP
        self._depth += 1
        return chosen

    def _look_at(self, run: Turnstile, node: Node, index: int) -> None:
        """Take down what a step has really touched."""
        event = event_at(run, index)
        for step, number in run.also[-1:]:
            if step == index:
                event = with_second(run, event, number)
        if run.threads[event.thread].ended:
            event = with_end(run, event)
        node.accesses = node.tree[0].accesses = event.accesses

    def _extend(self, run: Turnstile, enabled: list[int], current: int) -> Node | None:
        """Return the node of a state that is new on the path; None if all that could run there is asleep."""
        sleep: dict[int, Accesses] = {}
        tree: list[Branch] = []
        if self.stack:
            above = self.stack[-1]
            sleep = {
                who: accesses
                for who, accesses in above.sleep.items()
                if who != above.who and not conflict(accesses, above.accesses)
            }
            tree = above.tree[0].children
        if not tree:
            for number in [current, *enabled] if current in enabled else enabled:
                if run.threads[number].path not in sleep:
                    tree.append(Branch(run.threads[number].path, ()))
                    break
            else:
                return None
        return Node(sleep, tree)

    # -- after an execution --------------------------------------------------------------------------------------

    def learn(self, run: Turnstile, ledger: Ledger) -> bool:
        """Analyse an execution; return whether another is to be run."""
        if not self.cut_off:
            if len(run.order) == len(self.stack) and len(run.order) > self._fresh:
                self._look_at(run, self.stack[-1], len(run.order) - 1)
            self._analyse(run, ledger)
        return self._backtrack()

    def _analyse(self, run: Turnstile, ledger: Ledger) -> None:
        """Find the races of an execution; then reverse them, since a sequence holds steps after the race as well."""
        races = Races(len(run.threads))
        started = iter(_started_in_order(run))
        values = iter(run.values)
        # Whether a step is its thread's last depends on what it finds. Where threads look at that, races that an
        # earlier execution had already are looked at again: their sequences may hold other steps now.
        since = 0 if any(code >> 8 & 0xFF in LOOKS_AT_LIFE for code in run.codes) else self._fresh
        found: list[tuple[int, Event]] = []
        for index, node in enumerate(self.stack[: len(run.order)]):
            event = replace(event_at(run, index), accesses=node.accesses)
            if node.width:
                event = replace(event, value=next(values))
            earlier = races.add(event, next(started, None) if event.kind == START else None)
            if index >= since:
                found += [(first, self._as_first(races, first, event, ledger)) for first in earlier]
        if not run.cut:
            for thread in run.threads:
                if thread.started and not thread.ended and not (thread.kind == REACQUIRE and not thread.notified):
                    event = pending(run, thread)
                    found += [(first, event) for first in races.pending(event)]
        for first, later in found:
            self._reverse(races, first, foreseen(run, later))

    def _reverse(self, races: Races, earlier: int, later: Event) -> None:
        """See to it that the later of two racing events is also explored before the earlier one."""
        node = self.stack[earlier]
        sequence = [*races.not_after(earlier), later]
        sequence = [event for event in sequence[:-1] if event.index != later.index] + sequence[-1:]
        if any(may_be_first(who, accesses, sequence) for who, accesses in node.sleep.items()):
            return
        insert(node.tree, sequence)

    def _as_first(self, races: Races, earlier: int, event: Event, ledger: Ledger) -> Event:
        """Return an event as it would be before another: a trylock or compare-exchange may end differently."""
        if event.kind == TRY_ACQUIRE:
            modifies = races.events[earlier].kind not in (RELEASE, WAIT)
        elif event.kind == COMPARE_EXCHANGE and earlier in ledger.values_before:
            modifies = bool(ledger.values_before[earlier] == ledger.values_expected.get(event.index))
        else:
            return event
        first, *rest = event.accesses
        return replace(event, accesses=((first[0], modifies), *rest))

    def _backtrack(self) -> bool:
        stack = self.stack
        while stack:
            node = stack[-1]
            if node.values:
                node.choose_next()
                self._fresh = len(stack) - 1
                return True
            if not node.blocked:
                node.sleep[node.who] = node.accesses
            del node.tree[0]
            if node.tree:
                node.take()
                self._fresh = len(stack) - 1
                return True
            stack.pop()
        return False


def _number_of(run: Turnstile, who: int) -> int:
    for thread in run.threads:
        if thread.path == who:
            return thread.thread_number
    return -1


def _started_in_order(run: Turnstile) -> list[int]:
    """Return the threads in the order of their starts."""
    by_number = {thread.number: thread.thread_number for thread in run.threads}
    return [by_number[code >> 16] for code in run.codes if code >> 8 & 0xFF == START]
