"""A search divided into parts that can be explored one beside the other.

What the branches at a state are asleep for is known beforehand: for all branches that stand before them. So each can be
explored on its own, as long as what its races call for at states before its own beginning is told to the others.
"""

from itertools import pairwise
from typing import NamedTuple

from racer.dpor.access import Accesses, Event
from racer.dpor.bounded import Bounded
from racer.dpor.estimate import explored_share
from racer.dpor.node import Node
from racer.dpor.search import Dpor
from racer.dpor.tree import Branch, Path, insert


class Step(NamedTuple):
    """A step on the way to a state: who took it, what it touched, and what was chosen."""

    who: int
    number: int
    code: int
    accesses: Accesses
    value: int | None
    width: int


class Fork:
    """A state whose branches are explored in several parts.

    `step` led here from the state of `parent`. `sleep` holds who is explored, or being explored, from here; `pending`
    the branches that no part has. What a step touches is known when it was executed: until then, `waiting`, no other
    part begins here. `begun` counts the branches that were taken.
    """

    def __init__(self, parent: "Fork | None", step: Step | None, enabled: list[int]) -> None:
        self.parent = parent
        self.step = step
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.enabled = enabled
        self.sleep: dict[int, Accesses] = {}
        self.pending: list[Branch] = []
        self.waiting = False
        self.begun = 0

    def line(self) -> list["Fork"]:
        """Return the forks from the first state to this one."""
        forks = [self]
        while forks[-1].parent is not None:
            forks.append(forks[-1].parent)
        return forks[::-1]

    def take_in(self, events: list[Event], until: int) -> None:
        """Have a sequence explored from here, unless it is already, or is going to be (`Path`)."""
        path = Path(events, self.sleep, until)
        if not path.covered:
            insert(self.pending, path.events, divided=True)


class Part:
    """A search of what begins with one step at a fork; of everything, if there is none."""

    def __init__(self, fork: Fork | None, search: Dpor | Bounded) -> None:
        self.fork = fork
        self.search = search


