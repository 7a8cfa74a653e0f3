"""Deals that have stopped: older than nearly all that ever closed, too long in their stage, or silent."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers.data.container import Tables
from salesops_helpers.performance.pipeline import open_stages, rep_names
from salesops_helpers.performance.slippage import pushes
from salesops_helpers.performance.stages import FEWEST_WON, waiting

DAY = pd.Timedelta(days=1)
NEARLY_ALL = 0.99
RULES = {
    "in_stage": "longer in its stage than nine of ten stays that were part of a win",
    "silent": "no activity in the last {days} days",
    "age": "older than nine of ten won deals were when they were won",
    "past_all": "older than {share} of all deals that ever closed",
}


def closing_ages(tables: Tables) -> pd.DataFrame:
    """Days from creation to closing of every closed deal that has both dates: opportunity_id, status, days."""
    if tables.large("opportunities"):
        rows = tables.rows("opportunities")
        rows = rows.filter(rows["status"].isin(["won", "lost"]) & rows["created_on"].notnull()
                           & rows["closed_on"].notnull())
        deals = tables.rows_engine.collect(rows.select("opportunity_id", "status", "created_on", "closed_on"),
                                           "opportunities")
    else:
        deals = tables.opportunities
        deals = deals[deals["status"].isin(["won", "lost"])].dropna(subset=["created_on", "closed_on"])
    days = (deals["closed_on"] - deals["created_on"]) / DAY
    return deals[["opportunity_id", "status"]].assign(days=days.clip(lower=0.0)).reset_index(drop=True)


def inflation(tables: Tables, share: float = NEARLY_ALL, waits: pd.DataFrame | None = None) -> pd.DataFrame:
    """How much of the pipeline is older than what ever closes, by stage and, in the last row, in all (stage missing).

    Parameters
    ----------
    share : float
        "Nearly all": the share of closed deals, by age at closing, that sets the lower limit.

    Returns
    -------
    DataFrame
        stage, open (deals with a date), amount (currency), limit_most, limit_all (days: the age that `share` of closed
        deals did not pass, and the highest age at which any closed), older_most, older_all (open deals past them),
        older_amount, older_all_amount (currency). Limits are missing where nothing closed.
    """
    ages = closing_ages(tables)["days"]
    most, every = (ages.quantile(share), ages.max()) if len(ages) else (np.nan, np.nan)
    deals = waiting(tables) if waits is None else waits
    deals = deals.dropna(subset="created_on")
    age = (tables.as_of - deals["created_on"]) / DAY
    money = deals["amount"].fillna(0.0)
    rows = deals.assign(open=1, amount=money, older_most=(age > most).astype(int), older_all=(age > every).astype(int),
                        older_amount=money.where(age > most, 0.0), older_all_amount=money.where(age > every, 0.0))
    names = ["open", "amount", "older_most", "older_all", "older_amount", "older_all_amount"]
    by = rows.groupby("stage")[names].sum()
    by = by.reindex([s for s in open_stages(tables) if s in by.index]).rename_axis("stage").reset_index()
    total = rows[names].sum().to_frame().T.assign(stage=pd.Series([np.nan], dtype=by["stage"].dtype))
    counts = dict.fromkeys(["open", "older_most", "older_all"], int)
    return pd.concat([by, total], ignore_index=True).astype(counts).assign(limit_most=most, limit_all=every)


def stalled(
    tables: Tables, silent_days: int = 30, share: float = NEARLY_ALL, waits: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """The open deals that have stopped, by each rule that the tables allow; largest amounts first.

    Returns
    -------
    DataFrame
        opportunity_id, account_id, account (its name, or the id), product, rep_id, owner (name), stage, amount
        (currency), at_list, since (day since when it stands there), days (whole days there), in_stage_limit (days),
        age (days since creation), last_activity (day; missing: none), expected_close_on, pushes (across a month's end),
        in_stage, silent, age_rule, past_all (bool: which rules hold; missing where the tables do not tell, silent also
        for deals younger than `silent_days`), stalled (bool: `in_stage`; where the stage has no usual limit, longer in
        it than nine of ten wins took in all; where the history tells nothing, `age_rule`), advice ("work on" or, past
        nearly all that ever closed, "requalify").

    Notes
    -----
    One word, four rules: `RULES`.
    """
    deals = waiting(tables) if waits is None else waits
    ages = closing_ages(tables)
    won = ages.loc[ages["status"] == "won", "days"]
    usual = won.quantile(0.9) if len(won) >= FEWEST_WON else np.nan
    age = (tables.as_of - deals["created_on"]) / DAY
    last = _last_activity(tables, deals)
    quiet = (tables.as_of - last.fillna(deals["created_on"])) / DAY
    told = tables.has("activities")
    in_stage = (deals["days"] > deals["limit"]).astype("boolean").mask(~deals["in_stage"] | deals["limit"].isna())
    age_rule = (age > usual).astype("boolean").mask(age.isna() | pd.isna(usual))
    past_all = (age > ages["days"].quantile(share)).astype("boolean").mask(age.isna() | ages.empty)
    instead = age_rule.where(~deals["in_stage"], deals["days"] > usual)
    young = ~(age >= silent_days)
    silent = (quiet >= silent_days).astype("boolean").mask(young | (not told))
    frame = deals.assign(
        account=_account_names(tables, deals["account_id"]), owner=rep_names(tables, deals["rep_id"]),
        since=deals["since"].dt.normalize(), days=np.floor(deals["days"]), in_stage_limit=deals["limit"], age=age,
        last_activity=last, in_stage=in_stage, silent=silent, age_rule=age_rule, past_all=past_all,
        stalled=in_stage.fillna(instead).fillna(False).astype(bool), pushes=_push_counts(tables, deals),
        advice=np.where(past_all.fillna(False).astype(bool), "requalify", "work on"))
    order = ["opportunity_id", "account_id", "account", "product", "rep_id", "owner", "stage", "amount", "at_list",
             "since", "days", "in_stage_limit", "age", "last_activity", "expected_close_on", "pushes", "in_stage",
             "silent", "age_rule", "past_all", "stalled", "advice"]
    return frame[order].sort_values(["amount", "opportunity_id"], ascending=[False, True], ignore_index=True)


def rule_counts(deals: pd.DataFrame, silent_days: int = 30, share: float = NEARLY_ALL) -> pd.DataFrame:
    """How many open deals each rule calls stale, and how much they are worth: rule, deals, of (deals to which it can be
    put), amount (currency), share_of (deals ÷ of). Where the tables do not tell, deals and amount are missing."""
    from salesops_helpers.words import percent

    columns = {"in_stage": "in_stage", "silent": "silent", "age": "age_rule", "past_all": "past_all"}
    said = {name: RULES[name].format(days=silent_days, share=percent(share, 0)) for name in columns}
    held = {name: deals[c].fillna(False).astype(bool) for name, c in columns.items()}
    both = held["in_stage"] & held["silent"]
    asked = {name: deals[c].notna() for name, c in columns.items()}
    rows = [(said[n], held[n].sum(), asked[n].sum(), deals["amount"].where(held[n]).sum()) for n in columns]
    rows.insert(2, ("both of these", both.sum(), (asked["in_stage"] & asked["silent"]).sum(),
                    deals["amount"].where(both).sum()))
    frame = pd.DataFrame(rows, columns=["rule", "deals", "of", "amount"]).astype({"deals": float, "of": int})
    frame[["deals", "amount"]] = frame[["deals", "amount"]].where(frame["of"] > 0)
    return frame.assign(share_of=frame["deals"] / frame["of"])


def _push_counts(tables: Tables, deals: pd.DataFrame) -> np.ndarray:
    if not tables.has("stage_history"):
        return np.full(len(deals), np.nan)
    counted = pushes(tables).set_index("opportunity_id")["pushes"]
    return counted.reindex(deals["opportunity_id"].to_numpy()).to_numpy(dtype=float)


def _last_activity(tables: Tables, deals: pd.DataFrame) -> pd.Series:
    empty = pd.Series(pd.NaT, deals.index, dtype="datetime64[ns]")
    if not tables.has("activities"):
        return empty
    rows = tables.rows("activities")
    rows = rows.filter(rows["opportunity_id"].notnull())
    last = tables.rows_engine.collect(
        rows.group_by("opportunity_id").agg(last=rows["occurred_at"].max()), "activities")
    last = last.set_index(last["opportunity_id"].astype(object))["last"].astype("datetime64[ns]").dt.normalize()
    return pd.Series(last.reindex(deals["opportunity_id"].astype(object).to_numpy()).to_numpy(), deals.index)


def _account_names(tables: Tables, accounts: pd.Series) -> pd.Series:
    names = tables.accounts.drop_duplicates("account_id").set_index("account_id")["name"]
    found = pd.Series(names.reindex(accounts.to_numpy()).to_numpy(), accounts.index, dtype=object)
    return found.where(found.notna(), accounts.astype(object)).astype(accounts.dtype)
