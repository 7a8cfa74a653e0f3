"""The cases behind a rep's strengths and focus: what happened, what could be expected of others, what it is worth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers.data.columns import TEXT
from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.measures import month_end
from salesops_helpers.performance import reps
from salesops_helpers.performance.kpis import closed_deals
from salesops_helpers.performance.rep_expected import expected_deals
from salesops_helpers.performance.rep_given import given
from salesops_helpers.performance.rep_models import Logistic, fitted, folds_of
from salesops_helpers.performance.stages import entries

STAGE, SEGMENT, PRODUCT, LEADS, ANSWER, PRICE = "stage", "segment", "product", "leads", "answer", "price"
KINDS = (STAGE, SEGMENT, PRODUCT, LEADS, ANSWER, PRICE)
QUALIFIED_DAYS, ANSWERED_HOURS = 30, 24
COLUMNS = ["kind", "level", "rep_id", "case_id", "observed", "expected", "variance", "worth"]
_DAY = pd.Timedelta(days=1)


def cases(tables: Tables, months: int = 12) -> pd.DataFrame:
    """Each case of the last `months` months that says how a rep does, with what another rep could expect of it.

    Returns
    -------
    DataFrame
        One row a look and case: kind (out of `KINDS`), level (which stage, segment or product; empty for the others),
        rep_id, case_id (deal or lead), observed, expected (shares), variance (of observed about expected), worth
        (currency that one more success is worth, or one more list price kept; missing where nothing tells).

        - stage: deals that first entered it in the period and have left it for good: did they move on?
        - segment, product: deals that closed: were they won?
        - leads: leads given at least 30 days before the as-of day: were they qualified within 30 days?
        - answer: leads given at least a day before: were they touched within 24 hours?
        - price: deals won that have a list price: amount ÷ list price.

    Notes
    -----
    Expected shares come from L2-penalised logistic regressions of other reps' cases on what was given with each (see
    `rep_given`), prices from other reps' mean for the product. A deal that moved on is worth the share of such deals
    that all reps win in the end × the mean size of a won deal of its product; a qualified lead likewise; a lead
    answered in time the share by which such leads are qualified more often × that (an association).
    """
    period = reps.period(tables, months)
    closed = closed_deals(tables, period.start, period.end).dropna(subset="rep_id").reset_index(drop=True)
    size = _sizes(closed)
    parts = [_stages(tables, period, size), *_won(tables, months, closed, size), *_leads(tables, period, closed),
             _price(closed)]
    parts = [part[COLUMNS] for part in parts if len(part)]
    if not parts:
        return pd.DataFrame({c: pd.Series(dtype=float if c in COLUMNS[4:] else TEXT) for c in COLUMNS})
    return pd.concat(parts, ignore_index=True)


def _sizes(closed: pd.DataFrame) -> pd.Series:
    """Mean amount of a won deal by product; under the name "" that of all."""
    won = closed[(closed["status"] == "won") & (closed["amount"] > 0)]
    sizes = won.groupby(won["product"].astype(object))["amount"].mean()
    return pd.concat([sizes, pd.Series({"": won["amount"].mean()}, dtype=float)])


def _size_of(products: pd.Series, size: pd.Series) -> np.ndarray:
    own = products.astype(object).map(size.drop("")).astype(float)
    return own.fillna(size[""]).to_numpy()


def _modelled(frame: pd.DataFrame, features: pd.DataFrame, observed: pd.Series) -> pd.DataFrame:
    """Cases with the expectation that other reps' cases give; without two reps there is none."""
    if frame["rep_id"].nunique() < 2:
        return frame.iloc[:0].assign(observed=0.0, expected=0.0, variance=0.0)
    y = observed.to_numpy(float)
    expected, _ = fitted(Logistic, features, y, folds_of(frame["rep_id"]), np.ones(len(y), bool))
    return frame.assign(observed=y, expected=expected, variance=expected * (1 - expected))


def _stages(tables: Tables, period: reps.Period, size: pd.Series) -> pd.DataFrame:
    if not tables.has("stage_history"):
        return pd.DataFrame(columns=COLUMNS)
    last = min(month_end(period.end), tables.as_of)
    found = entries(tables, period.start, last).dropna(subset="rep_id")
    found = found[found["moved_on"] | found["lost"]].reset_index(drop=True)
    deals = tables.opportunities
    deals = deals[deals["opportunity_id"].isin(found["opportunity_id"])].drop_duplicates("opportunity_id")
    features = given(tables, deals).set_axis(deals["opportunity_id"]).reindex(found["opportunity_id"].to_numpy())
    features = features.reset_index(drop=True).assign(stage=found["stage"])
    frame = pd.DataFrame({"kind": STAGE, "level": found["stage"], "rep_id": found["rep_id"],
                          "case_id": found["opportunity_id"], "worth": _size_of(found["product"], size)})
    passed = found[found["moved_on"] & (found["status"] != "open")]
    later = (passed["status"] == "won").groupby(passed["stage"].astype(object)).mean()
    frame["worth"] *= found["stage"].astype(object).map(later).astype(float)
    return _modelled(frame, features, found["moved_on"])


