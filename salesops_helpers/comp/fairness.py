"""Does pay follow effort or the territory? Pay by team, tenure and territory potential."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers.comp.outlook import Outlook
from salesops_helpers.data.container import Tables

TENURE = {"under 1 year": 365, "1 to 3 years": 3 * 365, "3 years and more": np.inf}
THIRDS = ("lowest third", "middle third", "highest third")
LEAST = 8


def standing(o: Outlook, tables: Tables) -> pd.DataFrame:
    """Each rep beside the territory and the effort.

    Returns
    -------
    DataFrame
        rep_id, team, tenure, potential (potential of the rep's accounts ÷ quota; missing without accounts), effort
        (activities a month in the last twelve; missing without activities), third (of potential), and by plan pay_a,
        pay_b (expected pay of the next twelve months ÷ target, or ÷ the mean without one), level.
    """
    frame = o.seats.people
    target = frame["target"] if o.made.plans[0].on_target else o.made.by_seat[0].mean()
    made = frame[["rep_id", "team"]].assign(level=frame["expected"] / frame["quota"])
    for side, pay in zip(("pay_a", "pay_b"), o.made.by_seat, strict=False):
        made[side] = pay / target
    worth = tables.accounts.groupby("rep_id")["potential"].sum(min_count=1)
    made["potential"] = made["rep_id"].map(worth.set_axis(worth.index.astype(object))).astype(float) / frame["quota"]
    done = tables.activities
    recent = done[done["occurred_at"] > tables.as_of - pd.DateOffset(months=12)].groupby("rep_id").size() / 12
    made["effort"] = made["rep_id"].map(recent.set_axis(recent.index.astype(object))).astype(float)
    days = (tables.as_of - frame["hired_on"]).dt.days
    made["tenure"] = np.select([days < limit for limit in TENURE.values()], list(TENURE), "not known")
    rank = made["potential"].rank(pct=True)
    made["third"] = np.select([rank <= 1 / 3, rank <= 2 / 3, rank.notna()], THIRDS, "not known")
    return made


def by_group(o: Outlook, tables: Tables) -> pd.DataFrame:
    """Expected pay ÷ target by team, tenure and third of territory potential: by, group, reps, level (expected
    attainment), pay_a, pay_b (means)."""
    frame, parts = standing(o, tables), []
    for by, column, order in (("team", "team", None), ("tenure", "tenure", list(TENURE)),
                              ("territory potential", "third", list(THIRDS))):
        pays = {side: (side, "mean") for side in ("level", "pay_a", "pay_b") if side in frame}
        found = frame.groupby(column).agg(reps=("rep_id", "size"), **pays)
        found = found if order is None else found.reindex([g for g in [*order, "not known"] if g in found.index])
        parts.append(found.rename_axis("group").reset_index().assign(by=by))
    return pd.concat(parts, ignore_index=True)


def follows(o: Outlook, tables: Tables) -> pd.DataFrame:
    """How pay of past deals goes with potential and effort: Spearman's rank correlation of pay ÷ target.

    Returns
    -------
    DataFrame
        plan, with (territory potential, activities), n (reps), correlation, low, high (90 % range by Fisher's
        transformation). No rows for fewer than 8 reps.
    """
    frame = standing(o, tables)
    replay = o.scenario.comparison
    rows = []
    for plan in o.names:
        if replay is None:
            break
        pay = replay.reps[replay.reps["plan"] == plan].set_index("rep_id")["pay"]
        got = frame["rep_id"].map(pay).astype(float) / (o.seats.people["target"] if o.made.plans[0].on_target else 1.0)
        for name, column in (("territory potential ÷ quota", "potential"), ("activities a month", "effort")):
            both = pd.DataFrame({"pay": got, "other": frame[column]}).dropna()
            if len(both) >= LEAST and both["other"].nunique() > 1 and both["pay"].nunique() > 1:
                r = both["pay"].rank().corr(both["other"].rank())
                z, wide = np.arctanh(min(max(r, -0.999), 0.999)), 1.645 / np.sqrt(len(both) - 3)
                rows.append({"plan": plan, "with": name, "n": len(both), "correlation": r,
                             "low": np.tanh(z - wide), "high": np.tanh(z + wide)})
    return pd.DataFrame(rows, columns=["plan", "with", "n", "correlation", "low", "high"])
