"""Goals, pay and the reps' own forecasts: quotas, targets, plan_assignments, forecast_calls and corrections."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers.data.sample import calendar as cal
from salesops_helpers.data.sample.catalog import COMPANY, REGIONS, SEAT_ENTERPRISE, SEAT_TEAM
from salesops_helpers.data.sample.people import People
from salesops_helpers.data.sample.streams import Streams

PLANS = ("individual-plus-team-bonus", "individual-team")  # of Commercial and of Enterprise reps
AIM = 0.95  # bookings ÷ quota that the company's quotas are set for
RAISE = 1.06  # of quotas a year
OBJECTIVES = ("Forecast submitted on time", "Account plans complete", "New product trained")


def quotas(streams: Streams, who: People, won: pd.DataFrame) -> pd.DataFrame:
    """Quota by rep and month: a yearly figure by kind of seat, phased, prorated, and ramped for new reps."""
    months = cal.MONTHS
    first = np.searchsorted(cal.MONTH, months)
    last = cal.MONTH_END[first]
    t = who.tenures
    start, end = t["start"].to_numpy()[:, None], t["end"].to_numpy()[:, None]
    share = np.clip(np.minimum(last, end) - np.maximum(first, start) + 1, 0, None) / (last - first + 1)
    tenure_months = who.months_in(t["rep"].to_numpy()[:, None], last[None, :])
    ramp = np.select([tenure_months <= 3, tenure_months <= 6], [0.4, 0.75], 1.0)
    phase = cal.PHASING[months % 12] * RAISE ** (months // 12 + 1970 - 2024)
    weight = share * ramp * phase
    enterprise = SEAT_ENTERPRISE[t["seat"]]
    sold = won.groupby(SEAT_ENTERPRISE[won["seat"]])["amount"].sum()
    level = np.where(enterprise, sold[True] / weight[enterprise].sum(), sold[False] / weight[~enterprise].sum()) / AIM
    judged = np.exp(streams("quotas").normal(0, 0.05, len(t)))  # management's view of each territory
    amount = np.round(level[:, None] * judged[:, None] * weight / 100) * 100
    tenure, month = np.nonzero(share > 0)
    frame = pd.DataFrame(
        {
            "rep_id": who.ids[t["rep"].to_numpy()[tenure]],
            "month": cal.months(months[month]),
            "amount": amount[tenure, month],
            "region": SEAT_TEAM[t["seat"].to_numpy()[tenure]] // 2,
        }
    )
    return frame.groupby(["rep_id", "month"], as_index=False).agg(amount=("amount", "sum"), region=("region", "last"))


def won_deals(deals: pd.DataFrame, deal_table: pd.DataFrame) -> pd.DataFrame:
    """The deals won by the extract day: the columns of `deals` with the final amount, opportunity_id and rep_id."""
    known = deals.assign(
        amount=deal_table["amount"], opportunity_id=deal_table["opportunity_id"], rep_id=deal_table["rep_id"]
    )
    return known[deal_table["status"] == "won"].reset_index(drop=True)


def to_come(who: People, deals: pd.DataFrame, deal_table: pd.DataFrame) -> pd.DataFrame:
    """Every win, known or still to come: rep_id, close (day number), amount; what a rep can have a feeling for."""
    amount = deal_table["amount"].fillna(deals["amount"])
    owner = np.where(
        deal_table["status"] == "open", who.ids[who.holder[deals["seat"], deals["close"]]], deal_table["rep_id"]
    )
    return pd.DataFrame({"rep_id": owner, "close": deals["close"], "amount": amount})[deals["won"]].reset_index(
        drop=True
    )


def targets(quota: pd.DataFrame) -> pd.DataFrame:
    """The company's and the regions' goals; quotas are handed out 6 % above the company's goal for bookings."""
    company = quota.groupby("month")["amount"].sum().rename("amount").reset_index().assign(unit=COMPANY)
    regions = quota.groupby(["region", "month"])["amount"].sum().reset_index()
    regions["unit"] = np.array(REGIONS)[regions["region"]]
    bookings = pd.concat([company, regions]).assign(kpi="bookings")
    bookings["amount"] = np.round(bookings["amount"] / 1.06 / 1000) * 1000
    goals = {"win_rate": 0.35, "pipeline_coverage": 3.0, "sales_cycle": 70.0}
    others = [company.assign(kpi=kpi, amount=amount) for kpi, amount in goals.items()]
    every = pd.concat([bookings, *others], ignore_index=True)
    return every.sort_values(["unit", "kpi", "month"], ignore_index=True)[["unit", "kpi", "month", "amount"]]


def plan_assignments(streams: Streams, who: People) -> pd.DataFrame:
    """One plan a rep and calendar year, and a new row at a change of seat; pay rises by 3 % a year."""
    rng = streams("pay")
    t = who.tenures
    level = np.exp(rng.normal(0, 0.06, len(who.reps)))
    begin = np.array([cal.WINDOW, *(cal.day(f"{year}-01-01") for year in (2024, 2025, 2026))])
    finish = np.append(begin[1:] - 1, cal.NEVER)
    # a rep between two seats stays on the first one's plan
    following = t.sort_values(["rep", "start"]).groupby("rep")["start"].shift(-1).reindex(t.index)
    end = np.where(following.notna(), following - 1, t["end"]).astype(int)
    starts, ends = np.maximum(t["start"].to_numpy()[:, None], begin), np.minimum(end[:, None], finish)
    tenure, year = np.nonzero((starts <= ends) & (starts <= cal.EXTRACT))
    rep, big = t["rep"].to_numpy()[tenure], SEAT_ENTERPRISE[t["seat"].to_numpy()[tenure]].astype(int)
    grown = level[rep] * 1.03 ** np.maximum(year - 1, 0)
    last = ends[tenure, year]
    frame = pd.DataFrame(
        {
            "rep_id": who.ids[rep],
            "starts_on": cal.dates(starts[tenure, year]),
            "plan": np.array(PLANS)[big],
            "ends_on": cal.dates(np.where(last > cal.EXTRACT, cal.NEVER, last)),
            "target_incentive": np.round(np.array([30e3, 54e3])[big] * grown / 500) * 500,
            "base_pay": np.round(np.array([50e3, 84e3])[big] * grown / 500) * 500,
        }
    )
    return frame.sort_values(["rep_id", "starts_on"], ignore_index=True)


