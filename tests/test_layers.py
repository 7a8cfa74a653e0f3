"""The house stands: imports run downward, no circle, and one module alone knows the notebooks."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "salesops_helpers"
WINGS = {"performance", "forecast", "comp", "planning"}
ROOF = {"report", "widgets", "cli"}
WAIST = {"measures", "stats", "stats_control", "survival", "ranks", "hierarchy"}
GROUND = {"errors", "words", "publish", "show", "charts"}
FORBIDDEN = (
    dict.fromkeys(GROUND, {"data"} | WAIST | WINGS | ROOF)
    | {"data": WAIST | WINGS | ROOF | {"show", "charts"}}
    | dict.fromkeys(WAIST, WINGS | ROOF | {"show", "charts"})
    | {wing: (WINGS - {wing}) | ROOF for wing in WINGS}
    | {"widgets": {"report", "cli"}, "report": {"widgets", "cli"}}
)


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those that only a type checker reads."""
    for child in ast.iter_child_nodes(tree):
        if not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield child
            yield from nodes(child)


def imports(name: str) -> set[str]:
    """Modules of the package that module `name` imports, at its top or inside a function."""
    found = set()
    for node in nodes(ast.parse(MODULES[name].read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: a relative import"
            within = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (within & set(MODULES)) or {node.module}
    return {module for module in found if module in MODULES} - {name}


def part(name: str) -> str:
    return (name.split(".") + [""])[1]


@pytest.mark.parametrize("name", MODULES)
def test_imports_run_downward(name):
    wrong = {module for module in imports(name) if part(module) in FORBIDDEN.get(part(name), set())}
    assert wrong == set()


def test_no_circle():
    order = list(TopologicalSorter({name: imports(name) for name in MODULES}).static_order())
    assert set(order) >= set(MODULES)


def test_one_module_alone_knows_the_notebooks():
    stems = [path.stem for path in (ROOT / "notebooks").glob("*.ipynb")]
    knowing = {name for name, path in MODULES.items() if any(stem in path.read_text("utf-8") for stem in stems)}
    assert knowing <= {"salesops_helpers.report.catalog"}
