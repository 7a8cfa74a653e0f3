"""What the letter says of the month's figures, from the tables that the pages publish; nothing where there are none."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from salesops_helpers import words
from salesops_helpers.report.letter import FIGURES

MOST_FIGURES, MOST_SENTENCES = 12, 8
FROM_THE_START = ("pipeline_coverage",)  # as the month began: at its end there is nothing left to decide


def key_figures(
    scorecard: pd.DataFrame | None, unit: str, definitions: pd.DataFrame | None = None, currency: str = "",
    goals: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """The month's figures of one unit against goal and last month, as texts.

    Parameters
    ----------
    scorecard : DataFrame, optional
        kpi, form, unit, value, low, high (90 % range), goal, previous, change; None: there is none.
    unit : str
        The unit whose figures they are, such as the company's name.
    definitions : DataFrame, optional
        kpi, form, title, unit (share, currency, days, …), direction; without it figures are named by their key.
    currency : str
        Of amounts.
    goals : DataFrame, optional
        name (of the unit), kpi, title, period, starts, value, goal_so_far, reached: adds what was booked in the quarter
        and the year so far.

    Returns
    -------
    DataFrame
        figure, value, range, goal, reached (value ÷ goal; met or missed where less is better), previous, change: the
        first form of each KPI, those with a goal first, at most `MOST_FIGURES`. No row where nothing is known.
    """
    rows = _first_forms(scorecard, unit, definitions)
    if rows.empty:
        return pd.DataFrame(columns=list(FIGURES))
    rows = pd.concat([rows[rows["goal"].notna()], rows[rows["goal"].isna()]]).head(MOST_FIGURES)
    place = int((rows["kpi"] == "bookings").cumsum().eq(0).sum()) + 1
    said = [_figure(row, currency) for row in rows.to_dict("records")]
    return pd.DataFrame([*said[:place], *_to_date(goals, unit, currency), *said[place:]], columns=list(FIGURES))


def _to_date(goals: pd.DataFrame | None, unit: str, currency: str) -> list[dict[str, str]]:
    """Bookings of the quarter and the year so far against their goal; a period that began with a shorter one goes."""
    if goals is None or goals.empty:
        return []
    rows = goals[(goals["name"].astype(str) == unit) & (goals["kpi"] == "bookings") & goals["value"].notna()]
    spans = ["month", "quarter", "year"]
    rows = rows[rows["period"].isin(spans)].set_index("period").reindex(spans).dropna(subset="value")
    rows = rows[~rows["starts"].astype(str).duplicated()].drop("month", errors="ignore")
    nothing = {"range": "", "previous": words.MISSING, "change": words.MISSING}
    return [{
        "figure": f"{row['title']}, {period} to date", "value": shown(row["value"], "currency", currency),
        "goal": shown(row["goal_so_far"], "currency"), "reached": words.reached(row["reached"]), **nothing,
    } for period, row in rows.to_dict("index").items()]


def off_goal(
    scorecard: pd.DataFrame | None, unit: str, definitions: pd.DataFrame | None = None, currency: str = "",
) -> list[str]:
    """A sentence for each figure on the wrong side of its goal by more than its range: within it nothing is decided.

    Figures of the day on which the month began are no matter for a decision at its end.
    """
    rows = _first_forms(scorecard, unit, definitions)
    rows = rows[rows["goal"].notna() & rows["value"].notna() & ~rows["kpi"].isin(FROM_THE_START)]
    short = ((rows["direction"] == "up") & (rows["value"] < rows["goal"])) | (
        (rows["direction"] == "down") & (rows["value"] > rows["goal"]))
    open_yet = (rows["low"] <= rows["goal"]) & (rows["goal"] <= rows["high"])
    return [_off(row, currency) for row in rows[short & ~open_yet].to_dict("records")][:MOST_SENTENCES]


def changes(
    signals: pd.DataFrame | None, unit: str, month: str, definitions: pd.DataFrame | None = None, currency: str = "",
) -> list[str]:
    """A sentence for each figure of a unit that left the limits of its own past in this month.

    Parameters
    ----------
    signals : DataFrame, optional
        kpi, form, unit, month, value, usual, limit_low, limit_high, signal (−1, 0, 1), good (−1, 0, 1), distance,
        basis.
    month : str
        ``YYYY-MM``.
    """
    if signals is None or signals.empty:
        return []
    rows = signals[(pd.to_datetime(signals["month"]) == pd.Timestamp(month)) & (signals["signal"] != 0)]
    rows = _defined(rows[rows["unit"].astype(str) == unit], definitions)
    rows = rows.reindex(rows["distance"].abs().sort_values(ascending=False, kind="stable").index)
    return [_changed(row, currency) for row in rows.to_dict("records")][:MOST_SENTENCES]


def due(actions: pd.DataFrame | None, as_of: pd.Timestamp) -> list[str]:
    """A sentence for each open action that was due by the as-of day: what, whose, since when.

    `actions` holds action, owner, due_on and status (open or done); None: there are none.
    """
    if actions is None or actions.empty:
        return []
    days = pd.to_datetime(actions["due_on"])
    late = actions[(actions["status"] != "done") & (days <= as_of)].assign(due_on=days).sort_values("due_on")
    return [f"{row['action']} ({row['owner']}, due {words.day_name(row['due_on'])})"
            for row in late.to_dict("records")][:MOST_SENTENCES]


def _first_forms(scorecard: pd.DataFrame | None, unit: str, definitions: pd.DataFrame | None) -> pd.DataFrame:
    """One row a KPI of the unit, its first form, with title, measure and direction."""
    wanted = ["kpi", "form", "unit", "value", "low", "high", "goal", "previous", "change"]
    rows = pd.DataFrame(columns=wanted) if scorecard is None else scorecard.reindex(columns=wanted)
    rows = rows[(rows["unit"].astype(str) == unit) & rows["value"].notna()]
    return _defined(rows, definitions).drop_duplicates("kpi")


def _defined(rows: pd.DataFrame, definitions: pd.DataFrame | None) -> pd.DataFrame:
    """With title, measure (its unit) and direction, in the order of the definitions."""
    if definitions is None or definitions.empty:
        title = rows["kpi"].astype(str).str.replace("_", " ").str.capitalize()
        return rows.assign(title=title, measure="", direction="none")
    known = definitions.drop_duplicates(["kpi", "form"]).rename(columns={"unit": "measure"})
    known = known[["kpi", "form", "title", "measure", "direction"]].assign(place=range(len(known)))
    return rows.merge(known, on=["kpi", "form"], how="inner").sort_values("place", kind="stable")


def shown(value: float, measure: str, currency: str = "") -> str:
    """A figure as printed, by what it measures: share, currency, days, or a count."""
    if measure == "share":
        return words.percent(value)
    if measure == "currency":
        return words.short_money(value, currency)
    whole = pd.isna(value) or float(value).is_integer()
    text = words.number(value, 0 if whole or abs(value) >= 100 else 1 if abs(value) >= 10 else 2)
    return f"{text} {measure}" if measure and measure not in ("number", "ratio") and text != words.MISSING else text


def _between(low: float, high: float, measure: str) -> str:
    """A range, its unit once where both ends share it: ``41 to 55 days``."""
    if pd.isna(low) or pd.isna(high):
        return ""
    ends = [shown(low, measure), shown(high, measure)]
    numbers, units = zip(*(end.partition(" ")[::2] for end in ends), strict=True)
    return f"{numbers[0]} to {ends[1]}" if units[0] == units[1] else f"{ends[0]} to {ends[1]}"


def _figure(row: Mapping, currency: str) -> dict[str, str]:
    measure, change = row["measure"], row["change"]
    known = pd.notna(row["goal"]) and row["goal"] > 0
    moved = words.MISSING if pd.isna(change) else f"{'+' if change > 0 else ''}{_moved(change, measure)}"
    return {
        "figure": row["title"], "value": shown(row["value"], measure, currency),
        "range": _between(row["low"], row["high"], measure), "goal": shown(row["goal"], measure),
        "reached": _reached(row["value"], row["goal"], row["direction"]) if known else words.MISSING,
        "previous": shown(row["previous"], measure), "change": moved,
    }


def _reached(value: float, goal: float, direction: str) -> str:
    if direction == "down":
        return "met" if value <= goal else "missed"
    return words.reached(value / goal)


def _moved(change: float, measure: str) -> str:
    return f"{words.number(change * 100, 1)} points" if measure == "share" else shown(change, measure)


def _off(row: Mapping, currency: str) -> str:
    measure, up = row["measure"], row["direction"] == "up"
    value, goal = (shown(row[name], measure, currency) for name in ("value", "goal"))
    return f"{row['title']}: {value}, {'below' if up else 'above'} the goal of {goal}."


def _changed(row: Mapping, currency: str) -> str:
    measure = row["measure"]
    judged = {1: ", for the better", -1: ", for the worse"}.get(int(row["good"]), "")
    limits = _between(row["limit_low"], row["limit_high"], measure)
    outside = f" (limits {limits}, from {row['basis']})" if limits else ""
    value, usual = (shown(row[name], measure, currency) for name in ("value", "usual"))
    verb = "rose" if row["signal"] > 0 else "fell"
    return f"{row['title']} {verb} to {value} where {usual} is usual{outside}{judged}."
