"""The sentences and tables of the KPI scorecard: did we make the month, and did anything really change?"""

from __future__ import annotations

import pandas as pd

from salesops_helpers import words
from salesops_helpers.data.container import Tables
from salesops_helpers.measures import month_start
from salesops_helpers.performance.own import registered
from salesops_helpers.performance.registry import Kpi, registry
from salesops_helpers.performance.shown import figure_text, range_text
from salesops_helpers.performance.signals import LEAST, expected_alarms, is_over, of_month

MAIN = "bookings"


def defaults(card: pd.DataFrame, register: dict[str, Kpi] | None = None) -> pd.DataFrame:
    """The rows of the default form of each KPI, those of a company's own KPIs included."""
    register = registry() if register is None else register
    first = {name: kpi.default.name for name, kpi in register.items()}
    return card[card["form"] == card["kpi"].map(first).fillna(card["form"])].reset_index(drop=True)


def headline(card: pd.DataFrame, found: pd.DataFrame, tables: Tables, month: str | pd.Timestamp) -> str:
    """Bookings of the month against goal, and how many KPIs moved by more than chance: one sentence."""
    row, currency = _row(card, MAIN), tables.company.currency
    looked, moved, _ = expected_alarms(found, month)
    booked = f"{words.month_name(month)}: {figure_text(row['value'], 'currency', currency)} booked"
    if pd.notna(row["goal"]) and row["goal"] > 0:
        made = "the goal is made" if row["value"] >= row["goal"] else "the goal is missed"
        goal = figure_text(row["goal"], "currency", currency)
        booked += f", {words.reached(row['value'] / row['goal'])} of {goal}: {made}"
    if not looked:
        return f"{booked}; the past is too short to say whether any KPI has changed."
    said = "none moved" if not moved else f"{_named_or_counted(found, tables, month)} moved"
    return f"{booked}; of {words.counted(looked, 'KPI')} {said} by more than chance."


def _named_or_counted(found: pd.DataFrame, tables: Tables, month: str | pd.Timestamp, most: int = 2) -> str:
    rows = of_month(found, month)
    names = rows.loc[rows["signal"] != 0, "kpi"]
    known = registered(tables)
    titles = [known[name].title.lower() if name in known else name for name in names]
    return words.number(len(titles)) if len(titles) > most else f"only {words.joined(titles)}"


def _row(card: pd.DataFrame, kpi: str) -> pd.Series:
    rows = card[card["kpi"] == kpi]
    return rows.iloc[0] if len(rows) else pd.Series(float("nan"), index=card.columns)


def against(card: pd.DataFrame, found: pd.DataFrame, tables: Tables, month: str | pd.Timestamp) -> list[str]:
    """Sentences: the month before, what such a month usually brings, the win rate with its range."""
    currency, row = tables.company.currency, _row(card, MAIN)
    if pd.isna(row["value"]):
        return ["No deal was won in the data, so there are no bookings."]
    before = words.month_name(month_start(month) - pd.DateOffset(months=1))
    said = []
    if pd.notna(row["change"]):
        way = "more" if row["change"] >= 0 else "less"
        said.append(f"Bookings were {figure_text(abs(row['change']), 'currency', currency)} {way} than in {before}")
    now = found[(found["kpi"] == MAIN) & (found["month"] == month_start(month)) & found["looked_at"]]
    if len(now):
        usual = now.iloc[0]
        said.append(f"compared with {usual['basis']}, {figure_text(usual['usual'], 'currency', currency)} was to be "
                    f"expected, and chance alone moves it from "
                    f"{words.money_range(usual['limit_low'], usual['limit_high'], currency)}")
    rate = _row(card, "win_rate")
    text = "" if pd.isna(rate["value"]) else (
        f"Win rate: {words.percent(rate['value'])} of {words.counted(int(rate['n']), 'closed deal')} (90 % range "
        f"{words.percent_range(rate['low'], rate['high'])}).")
    return [f"{'; '.join(said)}." if said else "", text]


def moves(found: pd.DataFrame, tables: Tables, month: str | pd.Timestamp, most: int = 5) -> str:
    """Which KPIs moved by more than chance, how far, and for better or worse; how many false alarms to expect."""
    if not is_over(tables, month):
        return f"{words.month_name(month)} is not over, so nothing is said about changes yet."
    looked, moved, expected = expected_alarms(found, month)
    if not looked:
        return f"A KPI needs {LEAST} months before the one looked at; none has them."
    chance = (f"{words.counted(looked, 'KPI')} looked at; if nothing ever changed, one of them would raise a false "
              f"alarm in about {words.number(100 * expected, int(expected < 0.01))} of 100 months")
    rows = of_month(found, month)
    rows = rows[rows["signal"] != 0]
    if not moved:
        return f"No KPI left the range that its own past allows ({chance})."
    register, currency = registered(tables), tables.company.currency
    said = [_move(row, register.get(row["kpi"]), currency) for row in rows.head(most).to_dict("records")]
    more = [words.counted(moved - most, "other")] if moved > most else []
    return f"Moved by more than chance: {words.joined([*said, *more])} ({chance})."


