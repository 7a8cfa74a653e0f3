"""Wins: deals closed and won, their value, size and length, and how fast money comes in."""

from __future__ import annotations

import pandas as pd

from salesops_helpers.performance.definitions import cycle
from salesops_helpers.performance.definitions.deals import closed, created, credit
from salesops_helpers.performance.kpi import Form, Kpi
from salesops_helpers.performance.question import Question
from salesops_helpers.performance.ranges import KEYS

CLOSED = "deals won or lost in the period"
CREATED = "deals created in the period, closed since or not"


def named(frame: pd.DataFrame, **columns: str) -> pd.DataFrame:
    """The keys of a frame and some of its columns under other names (new = old)."""
    keys = [c for c in (*KEYS, "bucket") if c in frame]
    return frame[keys].assign(**{new: frame[old] for new, old in columns.items()})


def closed_sums(ask: Question) -> pd.DataFrame:
    """`closed` without buckets."""
    return ask.once(closed).drop(columns="bucket").groupby(KEYS, as_index=False).sum()


def _closed(**columns: str):
    return lambda ask: named(ask.once(closed_sums), **columns)


def _by_account(**columns: str):
    return lambda ask: named(ask.once(closed), **columns)


def _created_rate(ask: Question) -> pd.DataFrame:
    found = ask.once(created)
    return named(found, numerator="won", denominator="created").assign(
        still_open=found["open"] / found["created"].where(found["created"] > 0))


def _qualified_rate(ask: Question) -> pd.DataFrame:
    found = ask.once(closed_sums)
    return named(found, numerator="won").assign(denominator=found["won"] + found["qualified_lost"])


def _value_rate(ask: Question) -> pd.DataFrame:
    """Missing where deals were lost and none of them carries an amount: the rate would be 100 % whatever happened."""
    found, sums = ask.once(closed), ask.once(closed_sums).set_index(KEYS)
    says = (sums["lost_valued"] > 0) | (sums["won"] == sums["closed"])
    says = says.reindex(pd.MultiIndex.from_frame(found[KEYS])).to_numpy()
    return named(found, numerator="won_amount", denominator="closed_amount", n="closed").assign(
        denominator=found["closed_amount"].where(says, 0.0))


def value_by_account(ask: Question) -> pd.DataFrame:
    """Won amount and deals won with an amount, by unit, month and bucket: the cells of the mean deal size."""
    return named(ask.once(closed), numerator="won_amount", denominator="valued", n="valued")


def _bookings(column: str):
    return lambda ask: named(ask.summed(ask.once(credit)), numerator=column)


KPIS = (
    Kpi("deals_created", "Deals created", "How many deals came into the pipeline.", "deals", "up",
        "opportunities.created_on", (
            Form("created", "deals created", CREATED, "sum", lambda ask: named(ask.once(created), numerator="created")),
        )),
    Kpi("deals_won", "Deals won", "How many deals were won.", "deals", "up", "opportunities.status, closed_on", (
        Form("closed", "deals won", CLOSED, "sum", _closed(numerator="won")),)),
    Kpi("deals_lost", "Deals lost", "How many deals were lost.", "deals", "down", "opportunities.status, closed_on", (
        Form("closed", "deals lost", CLOSED, "sum", lambda ask: named(ask.once(closed_sums)).assign(
            numerator=ask.once(closed_sums)["closed"] - ask.once(closed_sums)["won"])),)),
    Kpi("won_value", "Won value", "What the deals won are worth.", "currency", "up", "opportunities.amount", (
        Form("closed", "Σ amount of deals won", CLOSED, "sum", _closed(numerator="won_amount")),)),
    Kpi("bookings", "Bookings", "Won value as credited to reps.", "currency", "up",
        "opportunities.amount × splits.quota_share", (
            Form("credited", "Σ amount × quota share, overlay credit left out", "deals won in the period", "sum",
                 _bookings("bookings")),
            Form("with_overlay", "Σ amount × quota share, overlay credit included", "deals won in the period",
                 "quotient", lambda ask: named(ask.summed(ask.once(credit)), numerator="with_overlay").assign(
                     denominator=1.0)),
        )),
    Kpi("win_rate", "Win rate", "Which share of the deals is won, by number.", "share", "up",
        "opportunities.status, created_on, closed_on", (
            Form("closed", "won ÷ (won + lost)", CLOSED, "rate", _closed(numerator="won", denominator="closed")),
            Form("created", "won ÷ created, open ones included", CREATED, "rate", _created_rate),
            Form("qualified", "won ÷ (won + lost past the first stage)", CLOSED, "rate", _qualified_rate,
                 needs=("stage_history",)),
        )),
    Kpi("win_rate_value", "Win rate by value", "Which share of the value decided is won.", "share", "up",
        "opportunities.amount, list_price; products.list_price", (
            Form("amount", "won amount ÷ (won + lost amount); missing where no lost deal carries an amount", CLOSED,
                 "ratio", _value_rate),
            Form("list_price", "list price of won ÷ list price of won and lost", CLOSED, "ratio",
                 _by_account(numerator="won_list", denominator="closed_list", n="listed")),
        )),
    Kpi("deal_size", "Average deal size", "What a deal won is worth.", "currency", "up", "opportunities.amount", (
        Form("mean", "won amount ÷ deals won, of those with an amount", "deals won in the period", "ratio",
             value_by_account),
        Form("median", "median amount of deals won", "deals won in the period with an amount", "median",
             cycle.amounts),
    )),
    Kpi("sales_cycle", "Sales cycle", "How many days a deal takes from its creation.", "days", "down",
        "opportunities.created_on, closed_on", (
            Form("won_median", "median days from created to won", "deals won in the period", "median",
                 cycle.days(won_only=True)),
            Form("closed_median", "median days from created to won or lost", CLOSED, "median",
                 cycle.days(won_only=False)),
            Form("km_closed", "Kaplan–Meier median of days to won or lost, open deals censored",
                 "deals open on some day of the period, from the age at which they came into it", "survival",
                 cycle.kaplan_meier(won_only=False)),
            Form("km_won", "Kaplan–Meier median of days to won, open and lost deals censored",
                 "deals open on some day of the period, from the age at which they came into it", "survival",
                 cycle.kaplan_meier(won_only=True)),
        )),
)
