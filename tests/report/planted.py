"""A hostile company in which every secret cell holds a value of its own, and what five audiences must not see."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

PAYLOADS = ("<script>{}</script>", "=cmd|'{}'!A0", '"><svg onload={}>', "{} & ' $x^2$", "../../{}", "{{{{ {} }}}}")
COMPANY = """
name = "Acme <b>& Sons</b>"
currency = "EUR"
stages = ["Open", "Won", "Lost"]
won_stages = ["Won"]
lost_stages = ["Lost"]
extract_date = 2026-03-31
"""
TEAMS = {"East <i>": "Coast", "West/../..": "Inland"}
PEOPLE = {"r0": "East <i>", "r1": "East <i>", "r2": "West/../..", "r3": "West/../.."}
AUDIENCES = """
[leadership]
label = "Leadership <script>alert(1)</script>"
notebooks = ["everything"]
names = "shown"
withhold = ["plan_assignments", "opportunities.next_step"]
tables = {all_opportunities = "all", all_reps = ["rep_id", "name"]}
hand_outs = ["workbook", "mail"]

[manager]
notebooks = ["everything"]
by = "team"
names = "shown"
withhold = ["plan_assignments"]
tables = {all_opportunities = "all", all_splits = "all"}
hand_outs = ["workbook", "mail"]

[rep]
notebooks = ["everything"]
by = "rep"
names = "shown"
tables = {all_opportunities = "all", all_reps = "all", all_splits = "all"}
hand_outs = ["workbook", "mail"]

[finance]
notebooks = ["everything"]
tables = {all_opportunities = "all", all_reps = "all", all_accounts = "all"}
hand_outs = ["workbook", "mail"]

[marketing]
notebooks = ["everything"]
withhold = ["quotas", "plan_assignments", "splits", "disputes"]
tables = {all_opportunities = ["lead_source", "status"]}
hand_outs = ["workbook", "mail"]
"""
PLAN = """
plan: individual
version: 1
status: approved
effective: {from: 2025-01-01, to: 2026-12-31}
currency: EUR
period: {measure: month, pay: month, accumulate: none}
rounding: {scale: 2, mode: half_up}
target_incentive: assigned
components:
  - id: own
    weight: 100%
    measure: {of: bookings, level: individual}
    payout: {kind: flat, rate: 1x}
