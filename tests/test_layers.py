"""Who imports whom: arrows point down only."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "racer").rglob("*.py")) + sorted((ROOT / "stress").rglob("*.py"))
SIDE_BY_SIDE = ("engine", "strategies", "detectors", "shrink", "store", "report")
# Only these may be imported by a layer, besides itself and what is not ours. None: anything of racer.
ALLOWED: dict[str, tuple[str, ...] | None] = {
    "core": (),
    **dict.fromkeys(SIDE_BY_SIDE, ("core",)),
    "sync": ("core", "engine"),
    "explore": None,
    "campaign": None,
    "estimate": None,
    "circles": None,
    "jobs": None,
    "judging": ("core", "detectors", "engine"),
    "nondeterminism": ("core", "engine"),
    "histories": ("core", "detectors", "engine", "sync"),
    "sampling": ("campaign", "core", "strategies"),
    "shrinking": None,
    "verification": None,
    "proof": None,
    "checkpoint": None,
    "portable": ("core",),
    # The exhaustive strategy looks at the operations that are pending, which only the engine knows.
    "dpor": ("core", "engine"),
    "kvm": ("kvm",),
    "cli": None,
    "pytest_plugin": None,
    "__init__": None,
}


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and full name of every module a file imports, wherever in it."""
    package = [*path.relative_to(ROOT).with_suffix("").parts][:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((node.lineno, submodule(module, alias.name)) for alias in node.names)


def submodule(module: str, name: str) -> str:
    """`from racer import kvm` imports racer.kvm, `from racer import Lock` imports racer."""
    path = ROOT.joinpath(*module.split("."), name)
    return f"{module}.{name}" if path.is_dir() or path.with_suffix(".py").is_file() else module


def layer(path: Path) -> str:
    parts = path.relative_to(ROOT / "racer").with_suffix("").parts
    return parts[0]


def sideways(path: Path) -> Iterator[str]:
    mine = layer(path)
    allowed = ALLOWED.get(mine, ())
    for line, name in imports(path):
        parts = name.split(".")
        if parts[0] != "racer" or allowed is None:
            continue
        target = parts[1] if len(parts) > 1 else ""
        public = not target and mine == "kvm"
        if not public and target not in (mine, *allowed):
            yield f"{path.relative_to(ROOT)}:{line} imports {name}"


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if path.is_relative_to(ROOT / "racer")],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_arrows_point_down_only(path: Path) -> None:
    assert not list(sideways(path))


def test_every_part_of_racer_has_a_rule() -> None:
    parts = {layer(path) for path in FILES if path.is_relative_to(ROOT / "racer")}
    assert parts <= set(ALLOWED), "a new part: say here what it may import"


OUTSIDE = {
    "stress": ("stress/",),
    "tests": (),
    "racer.cli": ("racer/cli.py",),
    "click": ("racer/cli.py", "stress/"),
    "rich": ("stress/",),
    "loguru": ("stress/",),
    "threading": ("racer/engine/", "racer/sync/"),
    "_thread": ("racer/engine/", "racer/sync/"),
    "time": ("racer/engine/", "racer/sync/", "stress/bench/"),
    "random": (),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_nothing_else_imports(name: str) -> None:
    for path in FILES:
        relative = str(path.relative_to(ROOT))
        if not relative.startswith(OUTSIDE[name]):
            for line, imported in imports(path):
                assert not f"{imported}.".startswith(f"{name}."), f"{relative}:{line} imports {imported}"


def test_print_is_called_in_stress_only() -> None:
    for path in FILES:
        if path.is_relative_to(ROOT / "racer"):
            calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
            assert not [call.lineno for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"], (
                path
            )


BARE = """
import importlib.abc, sys
class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in sys.stdlib_module_names | {"racer", "stress"}:
            raise ImportError(name + " is not of the standard library")
sys.meta_path.insert(0, Refuse())
import %s
"""


@pytest.mark.parametrize("module", ["racer", "stress.reproduce", "stress.determinism"])
def test_needs_the_standard_library_only(module: str) -> None:
    subprocess.run([sys.executable, "-S", "-c", BARE % module], check=True, cwd=ROOT)


def test_files_and_functions_stay_short() -> None:
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        assert text.count("\n") <= 500, f"{path} is too long: split it by concept"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                assert length <= 60, f"{path}:{node.lineno} {node.name} has {length} lines"


def test_every_module_says_what_it_is() -> None:
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        assert not text.strip() or ast.get_docstring(ast.parse(text)), f"{path} has no docstring"
