"""Operators on order: neighbouring statements swapped; with a lock call that narrows or widens a critical section."""

import ast
from collections.abc import Iterator
from itertools import pairwise

from stress.mutants.locks import lock_call
from stress.mutants.source import Edit, Function, Mutant, Source, blocks, is_elif

# What is set up before any thread runs: reading it is no operation.
FIXED = frozenset({"kvm", "memory", "vcore", "areas", "label", "name", "vcpu_id", "scheme", "vpa", "dtl", "slb_shadow"})
PURE = frozenset({"UnsignedLong", "subfunction"})
ENDS = (ast.Return, ast.Break, ast.Continue, ast.Raise)


def swapped(source: Source, function: Function) -> Iterator[Mutant]:
    """Swap each two statements that stand one after the other, unless nobody could tell the difference."""
    for block in blocks(function.node):
        for first, second in pairwise(block):
            if isinstance(second, ENDS) or is_elif(source, first) or nobody_could_tell(first, second):
                continue
            begin, middle = source.lines(first)
            start, end = source.lines(second)
            # Comments of its own stay with the statement that follows them.
            text = source.of(middle, end) if middle == start else source.of(start, end)
            between = "" if middle == start else source.of(middle, start)
            edit = Edit(begin, end, text + between + source.of(begin, middle))
            yield Mutant(*named(first, second, function), (edit,))


def named(first: ast.stmt, second: ast.stmt, function: Function) -> tuple[str, str, str]:
    """Return operator, function and description of a swap."""
    calls = (lock_call(first), lock_call(second))
    if calls[0] is not None and calls[1] is None:
        name = "narrow a critical section" if calls[0][1] == "acquire" else "widen a critical section"
    elif calls[1] is not None and calls[0] is None:
        name = "widen a critical section" if calls[1][1] == "acquire" else "narrow a critical section"
    else:
        name = "swap neighbours"
    return name, function.name, f"{head(second)} before {head(first)}"


def head(node: ast.stmt) -> str:
    """Return the first line of a statement."""
    return ast.unparse(node).partition("\n")[0]


def nobody_could_tell(first: ast.stmt, second: ast.stmt) -> bool:
    """Whether one of two statements only names something fixed, and the other has nothing to do with that name."""
    apart = not ((bound(first) & names(second)) or (bound(second) & names(first)))
    return (apart and (is_local(first) or is_local(second))) or exclude_each_other(first, second)


def exclude_each_other(first: ast.stmt, second: ast.stmt) -> bool:
    """Whether two statements are what is to be done if one name is this, and if it is that."""
    asked = [compared(first), compared(second)]
    if asked[0] is None or asked[1] is None:
        return False
    return asked[0][0] == asked[1][0] and asked[0][1] != asked[1][1] and asked[0][0] not in bound(first) | bound(second)


def compared(node: ast.stmt) -> tuple[str, str] | None:
    """Return the name that an `if` without an `else` compares, and the constant."""
    test = node.test if isinstance(node, ast.If) and not node.orelse else None
    if isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and isinstance(test.ops[0], ast.Eq):
        value = test.comparators[0]
        if isinstance(value, ast.Name) and value.id.isupper():
            return test.left.id, value.id
    return None


def is_local(node: ast.stmt) -> bool:
    """Whether a statement gives local names to constants, names, and what is set up before any thread runs."""
    if isinstance(node, ast.Assign):
        targets, value = node.targets, node.value
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        targets, value = [node.target], node.value
    else:
        return False
    return all(isinstance(target, ast.Name) for target in targets) and quiet(value)


def quiet(value: ast.expr) -> bool:
    """Whether an expression performs no operation."""
    if isinstance(value, ast.Call):
        return ast.unparse(value.func) in PURE and all(map(quiet, value.args))
    if isinstance(value, ast.Attribute):
        return value.attr in FIXED and quiet(value.value)
    return isinstance(value, ast.Name | ast.Constant)


def bound(node: ast.stmt) -> set[str]:
    """Return the names that a statement gives a value."""
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}


def names(node: ast.stmt) -> set[str]:
    """Return every name in a statement."""
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