def _move(row: dict, kpi: Kpi | None, currency: str) -> str:
    title, unit = (kpi.title, kpi.unit) if kpi else (row["kpi"], "")
    way = {1: "better", -1: "worse"}.get(row["good"], "higher" if row["signal"] > 0 else "lower")
    return (f"{title} at {figure_text(row['value'], unit, currency)}, {way} than "
            f"{figure_text(row['usual'], unit, currency)} as usual")


def other_goals(card: pd.DataFrame, currency: str) -> str:
    """Whether the other KPIs that have a goal for the month reach it; a goal inside the range of a figure is open."""
    rows, register = defaults(card), registry()
    rows = rows[rows["goal"].notna() & rows["value"].notna() & (rows["kpi"] != MAIN) & rows["kpi"].isin(register)]
    said = []
    for row in rows.to_dict("records"):
        kpi = register[row["kpi"]]
        made = (row["value"] >= row["goal"]) if kpi.direction == "up" else (row["value"] <= row["goal"])
        verdict = "made" if made else "missed"
        verdict += ", within its range of chance" if row["low"] <= row["goal"] <= row["high"] else ""
        figures = [figure_text(row[c], kpi.unit, currency) for c in ("value", "goal")]
        said.append(f"{kpi.title.lower()} {figures[0]} against {figures[1]} ({verdict})")
    return f"Other goals of the month: {words.joined(said)}." if said else ""


def would_see(found: pd.DataFrame, tables: Tables, month: str | pd.Timestamp, kpi: str = "win_rate") -> str:
    """How far a KPI must move for this page to see it with a chance of 80 %."""
    rows = found[(found["kpi"] == kpi) & (found["month"] == month_start(month)) & found["looked_at"]]
    if rows.empty:
        return ""
    row, known = rows.iloc[0], registry()[kpi]
    low, high = (figure_text(row[c], known.unit, tables.company.currency) for c in ("seen_low", "seen_high"))
    return (f"What this page can see: a true {known.title.lower()} of {low} or less, or {high} or more, would be "
            "noticed in the month it happens with a chance of 80 %; smaller moves may have happened unseen.")


def readable(card: pd.DataFrame, found: pd.DataFrame, tables: Tables, month: str | pd.Timestamp) -> pd.DataFrame:
    """The scorecard as texts, one row a KPI: title, figure, range, cases, goal, before, usual (what its past allows),
    verdict."""
    register = registered(tables)
    rows, currency = defaults(card, register), tables.company.currency
    now = of_month(found, month).set_index("kpi")
    kpis = [register.get(name) for name in rows["kpi"]]
    units = [kpi.unit if kpi else "" for kpi in kpis]
    texts = {said: [figure_text(v, u, currency) for v, u in zip(rows[c], units, strict=True)]
             for said, c in (("figure", "value"), ("goal", "goal"), ("before", "previous"))}
    ranges = [range_text(*three) for three in zip(rows["low"], rows["high"], units, strict=True)]
    limits = now[["limit_low", "limit_high"]].reindex(rows["kpi"])
    usual = [range_text(low, high, u) for (low, high), u in zip(limits.to_numpy(), units, strict=True)]
    verdicts = [_verdict(name, now, kpi) for name, kpi in zip(rows["kpi"], kpis, strict=True)]
    titles = [kpi.title if kpi else name for kpi, name in zip(kpis, rows["kpi"], strict=True)]
    return pd.DataFrame({"kpi": rows["kpi"], "title": titles, **texts, "range": ranges, "n": rows["n"],
                         "usual": usual, "verdict": verdicts})


def _verdict(name: str, now: pd.DataFrame, kpi: Kpi | None) -> str:
    if kpi is not None and kpi.reading == "plan":
        return "by plan"
    if name not in now.index or not now.loc[name, "looked_at"]:
        return words.MISSING
    row = now.loc[name]
    if row["signal"] == 0:
        return "no"
    return "yes, " + {1: "better", -1: "worse"}.get(row["good"], "higher" if row["signal"] > 0 else "lower")