def _won(tables: Tables, months: int, closed: pd.DataFrame, size: pd.Series) -> list[pd.DataFrame]:
    try:
        found, _ = expected_deals(tables, months, "win_rate")
    except SalesOpsError:
        return []
    deals = closed.set_index("opportunity_id").reindex(found["opportunity_id"].to_numpy()).reset_index()
    frame = found.rename(columns={"opportunity_id": "case_id"}).assign(worth=_size_of(deals["product"], size))
    expected = frame["expected"].clip(0.005, 0.995)
    frame = frame.assign(expected=expected, variance=expected * (1 - expected))
    return [frame.assign(kind=kind, level=deals[kind]).dropna(subset="level") for kind in (SEGMENT, PRODUCT)]


def _leads(tables: Tables, period: reps.Period, closed: pd.DataFrame) -> list[pd.DataFrame]:
    if not tables.has("leads"):
        return []
    rows = tables.rows("leads")
    last = min(month_end(period.end), tables.as_of) + _DAY
    rows = rows.filter(rows["rep_id"].notnull() & (rows["assigned_at"] >= period.start)
                       & (rows["assigned_at"] < last - _DAY))
    found = tables.rows_engine.collect(rows.select(
        "lead_id", "rep_id", "source", "score", "assigned_at", "first_touch_at", "qualified_on", "opportunity_id",
    ), "leads").sort_values("lead_id", ignore_index=True)
    touched = (found["first_touch_at"] - found["assigned_at"]) <= pd.Timedelta(hours=ANSWERED_HOURS)
    qualified = (found["qualified_on"] - found["assigned_at"].dt.normalize()) <= QUALIFIED_DAYS * _DAY
    ripe = found["assigned_at"] < last - QUALIFIED_DAYS * _DAY
    features = pd.DataFrame({"source": found["source"].astype(object), "score": found["score"].astype(float)})
    features = features[[c for c in features if features[c].nunique(dropna=False) > 1]]
    frame = pd.DataFrame({"level": "", "rep_id": found["rep_id"].astype(TEXT), "case_id": found["lead_id"],
                          "worth": np.nan})
    ends = found.loc[found["qualified_on"].notna(), "opportunity_id"]
    ended = closed[closed["opportunity_id"].isin(ends.dropna())]
    worth = ended["amount"].where(ended["status"] == "won", 0.0).mean() if len(ended) else np.nan
    more = max(qualified[ripe & touched].mean() - qualified[ripe & ~touched].mean(), 0.0)
    parts = [(LEADS, ripe, qualified, worth), (ANSWER, found["rep_id"].notna(), touched, worth * more)]
    return [_modelled(frame[keep].assign(kind=kind, worth=one), features[keep], seen[keep])
            for kind, keep, seen, one in parts if keep.any()]


def _price(closed: pd.DataFrame) -> pd.DataFrame:
    """Share of the list price kept in won deals; what others keep for the product stands at their mean."""
    won = closed[(closed["status"] == "won") & (closed["amount"] > 0) & (closed["list_price"] > 0)]
    won = won.reset_index(drop=True)
    if won["rep_id"].nunique() < 2:
        return pd.DataFrame(columns=COLUMNS)
    kept = won["amount"] / won["list_price"]
    of_all, of_product = kept.groupby(won["rep_id"]), won["product"].astype(object).fillna("")
    other = (kept.sum() - of_all.transform("sum")) / (len(kept) - of_all.transform("size"))
    every, mine = kept.groupby(of_product), kept.groupby([of_product, won["rep_id"]])
    more = every.transform("size") - mine.transform("size")
    expected = ((every.transform("sum") - mine.transform("sum")) / more.where(more > 0)).fillna(other)
    return pd.DataFrame({"kind": PRICE, "level": "", "rep_id": won["rep_id"], "case_id": won["opportunity_id"],
                         "observed": kept, "expected": expected, "variance": float((kept - expected).var()),
                         "worth": won["list_price"]})
