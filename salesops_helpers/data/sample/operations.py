"""Demand and supply, tools and their use, and the small tables: roles, routing, hiring, rates of exchange."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers.data.sample import calendar as cal
from salesops_helpers.data.sample.catalog import LEAD_TIME, PRODUCTS, RECURRING, REGIONS, REP_NAMES, ROLES, SEAT_TEAM
from salesops_helpers.data.sample.market import price_on
from salesops_helpers.data.sample.people import People
from salesops_helpers.data.sample.streams import Streams

SHORT_PRODUCT = 2  # place in PRODUCTS of the one that runs out
CUT = slice(cal.MONTH[cal.day("2025-01-01")] - cal.MONTHS[0], cal.MONTH[cal.day("2025-06-01")] - cal.MONTHS[0])
CUT_TO = 0.1  # of its capacity, in the months of CUT
WAITS = 0.5  # share of what is held back that is bought when stock is there again
REORDERS = 0.30  # orders without a salesperson ÷ units in won deals

TOOLS = ("Pipeboard", "Callwise", "Scoutbase", "Signpost", "Learnloop")
_TOOL_COST = np.array([54000, 14400, 21600, 6000, 9600])
_TOOL_SEATS = np.array([40, 30, 35, 32, 40])
_LIKED = np.array([3.3, 4.1, 3.6, 4.4, 2.5])
_COMMENTS = (
    ("Too slow on the road", "Breaks every release", "Nobody uses it in my team", "Double entry again", ""),
    ("Too many fields", "Search is weak", "Fine, but the app logs me out", "", ""),
    ("Does the job", "OK", "Reports could be easier", "", ""),
    ("Saves me time", "Good since the update", "Works well with mail", "", ""),
    ("Could not work without it", "Best tool we have", "Très pratique 👍", "", ""),
)
_DUTIES = {  # of sales operations, by the people below
    "Forecast": "AB", "Quota setting": "A", "Pay plans": "AC", "CRM data quality": "D", "Lead routing": "DE",
    "Territory design": "A", "Monthly report": "B", "Sales tools": "E", "Training": "F", "S&OP meeting": "BF",
}
_STAFF = {
    "A": ("Nora Falk", "Leader"), "B": ("Samir Haddad", "Analyst"), "C": ("Judith Raab", "Planning specialist"),
    "D": ("Tom Greven", "Analyst"), "E": ("Aino Koski", "Technology specialist"), "F": ("Leo Marchand", "Manager"),
}
_HIRING = (
    (ROLES[0], "West", "2026-11-02", 1), (ROLES[0], "North", "2027-01-04", 1), (ROLES[1], "Central", "2027-01-04", 1),
    (ROLES[1], "South", "2027-04-01", 1), (ROLES[0], "Central", "2027-07-01", 2),
)


def demand_and_supply(streams: Streams, won: pd.DataFrame) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """The tables demand (all products) and supply (what is kept in stock), and what was held back by missing stock."""
    rng = streams("supply")
    shape = (len(PRODUCTS), len(cal.MONTHS))
    wanted = np.zeros(shape)
    np.add.at(wanted, (won["product"].to_numpy(), cal.MONTH[won["close"]] - cal.MONTHS[0]), won["units"].to_numpy())
    level = wanted.mean(axis=1, keepdims=True) * REORDERS * (1.06 ** (np.arange(shape[1]) / 12)) / 1.09
    reorders = rng.poisson(level * (0.5 + 0.5 * cal.SEASON_CLOSE[cal.MONTHS % 12]))
    wanted = wanted + np.where(RECURRING[:, None], 0, reorders)
    stock, sold, held = _stock(wanted)
    first = np.searchsorted(cal.MONTH, cal.MONTHS)
    product = np.repeat(np.arange(shape[0]), shape[1])
    month = np.tile(cal.months(cal.MONTHS), shape[0])
    price = price_on(product, np.tile(first, shape[0]))
    demand = pd.DataFrame(
        {
            "product": np.array(PRODUCTS)[product],
            "month": month,
            "units": sold.ravel(),
            "revenue": np.round(sold.ravel() * price * 0.89),
        }
    )
    supply = stock.assign(stocked_out=(held > 0).ravel(), product=np.array(PRODUCTS)[product], month=month)
    supply = supply[~RECURRING[product]].reset_index(drop=True)
    short = held > 0
    truth = demand[short.ravel()][["product", "month", "units"]].assign(wanted=wanted[short], held_back=held[short])
    return {"demand": demand, "supply": supply}, truth


def _stock(wanted: np.ndarray) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Stock at each month's end under an order-up-to rule, units sold, units held back.

    Express deliveries keep every product in stock but the short one, whose supplier fails for some months.
    """
    mean, spread = wanted.mean(axis=1), wanted.std(axis=1)
    goal = np.ceil(mean * (LEAD_TIME + 1) + 1.6 * spread * np.sqrt(LEAD_TIME + 1))
    capacity = np.repeat(np.ceil(mean * 1.35 / 5)[:, None] * 5, wanted.shape[1], axis=1)
    capacity[:, 24:] = np.ceil(capacity[:, 24:] * 1.1)
    capacity[SHORT_PRODUCT, CUT] = np.floor(capacity[SHORT_PRODUCT, CUT] * CUT_TO)
    rows, ahead, never_short = np.arange(len(mean)), np.arange(1, 6), np.arange(len(mean)) != SHORT_PRODUCT
    coming = np.repeat(np.round(mean)[:, None], wanted.shape[1] + 8, axis=1)
    stock, waiting = np.maximum(goal - mean * LEAD_TIME, 0).round(), np.zeros(len(mean))
    on_hand, in_transit, sold, held = (np.zeros(wanted.shape) for _ in range(4))
    for t in range(wanted.shape[1]):
        there, asked = stock + coming[:, t], wanted[:, t] + waiting
        there = np.where(never_short, np.maximum(there, asked + np.ceil(0.1 * mean)), there)
        sold[:, t] = np.minimum(there, asked)
        held[:, t] = np.maximum(wanted[:, t] - np.maximum(there - waiting, 0), 0)
        waiting = np.floor((asked - sold[:, t]) * WAITS)
        stock = there - sold[:, t]
        due = (coming[:, t + ahead] * (ahead < LEAD_TIME[:, None])).sum(axis=1)
        order = np.round(np.clip(goal - stock - due, 0, capacity[:, t]))
        coming[rows, t + np.maximum(LEAD_TIME, 1)] = order
        on_hand[:, t], in_transit[:, t] = stock, (coming[:, t + ahead] * (ahead <= LEAD_TIME[:, None])).sum(axis=1)
    frame = pd.DataFrame({"on_hand": on_hand.ravel(), "capacity": capacity.ravel(), "in_transit": in_transit.ravel()})
    return frame, sold, held