def definitions(card: pd.DataFrame, register: dict[str, Kpi] | None = None) -> pd.DataFrame:
    """What each figure of the scorecard is: title, formula, population, source."""
    register = registry() if register is None else register
    kpis = [register[name] for name in defaults(card, register)["kpi"] if name in register]
    return pd.DataFrame([{"title": kpi.title, "formula": kpi.default.formula, "population": kpi.default.population,
                          "source": kpi.source} for kpi in kpis])


def panels(found: pd.DataFrame, tables: Tables, month: str | pd.Timestamp, most: int = 12) -> list[tuple]:
    """The KPIs to draw, those that moved first and the others in their order: key, title, how a value is written."""
    rows = of_month(found, month)
    rows = rows[rows["looked_at"]].reset_index(drop=True)
    register = registered(tables)
    order = {name: at for at, name in enumerate(register)}
    rows = rows.assign(calm=rows["signal"] == 0, at=rows["kpi"].map(order))
    return [panel(register[name]) for name in rows.sort_values(["calm", "at"], kind="stable").head(most)["kpi"]]


def panel(kpi: Kpi) -> tuple:
    """Key, title with its unit, and how a value is written on an axis."""
    unit = "" if kpi.unit in ("share", "deals", "times") or kpi.unit.startswith("currency") else f" ({kpi.unit})"
    return kpi.name, kpi.title + unit, lambda value: figure_text(value, kpi.unit).removesuffix(f" {kpi.unit}")


def one(rows: pd.DataFrame, found: pd.DataFrame, month: str | pd.Timestamp, currency: str,
        kpi: Kpi | None = None) -> str:
    """What one form of one KPI of one unit did in the month, and what its past allows.

    Parameters
    ----------
    rows, found : DataFrame
        Its `known_history` and its `signals`.
    kpi : Kpi, optional
        Default: the KPI of the kit that the rows name.
    """
    row = rows[rows["month"] == month_start(month)].iloc[0]
    kpi = registry()[row["kpi"]] if kpi is None else kpi
    head = f"{kpi.title}, {row['form'].replace('_', ' ')}, {row['name']}, {words.month_name(row['month'])}: "
    if pd.isna(row["value"]):
        return f"{head}no such figure in this month."
    cases = "" if pd.isna(row["n"]) else f" (n = {words.number(row['n'])})"
    head += f"{figure_text(row['value'], kpi.unit, currency)}{cases}"
    now = of_month(found, month)
    if now.empty:
        why = "it is set by plans" if kpi.reading == "plan" else "some of its cases are still open"
        return f"{head}; not held against its past, because {why}."
    if not now["looked_at"].iloc[0]:
        return f"{head}; its past is too short, or rests on too few cases, to say whether it has changed."
    now = now.iloc[0]
    allowed = range_text(now["limit_low"], now["limit_high"], kpi.unit, currency)
    verdict = "as usual" if now["signal"] == 0 else "moved by more than chance"
    return f"{head}; {verdict}: compared with {now['basis']}, its past allows {allowed}."


def readable_seen(found: pd.DataFrame, tables: Tables, month: str | pd.Timestamp) -> pd.DataFrame:
    """What each KPI was expected to be, and where it would have been noticed, as texts: title, figure, expected, usual,
    seen_low, seen_high, basis, months."""
    rows, currency = of_month(found, month), tables.company.currency
    rows = rows[rows["looked_at"]].reset_index(drop=True)
    register = registered(tables)
    kpis = [register[name] for name in rows["kpi"]]
    rounded = ["usual", "seen_low", "seen_high"]
    whole = rows[rounded].abs().ge(20).mul(pd.Series([kpi.unit != "share" for kpi in kpis], rows.index, bool), axis=0)
    rows[rounded] = rows[rounded].mask(whole.astype(bool), rows[rounded].round())
    texts = {said: [figure_text(v, k.unit, currency) for v, k in zip(rows[c], kpis, strict=True)]
             for said, c in (("figure", "value"), ("expected", "usual"), ("seen_low", "seen_low"),
                             ("seen_high", "seen_high"))}
    usual = [range_text(low, high, kpi.unit, currency)
             for low, high, kpi in zip(rows["limit_low"], rows["limit_high"], kpis, strict=True)]
    return pd.DataFrame({"title": [kpi.title for kpi in kpis], **texts, "usual": usual, "basis": rows["basis"],
                         "months": rows["months"]})


def span(card: pd.DataFrame, months: int) -> str:
    """The months that a scorecard of several covers."""
    last = card["month"].max()
    return f"Figures of {words.counted(months, 'month')} up to {words.month_name(last)}."
