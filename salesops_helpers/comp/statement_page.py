"""What a statement shows of one rep, or of all: frames in major units and sentences."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers.comp.aside import aside_words
from salesops_helpers.comp.formulas import bands, formulas, next_tiers
from salesops_helpers.comp.statements import Statements
from salesops_helpers.comp.wording import plan_in_words
from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError, listed
from salesops_helpers.measures import credited
from salesops_helpers.words import counted, joined, money, month_name, percent

AMOUNTS = ["earned", "corrected", "guarantee", "draw", "forgiven", "paid", "owed_before", "owed"]
SAID = {
    "earned": "earned this month, by the parts below", "corrected": "corrections of earlier months and adjustments",
    "guarantee": "added up to the guarantee", "draw": "paid as a draw and owed", "forgiven": "paid as a draw, not owed",
    "owed_before": "owed from earlier months", "recovered": "kept to pay back what was owed",
    "paid": "paid with this month's payroll", "owed": "owed after this month",
}


def payroll(made: Statements) -> pd.DataFrame:
    """What payroll pays: rep_id, name, month, currency, `AMOUNTS` (major units); one row a rep and currency."""
    return _major(made, made.summary, AMOUNTS)[["rep_id", "name", "month", "currency", *AMOUNTS]]


def accrual(made: Statements, tables: Tables) -> pd.DataFrame:
    """Cost of the month's pay for finance: team, plan, component, currency, reps (count), cost (major units).

    Pay of a quarter or year is a cost of the month with which it is paid. Guarantees and draws that are not owed are a
    cost of the month, named ``guarantee`` and ``draw, not owed``; what is owed is a claim and no cost.
    """
    lines = made.lines.assign(cost=made.lines["minor"].astype("int64"))[["rep_id", "plan", "component", "currency",
                                                                         "cost"]]
    extra = [
        made.summary.loc[made.summary[name] != 0, ["rep_id", "currency", name]].rename(columns={name: "cost"}).assign(
            component=said, plan=None)
        for name, said in (("guarantee", "guarantee"), ("forgiven", "draw, not owed"))
    ]
    frame = pd.concat([f for f in (lines, *extra) if len(f)], ignore_index=True) if len(lines) else lines
    teams = tables.reps.set_index(tables.reps["rep_id"].astype(object))["team"].astype(object)
    frame = frame.assign(team=frame["rep_id"].map(teams).fillna("(none)"), plan=frame["plan"].fillna("(none)"))
    sums = frame.groupby(["team", "plan", "component", "currency"], as_index=False).agg(
        reps=("rep_id", "nunique"), cost=("cost", "sum"))
    return _major(made, sums, ["cost"])


def shown_rep(tables: Tables, by: str, unit: str) -> str:
    """The rep whose statement is asked for; empty: all. Raises `SalesOpsError` where there is no such rep."""
    if by not in ("", "rep"):
        raise SalesOpsError(f"by = {by!r} for pay statements", "rep, or empty for all reps", 'write by = "rep"')
    if by and unit not in set(tables.reps["rep_id"]):
        raise SalesOpsError(f"rep {unit!r} is not in reps", listed(tables.reps["rep_id"]), "name one of these")
    return unit if by else ""


def brief(made: Statements, rep: str) -> pd.DataFrame:
    """One rep's statement line by line (`of_rep`), or payroll's list of all reps."""
    return of_rep(made, rep) if rep else payroll(made)


def brief_columns(made: Statements, rep: str) -> tuple[dict[str, str], dict[str, str]]:
    """Formats and labels of `brief`."""
    if rep:
        return {"what": "text", "amount": "cents", "currency": "text"}, {}
    rows = payroll(made)
    used = [c for c in AMOUNTS if c in ("earned", "paid") or rows[c].any()]
    return {"rep_id": "text", "name": "text", "currency": "text", **dict.fromkeys(used, "cents")}, {
        "owed_before": "owed before", "draw": "draw, owed", "forgiven": "draw, not owed"}


def of_rep(made: Statements, rep: str) -> pd.DataFrame:
    """The statement of one rep in brief: what (text), amount (major units), currency; amounts of 0 are left out."""
    mine = made.summary[made.summary["rep_id"] == rep]
    mine = mine.assign(recovered=(mine["owed_before"] + mine["draw"] - mine["owed"]).clip(lower=0))
    order = ["earned", "corrected", "guarantee", "draw", "forgiven", "recovered", "paid", "owed"]
    long = _major(made, mine, order).melt("currency", order, "what", "amount")
    keep = (long["amount"] != 0) | long["what"].isin(["earned", "paid"])
    signed = long["amount"].where(long["what"] != "recovered", -long["amount"])
    return long.assign(amount=signed, what=long["what"].map(SAID))[keep].reset_index(drop=True)


def _mine(frame: pd.DataFrame, rep: str) -> pd.DataFrame:
    return (frame[frame["rep_id"] == rep] if rep else frame).reset_index(drop=True)


def parts_of(made: Statements, rep: str) -> pd.DataFrame:
    """The parts of a rep's pay (all reps: empty): rep_id, plan, component, sold, goal (currency), attainment (share),
    formula (text), earned (major units), status."""
    mine = _mine(made.components, rep)
    told = formulas(made).drop_duplicates(["rep_id", "plan", "component"])
    frame = mine.merge(told, on=["rep_id", "plan", "component"], how="left")
    text = frame["formula"].fillna("") + frame["deducted"].fillna("").map(lambda t: f"; {t}" if t else "")
    frame = _major(made, frame.assign(earned=frame["minor"], formula=text), ["earned"])
    frame = frame.rename(columns={"bookings": "sold", "quota": "goal"})
    columns = ["rep_id", "plan", "component", "sold", "goal", "attainment", "formula", "earned", "status"]
    return frame.sort_values(["rep_id", "plan", "order"], kind="stable")[columns].reset_index(drop=True)


def goals_of(made: Statements, rep: str) -> pd.DataFrame:
    """Attainment of each part: label (the part; over all reps with the rep's id), attainment (share)."""
    parts = parts_of(made, rep)
    parts = parts[parts["attainment"].notna()].drop_duplicates(["rep_id", "component"])
    label = parts["component"] if rep else parts["rep_id"] + ", " + parts["component"]
    return parts.assign(label=label)[["label", "attainment"]].reset_index(drop=True)


def standing_words(parts: pd.DataFrame) -> str:
    """What the picture of attainment shows, for those who cannot see it."""
    reached = int((parts["attainment"] >= 1).sum())
    ends = f"from {percent(parts['attainment'].min())} to {percent(parts['attainment'].max())}"
    return f"Attainment of {counted(len(parts), 'part')} {ends}; {reached} at 100 % or more."


def tiers_of(made: Statements, rep: str) -> pd.DataFrame:
    """The tiers behind the parts, as `formulas.bands`."""
    found = bands(made)
    return _mine(found[found["part"] != 0], rep)


def next_of(made: Statements, rep: str) -> pd.DataFrame:
    """What the next tier is worth, as `formulas.next_tiers`."""
    return _mine(next_tiers(made), rep)


def deals_of(made: Statements, tables: Tables, rep: str) -> pd.DataFrame:
    """The lines of a rep's pay: rep_id, component, opportunity_id, closed_on, deal (its amount), credit (the share
    of it that the component counts for the rep), earned (major), why.

    A component without deals of the rep's own has one line; the lines add up to earned and corrected.
    """
    mine = _mine(made.lines, rep)
    about = tables.opportunities[["opportunity_id", "closed_on", "amount"]].astype({"opportunity_id": object})
    frame = mine.merge(about.rename(columns={"amount": "deal"}), on="opportunity_id", how="left")
    frame = _major(made, frame.assign(earned=frame["minor"], credit=_credit(made, tables, frame)), ["earned"])
    why = frame["why"].where(frame["why"].notna(), "").astype(str)
    month = " (" + frame["refers"].dt.strftime("%Y-%m").astype(str) + ")"
    frame["why"] = why.where(~(frame["refers"] < made.month), why + month)
    order = ["rep_id", "component", "closed_on", "opportunity_id"]
    columns = ["rep_id", "component", "opportunity_id", "closed_on", "deal", "credit", "earned", "why"]
    return frame[columns].sort_values(order, kind="stable").reset_index(drop=True)


def _credit(made: Statements, tables: Tables, lines: pd.DataFrame) -> np.ndarray:
    """What each line's deal brought the rep: quota credit, or commission credit where the component is paid on it."""
    known = credited(tables).drop_duplicates(["opportunity_id", "rep_id"])[
        ["opportunity_id", "rep_id", "bookings", "commissionable"]].astype({"opportunity_id": object, "rep_id": object})
    both = lines[["opportunity_id", "rep_id"]].merge(known, on=["opportunity_id", "rep_id"], how="left")
    paid_on = {(name, version, component.id) for (name, version), plan in made.plans.items()
               for component in plan.components if component.measure.of == "commissionable"}
    commission = [key in paid_on for key in zip(lines["plan"], lines["version"], lines["component"], strict=True)]
    return np.where(commission, both["commissionable"], both["bookings"])


def history_of(made: Statements, rep: str, months: int = 12) -> pd.DataFrame:
    """What a rep was paid before: rep_id, month, currency, earned, paid, owed (major units), the last `months`."""
    since = made.month - pd.DateOffset(months=months)
    past = _mine(made.paid[made.paid["month"] >= since], rep).sort_values(["rep_id", "month"])
    past = past[(past["earned"] != 0) | (past["paid"] != 0) | (past["owed"] != 0)].reset_index(drop=True)
    return _major(made, past, ["earned", "paid", "owed"])[["rep_id", "month", "currency", "earned", "paid", "owed"]]


def rules_of(made: Statements, rep: str) -> pd.DataFrame:
    """The rules of the plans that a rep is paid on in this month: plan (with version and fingerprint), part, rule."""
    from salesops_helpers.comp.approval import plan_hash

    used = _mine(made.components, rep)[["plan", "version"]].drop_duplicates()
    parts = []
    for name, version in zip(used["plan"], used["version"], strict=True):
        plan = made.plans[(name, version)]
        title = f"{name} version {version} ({plan_hash(plan)})"
        parts.append(plan_in_words(plan).assign(plan=title))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["plan", "part", "weight", "rule"])


