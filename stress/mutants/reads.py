"""Operators on reading: twice instead of once, and not again where the value may have changed."""

import ast
from collections.abc import Iterator

from stress.mutants.order import FIXED
from stress.mutants.source import Edit, Function, Mutant, Source, blocks


def pairs(function: Function) -> set[tuple[str, str]]:
    """Return the locals that stand for a field somewhere: read from it, or written to it."""
    found = set()
    for node in ast.walk(function.node):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, value = node.targets[0], node.value
            for local, chain in ((target, value), (value, target)):
                if isinstance(local, ast.Name) and not local.id.isupper() and is_field(chain):
                    found.add((local.id, ast.unparse(chain)))
        elif isinstance(node, ast.Compare):
            for local, chain in ((node.left, node.comparators[0]), (node.comparators[0], node.left)):
                if isinstance(local, ast.Name) and is_field(chain):
                    found.add((local.id, ast.unparse(chain)))
    return found


def is_field(node: ast.expr) -> bool:
    """Whether an expression reads or writes a field that may change."""
    return isinstance(node, ast.Attribute) and node.attr not in FIXED and isinstance(root(node), ast.Name)


def root(node: ast.expr) -> ast.expr:
    """Return what a chain of attributes begins with."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node


def again(source: Source, function: Function) -> Iterator[Mutant]:
    """Read the field again where the local holds what was read."""
    known = sorted(pairs(function))
    for node in ast.walk(function.node):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            for local, chain in known:
                if local == node.id and chain.partition(".")[0] != local:
                    edit = source.replaced(node, chain)
                    yield Mutant("read again", function.name, f"{chain} for {local}", (edit,))


def not_again(source: Source, function: Function) -> Iterator[Mutant]:
    """Take the local where the field is read."""
    known = sorted(pairs(function))
    for node in ast.walk(function.node):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            for local, chain in known:
                if chain == ast.unparse(node):
                    edit = source.replaced(node, local)
                    yield Mutant("reuse a stale value", function.name, f"{local} for {chain}", (edit,))


def stale(source: Source, function: Function) -> Iterator[Mutant]:
    """Take a value that was read at the beginning of the function where a field is read later."""
    arguments = {arg.arg for arg in function.node.args.args}
    first = next(iter(blocks(function.node)))[0]
    begin, _ = source.lines(first)
    for node in ast.walk(function.node):
        if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Load) or not is_field(node):
            continue
        base = root(node)
        if not isinstance(base, ast.Name) or base.id not in arguments or is_called(function, node) or base.id == "self":
            continue
        chain = ast.unparse(node)
        if node.lineno == first.lineno or ".vpa_update_lock" in chain or chain.endswith((".lock", ".pinned")):
            continue
        if whole(function, node):
            edits = (Edit(begin, begin, f"{' ' * first.col_offset}stale = {chain}\n"), source.replaced(node, "stale"))
            yield Mutant("reuse a stale value", function.name, f"{chain} as it was at the beginning", edits)


def is_called(function: Function, node: ast.Attribute) -> bool:
    """Whether an attribute is a method that is called."""
    return any(isinstance(each, ast.Call) and each.func is node for each in ast.walk(function.node))


def whole(function: Function, node: ast.Attribute) -> bool:
    """Whether an attribute is the end of its chain, and not an object that something is looked up in."""
    return not any(isinstance(each, ast.Attribute) and each.value is node for each in ast.walk(function.node))


def hoisted(source: Source, function: Function) -> Iterator[Mutant]:
    """Read before a loop what is read anew in each round of it."""
    for loop in ast.walk(function.node):
        if isinstance(loop, ast.While):
            for node in loop.body:
                if isinstance(node, ast.Assign) and is_field(node.value):
                    begin, _ = source.lines(loop)
                    text = " " * loop.col_offset + source.of(*source.lines(node)).lstrip()
                    edits = (Edit(begin, begin, text), source.dropped(node, loop.body))
                    yield Mutant("reuse a stale value", function.name, f"{ast.unparse(node)} once only", edits)