def tools(streams: Streams, quota: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The tables tools, tool_usage (every licensed rep and month) and tool_feedback (once a quarter)."""
    rng = streams("tools")
    everyone = len(REP_NAMES)
    rep = quota["rep_id"].str[2:].astype(int).to_numpy() - 1
    number = quota["month"].to_numpy().astype("datetime64[M]").astype(int) - cal.MONTHS[0]
    begins = np.zeros((len(TOOLS), everyone))
    begins[1] = rng.integers(8, 16, everyone)  # rolled out late
    taste = rng.beta(3, 1.5, (len(TOOLS), everyone))[:, rep]
    habit = np.array([0.35, 0.75, 0.6, 0.22, 0.45])[:, None] * taste
    habit[0] += 0.55
    habit[4] *= np.exp(-number / 16)  # forgotten after its first year
    days = rng.binomial(20, np.clip(habit, 0, 1))
    licensed = (number >= begins[:, rep]) & (np.array([1, 1, 0.85, 0.8, 1])[:, None] > rep / everyone)
    tool, row = np.nonzero(licensed)
    usage = pd.DataFrame(
        {
            "rep_id": quota["rep_id"].to_numpy()[row],
            "tool": np.array(TOOLS)[tool],
            "month": quota["month"].to_numpy()[row],
            "active_days": days[tool, row],
        }
    )
    usage = usage.sort_values(["month", "rep_id", "tool"], ignore_index=True)
    asked = usage[(usage["month"].dt.month % 3 == 0) & (rng.random(len(usage)) < 0.35)]
    which = asked["tool"].map({name: k for k, name in enumerate(TOOLS)}).to_numpy()
    score = np.clip(
        np.round(_LIKED[which] + 0.05 * (asked["active_days"] - 8) + rng.normal(0, 0.8, len(asked))), 1, 5
    ).astype(int)
    comment = np.array(_COMMENTS, object)[score - 1, rng.integers(0, 5, len(asked))]
    feedback = asked[["rep_id", "tool", "month"]].assign(score=score, comment=comment)
    return {
        "tools": pd.DataFrame({"tool": TOOLS, "seats": _TOOL_SEATS, "cost": _TOOL_COST}),
        "tool_usage": usage,
        "tool_feedback": feedback,
    }


def small_tables(streams: Streams, who: People) -> dict[str, pd.DataFrame]:
    """The tables roles, routing_policy, hiring_plan and fx_rates."""
    roles = [(duty, *_STAFF[one]) for duty, those in _DUTIES.items() for one in those]
    hiring = pd.DataFrame(_HIRING, columns=["role", "region", "starts_on", "heads"])
    return {
        "roles": pd.DataFrame(roles, columns=["responsibility", "person", "role"]),
        "routing_policy": _routing(who),
        "hiring_plan": hiring.astype({"starts_on": "datetime64[ns]"}),
        "fx_rates": _rates(streams("rates of exchange")),
    }


def _routing(who: People) -> pd.DataFrame:
    """Equal parts for the reps of a region on the extract day."""
    seats = who.tenures[(who.tenures["start"] <= cal.EXTRACT) & (who.tenures["end"] > cal.EXTRACT)]
    pools = pd.DataFrame({"region": SEAT_TEAM[seats["seat"]] // 2, "rep_id": who.ids[seats["rep"]]})
    pools = pools.sort_values(["region", "rep_id"], ignore_index=True)
    size = pools.groupby("region")["rep_id"].transform("size")
    part = (1 / size).round(4)
    weight = np.where(pools.duplicated("region"), part, 1 - (size - 1) * part)
    pool = (np.array(REGIONS, object) + " inbound")[pools["region"]]
    return pools.assign(pool=pool, weight=weight.round(4), hours="08:00-18:00")


def _rates(rng: np.random.Generator) -> pd.DataFrame:
    """Rates that wander from a start."""
    start, drift, n = np.array([1.03, 1.155, 0.945]), np.array([0.0010, 0.0004, -0.0012]), len(cal.MONTHS)
    walk = start[:, None] * np.exp(np.cumsum(drift[:, None] + rng.normal(0, 0.008, (3, n)), axis=1))
    months = np.tile(cal.months(cal.MONTHS), 3)
    currency = np.repeat(["CHF", "GBP", "USD"], n)
    return pd.DataFrame({"currency": currency, "month": months, "rate": walk.ravel().round(4)})
