"""The source of a scheme, and edits of it: what operators look at, and what they make."""

import ast
import difflib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from racer import UsageError
from racer.kvm import schemes
from racer.kvm.schemes import Scheme

Block = list[ast.stmt]


class Edit(NamedTuple):
    """Bytes of the source from `begin` up to `end`, and what stands there instead."""

    begin: int
    end: int
    text: str


@dataclass(frozen=True)
class Mutant:
    """One small change: of which operator, in which function, what it says, and the edits."""

    operator: str
    function: str
    says: str
    edits: tuple[Edit, ...]


class Function(NamedTuple):
    """A function of the source, by the name that its class and it have."""

    name: str
    node: ast.FunctionDef


class Source:
    """The text of a module with a scheme in it, its syntax tree, and where each node stands in the text."""

    def __init__(self, text: str, path: str, scheme: str) -> None:
        self.text = text
        self.path = path
        self.scheme = scheme
        self.bytes = text.encode()
        self.tree = ast.parse(text)
        self.starts = [0]
        for line in self.bytes.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))

    def functions(self) -> Iterator[Function]:
        """Yield the functions of the module and the methods of its classes, in the order of the text."""
        for node in self.tree.body:
            if isinstance(node, ast.FunctionDef):
                yield Function(node.name, node)
            elif isinstance(node, ast.ClassDef):
                for inner in node.body:
                    if isinstance(inner, ast.FunctionDef):
                        yield Function(f"{node.name}.{inner.name}", inner)

    def span(self, node: ast.expr) -> tuple[int, int]:
        """Return where an expression begins and ends."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        begin = self.starts[node.lineno - 1] + node.col_offset
        return begin, self.starts[node.end_lineno - 1] + node.end_col_offset

    def lines(self, first: ast.stmt, last: ast.stmt | None = None) -> tuple[int, int]:
        """Return where the lines of a statement, or of several, begin and end."""
        end = (last or first).end_lineno
        assert end is not None
        return self.starts[first.lineno - 1], self.starts[end]

    def of(self, begin: int, end: int) -> str:
        """Return a piece of the text."""
        return self.bytes[begin:end].decode()

    def replaced(self, node: ast.expr, text: str) -> Edit:
        """Return the edit that puts other text where an expression stands."""
        return Edit(*self.span(node), text)

    def dropped(self, node: ast.stmt, block: Block, *, rest: int = 1) -> Edit:
        """Return the edit that takes a statement away; `rest` others have to stay, or `pass` takes its place."""
        begin, end = self.lines(node)
        return Edit(begin, end, "" if len(block) > rest else " " * node.col_offset + "pass\n")

    def mutated(self, mutant: Mutant) -> str:
        """Return the text with a mutant's edits made."""
        made = self.bytes
        for begin, end, text in sorted(mutant.edits, reverse=True):
            made = made[:begin] + text.encode() + made[end:]
        return made.decode()

    def diff(self, mutant: Mutant, around: int = 2) -> list[str]:
        """Return the lines of the difference to the original, and so many around them."""
        before, after = self.text.splitlines(), self.mutated(mutant).splitlines()
        return list(
            difflib.unified_diff(before, after, self.path, f"{mutant.operator}: {mutant.says}", "", "", around, "")
        )


def blocks(node: ast.AST) -> Iterator[Block]:
    """Yield every list of statements in a node, without the docstring of a function."""
    for each in ast.walk(node):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(each, name, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                documented = isinstance(each, ast.FunctionDef) and ast.get_docstring(each) is not None
                yield block[1:] if documented and name == "body" else block


def is_elif(source: Source, node: ast.stmt) -> bool:
    """Whether a statement is an `elif`, which cannot be taken out of its place."""
    return isinstance(node, ast.If) and source.of(*source.lines(node)).lstrip().startswith("elif")


def source_of(name: str) -> Source:
    """Return the source of the scheme of this name."""
    found: type[Scheme] = schemes.by_name(name)
    file = inspect.getsourcefile(found)
    if file is None:
        raise UsageError(f"scheme {name!r}: its source is not there")
    path = Path(file)
    shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    return Source(path.read_text(encoding="utf-8"), str(shown), found.__name__)


def loaded(text: str, name: str) -> type[Scheme]:
    """Return the class of this name that a source makes."""
    space: dict[str, object] = {"__name__": "mutant", "__file__": "mutant.py"}
    exec(compile(text, "mutant.py", "exec"), space)  # noqa: S102  (it is what the whole is for)
    found = space[name]
    assert isinstance(found, type)
    assert issubclass(found, Scheme)
    return found
