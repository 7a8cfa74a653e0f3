"""The tables that a CRM exports: opportunities, stage_history, activities, leads, splits."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers.data.sample import calendar as cal
from salesops_helpers.data.sample.catalog import KINDS, PROBABILITY, PRODUCTS, QUALIFIED, SEGMENTS, SOURCES, STAGES
from salesops_helpers.data.sample.people import People
from salesops_helpers.data.sample.streams import Streams, pick

STATUS = np.array(["open", "open", "open", "open", "won", "lost"])
FORECAST = np.array(["Pipeline", "Pipeline", "Best case", "Commit", "Closed", "Omitted"])
NEXT_STEPS = (
    "Call back on budget",
    "Send revised offer",
    "Demo with plant manager",
    "Wait for legal review",
    "Site visit",
    "",
    "Procurement meeting",
    "Reference call",
    "Trial installation",
    "Confirm decision date",
    "Pricing approval",
    "",
)
ACTIVITIES = ("call", "email", "meeting", "demo")
_LEAD_KINDS = 5  # the first sources come in as leads


def deal_ids(deals: pd.DataFrame) -> np.ndarray:
    """``O-00001`` and so on, by day of creation."""
    return _numbered("O-%05d", np.arange(len(deals)) + 1)


def _numbered(form: str, numbers: np.ndarray) -> np.ndarray:
    return np.char.mod(form, numbers).astype(object)


def opportunities(
    streams: Streams, who: People, found: pd.DataFrame, deals: pd.DataFrame, log: pd.DataFrame
) -> pd.DataFrame:
    """The table opportunities: each deal as of the extract day, which is the last row of its history."""
    rng = streams("opportunities")
    now = log.groupby("deal").tail(1).set_index("deal")
    stage = now["stage"].to_numpy()
    closed = stage >= 4
    probability, forecast = PROBABILITY[stage], FORECAST[stage].astype(object)
    hopeful = (stage == 2) & (rng.random(len(now)) < 0.15)
    forecast[hopeful] = "Commit"
    step = np.array(NEXT_STEPS, object)[rng.integers(0, len(NEXT_STEPS), len(now))]
    return pd.DataFrame(
        {
            "opportunity_id": deal_ids(deals),
            "account_id": found["account_id"].to_numpy()[deals["account"]],
            "rep_id": who.ids[now["owner"]],
            "product": np.array(PRODUCTS)[deals["product"]],
            "currency": None,
            "segment": np.array(SEGMENTS)[deals["segment"]],
            "kind": np.array(KINDS)[deals["kind"]],
            "lead_source": np.array(SOURCES)[deals["source"]],
            "created_on": cal.dates(deals["created"]),
            "stage": np.array(STAGES)[stage],
            "status": STATUS[stage],
            "amount": now["amount"].to_numpy(),
            "list_price": deals["list_price"].to_numpy(),
            "probability": probability,
            "expected_close_on": cal.dates(now["expected"]),
            "closed_on": cal.dates(np.where(closed, cal.WORKING_DAYS[np.floor(now["time"]).astype(int)], cal.NEVER)),
            "forecast_category": forecast,
            "next_step": np.where(closed, "", step),
        }
    )


def stage_history(who: People, deals: pd.DataFrame, log: pd.DataFrame) -> pd.DataFrame:
    """The table stage_history."""
    return pd.DataFrame(
        {
            "opportunity_id": deal_ids(deals)[log["deal"]],
            "changed_at": cal.moments(log["time"]),
            "stage": np.array(STAGES)[log["stage"]],
            "amount": log["amount"],
            "expected_close_on": cal.dates(log["expected"]),
            "rep_id": who.ids[log["owner"]],
        }
    )


def activities(
    streams: Streams, who: People, found: pd.DataFrame, deals: pd.DataFrame, log: pd.DataFrame
) -> pd.DataFrame:
    """The table activities: on deals by their owner of the day, and prospecting without a deal."""
    rng = streams("activities")
    every = pd.concat([_on_deals(rng, who, deals, log), _prospecting(rng, found, deals)], ignore_index=True)
    place = np.floor(every["time"]).astype(int)
    every, place = every[place > cal.ORDER[cal.WINDOW - 1]], place[place > cal.ORDER[cal.WINDOW - 1]]
    alone = (every["opportunity_id"] == "").to_numpy()
    kind = pick(rng, np.where(alone[:, None], [0.62, 0.36, 0.02, 0.0], [0.38, 0.34, 0.19, 0.09]))
    minutes = np.array([12, 5, 48, 62])[kind] * np.exp(rng.normal(0, 0.35, len(every)))
    frame = every.assign(
        rep_id=who.ids[who.holder[every["seat"], cal.WORKING_DAYS[place]]],
        contact=_numbered("K%03d-", every["account"] + 1) + _numbered("%d", every["contact"]),
        kind=np.array(ACTIVITIES)[kind], occurred_at=cal.moments(every["time"]), minutes=np.round(minutes).clip(1),
    )
    frame = frame.sort_values(["occurred_at", "rep_id"], kind="stable", ignore_index=True)
    return frame.assign(activity_id=_numbered("A-%05d", np.arange(len(frame)) + 1))


def _on_deals(rng: np.random.Generator, who: People, deals: pd.DataFrame, log: pd.DataFrame) -> pd.DataFrame:
    """Activities on deals from their creation to their close: more in long lives, and by busy reps."""
    rep = who.holder[deals["seat"], deals["created"]]
    starts = cal.ORDER[deals["created"]] + 0.3
    ends = np.maximum(cal.ORDER[deals["close"]] + 0.6, starts + 0.1)
    ends = np.where(deals["forgotten"], np.minimum(ends, starts + 40), ends)
    stages = log.groupby("deal")["stage"].nunique().to_numpy()
    stages = np.where((deals["close"] > cal.EXTRACT) & ~deals["forgotten"], 4, stages)
    rate = (1.1 + 0.9 * stages) * who.reps["activity"].to_numpy()[rep] * np.where(deals["kind"] == 2, 0.5, 1.0)
    deal = np.repeat(np.arange(len(deals)), rng.poisson(rate))
    people = 1 + rng.poisson(who.reps["threads"].to_numpy()[rep])
    frame = pd.DataFrame({
        "opportunity_id": deal_ids(deals)[deal], "seat": deals["seat"].to_numpy()[deal],
        "account": deals["account"].to_numpy()[deal],
        "contact": 1 + np.floor(rng.random(len(deal)) * people[deal]).astype(int),
        "time": starts[deal] + rng.beta(1.0, 1.15, len(deal)) * (ends - starts)[deal],
    })
    return frame[frame["time"] < cal.ORDER[cal.EXTRACT] + 1]


def _prospecting(rng: np.random.Generator, found: pd.DataFrame, deals: pd.DataFrame) -> pd.DataFrame:
    """Activities without a deal, at accounts of the seat."""
    n = int(0.6 * len(deals))
    seat = rng.choice(deals["seat"].to_numpy(), n)
    first, last = (np.searchsorted(found["seat"], seat, side=side) for side in ("left", "right"))
    return pd.DataFrame({
        "opportunity_id": "", "seat": seat, "account": rng.integers(first, last), "contact": 1,
        "time": rng.uniform(cal.ORDER[cal.WINDOW] + 1, cal.ORDER[cal.EXTRACT] + 0.9, n),
    })


def leads(streams: Streams, who: People, deals: pd.DataFrame) -> pd.DataFrame:
    """The table leads: those that became a deal, and those that did not, by the true quality of their source."""
    rng = streams("leads")
    raw = _raw_leads(rng, who, deals)
    n, end, good = len(raw), cal.ORDER[cal.EXTRACT] + 1, raw["good"].to_numpy()
    habit = who.reps["response"].to_numpy()[raw["rep"]]
    given = raw["born"] + np.minimum(np.exp(rng.normal(np.log(0.08), 0.8, n)).clip(0.002, 1.5), 0.4 * raw["wait"])
    touched = given + habit * np.exp(rng.normal(0, 0.9, n)) / 600
    touched = np.where(good, np.minimum(touched, given + 0.85 * (raw["born"] + raw["wait"] - given)), touched)
    never = ~good & (rng.random(n) < np.clip(0.05 + 0.0004 * habit, 0, 0.3))
    lost = (~good & (rng.random(n) < 0.012)) | (given >= end)  # given to nobody (yet)
    score = np.clip(rng.normal(40 + 40 * QUALIFIED[raw["source"]] + 9 * good, 15), 1, 100)
    frame = raw.assign(
        created_at=cal.moments(raw["born"]),
        source=np.array(SOURCES)[raw["source"]],
        score=np.round(score),
        rep_id=np.where(lost, "", who.ids[raw["rep"]]),
        assigned_at=np.where(lost, np.datetime64("NaT"), cal.moments(np.minimum(given, end))),
        first_touch_at=np.where(
            lost | never | (touched >= end), np.datetime64("NaT"), cal.moments(np.minimum(touched, end))
        ),
        qualified_on=cal.dates(np.where(good, deals["created"].to_numpy()[raw["deal"]], cal.NEVER)),
        opportunity_id=np.where(good, deal_ids(deals)[raw["deal"]], ""),
    )
    frame = frame[frame["born"].between(cal.ORDER[cal.WINDOW] + 1, end, inclusive="left")]
    frame = frame.sort_values(["created_at", "score"], kind="stable", ignore_index=True)
    return frame.assign(lead_id=_numbered("L-%04d", np.arange(len(frame)) + 1))


def _raw_leads(rng: np.random.Generator, who: People, deals: pd.DataFrame) -> pd.DataFrame:
    """For each lead: the deal that it became, or one that it is like; when it came, and to which rep."""
    inbound = (deals["source"] < _LEAD_KINDS) & (deals["created"] > cal.WINDOW + 20) & (rng.random(len(deals)) < 0.66)
    good = deals.index[inbound].to_numpy()
    luck = who.reps["luck"].to_numpy()[who.holder[deals["seat"][good], deals["created"][good]]]
    odds = ((1 - QUALIFIED) / QUALIFIED)[deals["source"][good]] * np.where(luck == "poor", 2.0, 1.0)
    others = np.repeat(good, rng.poisson(odds))
    deal = np.append(good, others)
    shift = np.append(np.zeros(len(good)), rng.integers(-8, 9, len(others)))
    wait = np.clip(np.exp(rng.normal(np.log(4.0), 0.7, len(deal))), 0.5, 25)
    born = cal.ORDER[deals["created"]][deal] + shift - wait
    known = cal.WORKING_DAYS[np.clip(born, 0, cal.ORDER[cal.EXTRACT]).astype(int)]
    return pd.DataFrame({
        "deal": deal, "good": np.arange(len(deal)) < len(good), "source": deals["source"].to_numpy()[deal],
        "rep": who.holder[deals["seat"].to_numpy()[deal], known], "born": born, "wait": wait,
    })


def splits(streams: Streams, who: People, deals: pd.DataFrame, deal_table: pd.DataFrame) -> pd.DataFrame:
    """The table splits: one deal in forty is shared with a colleague of the region, or a helper is credited too."""
    rng = streams("splits")
    chosen = np.flatnonzero(rng.random(len(deals)) < 0.025)
    seat, owner = deals["seat"].to_numpy()[chosen], deal_table["rep_id"].to_numpy()[chosen]
    day = np.minimum(deals["close"].to_numpy()[chosen], cal.EXTRACT)
    region_seat = seat // 8 * 8 + (seat + rng.integers(1, 8, len(chosen))) % 8
    other = who.ids[who.holder[region_seat, day]]
    keep = other != owner
    chosen, owner, other = chosen[keep], owner[keep], other[keep]
    overlay = rng.random(len(chosen)) < 0.3
    part = rng.choice([0.2, 0.3, 0.4, 0.5], len(chosen))
    mine = np.where(overlay, 1.0, 1 - part)
    frame = pd.DataFrame(
        {
            "opportunity_id": np.tile(deal_ids(deals)[chosen], 2),
            "rep_id": np.append(owner, other),
            "quota_share": np.append(mine, part),
            "commission_share": np.append(mine, np.where(overlay, part / 2, part)),
            "overlay": np.append(np.zeros(len(chosen), bool), overlay),
        }
    )
    return frame.sort_values(["opportunity_id", "overlay", "rep_id"], ignore_index=True)
