"""What each rep does, habit by habit: activity, answers to leads, stages, discounts, people met, the mix of deals."""

from __future__ import annotations

import pandas as pd

from salesops_helpers.data.columns import TEXT
from salesops_helpers.data.container import Tables
from salesops_helpers.measures import month_end
from salesops_helpers.performance import reps
from salesops_helpers.performance.kpis import closed_deals
from salesops_helpers.performance.pipeline import open_stages
from salesops_helpers.performance.stays import WON, stays

LEAST, MOST_LEVELS = 5, 4
COLUMNS = ["rep_id", "habit", "unit", "n", "value"]
MIX = {"segment": "Deals in {}", "product": "Deals with {}", "kind": "Deals of kind {}"}
_DAY = pd.Timedelta(days=1)


def habits(tables: Tables, months: int = 24) -> pd.DataFrame:
    """Each rep's habits over the last `months` months, as far as the tables tell them.

    Returns
    -------
    DataFrame
        One row a rep and habit with at least 5 cases: rep_id, habit (text), unit ("share", "days", "hours" or "a
        deal"), n (cases: deals, leads, moves or activities), value.

        - activities, and people met (distinct contacts), per won, per lost and per open deal: apart, because deals
          that go on collect more of both,
        - share of each of the four most frequent kinds of activity,
        - leads answered within 24 hours, and the median of hours to the answer,
        - days in a stage before moving on; moves forward that skip a stage; moves that go back,
        - discount of won deals: 1 − amount ÷ list price,
        - share of the four most frequent segments, products and kinds among closed deals.
    """
    period = reps.period(tables, months)
    last = min(month_end(period.end), tables.as_of)
    closed = closed_deals(tables, period.start, period.end).dropna(subset="rep_id")
    parts = [*_activities(tables, period.start, last, closed), *_leads(tables, period.start, last),
             *_stages(tables, period.start), *_deals(closed)]
    frame = pd.concat([part for part in parts if len(part)] or [pd.DataFrame(columns=COLUMNS)], ignore_index=True)
    return frame.loc[frame["n"] >= LEAST, COLUMNS].reset_index(drop=True)


def _means(rep_ids: pd.Series, values: pd.Series, habit: str, unit: str, how: str = "mean") -> pd.DataFrame:
    """The mean (or median) of a rep's cases that are known."""
    known = values.notna()
    by = values[known].astype(float).groupby(rep_ids[known].astype(object))
    return by.agg(value=how, n="size").rename_axis("rep_id").reset_index().assign(habit=habit, unit=unit)


def _shares(rep_ids: pd.Series, levels: pd.Series, title: str) -> list[pd.DataFrame]:
    """For the most frequent levels, the share of a rep's cases; nothing where there is one level alone."""
    counts = levels.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    few = counts.index[:MOST_LEVELS] if len(counts) > 1 else []
    few = few[:1] if len(counts) == 2 else few
    return [_means(rep_ids, (levels == level).where(levels.notna()), title.format(level), "share") for level in few]


def _activities(tables: Tables, start, last, closed: pd.DataFrame) -> list[pd.DataFrame]:
    if not tables.has("activities"):
        return []
    rows = tables.rows("activities")
    done = rows.filter(rows["opportunity_id"].notnull())
    by_deal = tables.rows_engine.collect(done.group_by("opportunity_id").agg(
        activities=done.count(), contacts=done["contact"].nunique()), "activities")
    by_deal = by_deal.set_index(by_deal["opportunity_id"].astype(object))
    deals = tables.opportunities
    open_ = deals[(deals["status"] == "open") & deals["rep_id"].notna()]
    parts = []
    for name, some in (("won", closed[closed["status"] == "won"]), ("lost", closed[closed["status"] == "lost"]),
                       ("open", open_)):
        ids = some["opportunity_id"].astype(object)
        count = ids.map(by_deal["activities"]).fillna(0)
        contacts = ids.map(by_deal["contacts"]).where(lambda n: n > 0)
        parts += [_means(some["rep_id"], count, f"Activities on {name} deals", "a deal"),
                  _means(some["rep_id"], contacts, f"People met on {name} deals", "a deal")]
    inside = rows.filter((rows["occurred_at"] >= start) & (rows["occurred_at"] < last + _DAY)
                         & rows["kind"].notnull() & rows["rep_id"].notnull())
    kinds = tables.rows_engine.collect(inside.group_by("rep_id", "kind").agg(n=inside.count()), "activities")
    return parts + _kinds(kinds)


def _kinds(kinds: pd.DataFrame) -> list[pd.DataFrame]:
    """Shares of the kinds of activity, from counts by rep and kind."""
    wide = kinds.astype({"rep_id": object, "kind": object}).pivot_table(
        index="rep_id", columns="kind", values="n", aggfunc="sum", fill_value=0)
    total = wide.sum(axis=1)
    few = wide.sum().sort_index().sort_values(ascending=False, kind="stable").index[:MOST_LEVELS]
    few = few[:1] if wide.shape[1] == 2 else few if wide.shape[1] > 2 else []
    return [pd.DataFrame({"rep_id": wide.index, "habit": f"Activity of kind {kind}", "unit": "share",
                          "n": total.to_numpy(), "value": (wide[kind] / total).to_numpy()}) for kind in few]


def _leads(tables: Tables, start, last) -> list[pd.DataFrame]:
    if not tables.has("leads"):
        return []
    rows = tables.rows("leads")
    rows = rows.filter(rows["rep_id"].notnull() & (rows["assigned_at"] >= start) & (rows["assigned_at"] < last))
    found = tables.rows_engine.collect(rows.select("lead_id", "rep_id", "assigned_at", "first_touch_at"), "leads")
    hours = (found["first_touch_at"] - found["assigned_at"]) / pd.Timedelta(hours=1)
    return [_means(found["rep_id"], hours <= 24, "Leads answered within 24 hours", "share"),
            _means(found["rep_id"], hours, "Hours to the answer of a lead (median)", "hours", "median")]


def _stages(tables: Tables, start) -> list[pd.DataFrame]:
    if not tables.has("stage_history"):
        return []
    found = stays(tables, start)
    found = found[(found["entered_at"] >= start) & found["next_rank"].notna() & found["rep_id"].notna()]
    stages = open_stages(tables)
    following = found["next_rank"].where(found["next_rank"] != WON, len(stages))
    on = following > found["rank"]
    back = (following >= 0) & (following < found["rank"])
    passed = found[on]
    parts = [_means(passed["rep_id"], passed["days"].where(passed["stage"] == stage),
                    f"Days in {stage} before moving on", "days") for stage in stages]
    return [*parts, _means(passed["rep_id"], (following - found["rank"])[on] > 1, "Moves that skip a stage", "share"),
            _means(found["rep_id"], back.where(on | back), "Moves that go back", "share")]


def _deals(closed: pd.DataFrame) -> list[pd.DataFrame]:
    won = closed[(closed["status"] == "won") & (closed["amount"] > 0) & (closed["list_price"] > 0)]
    parts = [_means(won["rep_id"], 1 - won["amount"] / won["list_price"], "Discount on won deals", "share")]
    mixes = [_shares(closed["rep_id"], closed[column].astype(TEXT), title) for column, title in MIX.items()]
    return parts + [part for mix in mixes for part in mix]