class Division:
    """All parts of a search. Which there are is a function of what was explored, not of who explored it when."""

    def __init__(self, parts: list[Part]) -> None:
        self.parts = parts
        self.forks: list[Fork] = []
        self.looks_at_life = any(part.search.looks_at_life for part in parts)

    def fill(self, wanted: int) -> None:
        """Divide until there are as many parts as wanted, or no more to be had."""
        while len(self.parts) < wanted:
            fork = next((fork for fork in self.forks if fork.pending and not fork.waiting), None)
            if fork is not None:
                self.parts.append(self._begin(fork))
            else:
                divided = [self._divide(part) for part in self.parts]
                if not any(divided):
                    return

    def returned(self, part: Part, search: Dpor | Bounded, *, explored: bool) -> None:
        """Take back a part that was explored for a while, `explored` if there is nothing left of it."""
        if part not in self.parts:
            return
        if search.restarts:
            again = Dpor()
            again.looks_at_life = self.looks_at_life = True
            self.parts, self.forks = [Part(None, again)], []
            return
        fork = part.fork
        if fork is not None and isinstance(search, Dpor):
            root = search.stack[fork.depth]
            fork.sleep[root.who] = root.accesses
            fork.waiting = False
            line = fork.line()
            for depth, events, until in search.outbox:
                line[depth].take_in(events, until)
            search.outbox = []
        part.search = search
        if explored:
            self.parts.remove(part)
        self._forget()

    def explored_share(self) -> float:
        """Return the share of the whole that is done, 0..1 (racer.dpor.estimate)."""
        left = 0.0
        for part in self.parts:
            left += _weight(part.fork) * (1 - explored_share(part.search.stack[part.search.root + 1 :]))
        return 1 - left - sum(_weight(fork) * len(fork.pending) for fork in self.forks)

    @property
    def done(self) -> bool:
        """Whether there is nothing left to explore."""
        return not self.parts and not any(fork.pending for fork in self.forks)

    def _forget(self) -> None:
        """Drop the forks at which nothing is explored any more, and nothing is to be."""
        needed = {id(fork) for line, _ in self._ends() for fork in line}
        self.forks = [fork for fork in self.forks if id(fork) in needed]

    def _begin(self, fork: Fork) -> Part:
        """Begin a part with the first branch that is pending at a fork."""
        who = fork.pending[0].who
        mine = [branch for branch in fork.pending if branch.who == who]
        fork.pending = [branch for branch in fork.pending if branch.who != who]
        part = self._part_at(fork, Node(dict(fork.sleep), mine, fork.enabled))
        fork.sleep[who] = mine[0].accesses
        fork.waiting = True
        fork.begun += 1
        return part

    def _ends(self) -> list[tuple[list[Fork], int]]:
        """Return where something is left to explore: the forks on the way there, and who goes on from the last."""
        ends = [
            (part.fork.line(), part.search.stack[part.fork.depth].who)
            for part in self.parts
            if part.fork and isinstance(part.search, Dpor)
        ]
        return ends + [(fork.line(), fork.pending[0].who) for fork in self.forks if fork.pending]

    def _part_at(self, fork: Fork, root: Node) -> Part:
        """Return the part that is explored from a node at a fork."""
        search = Dpor()
        search.root = search.fresh = fork.depth
        search.divided = True
        line = fork.line()
        for above, below in pairwise(line):
            step = below.step
            assert step is not None
            node = Node(dict(above.sleep), [Branch(step.who, step.accesses, step.value)], above.enabled)
            node.accesses, node.width = step.accesses, step.width
            search.stack.append(node)
            search.numbers.append(step.number)
            search.codes.append(step.code)
        search.stack.append(root)
        search.looks_at_life = self.looks_at_life
        return Part(fork, search)

    def _divide(self, part: Part) -> bool:
        """Make a fork of the first state of a part where more than its own step is to be explored, if there is one."""
        search = part.search
        if isinstance(search, Bounded):
            return False
        for depth in range(max(search.root, 0), len(search.stack)):
            node = search.stack[depth]
            if depth > search.root:
                part.fork = self._fork_at(part, depth)
                search.root = depth
                search.divided = True
            assert part.fork is not None
            if node.values:
                self.parts.append(self._other_values(part, part.fork, node))
                return True
            if part.fork.pending and not part.fork.waiting:
                return True
        return False

    def _fork_at(self, part: Part, depth: int) -> Fork:
        """Return a fork of a part's state, with all branches there but the part's own step."""
        search, step = part.search, None
        assert isinstance(search, Dpor)
        node = search.stack[depth]
        if depth:
            above = search.stack[depth - 1]
            number, code = search.numbers[depth - 1], search.codes[depth - 1]
            step = Step(above.who, number, code, above.accesses, above.value, above.width)
        fork = Fork(part.fork, step, node.enabled)
        fork.sleep = {**node.sleep, node.who: node.accesses}
        enabled = {search.paths[number] for number in node.enabled}
        others = [branch for branch in node.tree[1:] if branch.who != node.who]
        fork.pending = [branch for branch in others if branch.who in enabled]
        fork.waiting = depth == search.fresh  # its own step there is to come yet
        fork.begun = node.done + 1
        node.tree[:] = [branch for branch in node.tree if branch.who == node.who]
        self.forks.append(fork)
        return fork

    def _other_values(self, part: Part, fork: Fork, node: Node) -> Part:
        """Return a new part for the values of a choice that are still to come."""
        same = [Branch(node.who, node.accesses, node.value), *node.tree[1:]]
        root = Node(dict(node.sleep), same, node.enabled)
        root.width, root.values, root.done = node.width, node.values, node.done
        root.accesses = node.accesses
        root.choose_next()
        node.values, node.tree[1:] = [], []
        other = self._part_at(fork, root)
        if isinstance(other.search, Dpor) and isinstance(part.search, Dpor):
            other.search.paths = part.search.paths
        return other


def _weight(fork: Fork | None) -> float:
    """Return the share of the whole that one branch at a fork is taken to be."""
    weight = 1.0
    while fork is not None:
        weight /= max(fork.begun + len(fork.pending), 1)
        fork = fork.parent
    return weight