def disputes_of(tables: Tables, rep: str) -> pd.DataFrame:
    """A rep's disputes: rep_id, raised_on, opportunity_id, claim, status (open or settled), settled_on, outcome."""
    mine = _mine(tables.disputes, rep)
    status = mine["settled_on"].notna().map({True: "settled", False: "open"})
    columns = ["rep_id", "raised_on", "opportunity_id", "claim", "status", "settled_on", "outcome"]
    return mine.assign(status=status)[columns].sort_values("raised_on", ascending=False).reset_index(drop=True)


def stated(made: Statements, rep: str = "") -> bool:
    """Is anybody (is this rep) paid in this month?"""
    return len(_mine(made.summary, rep)) > 0


def unstated(tables: Tables) -> list[str]:
    """Why there is no statement: which table is missing, or that nobody is paid."""
    return tables.lacks("plan_assignments") or ["Nothing is paid with this month's payroll."]


def limits(tables: Tables) -> list[str]:
    """What a statement cannot say."""
    return [
        "Pay is exact: integers of the minor unit and exact fractions, one rounding a part. Percentages and amounts in "
        "formulas are rounded for reading alone.",
        "A quarter's or year's pay is paid, and is a cost, with its last month.",
        "A statement is about what was agreed and sold; it is no judgement of a person.",
    ]


