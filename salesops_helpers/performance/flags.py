"""Flags: many leads and few qualified, a team that stalls at one stage, the rush at the quarter's end.

Each is raised only where chance seldom raises it (5 % a flag, all its units together), and says what it rests on.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers import words
from salesops_helpers.data.container import Tables
from salesops_helpers.performance.flag_units import ALARMS, DIMENSIONS, lead_units, stage_units

COLUMNS = ["flag", "unit", "found", "sentence", "n", "p"]
LEADS, STALL, RUSH = "Many leads, few qualified", "The team stalls at the same stage", "Quarter-end rush"


def flags(tables: Tables, month: str | pd.Timestamp, history: pd.DataFrame, months: int = 12) -> pd.DataFrame:
    """Every flag that is up, and for each that is not a row that says so.

    Parameters
    ----------
    month : str
        The month reported.
    history : DataFrame
        `scorecard_history` of the company, with win_rate and won_value.
    months : int
        Months of leads and stage entries that are looked at.

    Returns
    -------
    DataFrame
        flag, unit (missing where the flag is not up), found (bool), sentence (the evidence), n (cases behind it), p
        (chance of such a distance if there were none; for leads and stages Holm-adjusted over all units looked at).
        A flag whose table is missing has no row.
    """
    parts = [quarter_end_rush(history, tables.company.fiscal_year_start)]
    if tables.has("leads"):
        parts.append(few_qualified(tables, month, months))
    if tables.has("stage_history"):
        parts.append(stalls(tables, month, months))
    found = pd.concat([p for p in parts if len(p)], ignore_index=True) if any(map(len, parts)) else None
    if found is None:
        return pd.DataFrame(columns=COLUMNS)
    found = found.assign(sentence=found["sentence"].str[:1].str.upper() + found["sentence"].str[1:])
    clearest = found["p"].groupby(found["flag"]).transform("min")
    order = found.assign(clearest=clearest).sort_values(["found", "clearest", "p"], ascending=[False, True, True],
                                                        kind="stable", ignore_index=True)
    return order[COLUMNS]


def _row(flag: str, unit: str | None, found: bool, sentence: str, n: int, p: float) -> pd.DataFrame:
    return pd.DataFrame({"flag": [flag], "unit": pd.Series([unit], dtype=object), "found": [found],
                         "sentence": [sentence], "n": [int(n)], "p": [float(p)]})


def quarter_end_rush(history: pd.DataFrame, fiscal_year_start: int = 1) -> pd.DataFrame:
    """Are more deals won in the last month of a quarter than in the others? Columns as in `flags`; at most one row.

    Monthly win rates (closed) on the arcsine scale, weighted by their deals; the last months of quarters against all
    others by a t test whose variance is that between months of one kind. It needs two last months and four others.
    """
    rows = history[(history["kpi"] == "win_rate") & (history["form"] == "closed") & (history["n"] > 0)]
    last = ((rows["month"].dt.month - fiscal_year_start) % 3 == 2).to_numpy()
    if last.sum() < 2 or (~last).sum() < 4:
        return pd.DataFrame(columns=COLUMNS)
    p = _apart(rows, last)
    rates = [rows.loc[side, "numerator"].sum() / rows.loc[side, "n"].sum() for side in (last, ~last)]
    (low_a, high_a), (low_b, high_b) = (
        (rows.loc[side, "value"].min(), rows.loc[side, "value"].max()) for side in (last, ~last))
    counts = [words.counted(int(side.sum()), "month") for side in (last, ~last)]
    deals = [words.counted(int(rows.loc[side, "n"].sum()), "closed deal") for side in (last, ~last)]
    evidence = (
        f"months that end a quarter won {words.percent(rates[0])} ({counts[0]}, {words.percent_range(low_a, high_a)}, "
        f"{deals[0]}), the others {words.percent(rates[1])} ({counts[1]}, {words.percent_range(low_b, high_b)}, "
        f"{deals[1]})")
    found = bool(p <= ALARMS and rates[0] > rates[1])
    n = int(rows["n"].sum())
    if not found:
        return _row(RUSH, None, False, f"No rush that is more than chance: {evidence}.", n, p)
    return _row(RUSH, "company", True, (
        f"{evidence[0].upper()}{evidence[1:]}. This is the calendar's doing: compare such a month with other months "
        f"that end a quarter, not with the month before.{_won_in_last(history, fiscal_year_start)}"), n, p)


def _apart(rows: pd.DataFrame, last: np.ndarray) -> float:
    """p value (two-sided) of no difference between two kinds of months."""
    from scipy.special import stdtr

    y = np.arcsin(np.sqrt((rows["numerator"] + 0.375) / (rows["n"] + 0.75))).to_numpy(float)
    weight = 4 * rows["n"].to_numpy(float) + 2
    means = [np.average(y[side], weights=weight[side]) for side in (last, ~last)]
    squares = (weight * (y - np.where(last, *means)) ** 2).sum()
    left = len(y) - 2
    sigma = max(np.sqrt(squares / left), 1.0)  # months never vary less than their counts do
    far = abs(means[0] - means[1]) / (sigma * np.sqrt(1 / weight[last].sum() + 1 / weight[~last].sum()))
    return float(2 * stdtr(left, -far))


def _won_in_last(history: pd.DataFrame, fiscal_year_start: int) -> str:
    """Where the won value of whole quarters falls."""
    rows = history[(history["kpi"] == "won_value") & (history["form"] == "closed")]
    place = (rows["month"].dt.month - fiscal_year_start) % 3
    quarter = rows["month"].dt.to_period("M").map(lambda m: m.ordinal) - place
    whole = rows[quarter.groupby(quarter).transform("size") == 3]
    total = whole["value"].sum()
    if not len(whole) or total <= 0:
        return ""
    share = whole.loc[place.loc[whole.index] == 2, "value"].sum() / total
    return f" {words.percent(share, 0)} of the won value of whole quarters came in their last month, not 33 %."


def few_qualified(tables: Tables, month: str | pd.Timestamp, months: int = 12) -> pd.DataFrame:
    """Reps, teams and lead sources with more leads than the average one and clearly fewer of them qualified.

    Columns as in `flags`. Leads of the `months` months up to the reported one, less the latest days in which 90 % of
    those that were ever qualified were so. A source is tested against all the others (exact); a rep or a team against
    what all others reach with the same mix of sources.
    """
    found = lead_units(tables, month, months)
    n = int(found.loc[found["dimension"] == DIMENSIONS[-1], "leads"].sum()) if len(found) else 0
    hits = found[found["found"]] if len(found) else found
    if not len(hits):
        looked = words.counted(len(found), "rep, team or lead source", "reps, teams and lead sources")
        return _row(LEADS, None, False, f"None of {looked} has clearly fewer leads qualified than the others and more "
                    f"leads than the average ({words.counted(n, 'lead')}).", n, found["p"].min() if len(found) else 1.0)
    return pd.concat([_row(LEADS, row["unit"], True, (
        f"{row['said']}: {words.percent(row['rate'])} of {words.counted(row['leads'], 'lead')} qualified (90 % range "
        f"{words.percent_range(row['low'], row['high'])}), others {words.percent(row['others'])}"
        f"{'' if row['dimension'] == 'source' else ' with the same mix of sources'}; "
        f"{words.number(row['leads'] / row['average'], 1)} times the leads of the average {row['dimension']}."
        f"{' Look at the leads before the rep.' if row['dimension'] == 'rep' else ''}"),
        row["leads"], row["p"]) for row in hits.to_dict("records")], ignore_index=True)


def stalls(tables: Tables, month: str | pd.Timestamp, months: int = 12) -> pd.DataFrame:
    """Teams whose deals get no further than one stage clearly more often than other teams' do. Columns as in `flags`.

    Deals that entered the stage in the `months` months up to the reported one, less the latest days in which 90 % of
    those that ever moved on had done so: moved on since, or not (lost in it, or still in it). Exact test of a team
    against all other teams at that stage, Holm-adjusted over teams, times the number of stages.
    """
    found = stage_units(tables, month, months)
    hits = found[found["found"]] if len(found) else found
    n = int(found["entered"].sum()) if len(found) else 0
    if not len(hits):
        looked = words.counted(len(found), "team and stage", "pairs of team and stage")
        return _row(STALL, None, False, f"None of {looked} lies clearly below the other teams ("
                    f"{words.counted(n, 'entry', 'entries')} into stages).", n, found["p"].min() if len(found) else 1.0)
    return pd.concat([_row(STALL, row["team"], True, (
        f"{row['team']} at {row['stage']}: {words.percent(row['rate'])} of {words.counted(row['entered'], 'deal')} "
        f"moved on (90 % range {words.percent_range(row['low'], row['high'])}), other teams "
        f"{words.percent(row['others'])}; {words.number(row['reps_below'])} of its {words.counted(row['reps'], 'rep')} "
        f"below the others' rate."),
        row["entered"], row["p"]) for row in hits.to_dict("records")], ignore_index=True)


def sentence(found: pd.DataFrame) -> str:
    """Which flags are up, in one sentence."""
    up = found[found["found"]]
    if found.empty:
        return ""
    if up.empty:
        return "No flag is up."
    counts = up.groupby("flag", sort=False).size()
    said = [flag.lower() + (f" ({n})" if n > 1 else "") for flag, n in counts.items()]
    return f"Flags up: {words.joined(said)}."
