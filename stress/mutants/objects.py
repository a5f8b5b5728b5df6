"""Operators on which object is meant: the caller or the target, the one area or the other, the one code or limit."""

import ast
from collections.abc import Iterator

from stress.mutants.source import Function, Mutant, Source

# Things of one kind: where one is meant, another of them is a slip.
AREAS = ("vpa", "dtl", "slb_shadow")
VCPUS = ("vcpu", "tvcpu", "v", "vcpu0", "target")
FAMILIES = (
    ("H_SUCCESS", "H_PARAMETER", "H_RESOURCE"),
    ("LENGTH_HWORD", "LENGTH_WORD"),
    ("SIZEOF_LPPACA", "SIZEOF_DTL_ENTRY", "SIZEOF_REG_VPA", "SIZEOF_LPPACA_ALIGNED"),
    ("H_VPA_REG_VPA", "H_VPA_REG_DTL", "H_VPA_REG_SLB"),
    ("H_VPA_DEREG_VPA", "H_VPA_DEREG_DTL", "H_VPA_DEREG_SLB"),
    ("INACTIVE", "RUNNING", "STARTING"),
)
FIELDS = (("pinned_addr", "pinned_end"), ("next_gpa", "len"), ("dtl_ptr", "dtl_index"))
LOCKS = ("vpa_update_lock",)


def areas(source: Source, function: Function) -> Iterator[Mutant]:
    """Take another of the three areas."""
    for node in ast.walk(function.node):
        if isinstance(node, ast.Attribute) and node.attr in AREAS:
            for other in AREAS:
                if other != node.attr:
                    yield changed(source, function, node, f"{ast.unparse(node.value)}.{other}", "the wrong area")


def vcpus(source: Source, function: Function) -> Iterator[Mutant]:
    """Take the caller where the target is meant, and the other way round."""
    here = {arg.arg for arg in function.node.args.args}
    here |= {n.id for n in ast.walk(function.node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    for node in ast.walk(function.node):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in VCPUS:
            for other in VCPUS:
                if other != node.id and other in here:
                    yield changed(source, function, node, other, "the wrong vcpu")


def lists(source: Source, function: Function) -> Iterator[Mutant]:
    """Take another of the lists of vcpus that a function makes."""
    made = sorted({n.id for n in ast.walk(function.node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)})
    lists_here = [name for name in made if name.startswith("vcpus")]
    for node in ast.walk(function.node):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in lists_here:
            for other in lists_here:
                if other != node.id:
                    yield changed(source, function, node, other, "the wrong list")


def families(source: Source, function: Function) -> Iterator[Mutant]:
    """Take another code, limit, state or member of its kind, of those that the module knows."""
    known = {
        alias.asname or alias.name
        for node in source.tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    for node in ast.walk(function.node):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            for family in FAMILIES:
                if node.id in family:
                    for other in family:
                        if other != node.id and other in known:
                            yield changed(source, function, node, other, "another of its kind")


def fields(source: Source, function: Function) -> Iterator[Mutant]:
    """Take the other field of a pair."""
    for node in ast.walk(function.node):
        if isinstance(node, ast.Attribute):
            for pair in FIELDS:
                if node.attr in pair:
                    other = pair[1 - pair.index(node.attr)]
                    yield changed(source, function, node, f"{ast.unparse(node.value)}.{other}", "the wrong field")


def locks(source: Source, function: Function) -> Iterator[Mutant]:
    """Take the lock of the vcore instead of that of the vcpu, for the whole of a function or at one place."""
    places: list[ast.Attribute] = [
        node for node in ast.walk(function.node) if isinstance(node, ast.Attribute) and node.attr in LOCKS
    ]
    edits = []
    for node in places:
        text = f"{ast.unparse(node.value)}.vcore.lock"
        edits.append(source.replaced(node, text))
    if edits:
        yield Mutant("the wrong lock", function.name, "the vcore's lock everywhere", tuple(edits))


def changed(source: Source, function: Function, node: ast.expr, other: str, operator: str) -> Mutant:
    """Return the mutant that has something else in one place."""
    says = f"{ast.unparse(node)}: {other}"
    return Mutant(operator, function.name, says, (source.replaced(node, other),))
