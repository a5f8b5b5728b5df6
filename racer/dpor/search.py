"""The search: which execution comes next, so that each happens-before class is executed exactly once."""

from racer.core.errors import ForeseenError
from racer.core.operation import CHOOSE, COMPARE_EXCHANGE, NAMES, REACQUIRE, RELEASE, START, TRY_ACQUIRE
from racer.core.strategy import GIVE_UP
from racer.dpor.access import LOOKS_AT_LIFE, Accesses, Event, accesses_at, conflict, foreseen, free_before, pending
from racer.dpor.foreseen import compare, shown
from racer.dpor.node import Node
from racer.dpor.races import Race, Races
from racer.dpor.tree import LAST, Branch, Path, insert, without
from racer.engine.recorder import Ledger
from racer.engine.turnstile import Turnstile

NOBODY = -1
Call = tuple[int, list[Event], int]
"""What is to be explored from a state before a part's own: its depth, the sequence, the index of the race's second."""


class Dpor:
    """The strategy that executes every happens-before class once.

    It departs from the paper in where races are looked for: each execution is analysed when it has ended, and only
    the steps that the execution before did not share; and in that a step which is blocked at the place it was foreseen
    for is left out. Where operations other than reads, writes, read-modify-writes, locks, trylocks, start and join do
    that, an execution may come to where all that could go on was explored before: it is cut off, and counted. So is
    one that repeats a class, which happens only where threads ask whether others have ended.

    A search may be a part of a larger one: what begins with the step taken at state `root`, and with no other there.
    What it finds is to be explored from there, or from a state before, goes into its `outbox`. In such a `divided`
    search those asleep may be explored at the same time, not before, and less is taken for covered (`Path`, `insert`).
    One that finds out only on the way that it `looks_at_life` is of no use, and `restarts` with that knowledge.
    """

    text = "dpor"
    every_step = True

    def __init__(self) -> None:
        self.stack: list[Node] = []
        self.root = -1
        self.divided = False
        self.outbox: list[Call] = []
        self.cut_off = False
        self.looks_at_life = False
        self.restarts = False
        self.numbers: list[int] = []
        self.codes: list[int] = []
        self.paths: list[int] = []
        self._races = Races()
        self._open: list[Race] = []
        self.fresh = 0
        self._depth = 0
        self._patient = NOBODY
        self._run: Turnstile

    # -- one execution -------------------------------------------------------------------------------------------

    def begin(self, seed: int) -> None:
        self.cut_off = False
        self._depth = 0
        self._patient = NOBODY

    def attach(self, run: Turnstile) -> None:
        """Take the execution that is about to run."""
        self._run = run

    def created(self, thread: int) -> None:
        pass

    def yielded(self, thread: int) -> None:
        self._patient = thread

    def choose(self, n: int) -> int:
        node = self.stack[self._depth - 1]
        if node.width == 0:
            node.width = n
            node.value = node.value or 0
            node.values = [value for value in range(n) if value != node.value]
        elif node.width != n:
            self._differs(self._depth - 1, f"a choice out of {node.width}", f"a choice out of {n}")
        assert node.value is not None
        node.tree[0].value = node.value
        return node.value

    def pick(self, enabled: list[int], current: int) -> int:
        depth = self._depth
        self._depth = depth + 1
        if depth < self.fresh:
            chosen = self.numbers[depth]
            return chosen if chosen in enabled else self._astray(depth, chosen)
        stack = self.stack
        if depth > self.fresh:
            self._look_at(self._run, depth - 1)
        if depth == len(stack):
            return self._extend(enabled, current)
        chosen = self._number_of(stack[depth].who)
        if chosen not in enabled:
            return self._astray(depth, chosen)
        self.numbers[depth:] = [chosen]
        return chosen

    def _look_at(self, run: Turnstile, depth: int) -> None:
        """Take down what the step just executed has really touched."""
        node = self.stack[depth]
        branch = node.tree[0]
        node.accesses = branch.accesses = accesses_at(run, depth, life=self.looks_at_life)
        if branch.foreseen:
            branch.foreseen = False
            node.tree[1:] = without(node.tree[1:], branch.who, branch.accesses)

    def _extend(self, enabled: list[int], current: int) -> int:
        """Enter a state that is new on the path; return who goes on, or give up if all that could are asleep."""
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
        chosen = -1
        while tree:
            chosen = self._number_of(tree[0].who)
            if chosen in enabled:
                break
            del tree[0]  # it was foreseen here, and is blocked
        else:
            chosen = self._awake(enabled, current, sleep)
            if chosen == GIVE_UP:
                self.cut_off = True
                return GIVE_UP
            tree.append(Branch(self._run.threads[chosen].path, ()))
        self.stack.append(Node(sleep, tree, enabled[:]))
        self.numbers.append(chosen)
        return chosen

    def _awake(self, enabled: list[int], current: int, sleep: dict[int, Accesses]) -> int:
        """Return a thread that is not asleep, the cheapest: who goes on, or begins where another has just ended.

        One that waited for time to pass lets others go first, lest a loop that waits for them goes on for ever.
        """
        threads = self._run.threads
        if current in enabled and current != self._patient and threads[current].path not in sleep:
            return current
        self._patient = NOBODY
        awake = [number for number in enabled if threads[number].path not in sleep]
        if len(awake) > 1 and current in awake:
            awake.remove(current)
        return next((number for number in awake if not threads[number].ident), awake[-1] if awake else GIVE_UP)

    def _number_of(self, who: int) -> int:
        return next((thread.thread_number for thread in self._run.threads if thread.path == who), -1)

    # -- a test that does not do the same again ------------------------------------------------------------------

    def _astray(self, depth: int, number: int) -> int:
        """Take note that a thread is not ready for the step that was foreseen; return that the execution is over."""
        run = self._run
        before = shown(run, number, self.codes[depth]) if depth < self.fresh else "a step that can be executed"
        now = "no such thread"
        if 0 <= number < len(run.threads):
            thread = run.threads[number]
            state = "has ended" if thread.ended else f"is blocked at {NAMES[thread.kind]}"
            now = f"{thread.shown_name} {state}"
        self._differs(depth, before, now)
        return GIVE_UP

    def _differs(self, step: int, before: str, now: str) -> None:
        self._run.error = self._run.error or ForeseenError(step, before, now)

    # -- after an execution --------------------------------------------------------------------------------------

    def learn(self, run: Turnstile, ledger: Ledger) -> bool:
        """Analyse an execution; return whether another is to be run."""
        compare(run, self.codes, self.fresh)
        self.paths = [thread.path for thread in run.threads]
        last = len(self.stack) - 1
        if last == len(run.order) - 1 >= self.fresh:
            self._look_at(run, last)
        self._analyse(run, ledger)
        self.codes = run.codes
        return not self.restarts and self._backtrack()

    def _analyse(self, run: Turnstile, ledger: Ledger) -> None:
        """Find the races of an execution; then reverse them, since a sequence holds steps after the race as well."""
        self._races.make_room(len(run.threads))
        self._races.cut_back(self.fresh)
        while self._open and self._open[-1].second.index >= self.fresh:
            self._open.pop()
        self._enter(run, ledger)
        for race in self._open:
            if race.proof >= self.fresh:
                self._reverse(race)
        if not run.cut:
            for thread in run.threads:
                if not thread.started or thread.ended or thread.thread_number in run.enabled:
                    continue
                if thread.kind != REACQUIRE or thread.notified:
                    event = pending(run, thread, life=self.looks_at_life)
                    for earlier in self._races.pending(event):
                        self._reverse(Race(earlier, foreseen(event)))

    def _enter(self, run: Turnstile, ledger: Ledger) -> None:
        """Add the new steps to the races, and what races they are in."""
        since = len(self._races.events)
        add = self._races.add
        stack, order, codes, paths = self.stack, run.order, run.codes, self.paths
        for index in range(since, len(order)):
            node, thread = stack[index], order[index]
            kind = codes[index] >> 8 & 0xFF
            value = node.value if kind == CHOOSE else None
            if kind in LOOKS_AT_LIFE and not self.looks_at_life:
                self.restarts = True
            started = None
            if kind == START:
                number = codes[index] >> 16
                started = next(each.thread_number for each in run.threads if each.number == number)
            event = Event(index, thread, paths[thread], kind, node.accesses, value)
            for earlier in add(event, started):
                self._open.append(Race(earlier, foreseen(self._as_first(earlier, event, ledger))))

    def _reverse(self, race: Race) -> None:
        """See to it that the second of two racing events is also explored before the first one."""
        node = self.stack[race.first]
        path = Path(self._races.reversed(race), node.sleep, race.second.index if self.divided else LAST)
        if path.covered:
            race.proof = path.proof
        elif path.events[0].thread in node.enabled and (self.divided or not path.is_asleep(node.sleep)):
            inserted, race.proof = insert(node.tree, path.events, divided=self.divided)
            if inserted and race.first <= self.root:
                self.outbox.append((race.first, path.events, race.second.index))

    def _as_first(self, earlier: int, event: Event, ledger: Ledger) -> Event:
        """Return an event as it would be before another: trylock, release, compare-exchange may end differently."""
        first, *rest = event.accesses or ((0, False),)
        if event.kind in {TRY_ACQUIRE, RELEASE}:
            free = free_before(self._races.events[earlier], first[0])
            modifies = first[1] if free is None else free == (event.kind == TRY_ACQUIRE)
        elif event.kind == COMPARE_EXCHANGE and earlier in ledger.values_before:
            modifies = bool(ledger.values_before[earlier] == ledger.values_expected.get(event.index))
        else:
            return event
        return event.touching(((first[0], modifies), *rest))

    def _backtrack(self) -> bool:
        stack = self.stack
        while len(stack) > self.root + 1:
            if self._go_on(stack[-1]):
                return True
            stack.pop()
        return bool(stack) and bool(stack[-1].values) and self._go_on(stack[-1])

    def _go_on(self, node: Node) -> bool:
        """Take another step at the last state of the path, if there is one to be taken."""
        if node.values:
            node.choose_next()
        elif not node.take_next(self.paths):
            return False
        self.fresh = len(self.stack) - 1
        del self.numbers[self.fresh :]
        return True
