"""The path that is being explored: its states, and the step taken at each."""

from racer.dpor.access import Accesses
from racer.dpor.tree import Branch


class Node:
    """A state on the path, and the step taken there.

    `sleep` holds the threads, with their next operation, whose exploration from here is done; `tree` what is still
    to be explored, the step being taken first. `enabled` are the numbers of the threads that can go on here. A step
    that is a choice has a `value` out of `width`, and `values` to come.
    `done` counts the steps explored from here before this one.
    """

    __slots__ = ("accesses", "done", "enabled", "sleep", "tree", "value", "values", "who", "width")

    def __init__(self, sleep: dict[int, Accesses], tree: list[Branch], enabled: list[int]) -> None:
        self.sleep = sleep
        self.tree = tree
        self.enabled = enabled
        self.done = 0
        self.take()

    def take(self) -> None:
        """Take the first branch."""
        branch = self.tree[0]
        self.who = branch.who
        self.accesses = branch.accesses
        self.value = branch.value
        self.values: list[int] = []
        self.width = 0

    def branches(self) -> tuple[int, int]:
        """Return how many branches are explored, and how many are known of."""
        return self.done, self.done + max(len(self.tree), 1) + len(self.values)

    def choose_next(self) -> None:
        """Take the step with its next value: what races have put into the tree for that, or anew."""
        self.value = value = self.values.pop(0)
        self.done += 1
        del self.tree[0]
        for at, branch in enumerate(self.tree):
            if branch.who == self.who and branch.value == value:
                self.tree.insert(0, self.tree.pop(at))
                return
        self.tree.insert(0, Branch(self.who, self.accesses, value))

    def take_next(self, paths: list[int]) -> bool:
        """Put the thread whose step was explored to sleep and take the next branch that is enabled, if there is one.

        `paths` are the identities of the threads by number.
        """
        self.sleep[self.who] = self.accesses
        self.done += 1
        del self.tree[0]
        tree = self.tree
        while tree:
            who = tree[0].who
            if any(paths[number] == who for number in self.enabled):
                self.take()
                return True
            del tree[0]
        return False
