"""Operators on locks: one that is not taken or not let go, and critical sections that are too long or too short."""

import ast
from collections.abc import Iterator
from itertools import pairwise

from stress.mutants.source import Block, Edit, Function, Mutant, Source, blocks

LOCKING = ("acquire", "release")


def lock_call(node: ast.stmt) -> tuple[str, str] | None:
    """Return the lock and what is done to it, if a statement takes one or lets it go."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
        called = node.value.func
        if called.attr in LOCKING:
            return ast.unparse(called.value), called.attr
    return None


def dropped(source: Source, function: Function) -> Iterator[Mutant]:
    """Drop each acquire or release alone, and each one together with the next of the same lock."""
    found: list[tuple[ast.stmt, Block, str, str]] = []
    for block in blocks(function.node):
        for node in block:
            call = lock_call(node)
            if call is not None:
                found.append((node, block, *call))
                edit = source.dropped(node, block)
                yield Mutant("drop a lock call", function.name, f"no {call[0]}.{call[1]}()", (edit,))
    found.sort(key=lambda each: each[0].lineno)
    for i, (node, block, lock, action) in enumerate(found):
        other = next((each for each in found[i + 1 :] if each[2] == lock and each[3] != action), None)
        if other is not None:
            rest = 2 if other[1] is block else 1
            edits = (source.dropped(node, block, rest=rest), source.dropped(other[0], other[1], rest=rest))
            both = "not taken" if action == "acquire" else "kept"
            yield Mutant("drop a lock", function.name, f"{lock} is {both}", edits)


def split(source: Source, function: Function) -> Iterator[Mutant]:
    """Let a lock go and take it again between two statements of each critical section."""
    for block in blocks(function.node):
        held: str | None = None
        for node, following in pairwise(block):
            call = lock_call(node)
            if call is not None:
                held = call[0] if call[1] == "acquire" else None
                continue
            if held is not None and lock_call(following) is None:
                yield _split(source, function, held, following)
        for node in block:
            if isinstance(node, ast.With) and is_lock(node):
                lock = ast.unparse(node.items[0].context_expr)
                for _, following in pairwise(node.body):
                    yield _split(source, function, lock, following)


def _split(source: Source, function: Function, lock: str, before: ast.stmt) -> Mutant:
    begin, _ = source.lines(before)
    indent = " " * before.col_offset
    edit = Edit(begin, begin, f"{indent}{lock}.release()\n{indent}{lock}.acquire()\n")
    return Mutant("split a critical section", function.name, f"{lock} is let go for a moment", (edit,))


def is_lock(node: ast.With) -> bool:
    """Whether a with statement takes a lock."""
    return len(node.items) == 1 and "lock" in ast.unparse(node.items[0].context_expr)


def sections(source: Source, function: Function) -> Iterator[Mutant]:
    """Drop the lock of each `with`, and move a statement out of it or into it at either end."""
    for block in blocks(function.node):
        for i, node in enumerate(block):
            if not isinstance(node, ast.With) or not is_lock(node):
                continue
            lock = ast.unparse(node.items[0].context_expr)
            begin, _ = source.span(node.items[0].context_expr)
            line = source.starts[node.lineno - 1]
            body, _ = source.lines(node.body[0])
            head = Edit(line, body, " " * node.col_offset + "if True:\n")
            yield Mutant("drop a lock", function.name, f"{lock} is not taken", (head,))
            del begin
            if len(node.body) > 1:
                yield moved(source, function, node, node.body[0], before=True)
                yield moved(source, function, node, node.body[-1], before=False)
            if i:
                yield taken_in(source, function, node, block[i - 1])
            if i + 1 < len(block):
                yield taken_in(source, function, node, block[i + 1])


def moved(source: Source, function: Function, section: ast.With, node: ast.stmt, *, before: bool) -> Mutant:
    """Move the first statement of a section before it, or the last one behind it."""
    text = shifted(source, node, section.col_offset)
    out = Edit(*source.lines(node), "")
    begin, end = source.lines(section)
    at = begin if before else end
    # Behind its end nothing else is changed, so that both edits can be made one after the other.
    edits = (out, Edit(at, at, text)) if before else (Edit(*source.lines(node), text),)
    return Mutant("narrow a critical section", function.name, f"{ast.unparse(node)[:60]}", edits)


def taken_in(source: Source, function: Function, section: ast.With, node: ast.stmt) -> Mutant:
    """Move the statement before or behind a section into it."""
    text = shifted(source, node, section.body[0].col_offset)
    at = source.lines(section.body[0])[0] if node.lineno < section.lineno else source.lines(section)[1]
    edits = (Edit(*source.lines(node), ""), Edit(at, at, text))
    return Mutant("widen a critical section", function.name, f"{ast.unparse(node)[:60]}", edits)


def shifted(source: Source, node: ast.stmt, column: int) -> str:
    """Return a statement's lines as they stand at another column."""
    lines = source.of(*source.lines(node)).splitlines(keepends=True)
    by = column - node.col_offset
    return "".join(" " * by + line if by > 0 else line[-by:] for line in lines)
