"""The rules of the house for notebooks, checked without running them.

``python tests/notebooks/structure.py notebooks/*.ipynb`` prints one line a fault and exits 1 where there is any;
pre-commit and the tests call the same check.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import nbformat

MOST_CELLS, MEDIAN_LINES, MOST_LINES = 30, 5, 15
FIRST_PARAMETERS = ["source", "month", "published"]
READABLE_ID = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
RANDOM_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){0,3}(-[0-9a-f]{12})?")
ABSOLUTE_PATH = re.compile(
    r"""(?:^|["'(\s=])(/(?:home|root|Users|work|tmp|opt|mnt|usr|var|srv)\b|[A-Za-z]:[\\/]|\\\\\w|~/)"""
)


def tags(cell) -> list[str]:
    return cell.metadata.get("tags", [])


def code_lines(cell) -> int:
    """Lines that hold code: neither empty nor only a comment."""
    return sum(1 for line in cell.source.splitlines() if line.strip() and not line.strip().startswith("#"))


def calls(tree: ast.AST) -> list[str]:
    """Names of the functions called: ``answer`` for both ``answer(…)`` and ``show.answer(…)``."""
    functions = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [f.id if isinstance(f, ast.Name) else f.attr for f in functions if isinstance(f, ast.Name | ast.Attribute)]


def format_faults(notebook) -> Iterator[str]:
    """The kernel, nothing in the metadata that a machine left there, readable ids."""
    kernel = notebook.metadata.get("kernelspec", {}).get("name")
    if kernel != "python3":
        yield f"kernel {kernel!r}, not 'python3'"
    if more := set(notebook.metadata) - {"kernelspec", "language_info"}:
        yield f"metadata holds {sorted(more)}"
    ids = [cell.get("id", "") for cell in notebook.cells]
    if len(set(ids)) < len(ids):
        yield "two cells share an id"
    for cell_id in ids:
        if not READABLE_ID.fullmatch(cell_id) or RANDOM_ID.fullmatch(cell_id):
            yield f"cell id {cell_id!r} is no readable name"


def output_faults(notebook) -> Iterator[str]:
    """No outputs, no execution counts, no cell metadata but tags, no absolute path."""
    for cell in notebook.cells:
        if cell.cell_type == "code" and (cell.outputs or cell.execution_count is not None):
            yield f"{cell.id}: holds outputs or an execution count (python -m nbstripout --keep-id)"
        if more := set(cell.metadata) - {"tags"}:
            yield f"{cell.id}: metadata holds {sorted(more)}"
        if any(tag.startswith("nbval") for tag in tags(cell)) or "NBVAL" in cell.source:
            yield f"{cell.id}: changes what nbval checks"
        if found := ABSOLUTE_PATH.search(cell.source):
            yield f"{cell.id}: absolute path {found.group(1)!r}"


def size_faults(notebook) -> Iterator[str]:
    """At most 30 cells; code cells of a few lines."""
    if len(notebook.cells) > MOST_CELLS:
        yield f"{len(notebook.cells)} cells, at most {MOST_CELLS}"
    lengths = {c.id: code_lines(c) for c in notebook.cells if c.cell_type == "code" and "parameters" not in tags(c)}
    if lengths and median(lengths.values()) > MEDIAN_LINES:
        yield f"median code cell of {median(lengths.values()):g} lines, at most {MEDIAN_LINES}"
    for cell_id, length in lengths.items():
        if length > MOST_LINES:
            yield f"{cell_id}: {length} code lines, at most {MOST_LINES}"


def title_faults(notebook) -> Iterator[str]:
    """The first cell: a title that asks a question, then words."""
    first = notebook.cells[0] if notebook.cells else None
    if first is None or first.cell_type != "markdown" or not re.match(r"# .+\?\s*$", first.source.partition("\n")[0]):
        yield "the first cell is no markdown title that asks a question: '# …?'"


def parameter_faults(notebook) -> Iterator[str]:
    """One parameters cell, right after the title's words: one literal a line, each with a comment."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    tagged = [cell for cell in notebook.cells if "parameters" in tags(cell)]
    if len(tagged) != 1:
        yield f"{len(tagged)} cells tagged parameters, not one"
        return
    cell = tagged[0]
    if not code or cell is not code[0]:
        yield f"{cell.id}: the parameters cell is not the first code cell"
    names = []
    for line in filter(str.strip, cell.source.splitlines()):
        name, _, value = line.partition("=")
        names.append(name.strip())
        try:
            ast.literal_eval(value.strip())
        except (SyntaxError, ValueError):
            yield f"{cell.id}: {line!r} is not one name = literal"
        if "#" not in line or not name.strip().isidentifier():
            yield f"{cell.id}: {line!r} is not: plain_name = literal  # unit or allowed values"
    if names[:3] != FIRST_PARAMETERS:
        yield f"{cell.id}: begins with {names[:3]}, not {FIRST_PARAMETERS}"


def code_faults(notebook) -> Iterator[str]:
    """Plain Python without definitions; one answer, before the evidence."""
    called: list[str] = []
    for cell in (c for c in notebook.cells if c.cell_type == "code"):
        try:
            tree = ast.parse(cell.source)
        except SyntaxError:
            yield f"{cell.id}: is no plain Python"
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield f"{cell.id}: defines {node.name}, which belongs in the package"
            if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and isinstance(node.value, ast.Lambda):
                yield f"{cell.id}: assigns a lambda, which belongs in the package"
        called += calls(tree)
    if called.count("answer") != 1:
        yield f"{called.count('answer')} calls of answer(…), not one"
    elif any(shown in called[: called.index("answer")] for shown in ("table", "figure")):
        yield "evidence stands before the answer"


def explorer_faults(notebook) -> Iterator[str]:
    """After a cell tagged explorer comes the code cell that prints its default scenario."""
    for cell, after in zip(notebook.cells, [*notebook.cells[1:], None], strict=True):
        if "explorer" in tags(cell) and (after is None or after.cell_type != "code" or "explorer" in tags(after)):
            yield f"{cell.id}: no code cell with the default scenario after the explorer"


def evidence_faults(notebook) -> Iterator[str]:
    """Tables and figures stand under a sentence that says what to see, or right after the explorer."""
    introduced = False
    for cell in notebook.cells:
        shows = cell.cell_type == "code" and re.search(r"^(?:show\.)?(?:table|figure)\(", cell.source, re.MULTILINE)
        if shows and not introduced:
            yield f"{cell.id}: no sentence above the table or figure"
        introduced = (introduced and shows) or cell.cell_type == "markdown" or "explorer" in tags(cell)


CHECKS = (
    format_faults, output_faults, size_faults, title_faults, parameter_faults, code_faults, explorer_faults,
    evidence_faults,
)


def faults(path: Path) -> list[str]:
    """What is wrong with the notebook at `path`, one line each; empty where nothing is."""
    try:
        notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
        nbformat.validate(notebook)
    except Exception as error:
        return [f"is no valid notebook: {str(error).splitlines()[0]}"]
    if (notebook.nbformat, notebook.nbformat_minor) != (4, 5):
        return [f"nbformat {notebook.nbformat}.{notebook.nbformat_minor}, not 4.5"]
    return [fault for check in CHECKS for fault in check(notebook)]


def main(names: list[str]) -> int:
    found = [f"{name}: {fault}" for name in names for fault in faults(Path(name))]
    print("\n".join(found), file=sys.stderr, end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