def sentences(made: Statements, rep: str = "") -> list[str]:
    """The answer of a statement, or of all of them."""
    return [*(_one(made, rep) if rep else _all(made)), *aside_words(made.aside, rep)]


def _one(made: Statements, rep: str) -> list[str]:
    if not stated(made, rep):
        return [f"Nothing is paid to {rep} for {month_name(made.month)}: 0 lines."]
    rows = _major(made, made.summary[made.summary["rep_id"] == rep], AMOUNTS)
    paid = joined([money(p, c, 2) for p, c in zip(rows["paid"], rows["currency"], strict=True)])
    said = [f"{paid} is paid to {rows['name'].iloc[0]} for {month_name(made.month)}."]
    parts = parts_of(made, rep)
    told = [f"{percent(a)} of the goal of {c}" for a, c in zip(parts["attainment"], parts["component"], strict=True)
            if pd.notna(a)]
    said += [f"Reached: {joined(told)}."] if told else []
    if rows["corrected"].any():
        said.append(f"{money(rows['corrected'].sum(), rows['currency'].iloc[0], 2)} of it corrects earlier months; "
                    "each line says why.")
    if rows["owed"].any():
        said.append(f"{money(rows['owed'].sum(), rows['currency'].iloc[0], 2)} stay owed.")
    late = parts[parts["status"] != "computed"]
    said += [f"The part {c} is {s}." for c, s in zip(late["component"], late["status"], strict=True)]
    return said


def _all(made: Statements) -> list[str]:
    rows = payroll(made)
    if not len(rows):
        return [f"Nobody is paid for {month_name(made.month)}: 0 statements."]
    sums = rows.groupby("currency")[["paid", "corrected", "owed"]].sum()
    paid = joined([money(v, c, 2) for c, v in sums["paid"].items()])
    said = [f"{paid} are paid to {counted(rows['rep_id'].nunique(), 'rep')} for {month_name(made.month)}."]
    if sums["corrected"].any():
        said.append(f"Corrections of earlier months: {joined([money(v, c, 2) for c, v in sums['corrected'].items()])}.")
    if sums["owed"].any():
        said.append(f"Owed by reps: {joined([money(v, c, 2) for c, v in sums['owed'].items()])}.")
    bad = made.components.loc[made.components["status"] != "computed", "rep_id"].nunique()
    return said + ([f"Pay of {counted(bad, 'rep')} is not computed in part; the list says why."] if bad else [])


def _major(made: Statements, frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    grain = 10.0 ** frame["currency"].map(made.digits).astype(float)
    return frame.assign(**{c: frame[c].astype("Float64").astype(float) / grain for c in columns})