def forecast_calls(streams: Streams, who: People, quota: pd.DataFrame, wins: pd.DataFrame) -> pd.DataFrame:
    """Each rep's call for a month at the end of the month before, on about the 8th and on about the 20th.

    A call blends what is won so far, what the rep sees coming and the quota, times the rep's own lasting bias.
    """
    rng = streams("calls")
    ahead = quota[quota["month"] == quota["month"].max()].assign(month=lambda f: f["month"] + pd.DateOffset(months=1))
    asked = pd.concat([quota, ahead], ignore_index=True)
    number = asked["month"].to_numpy().astype("datetime64[M]").astype(int)
    first = np.searchsorted(cal.MONTH, number)
    bias = who.reps.set_index("rep_id")["bias"].loc[asked["rep_id"]].to_numpy()
    total = _won_by(wins, asked, number, np.full(len(asked), cal.NEVER))
    rows = []
    for lag, sight, spread in ((-5, 0.45, 0.28), (7, 0.65, 0.20), (19, 0.85, 0.12)):
        called = cal.working(first + lag)
        so_far = _won_by(wins, asked, number, called)
        coming = sight * (total - so_far) + (1 - sight) * np.maximum(0.9 * asked["amount"].to_numpy() - so_far, 0)
        commit = so_far + coming * np.exp(bias + rng.normal(0, spread, len(asked)))
        best = commit + (coming + 0.1 * asked["amount"].to_numpy()) * rng.uniform(0.15, 0.6, len(asked))
        rows.append(
            pd.DataFrame(
                {
                    "rep_id": asked["rep_id"],
                    "month": asked["month"],
                    "called_on": cal.dates(called),
                    "commit": np.round(commit / 500) * 500,
                    "best_case": np.round(best / 500) * 500,
                    "day": called,
                    "made": rng.random(len(asked)) < 0.96,
                }
            )
        )
    hired = who.reps.set_index("rep_id")["hired"]
    every = pd.concat(rows, ignore_index=True)
    every = every[every["made"] & every["day"].between(hired.loc[every["rep_id"]].to_numpy(), cal.EXTRACT)]
    return every.sort_values(["rep_id", "month", "called_on"], ignore_index=True).drop(columns=["day", "made"])


def _won_by(wins: pd.DataFrame, asked: pd.DataFrame, number: np.ndarray, before: np.ndarray) -> np.ndarray:
    """What each rep wins in each month asked for, before each day."""
    limit = pd.DataFrame({"rep_id": asked["rep_id"], "number": number, "before": before, "row": np.arange(len(asked))})
    met = wins.assign(number=cal.MONTH[wins["close"]]).merge(limit, on=["rep_id", "number"])
    return (
        met[met["close"] < met["before"]]
        .groupby("row")["amount"]
        .sum()
        .reindex(range(len(asked)), fill_value=0)
        .to_numpy()
    )


def corrections(streams: Streams, quota: pd.DataFrame, won: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The tables mbo_scores (by quarter), adjustments and disputes (a few rows)."""
    rng = streams("corrections")
    quarter = quota[quota["month"].dt.month % 3 == 0]
    scores = quarter[["rep_id", "month"]].assign(
        objective=np.array(OBJECTIVES)[rng.integers(0, 3, len(quarter))],
        score=np.minimum(np.round(rng.beta(6, 1.6, len(quarter)) * 20) / 20, 1.0),
    )
    some = quota.iloc[np.sort(rng.choice(len(quota), 14, replace=False))]
    reasons = np.array(["Late credit", "Split corrected", "Clawback: order cancelled", "Referral bonus"])
    which = rng.integers(0, 4, 14)
    adjustments = pd.DataFrame(
        {
            "rep_id": some["rep_id"],
            "month": some["month"],
            "reason": reasons[which],
            "amount": np.round(rng.uniform(150, 1900, 14), 2) * np.array([1, 1, -1, 1])[which],
        }
    )
    deal = won.iloc[np.sort(rng.choice(len(won), 11, replace=False))]
    raised = np.minimum(deal["close"].to_numpy() + rng.integers(8, 40, 11), cal.EXTRACT)
    settled = raised + rng.integers(5, 45, 11)
    disputes = pd.DataFrame(
        {
            "dispute_id": [f"D-{k + 1:02d}" for k in range(11)],
            "rep_id": deal["rep_id"].to_numpy(),
            "opportunity_id": deal["opportunity_id"].to_numpy(),
            "raised_on": cal.dates(raised),
            "claim": np.array(["Deal credited to a colleague", "Wrong quota share", "Closing date in the wrong month"])[
                rng.integers(0, 3, 11)
            ],
            "settled_on": cal.dates(np.where(settled > cal.EXTRACT, cal.NEVER, settled)),
            "outcome": np.where(settled > cal.EXTRACT, "", np.where(rng.random(11) < 0.6, "Accepted", "Rejected")),
        }
    )
    return {"mbo_scores": scores, "adjustments": adjustments, "disputes": disputes}
