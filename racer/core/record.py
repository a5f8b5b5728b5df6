"""The record of one execution: all that a detector gets to judge."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Final, Protocol

from racer.core import synchronises
from racer.core.finding import Finding, Side
from racer.core.operation import NAMES, READ, WRITE
from racer.core.trace import Location

VARIABLE: Final = "variable"
FIELD: Final = "field"
ATOMIC: Final = "atomic"
LOCK: Final = "lock"
SPINLOCK: Final = "spinlock"
RLOCK: Final = "rlock"
CONDITION: Final = "condition"
EVENT: Final = "event"
SEMAPHORE: Final = "semaphore"
BARRIER: Final = "barrier"
RESOURCE: Final = "resource"
LIFETIME: Final = "lifetime"
THREAD: Final = "thread"

LOCKS: Final = frozenset({LOCK, SPINLOCK, RLOCK})

Place = Callable[[], Location | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """What was declared of a variable: the lock that guards it, for reads too unless `writes_only`; its owner.

    `guard` is the number of an object, `owner` that of a thread; None where nothing was declared.
    """

    guard: int | None = None
    writes_only: bool = False
    owner: int | None = None


class Thing(Protocol):
    """An object that operations were on. `sort` is one of the constants above.

    `size` is the initial value of a semaphore or the parties of a barrier. `marked` says that accesses to a variable
    never race; `declared` whether it has a rule, which `rule` is: working it out may raise UsageError.
    """

    @property
    def sort(self) -> str:
        """What it is."""

    @property
    def size(self) -> int:
        """How many it is of."""

    @property
    def marked(self) -> bool:
        """Whether unordered accesses are meant."""

    @property
    def declared(self) -> object:
        """The rule as it was declared, None if there is none."""

    @property
    def rule(self) -> Rule | None:
        """The rule that was declared of it."""

    @property
    def shown_name(self) -> str:
        """What it is called in reports."""


@dataclass(frozen=True, slots=True)
class Life:
    """One thread: its name, how far it came, and what it was about to do when nothing could go on.

    `waits` is the kind of the operation it is blocked in, and that operation's object; None if it ended, was never
    started, or could have gone on. `number` is that of its object.
    """

    name: str
    number: int
    daemon: bool
    started: bool
    ended: bool
    waits: tuple[int, int] | None = None


@dataclass
class Record:
    """What happened in one execution, by step; a detector reads it and changes nothing.

    `order[i]` is the thread of step i; `codes[i]` packs what it executed (object << 16 | kind << 8 | outcome, see
    `core.operation`); `also` holds (step, object) for the second objects of operations on two; `values` the results
    of the choices. `things[n]` is object n and `makers[n]` the thread that made it. `complete` is False for an
    execution that was cut: what is judged at the end must not be judged then. `findings` are those of the execution.

    `place(i)` is where step i is, `stack(i)` its callers, innermost first, empty unless the execution is recorded
    richly. `made_at(n)` is where an object that is no variable was made, `made_by(n)` the instruction there;
    `waits_at(t)` where a thread stands that is blocked for ever, and its callers.
    """

    order: Sequence[int]
    codes: Sequence[int]
    also: Sequence[tuple[int, int]]
    values: Sequence[int]
    things: Sequence[Thing]
    threads: Sequence[Life]
    complete: bool
    place: Callable[[int], Place]
    stack: Callable[[int], tuple[Place, ...]]
    made_at: Callable[[int], Place]
    made_by: Callable[[int], int]
    waits_at: Callable[[int], tuple[Place, ...]]
    makers: Sequence[int]
    findings: Sequence[Finding] = ()
    known: dict[str, object] = field(default_factory=dict)
    """Room for what detectors work out once and use together."""

    @cached_property
    def clocks(self) -> list[synchronises.Clock]:
        """The vector clock of each step under the synchronises-with relation: see `ordered`."""
        return synchronises.clocks(self)

    @cached_property
    def handed(self) -> list[synchronises.Clock]:
        """The vector clock of each step when locks order nothing."""
        return synchronises.clocks(self, locks=False)

    @cached_property
    def held(self) -> list[frozenset[int]]:
        """The locks that the step's thread held when the step came: one that takes a lock does not hold it yet."""
        return self.holds.at

    @cached_property
    def holds(self) -> synchronises.Holds:
        """Who held which locks."""
        return synchronises.holds(self)

    @cached_property
    def of_kind(self) -> Mapping[int, list[int]]:
        """The steps of each kind of operation."""
        steps: defaultdict[int, list[int]] = defaultdict(list)
        for code, own in self.by_code.items():
            steps[code >> 8 & 0xFF] += own
        for own in steps.values():
            own.sort()
        return steps

    @cached_property
    def second(self) -> Mapping[int, int]:
        """The second object of each step that has one; of several the last."""
        return dict(self.also)

    @cached_property
    def steps_of(self) -> Sequence[list[int]]:
        """The steps of each thread."""
        steps: list[list[int]] = [[] for _ in self.threads]
        for step, who in enumerate(self.order):
            steps[who].append(step)
        return steps

    @cached_property
    def last(self) -> Mapping[int, int]:
        """The last step of each thread that had one."""
        return {who: own[-1] for who, own in enumerate(self.steps_of) if own}

    @cached_property
    def by_code(self) -> Mapping[int, list[int]]:
        """The steps of each code, ascending: what was done to one object, with one outcome.

        There are far fewer codes than steps: who looks for some kinds only does not go through all steps.
        """
        steps: defaultdict[int, list[int]] = defaultdict(list)
        for step, code in enumerate(self.codes):
            steps[code].append(step)
        return steps

    def steps_of_kinds(self, kinds: Iterable[int]) -> list[int]:
        """Return the steps of some kinds of operations, ascending."""
        of_kind = self.of_kind
        return sorted(chain.from_iterable(of_kind[kind] for kind in kinds if kind in of_kind))

    @cached_property
    def accesses(self) -> Mapping[int, list[int]]:
        """The steps that read or wrote each variable."""
        steps: dict[int, list[int]] = {}
        for code, own in self.by_code.items():
            if code >> 8 & 0xFE == READ:  # READ or WRITE
                number = code >> 16
                steps[number] = sorted(steps[number] + own) if number in steps else own
        return steps

    @cached_property
    def shared(self) -> Mapping[int, list[int]]:
        """The same, of variables that two threads used and one of them wrote."""
        order, accesses = self.order, self.accesses
        written = [code >> 16 for code in self.by_code if code >> 8 & 0xFF == WRITE]
        return {n: accesses[n] for n in written if len({order[step] for step in accesses[n]}) > 1}

    def ordered(self, first: int, second: int) -> bool:
        """Return whether the earlier of two steps happened before the later one."""
        who = self.order[first]
        return self.clocks[first][who] <= self.clocks[second][who]

    def thread_of(self, step: int) -> str:
        """Return the name of a step's thread."""
        return self.threads[self.order[step]].name

    def name(self, number: int) -> str:
        """Return the name of an object."""
        return self.things[number].shown_name

    def side(self, step: int, action: str | None = None, what: str | None = None) -> Side:
        """Return what a step did, as one side of a finding."""
        code = self.codes[step]
        return Side(
            self.thread_of(step),
            NAMES[code >> 8 & 0xFF] if action is None else action,
            self.name(code >> 16) if what is None else what,
            step,
            self.place(step),
            self.stack(step),
        )

    def blocked(self, who: int) -> Side:
        """Return the operation that a thread came to and never executed, as one side of a finding."""
        life = self.threads[who]
        assert life.waits is not None  # the caller looked
        kind, number = life.waits
        stack = self.waits_at(who) or (lambda: None,)
        return Side(life.name, NAMES[kind], self.name(number), len(self.order) - 1, stack[0], stack[1:])

    def found(self, kind: str, message: str, step: int, *sides: Side) -> Finding:
        """Return a finding that is noticed at a step; it tells which locks were held at its sides, if there are any."""
        notes = tuple(map(self._locks_at, sides)) if any(thing.sort in LOCKS for thing in self.things) else ()
        return Finding(kind, message, self.thread_of(step), self.order[step], step, sides, tuple(filter(None, notes)))

    def _locks_at(self, side: Side) -> str:
        """Return what is told of the locks that were held at a side."""
        if side.step is None or self.order[side.step] >= len(self.threads):
            return ""
        if self.thread_of(side.step) != side.thread:
            return ""  # blocked: the step is another thread's
        names = ", ".join(map(self.name, sorted(self.held[side.step])))
        return f"at step {side.step} {side.thread} held {names or 'no lock'}"
