"""Operators on what is written: a field, a flag or a local that keeps the value it had."""

import ast
from collections.abc import Iterator

from stress.mutants.source import Function, Mutant, Source, blocks


def dropped(source: Source, function: Function) -> Iterator[Mutant]:
    """Drop each write of a field, and of a local that has a value already."""
    known = {arg.arg for arg in function.node.args.args}
    for block in blocks(function.node):
        for node in block:
            for target in targets(node):
                if isinstance(target, ast.Attribute):
                    edit = source.dropped(node, block)
                    yield Mutant("drop a write", function.name, f"{ast.unparse(target)} is not written", (edit,))
                elif isinstance(target, ast.Name):
                    if target.id in known:
                        edit = source.dropped(node, block)
                        yield Mutant("keep an old value", function.name, f"{target.id} keeps its value", (edit,))
                    known.add(target.id)


def targets(node: ast.stmt) -> list[ast.expr]:
    """Return what a statement writes."""
    if isinstance(node, ast.Assign):
        return node.targets
    if isinstance(node, ast.AugAssign | ast.AnnAssign):
        return [node.target]
    return []
