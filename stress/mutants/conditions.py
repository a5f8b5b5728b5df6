"""Operators on tests: dropped, inverted, an operand or a member less, off by one."""

import ast
from collections.abc import Iterator

from stress.mutants.source import Function, Mutant, Source

OTHERS: dict[type[ast.cmpop], tuple[str, ...]] = {
    ast.Lt: ("<=",),
    ast.LtE: ("<",),
    ast.Gt: (">=",),
    ast.GtE: (">",),
    ast.Eq: ("!=",),
    ast.NotEq: ("==",),
    ast.In: ("not in",),
    ast.NotIn: ("in",),
    ast.Is: ("is not",),
    ast.IsNot: ("is",),
}


def tests(source: Source, function: Function) -> Iterator[Mutant]:
    """Make each test always true, never true, and the opposite."""
    for node in ast.walk(function.node):
        if not isinstance(node, ast.If | ast.IfExp | ast.While) or isinstance(node.test, ast.Constant):
            continue
        shown = ast.unparse(node.test)
        yield Mutant("drop a test", function.name, f"{shown}: always", (source.replaced(node.test, "True"),))
        yield Mutant("drop a test", function.name, f"{shown}: never", (source.replaced(node.test, "False"),))
        turned = shown.removeprefix("not ") if isinstance(node.test, ast.UnaryOp) else f"not ({shown})"
        yield Mutant("invert a test", function.name, f"{shown}: inverted", (source.replaced(node.test, turned),))


def operands(source: Source, function: Function) -> Iterator[Mutant]:
    """Drop one operand of each `and` and `or`, exchange the two words, and turn each operand."""
    for node in ast.walk(function.node):
        if not isinstance(node, ast.BoolOp):
            continue
        shown = ast.unparse(node)
        for i, value in enumerate(node.values):
            rest = node.values[:i] + node.values[i + 1 :]
            less = ast.unparse(rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest))
            says = f"{shown}: without {ast.unparse(value)}"
            yield Mutant("drop an operand", function.name, says, (source.replaced(node, less),))
        other = ast.BoolOp(ast.And() if isinstance(node.op, ast.Or) else ast.Or(), node.values)
        edit = source.replaced(node, f"({ast.unparse(other)})")
        yield Mutant("exchange and with or", function.name, f"{shown}: the other word", (edit,))


def comparisons(source: Source, function: Function) -> Iterator[Mutant]:
    """Put each comparison off by one or turn it, and drop each member of what it looks for."""
    for node in ast.walk(function.node):
        if not isinstance(node, ast.Compare) or len(node.ops) != 1:
            continue
        left, right = ast.unparse(node.left), ast.unparse(node.comparators[0])
        for other in OTHERS[type(node.ops[0])]:
            edit = source.replaced(node, f"{left} {other} {right}")
            yield Mutant("change a comparison", function.name, f"{ast.unparse(node)}: {other}", (edit,))
        members = node.comparators[0]
        if isinstance(members, ast.Tuple):
            for member in members.elts:
                rest = ast.Tuple([each for each in members.elts if each is not member], ast.Load())
                edit = source.replaced(members, ast.unparse(rest))
                yield Mutant("drop a member", function.name, f"without {ast.unparse(member)}", (edit,))


def constants(source: Source, function: Function) -> Iterator[Mutant]:
    """Exchange 0 and 1, True and False, and put other numbers off by one."""
    for node in ast.walk(function.node):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, int):
            continue
        if isinstance(node.value, bool):
            if source.of(*source.span(node)) in {"True", "False"} and not in_loop_test(function, node):
                edit = source.replaced(node, str(not node.value))
                yield Mutant("change a constant", function.name, f"{node.value}: {not node.value}", (edit,))
        else:
            other = 1 - node.value if node.value in {0, 1} else node.value + 1
            edit = source.replaced(node, str(other))
            yield Mutant("change a constant", function.name, f"{node.value}: {other}", (edit,))


def in_loop_test(function: Function, node: ast.Constant) -> bool:
    """Whether a constant is the test of a loop."""
    return any(isinstance(each, ast.While) and each.test is node for each in ast.walk(function.node))
