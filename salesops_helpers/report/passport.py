"""The passport of a page: what it rests on, plain JSON, in its record and, in short, at its foot.

It holds no time and no path of the run: two runs on the same inputs give the same passport.
"""

from __future__ import annotations

from collections.abc import Mapping

from salesops_helpers.report import catalog, inputs
from salesops_helpers.report.plan import Task
from salesops_helpers.report.reading import rows_of
from salesops_helpers.report.request import Request

SHORT = 12
UNSAID = ("source", "published", "inputs", "ledger", "by", "unit")


def passport(
    request: Request, task: Task, page_inputs: str, reads: Mapping[str, str | None], commit: str,
) -> dict[str, object]:
    """What the page of `task` rests on.

    Parameters
    ----------
    page_inputs : str
        The hash by which the page is kept.
    reads : mapping
        Tables of other pages that it reads → hash; None where one is not there.
    commit : str
        Git commit of the helpers; empty where there is none.

    Returns
    -------
    dict
        notebook (file name), unit (by, name, label; None for the company), as_of, extract_date, rows (in, used,
        set_aside; None while they are being counted), inputs, data (hash), seed (where the notebook declares one),
        version (of the helpers), commit,
        versions, rests_on (hashes: notebook, package, company and data by file, reads).
    """
    facts, resting, unit = request.facts, request.inputs, task.unit
    counts = None if facts["tables"] is None else rows_of(facts["tables"])
    seed = catalog.declared(task.entry.path).get("seed")
    return {
        "notebook": task.entry.path.name,
        "unit": {"by": unit.by, "name": unit.name, "label": unit.label} if unit.by else None,
        "as_of": facts["as_of"], "extract_date": facts["extract_date"], "rows": counts, "inputs": page_inputs,
        "data": resting.data_hash, **({} if seed is None else {"seed": seed}),
        "version": resting.versions["salesops-helpers"], "commit": commit, "versions": dict(resting.versions),
        "rests_on": {"notebook": inputs.digest(task.entry.path), "package": resting.package,
                     "company": dict(resting.company), "data": dict(resting.data), "reads": dict(reads)},
    }


def lines(found: Mapping[str, object], shown: Mapping[str, object]) -> list[tuple[str, str]]:
    """The passport in short, for the foot of a page: what and its value, each a text."""
    rows, resting, versions = found["rows"], found["rests_on"], dict(found["versions"])
    named = {name: value for name, value in shown.items() if name not in UNSAID}
    python, own = versions.pop("python"), versions.pop("salesops-helpers")
    commit = f", commit {_short(found['commit'])}" if found["commit"] else ""
    reads = [f"{name} {seen[:SHORT] if seen else '(not there)'}" for name, seen in resting["reads"].items()]
    said = {
        "Rows": f"{rows['in']:,} in = {rows['used']:,} used + {rows['set_aside']:,} set aside",
        "As of": f"{found['as_of']} (extract of {found['extract_date']})",
        "Data": found["data"][:SHORT],
        "Inputs": f"{found['inputs'][:SHORT]} (data, company, notebook, helpers, versions, parameters)",
        "Parameters": ", ".join(f"{name} = {value!r}" for name, value in named.items()),
        "Tables read": ", ".join(reads),
        "Seed": str(found.get("seed", "")),
        "Notebook": f"{found['notebook']} {resting['notebook'][:SHORT]}",
        "Helpers": f"salesops_helpers {own} {resting['package'][:SHORT]}{commit}",
        "Versions": ", ".join([f"Python {python}", *(f"{name} {version}" for name, version in versions.items())]),
    }
    return [(what, value) for what, value in said.items() if value]


def _short(commit: str) -> str:
    whole, _, changes = commit.partition(",")
    return f"{whole[:SHORT]}{',' if changes else ''}{changes}"