"""
NOTEBOOK = (
    "md:# What is there?\n\nFor everybody. See [all](tables/all_reps.csv), [deals](tables/all_opportunities.csv) and "
    "[another](two.html).",
    "from pathlib import Path\nimport salesops_helpers.data.tables as known\nfrom salesops_helpers import load\n"
    "from salesops_helpers.charts import style\nfrom salesops_helpers.publish import publish\n"
    "from salesops_helpers.show import answer, figure, note, table\ntables = load(source, month=month)\n"
    "for name in tables.available:\n    publish(getattr(tables, name), f'all_{name}', published)",
    "answer(f'{len(tables.reps)} reps: {\", \".join(tables.reps[\"name\"])}.', str(tables.company.name), tables.unit)",
    "note(*(str(row) for name in tables.available for row in getattr(tables, name).to_dict('records')))",
    "note(*(f'{path.name}: {path.read_bytes()!r}' for path in Path(source).rglob('*') if path.is_file()))",
    "fig, axes = style.new()\naxes.barh(range(len(tables.reps)), range(len(tables.reps)))\n"
    "figure(fig, alt='; '.join(tables.reps['name']), caption='; '.join(tables.opportunities['account_id']))",
    "table(tables.opportunities, {'opportunity_id': 'text', 'amount': 'money'}, caption=str(list(tables.reps.name)))",
    "print(tables.reps.to_json(), tables.opportunities.to_csv())",
    "note(*tables.notes, *map(str, tables.flags.to_dict('records')), *map(str, tables.set_aside.to_dict('records')))",
)


def write_notebook(path: Path) -> None:
    """Write the notebook to `path`."""
    cells = [{"id": "parameters", "cell_type": "code", "metadata": {"tags": ["parameters"]}, "outputs": [],
              "execution_count": None, "source": 'source = ""\nmonth = "2026-01"\npublished = ""'}]
    for number, source in enumerate(NOTEBOOK):
        code = {} if source.startswith("md:") else {"outputs": [], "execution_count": None}
        cells.append({"id": f"c{number}", "cell_type": "code" if code else "markdown", "metadata": {},
                      "source": source.removeprefix("md:"), **code})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}}))


class Secrets:
    """Values that occur once, and of each what it is and whose."""

    def __init__(self):
        self.rows: list[dict[str, object]] = []

    def text(self, kind: str, rep: str, nasty: bool = True) -> str:
        n = len(self.rows)
        marker = f"Zq{(n + 11) * 7919:06d}Kx"
        self.rows.append({"marker": marker, "kind": kind, "rep": rep})
        return PAYLOADS[n % len(PAYLOADS)].format(marker) if nasty else marker

    def amount(self, kind: str, rep: str) -> float:
        n = len(self.rows)
        value = 7_000_000 + (n + 3) * 10_007 + 0.25
        self.rows.append({"marker": f"{int(value)}", "kind": kind, "rep": rep})
        return value

    def hidden(self, audience: str, rep: str = "") -> Iterator[dict[str, object]]:
        """The secrets that an audience must not see; `rep` is the one whose (or whose team's) pack it is."""
        free = {"next_step", "comment", "claim", "reason"}
        named = {"name", "id", "account", "contact", "territory", "manager"}
        for row in self.rows:
            owner, kind = row["rep"], row["kind"]
            elsewhere = PEOPLE[owner] != PEOPLE.get(rep)
            others = elsewhere if kind == "manager" else owner != rep
            theirs = {"manager": elsewhere, "rep": others}.get(audience, False)
            never = {"leadership": {"pay", "next_step"}, "manager": {"pay"}, "rep": set(),
                     "finance": free | named, "marketing": free | named | {"pay", "quota"}}[audience]
            if theirs or kind in never:
                yield row


def write(folder: Path, more: Sequence[str] = ()) -> Secrets:
    """Write the company with its audiences.toml to `folder`, each audience with `more` notebooks of the kit; gives its
    secrets."""
    s, folder = Secrets(), Path(folder)
    folder.mkdir()
    ids = {rep: s.text("id", rep, nasty=False) for rep in PEOPLE}
    accounts = {rep: s.text("id", rep, nasty=False) for rep in PEOPLE}
    deals = {(rep, n): s.text("id", rep, nasty=False) for rep in PEOPLE for n in range(3)}
    managers = {team: s.text("manager", rep) for team, rep in (("East <i>", "r0"), ("West/../..", "r2"))}
    month = pd.Timestamp("2026-03-01")
    frames = {
        "reps": [{"rep_id": ids[r], "name": s.text("name", r), "team": t, "manager": managers[t], "region": TEAMS[t],
                  "territory": s.text("territory", r), "hired_on": "2025-01-01"} for r, t in PEOPLE.items()],
        "accounts": [{"account_id": accounts[r], "name": s.text("account", r), "rep_id": ids[r],
                      "territory": s.text("territory", r), "revenue": s.amount("revenue", r)} for r in PEOPLE],
        "opportunities": [
            {"opportunity_id": deals[r, n], "account_id": accounts[r], "rep_id": ids[r], "product": "<b>P</b>",
             "lead_source": "Web & fair", "created_on": "2026-01-05", "stage": stage, "amount": s.amount("amount", r),
             "closed_on": closed, "next_step": s.text("next_step", r)}
            for r in PEOPLE for n, (stage, closed) in enumerate(
                [("Won", "2026-02-03"), ("Lost", "2026-03-03"), ("Open", "")])],
        "stage_history": [{"opportunity_id": deals[r, 0], "changed_at": "2026-01-06", "stage": "Open",
                           "amount": s.amount("amount", r), "rep_id": ids[r]} for r in PEOPLE],
        "splits": [{"opportunity_id": deals["r0", 0], "rep_id": ids[r], "quota_share": 0.5, "commission_share": 0.5}
                   for r in ("r0", "r2")],
        "activities": [{"activity_id": s.text("id", r, nasty=False), "rep_id": ids[r], "opportunity_id": deals[d, 0],
                        "contact": s.text("contact", r), "kind": "call", "occurred_at": "2026-02-01"}
                       for r, d in (("r0", "r0"), ("r1", "r1"), ("r2", "r0"), ("r3", "r3"))],
        "leads": [{"lead_id": s.text("id", r, nasty=False), "created_at": "2026-01-01", "source": "Web & fair",
                   "rep_id": ids[r], "assigned_at": "2026-01-02"} for r in PEOPLE],
        "quotas": [{"rep_id": ids[r], "month": month, "amount": s.amount("quota", r)} for r in PEOPLE],
        "targets": [{"unit": ids[r], "kpi": "bookings", "month": month, "amount": s.amount("goal", r)} for r in PEOPLE],
        "plan_assignments": [{"rep_id": ids[r], "starts_on": "2026-01-01", "plan": "individual",
                              "target_incentive": s.amount("pay", r), "base_pay": s.amount("pay", r)} for r in PEOPLE],
        "adjustments": [{"rep_id": ids[r], "month": month, "reason": s.text("reason", r),
                         "amount": s.amount("adjustment", r)} for r in PEOPLE],
        "disputes": [{"dispute_id": s.text("id", r, nasty=False), "rep_id": ids[r], "opportunity_id": deals[r, 0],
                      "raised_on": "2026-03-01", "claim": s.text("claim", r)} for r in PEOPLE],
        "tools": [{"tool": "Dialer", "seats": 4, "cost": 10.0}],
        "tool_feedback": [{"rep_id": ids[r], "tool": "Dialer", "month": "2026-02-01", "score": 3,
                           "comment": s.text("comment", r)} for r in PEOPLE],
    }
    for name, rows in frames.items():
        pd.DataFrame(rows).to_csv(folder / f"{name}.csv", index=False)
    (folder / "company.toml").write_text(COMPANY)
    (folder / "plans").mkdir()
    (folder / "plans" / "individual.yaml").write_text(PLAN)
    (folder / "audiences.toml").write_text(AUDIENCES.replace('["everything"]', json.dumps(["everything", *more])))
    s.ids = ids
    return s
