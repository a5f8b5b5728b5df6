"""Operators on calls and loops: one not made, made twice, its arguments exchanged; a round too few or too many."""

import ast
from collections.abc import Iterator

from stress.mutants.locks import lock_call
from stress.mutants.source import Edit, Function, Mutant, Source, blocks


def dropped(source: Source, function: Function) -> Iterator[Mutant]:
    """Drop each call that is made for what it does, and make it twice."""
    for block in blocks(function.node):
        for node in block:
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and lock_call(node) is None:
                shown = ast.unparse(node.value)
                skipped = "skip the init" if "init" in ast.unparse(node.value.func) else "drop a call"
                yield Mutant(skipped, function.name, f"no {shown}", (source.dropped(node, block),))
                _, end = source.lines(node)
                again = Edit(end, end, source.of(*source.lines(node)))
                yield Mutant("call twice", function.name, f"{shown} twice", (again,))


def loops(source: Source, function: Function) -> Iterator[Mutant]:
    """Leave the first or all but the first out of each loop, and do not go round again."""
    for node in ast.walk(function.node):
        if isinstance(node, ast.For):
            shown = ast.unparse(node.iter)
            yield Mutant("shorten a loop", function.name, f"only the first of {shown}", (sliced(source, node, ":1"),))
            yield Mutant("shorten a loop", function.name, f"not the first of {shown}", (sliced(source, node, "1:"),))
        elif isinstance(node, ast.While):
            _, end = source.lines(node)
            stop = Edit(end, end, " " * node.body[0].col_offset + "break\n")
            yield Mutant("shorten a loop", function.name, "no second round", (stop,))
        elif isinstance(node, ast.ListComp):
            yield from comprehension(source, function, node)
    for block in blocks(function.node):
        for statement in block:
            if isinstance(statement, ast.Break | ast.Continue):
                begin, end = source.lines(statement)
                edit = Edit(begin, end, " " * statement.col_offset + "pass\n")
                yield Mutant("do not end a loop", function.name, "goes on", (edit,))
            elif isinstance(statement, ast.Return) and statement is not function.node.body[-1]:
                begin, end = source.lines(statement)
                edit = Edit(begin, end, " " * statement.col_offset + "pass\n")
                yield Mutant("do not return", function.name, f"{ast.unparse(statement)}: goes on", (edit,))


def sliced(source: Source, node: ast.For, part: str) -> Edit:
    """Return the edit that leaves out part of what a loop goes through."""
    return source.replaced(node.iter, f"list({ast.unparse(node.iter)})[{part}]")


def comprehension(source: Source, function: Function, node: ast.ListComp) -> Iterator[Mutant]:
    """Take the list itself for the snapshot of it, or all of it, or only the first or not the first."""
    whole = ast.unparse(node.generators[0].iter)
    shown = ast.unparse(node)
    yield Mutant("no snapshot", function.name, f"{whole} for {shown}", (source.replaced(node, whole),))
    yield Mutant("drop a test", function.name, f"all of {whole}", (source.replaced(node, f"list({whole})"),))
    for part in (":1", "1:"):
        edit = source.replaced(node, f"{shown}[{part}]")
        yield Mutant("shorten a loop", function.name, f"[{part}] of {shown}", (edit,))


def arguments(source: Source, function: Function) -> Iterator[Mutant]:
    """Drop the last argument of a call where there are more than one; what has a default may be missed by nobody."""
    for node in ast.walk(function.node):
        if isinstance(node, ast.Call) and len(node.args) > 3 and not node.keywords:
            rest = ", ".join(ast.unparse(arg) for arg in node.args[:-1])
            edit = source.replaced(node, f"{ast.unparse(node.func)}({rest})")
            yield Mutant("drop an argument", function.name, f"without {ast.unparse(node.args[-1])}", (edit,))
