"""The list of notebooks: the only place of the package that names one."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from salesops_helpers.errors import SalesOpsError, listed, one_line
from salesops_helpers.report.units import LEVELS

RESERVED = ("index", "record")
STATED = ("reads", "publishes", "by")
TABLE_NAME = re.compile(r"\w+", re.ASCII)


@dataclass(frozen=True)
class Entry:
    """One notebook of the report.

    Attributes
    ----------
    stem, title, question, reader : str
        File name without ending (also the page's), short title, what it answers, for whom.
    needs, publishes : tuple of str
        Tables without which it has little to say, and tables (CSV) that it hands on.
    reads : tuple of str
        Tables that other notebooks publish and this one reads where they are there.
    by : tuple of str
        Levels (region, team, rep) of the units for which it can be made beside the company.
    freezes : str
        A table among those that it publishes whose forecasts are kept in the ledger, as `forecast.ledger.to_freeze`
        gives it; the notebook then has a parameter ledger, the folder of those frozen for earlier days.
    whole : bool
        Does it tell of the company's own files, so that it says nothing true of a part of them?
    path : Path
        The notebook.
    """

    stem: str
    title: str
    question: str
    reader: str
    needs: tuple[str, ...] = ()
    publishes: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    freezes: str = ""
    whole: bool = False
    path: Path = field(default=Path("."), compare=False)


IN_DOUBT = "data_quality_money"
TO_SUMMARISE = (
    "forecast_bookings", "plan_payouts", IN_DOUBT, "rep_win_rates", "kpi_figures", "kpi_goals", "kpi_definitions",
    "pay_accrual", "pay_set_aside", "lead_sources", "demand_plan",
)

CATALOG = (
    Entry(
        "executive_summary", "Executive summary", "How did the month go, for everybody who plans with us?",
        "sales leadership, finance, marketing and supply", ("opportunities",),
        reads=TO_SUMMARISE,
    ),
    Entry(
        "kpi_scorecard", "KPI scorecard", "Are we on track, and did anything really change?",
        "sales leaders", ("opportunities", "reps"), ("kpi_figures", "kpi_goals", "kpi_signals", "kpi_definitions"),
        by=("region", "team"),
    ),
    Entry(
        "rep_benchmarking", "Rep benchmarking", "Do our reps differ, or is it luck?",
        "sales leaders and team managers", ("opportunities", "reps"), ("rep_win_rates", "rep_adjusted"),
        by=("region", "team"),
    ),
    Entry(
        "rep_feedback", "Rep feedback", "What goes well, and what is worth a talk?",
        "each rep and the rep's manager", ("opportunities", "reps"), ("rep_coaching",), reads=("payroll",),
        by=("rep",),
    ),
    Entry(
        "forecast_modeling", "Forecast", "What will we book in the coming months?",
        "sales leaders and finance", ("opportunities",),
        ("forecast_bookings", "forecast_backtest", "forecast_frozen", "forecast_units", "forecast_draws",
         "forecast_year", "pipeline_deals"),
        by=("region", "team", "rep"), freezes="forecast_frozen",
    ),
    Entry(
        "comp_scenarios", "Pay scenarios", "What would each pay plan cost, and whom would it move?",
        "sales leaders and finance", ("opportunities", "reps", "quotas", "plan_assignments"),
        ("plan_payouts", "plan_outlook"), reads=("forecast_draws",),
    ),
    Entry(
        "comp_statement", "Pay statement", "What is paid this month, and why?",
        "each rep, the rep's manager, payroll and finance", ("opportunities", "reps", "plan_assignments"),
        ("payroll", "pay_accrual", "pay_set_aside"),
        by=("rep",),
    ),
    Entry(
        "data_quality", "Data quality", "Can we trust this month's numbers?",
        "sales leaders, finance and sales operations", ("opportunities", "reps"),
        ("data_quality_money", "data_quality_flags", "data_quality_set_aside"), whole=True,
    ),
    Entry(
        "sales_process", "Sales process", "Where do deals wait, and what would speed them up?",
        "sales leaders and sales operations", ("opportunities", "reps", "stage_history"),
        ("pipeline_waterfall", "stage_flow", "stalled_deals"),
        by=("region", "team"),
    ),
)


def entries(company_home: Path | None = None) -> list[Entry]:
    """Every notebook of the kit, then those in ``notebooks/`` of the company's folder.

    Raises `SalesOpsError` where a notebook of the kit is not there, or one of the company's has a name already taken.
    """
    folder = notebooks_folder()
    own = [Entry(**{**vars(entry), "path": folder / f"{entry.stem}.ipynb"}) for entry in CATALOG]
    if missing := [str(entry.path) for entry in own if not entry.path.is_file()]:
        raise SalesOpsError(f"notebook {listed(missing)} is not there", f"the notebooks of the kit in {folder}",
                            "restore the file, or run from a checkout of the kit")
    theirs = [] if company_home is None else sorted((company_home / "notebooks").glob("[!.]*.ipynb"))
    taken = {entry.stem for entry in own} | set(RESERVED)
    if clash := [str(path) for path in theirs if path.stem in taken]:
        raise SalesOpsError(f"notebook {listed(clash)} has a name that is taken",
                            f"any name but {listed(sorted(taken))}", "rename the company's notebook")
    return own + [_described(path) for path in theirs]


def chosen(all_entries: Sequence[Entry], only: Sequence[str]) -> list[Entry]:
    """The entries named in `only` (all where it is empty). Raises `SalesOpsError` for a name that is not there."""
    names = [name.removesuffix(".ipynb") for name in only]
    stems = [entry.stem for entry in all_entries]
    if unknown := [name for name in names if name not in stems]:
        raise SalesOpsError(f"no notebook is called {listed(unknown)}", listed(stems, 40),
                            "pass --only with one of these")
    return [entry for entry in all_entries if not names or entry.stem in names]


def notebooks_folder() -> Path:
    """``notebooks/`` of the checkout that the package lies in, else of the nearest parent of the working directory."""
    for start in (Path(__file__).resolve().parent, Path.cwd()):
        for folder in (start, *start.parents):
            if (folder / "pyproject.toml").is_file() and (folder / "notebooks").is_dir():
                return folder / "notebooks"
    raise SalesOpsError("the notebooks of the kit are not there", "a folder notebooks/ beside pyproject.toml",
                        "run from a checkout of the kit")


def read_notebook(path: Path) -> dict:
    """The notebook as JSON. Raises `SalesOpsError` where it is not a notebook of format 4."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        good = notebook["nbformat"] == 4 and all(isinstance(cell["cell_type"], str) for cell in notebook["cells"])
    except (OSError, ValueError, KeyError, TypeError):
        good = False
    if not good:
        raise SalesOpsError(f"{path} is not a notebook", "a Jupyter notebook of format 4",
                            "save it again from JupyterLab")
    return notebook


def tagged(cell: dict, tag: str) -> bool:
    return tag in cell.get("metadata", {}).get("tags", [])


def text_of(cell: dict) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def declared(path: Path) -> dict[str, object]:
    """Names and default values in the notebook's one cell tagged ``parameters``: literals, one a line.

    Raises `SalesOpsError` where there is no such cell, more than one, or one that holds anything but literals.
    """
    cells = [text_of(cell) for cell in read_notebook(path)["cells"] if tagged(cell, "parameters")]
    try:
        if len(cells) != 1:
            raise ValueError
        return {_name(line): ast.literal_eval(line.value) for line in ast.parse(cells[0]).body}
    except (ValueError, SyntaxError, AttributeError):
        raise SalesOpsError(
            f"{path} has {len(cells)} cells tagged parameters or one that is not plain",
            "exactly one cell tagged parameters, with lines such as: month = \"2026-09\"", "mend that cell",
        ) from None


def _name(line: ast.stmt) -> str:
    (target,) = line.targets
    return target.id


def _described(path: Path) -> Entry:
    """The entry of a company's own notebook: title and question from the first heading of its first markdown cell,
    reads, publishes and by from ``salesops`` in its metadata."""
    notebook = read_notebook(path)
    cells = [text_of(cell) for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    lines = [line.strip() for line in (cells[0] if cells else "").splitlines() if line.strip()]
    heading = next((line.lstrip("#").strip() for line in lines if line.startswith("#")), "")
    title = path.stem.replace("_", " ").replace("-", " ").strip().capitalize() or path.stem
    return Entry(path.stem, title, heading or title, "", path=path, **_stated(path, notebook))


def _stated(path: Path, notebook: dict) -> dict[str, tuple[str, ...]]:
    """What a notebook's metadata says of itself. Raises `SalesOpsError` where it is not as it has to be."""
    stated = notebook.get("metadata", {}).get("salesops", {})
    good = isinstance(stated, dict) and set(stated) <= set(STATED) and all(
        isinstance(names, list) and all(isinstance(name, str) and TABLE_NAME.fullmatch(name) for name in names)
        for names in stated.values())
    if not good or not set(stated.get("by", ())) <= set(LEVELS):
        raise SalesOpsError(
            f"{path}: metadata salesops = {one_line(json.dumps(stated), 160)}",
            f"lists of names (letters, digits, _) under {listed(STATED)}; by holds {listed(LEVELS)}",
            "mend the notebook's metadata")
    return {key: tuple(names) for key, names in stated.items()}
