"""Definition ledger: every form of the same KPI from the same data, and what lies between any two of them."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from salesops_helpers import words
from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError, listed
from salesops_helpers.measures import month_end, month_start
from salesops_helpers.performance.definitions.deals import deals
from salesops_helpers.performance.question import Question
from salesops_helpers.performance.registry import Kpi, registry
from salesops_helpers.performance.shown import figure_text, range_text

STEPS = ["step", "cases", "value", "change"]


def ledger(card: pd.DataFrame, register: dict[str, Kpi] | None = None) -> pd.DataFrame:
    """The forms of every KPI that has more than one, side by side.

    Parameters
    ----------
    card : DataFrame
        `scorecard` of the company.

    Returns
    -------
    DataFrame
        kpi, title, form, formula, population, unit, value, numerator, denominator, n, low, high, still_open, gap
        (value − value of the default form), default (bool).
    """
    register = registry() if register is None else register
    card = card[card["form"] != ""]  # without what could not be computed
    rows = card[card.groupby("kpi")["form"].transform("nunique") > 1].reset_index(drop=True)
    forms = [register[kpi].form(form) for kpi, form in zip(rows["kpi"], rows["form"], strict=True)]
    first = rows["form"] == rows["kpi"].map({name: kpi.default.name for name, kpi in register.items()})
    base = rows[first].set_index("kpi")["value"]
    return rows[["kpi", "form", "value", "numerator", "denominator", "n", "low", "high", "still_open"]].assign(
        title=[register[kpi].title for kpi in rows["kpi"]], unit=[register[kpi].unit for kpi in rows["kpi"]],
        formula=[f.formula for f in forms], population=[f.population for f in forms], default=first,
        gap=(rows["value"] - rows["kpi"].map(base)).where(~first))


@dataclass(frozen=True)
class Reconciliation:
    """What lies between two forms of a KPI.

    Attributes
    ----------
    kpi : Kpi
    left, right : str
        Names of the two forms.
    steps : DataFrame
        step (words), cases (that it adds or takes away; missing where it is not about cases), value (of the figure
        after it), change (of the figure by it). The first row is the form `left`, without change; the changes add up
        to right − left.
    """

    kpi: Kpi
    left: str
    right: str
    steps: pd.DataFrame

    @property
    def gap(self) -> float:
        """Value of the right form − value of the left one."""
        return float(self.steps["value"].iloc[-1] - self.steps["value"].iloc[0])

    def sentence(self, currency: str = "") -> str:
        """The reconciliation in words: the two figures, the gap, the largest part of it, the others."""
        unit, value = self.kpi.unit, self.steps["value"]
        names = [f"{figure_text(v, unit, currency)} ({form.replace('_', ' ')})"
                 for v, form in ((value.iloc[0], self.left), (value.iloc[-1], self.right))]
        head = f"{self.kpi.title}: {names[0]} and {names[1]}"
        if self.steps["value"].isna().any():
            return f"{head}: one of the figures is missing, so nothing lies between them."
        if abs(self.gap) < 1e-12:
            return f"{head} are the same."
        parts = self.steps.iloc[1:]
        parts = parts[parts["change"].abs() > 1e-12].sort_values("change", key=abs, ascending=False, kind="stable")
        one_way = bool((parts["change"] * self.gap > 0).all())
        sizes = [_size(change, unit, currency, not one_way) for change in parts["change"]]
        cases = ["" if pd.isna(n) else f" ({words.counted(int(n), 'deal')})" for n in parts["cases"]]
        said = [f"{size} because {step}{n}" for size, step, n in zip(sizes, parts["step"], cases, strict=True)]
        gap = _size(self.gap, unit, currency, False)
        if one_way and len(parts) > 1:
            return f"{head}. Of the {gap} between them, {words.joined(said)}."
        return f"{head} lie {gap} apart: {words.joined(said)}."


def _size(change: float, unit: str, currency: str, signed: bool) -> str:
    return figure_text(change if signed else abs(change), unit, currency, True).removeprefix("" if signed else "+")


def reconcile(tables: Tables, card: pd.DataFrame, kpi: str, left: str, right: str, month: str | pd.Timestamp,
              length: int = 1, register: dict[str, Kpi] | None = None) -> Reconciliation:
    """Walk from one form of a KPI to another, one difference of definition at a time; the steps add up to the gap.

    Parameters
    ----------
    card : DataFrame
        `scorecard` of the company for the same month and length.
    kpi, left, right : str
        The KPI and two of its forms.

    Notes
    -----
    Win rates by number are walked deal group by deal group (closed but created before; created but closed after; still
    open; lost without being qualified), lengths of the sales cycle population by population, other ratios by their
    numerator and then their denominator. What a step is said to do depends on the order; the sum does not.

    Raises
    ------
    SalesOpsError
        Where the scorecard does not hold both forms.
    """
    register = registry() if register is None else register
    rows = card[card["kpi"] == kpi].set_index("form")
    if missing := [form for form in (left, right) if form not in rows.index]:
        raise SalesOpsError(f"{kpi} has no form {missing[0]!r} in this scorecard", listed(rows.index) or "none",
                            "choose two of these")
    path = _path(kpi, left, right, [f for f in (form.name for form in register[kpi].forms) if f in rows.index])
    groups = win_rate_groups(tables, month, length) if kpi == "win_rate" and len(path) > 1 else None
    steps = [{"step": f"as {left.replace('_', ' ')}", "cases": None, "value": rows.loc[left, "value"]}]
    for a, b in zip(path, path[1:], strict=False):
        said = _WORDS.get(f"{a} > {b}", "")
        steps += _plain(rows.loc[a], rows.loc[b], said) if groups is None else _by_group(a, b, groups)
    frame = pd.DataFrame(steps).astype({"cases": "float64", "value": "float64"})
    return Reconciliation(register[kpi], left, right, frame.assign(change=frame["value"].diff())[STEPS])


def reconciliations(tables: Tables, card: pd.DataFrame, month: str | pd.Timestamp, length: int = 1,
                    register: dict[str, Kpi] | None = None) -> pd.DataFrame:
    """The default form of each KPI against each other form, in words: title, form, sentence; where they differ."""
    found, rows = ledger(card, register), []
    for (kpi, title), forms in found.groupby(["kpi", "title"], sort=False):
        default = forms.loc[forms["default"], "form"]
        others = forms.loc[~forms["default"] & (forms["gap"].abs() > 1e-12), "form"]
        for other in others if len(default) else ():
            said = reconcile(tables, card, kpi, default.iloc[0], other, month, length, register)
            rows.append({"title": title, "form": other.replace("_", " "),
                         "sentence": said.sentence(tables.company.currency).removeprefix(f"{title}: ")})
    return pd.DataFrame(rows, columns=["title", "form", "sentence"])


def readable(found: pd.DataFrame, currency: str) -> pd.DataFrame:
    """The ledger as texts: title, form, figure, range, n, gap, formula."""
    units = found["unit"]
    texts = {said: [figure_text(v, u, currency, said == "gap") for v, u in zip(found[c], units, strict=True)]
             for said, c in (("figure", "value"), ("gap", "gap"))}
    ranges = [range_text(*row) for row in zip(found["low"], found["high"], units, strict=True)]
    first = found["title"].where(~found["title"].duplicated(), "")
    return found[["n", "formula"]].assign(title=first, form=found["form"].str.replace("_", " "), **texts, range=ranges)


def _path(kpi: str, left: str, right: str, forms: list[str]) -> list[str]:
    """The forms between two: along their order where each differs from its neighbour by one idea, else by the first."""
    if left == right:
        return [left]
    if kpi == "sales_cycle":
        a, b = forms.index(left), forms.index(right)
        return forms[a:b + 1] if a < b else forms[b:a + 1][::-1]
    between = [forms[0]] if kpi == "win_rate" and forms[0] not in (left, right) else []
    return [left, *between, right]


_WORDS = {
    "won_median > closed_median": "lost deals count too",
    "closed_median > won_median": "lost deals no longer count",
    "closed_median > km_closed": "deals still open count too, with the days that they have waited",
    "km_closed > closed_median": "deals still open no longer count",
    "km_closed > km_won": "lost deals count as never won, in place of as closed",
    "km_won > km_closed": "lost deals count as closed, in place of as never won",
    "mean > median": "half of the deals are smaller than the median, and the few largest no longer pull it up",
    "median > mean": "the few largest deals pull the mean up",
}


def _plain(a: pd.Series, b: pd.Series, said: str = "") -> list[dict]:
    """From one form to the next: a quotient by its numerator and then its denominator, anything else in one step."""
    if not (_divided(a) and _divided(b)):
        return [{"step": said or f"the formula is another ({b.name.replace('_', ' ')})", "cases": None,
                 "value": b["value"]}]
    above = "the numerator is {} instead of {}".format(*map(_short, (b["numerator"], a["numerator"])))
    below = "the denominator is {} instead of {}".format(*map(_short, (b["denominator"], a["denominator"])))
    return [{"step": above, "cases": None, "value": b["numerator"] / a["denominator"]},
            {"step": below, "cases": None, "value": b["value"]}]


def _divided(row: pd.Series) -> bool:
    """Is the figure its numerator ÷ its denominator?"""
    if row[["value", "numerator", "denominator"]].isna().any() or row["denominator"] == 0:
        return False
    return abs(row["numerator"] / row["denominator"] - row["value"]) <= 1e-9 * max(1.0, abs(row["value"]))


def _short(value: float) -> str:
    return words.short_money(value) if abs(value) >= 1_000 else words.number(value, 0 if value == int(value) else 2)


_GROUPS = {"early": "deals created before the period", "late": "deals created in the period and closed after it",
           "open": "deals still open", "unqualified": "deals lost in the first stage"}
_COUNTED = {
    "closed": {"both", "both_unqualified", "early", "early_unqualified"},
    "created": {"both", "both_unqualified", "late", "open"}, "qualified": {"both", "early"}}
_MOVES = {"created": (("early", {"early", "early_unqualified"}), ("late", {"late"}), ("open", {"open"})),
          "qualified": (("unqualified", {"both_unqualified", "early_unqualified"}),)}


def win_rate_groups(tables: Tables, month: str | pd.Timestamp, length: int = 1) -> pd.DataFrame:
    """The deals created or closed in a period, in groups of which each form of the win rate counts some whole.

    Returns
    -------
    DataFrame
        group (the index), deals, won. both: created and closed in the period; early: closed in it, created before or
        undated; each with its deals lost without passing the first stage apart (``…_unqualified``); late: created in it
        and closed after; open: created in it and still open.
    """
    import ibis

    last = month_start(month)
    ask = Question(tables, pd.DatetimeIndex([last]), length=length)
    first, end = last - pd.DateOffset(months=length - 1), min(month_end(last), tables.as_of)
    rows = deals(ask)
    created = (rows["created_on"] >= first) & (rows["created_on"] <= end)
    created = created.fill_null(False)
    closed = ((rows["status"] != "open") & (rows["closed_on"] >= first) & (rows["closed_on"] <= end)).fill_null(False)
    lost_early = ~rows["won"] & ~rows["passed"].fill_null(False)
    where = ibis.cases(
        (closed & created, lost_early.ifelse("both_unqualified", "both")),
        (closed, lost_early.ifelse("early_unqualified", "early")),
        (created & (rows["status"] == "open"), "open"), (created, "late"), else_="")
    rows = rows.mutate(group=where)
    rows = rows.filter(rows["group"] != "")
    found = tables.rows_engine.collect(rows.group_by("group").agg(deals=rows.count(), won=rows["won"].sum()),
                                       "opportunities").set_index("group")
    return found.reindex(sorted(set().union(*_COUNTED.values())), fill_value=0)


def _by_group(a: str, b: str, groups: pd.DataFrame) -> list[dict]:
    """From one win rate to another, one group of deals at a time; a step to a rate of no deals joins the next one."""
    moves = _MOVES[b] if a == "closed" else _MOVES[a][::-1]
    counted, steps, before = set(_COUNTED[a]), [], []
    for name, group in moves:
        verb = "no longer count" if group <= counted else "count"
        counted ^= group
        size = int(groups.loc[list(group), "deals"].sum())
        before.append((f"{_GROUPS[name]} {verb}", size))
        held = groups.loc[list(counted)].sum()
        if held["deals"] or name == moves[-1][0]:
            steps.append({"step": words.joined([said for said, _ in before]), "cases": sum(n for _, n in before),
                          "value": held["won"] / held["deals"] if held["deals"] else float("nan")})
            before = []
    return steps
