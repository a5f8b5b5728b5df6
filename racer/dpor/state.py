"""A search in plain data, which can go to another process or into a file, and back."""

from typing import Any

from racer.dpor.access import Accesses
from racer.dpor.bounded import Bounded, State
from racer.dpor.node import Node
from racer.dpor.search import Dpor
from racer.dpor.tree import Branch

Plain = dict[str, Any]


def plain(search: Dpor | Bounded) -> Plain:
    """Return a search, between two executions, in lists and numbers."""
    if isinstance(search, Bounded):
        bounds = ("preemptions", "left_out", "fresh")
        states = [{**_fields(state, State.__slots__), "known": sorted(state.known)} for state in search.stack]
        return _fields(search, bounds) | {"codes": _codes(search), "states": states}
    nodes = []
    for depth, node in enumerate(search.stack):
        fields = _fields(node, Node.__slots__)
        fields["sleep"] = list(node.sleep.items())
        # What comes after the first branch stands in the next node, too.
        fields["tree"] = plain_trees(node.tree, shallow=depth + 1 < len(search.stack))
        nodes.append(fields)
    kept = ("root", "divided", "fresh", "looks_at_life", "restarts", "numbers", "paths")
    return _fields(search, kept) | {"codes": _codes(search), "nodes": nodes}


def restored(data: Plain) -> Dpor | Bounded:
    """Return the search that `plain` was given."""
    if "states" in data:
        bounded = Bounded(data["preemptions"])
        bounded.left_out, bounded.fresh, bounded.codes = data["left_out"], data["fresh"], data["codes"]
        bounded.stack = [_state(fields) for fields in data["states"]]
        return bounded
    search = Dpor()
    for name in ("root", "divided", "fresh", "looks_at_life", "restarts", "numbers", "paths", "codes"):
        setattr(search, name, data[name])
    for fields in data["nodes"]:
        tree = trees(fields["tree"])
        if search.stack:
            search.stack[-1].tree[0].children = tree
        node = Node({who: accesses_of(each) for who, each in fields["sleep"]}, tree, fields["enabled"])
        for name in ("done", "value", "values", "who", "width"):
            setattr(node, name, fields[name])
        node.accesses = accesses_of(fields["accesses"])
        search.stack.append(node)
    return search


def plain_trees(branches: list[Branch], *, shallow: bool = False) -> list[list[Any]]:
    """Return wakeup trees as a list of branches, each before its children, with the number of these."""
    found = []
    left = list(reversed(branches))
    while left:
        branch = left.pop()
        children = [] if shallow else branch.children
        shallow = False
        found.append([branch.who, branch.accesses, branch.value, branch.foreseen, len(children)])
        left += reversed(children)
    return found


def trees(data: list[list[Any]]) -> list[Branch]:
    """Return the wakeup trees that `plain_trees` was given."""
    roots: list[Branch] = []
    open_: list[tuple[list[Branch], int]] = []
    for who, accesses, value, foreseen, children in data:
        while open_ and open_[-1][1] == len(open_[-1][0]):
            open_.pop()
        branch = Branch(who, accesses_of(accesses), value, foreseen=foreseen)
        (open_[-1][0] if open_ else roots).append(branch)
        if children:
            open_.append((branch.children, children))
    return roots


def accesses_of(data: Any) -> Accesses:
    """Return accesses that were read from text."""
    return tuple((key, modifies) for key, modifies in data)


def _fields(of: object, names: tuple[str, ...]) -> Plain:
    return {name: getattr(of, name) for name in names}


def _codes(search: Dpor | Bounded) -> list[int]:
    return search.codes[: search.fresh]


def _state(fields: Plain) -> State:
    state = State(fields["before"], fields["enabled"], fields["thread"], fields["spent"])
    for name in ("left", "value", "values", "width"):
        setattr(state, name, fields[name])
    state.known = set(fields["known"])
    return state
