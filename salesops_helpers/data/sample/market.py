"""What is sold to whom: products, their prices over time, and the accounts of each territory."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers.data.sample import calendar as cal
from salesops_helpers.data.sample.catalog import (
    CITIES,
    COST_SHARE,
    FAMILIES,
    INDUSTRIES,
    LEAD_TIME,
    PRICE,
    PRICE_FACTOR,
    PRICE_FROM,
    PRODUCTS,
    REGIONS,
    SEAT_ENTERPRISE,
    SEAT_TEAM,
    SEATS,
    STEMS,
    STOCK_RATE,
    TRADES,
)
from salesops_helpers.data.sample.people import People
from salesops_helpers.data.sample.streams import Streams, pick

HOSTILE_ACCOUNTS = ("<script>alert(1)</script>", "=cmd|'/C calc'!A0", "$x^2$ Analytics", 'Baker, "Smith" & Söhne')


def list_prices() -> np.ndarray:
    """List price by product and price date, in steps of 10."""
    return np.round(PRICE[:, None] * PRICE_FACTOR / 10) * 10


def price_on(product: np.ndarray, days: np.ndarray) -> np.ndarray:
    """List price of each product on each day."""
    starts = np.array([cal.day(text) for text in PRICE_FROM])
    return list_prices()[product, np.searchsorted(starts, days, side="right") - 1]


def product_tables() -> dict[str, pd.DataFrame]:
    """The tables products and product_prices (a row only where the price changes)."""
    prices = list_prices()
    products = pd.DataFrame(
        {
            "product": PRODUCTS,
            "family": FAMILIES,
            "list_price": prices[:, -1],
            "unit_cost": np.round(PRICE * COST_SHARE),
            "lead_time_months": LEAD_TIME,
            "stock_cost_rate": STOCK_RATE,
        }
    )
    changed = np.column_stack([np.ones(len(PRODUCTS), bool), np.diff(prices, axis=1) != 0])
    product, step = np.nonzero(changed)
    return {
        "products": products,
        "product_prices": pd.DataFrame(
            {
                "product": np.array(PRODUCTS)[product],
                "valid_from": np.array(PRICE_FROM, "datetime64[ns]")[step],
                "list_price": prices[product, step],
            }
        ),
    }


def accounts(streams: Streams) -> pd.DataFrame:
    """The accounts: seat, segment, attraction beside the columns of the table accounts (without its rep)."""
    rng = streams("accounts")
    seat = np.repeat(np.arange(len(SEATS)), np.where(SEAT_ENTERPRISE, 13, 25))
    n = len(seat)
    segment = np.where(SEAT_ENTERPRISE[seat], 0, 1 + (rng.random(n) < 0.45))
    employees = np.exp(np.log(np.array([2400, 380, 70])[segment]) + rng.normal(0, 0.5, n))
    trade, stem = np.divmod(rng.permutation(len(STEMS) * 3 * len(INDUSTRIES))[:n], len(STEMS))
    words = np.array(TRADES).ravel()[trade]
    region = SEAT_TEAM[seat] // 2
    city = np.array([CITIES[name] for name in REGIONS])[region, rng.integers(0, 7, n)] + rng.normal(0, 0.25, (n, 2))
    potential = np.array([210e3, 62e3, 24e3])[segment] * np.exp(rng.normal(0, 0.45, n))
    names = np.char.add(np.char.add(np.array(STEMS)[stem], " "), words).astype(object)
    names[rng.choice(n, len(HOSTILE_ACCOUNTS), replace=False)] = HOSTILE_ACCOUNTS
    return pd.DataFrame(
        {
            "account_id": [f"C-{k + 1:04d}" for k in range(n)],
            "name": names,
            "industry": np.array(INDUSTRIES)[trade // 3],
            "employees": np.round(employees),
            "revenue": np.round(employees * np.exp(rng.normal(12.2, 0.3, n)), -4),
            "region": np.array(REGIONS)[region],
            "territory": np.array(SEATS)[seat],
            "latitude": city[:, 0].round(4),
            "longitude": city[:, 1].round(4),
            "potential": np.round(potential, -2),
            "workload": np.round(np.array([90, 34, 14])[segment] * np.exp(rng.normal(0, 0.3, n))),
            "seat": seat,
            "segment": segment,
            "attraction": np.sqrt(potential),
        }
    )


def account_table(found: pd.DataFrame, who: People) -> pd.DataFrame:
    """The table accounts, with the rep who looks after each on the extract day."""
    return found.assign(rep_id=who.ids[who.holder[found["seat"], cal.EXTRACT]])


def account_of(rng: np.random.Generator, found: pd.DataFrame, seats: np.ndarray) -> np.ndarray:
    """One account of each seat, drawn by its attraction."""
    width = found.groupby("seat").size().max()
    first = np.searchsorted(found["seat"], np.arange(len(SEATS)))
    slot = np.minimum(first[:, None] + np.arange(width), len(found) - 1)
    weight = found["attraction"].to_numpy()[slot] * (found["seat"].to_numpy()[slot] == np.arange(len(SEATS))[:, None])
    last = np.append(first[1:], len(found)) - first
    weight = np.where(np.arange(width) < last[:, None], weight, 0)
    return slot[seats, pick(rng, weight[seats])]
