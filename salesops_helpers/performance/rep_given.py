"""What a rep was given: features of deals that were there before the rep did anything, and those that know the end."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from salesops_helpers.data.columns import TEXT
from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.measures import place_on

FEATURES = ("product", "segment", "kind", "region", "lead_source", "lead_score", "account_size", "list_price",
            "inherited", "tenure", "season")
KNOWS = {
    "amount": "lost and open deals often carry no amount, and it moves with the negotiation",
    "stage": "its last value is the outcome", "status": "it is the outcome",
    "closed_on": "it is known only at the end", "days_open": "it is known only at the end",
    "probability": "it is set to 0 or 100 % when a deal closes",
    "forecast_category": "it is set when a deal closes", "next_step": "it is cleared when a deal closes",
    "expected_close_on": "it is set to the day of closing", "activities": "they go on for as long as a deal is alive",
    "discount": "it rests on the final amount", "team": "it stands for the rep", "rep_id": "it is the rep",
}
UNKNOWN, OTHER, MOST_LEVELS, TELLS = "(unknown)", "(other)", 15, 0.95
_TENURE = ([-np.inf, 6, 12, 24, np.inf], ["under 6 months", "6 to 12 months", "12 to 24 months", "24 months or more"])


def given(tables: Tables, deals: pd.DataFrame, features: Iterable[str] | None = None) -> pd.DataFrame:
    """What was given with each deal, as far as the tables know it.

    Parameters
    ----------
    deals : DataFrame
        Rows of opportunities.
    features : iterable of str, optional
        Out of FEATURES; default: all of them that have two values at least.

    Returns
    -------
    DataFrame
        One row a deal, on the index of `deals`: product, segment, kind, region (of the customer, else of the rep at the
        deal's creation), lead_source, tenure (of the rep at creation), season (month of the year of creation),
        inherited ("own" or "inherited": its first owner was another) as texts; lead_score (points), account_size
        (logarithm of employees, else of revenue), list_price (logarithm) as numbers.

    Raises
    ------
    SalesOpsError
        Where a feature is not known or knows the outcome; see `refuse`.
    """
    frame = every(tables, deals, features)
    return frame if features is not None else varying(frame)


def every(tables: Tables, deals: pd.DataFrame, features: Iterable[str] | None = None) -> pd.DataFrame:
    """`given` with all the features asked for, those too that have one value alone."""
    asked = tuple(FEATURES if features is None else features)
    refuse(asked)
    return pd.DataFrame({name: _MAKERS[name](tables, deals) for name in asked}, index=deals.index)


def varying(frame: pd.DataFrame) -> pd.DataFrame:
    """The features that have two values at least."""
    return frame[[name for name in frame if frame[name].nunique(dropna=False) > 1]]


def refuse(features: Iterable[str]) -> None:
    """Raise `SalesOpsError` for the first feature that knows the outcome, or that is not known."""
    for name in features:
        if name in KNOWS:
            raise SalesOpsError(f"the feature {name!r} knows how the deal ended: {KNOWS[name]}", ", ".join(FEATURES),
                                "leave it out")
        if name not in FEATURES:
            raise SalesOpsError(f"the feature {name!r} is not known", ", ".join(FEATURES), "choose among these")


def refuse_telling(frame: pd.DataFrame, won: pd.Series) -> None:
    """Raise `SalesOpsError` where one feature alone, or that it is missing, tells won from lost (AUC 0.95 or more)."""
    for name in frame:
        telling = _auc(_levels(frame[name]), won)
        if len(won) >= 100 and telling >= TELLS:
            raise SalesOpsError(
                f"{name!r} alone tells won from lost deals (AUC {telling:.2f}): it may be filled in when deals end",
                "features that are known before a deal ends", f"leave {name!r} out of the features")


def _auc(levels: pd.Series, won: pd.Series) -> float:
    """Area under the curve of the win rate by level."""
    sums = won.astype(float).groupby(levels).agg(["sum", "size"])
    sums = sums.assign(rate=sums["sum"] / sums["size"], lost=sums["size"] - sums["sum"]).sort_values("rate")
    below = sums["lost"].cumsum() - sums["lost"] / 2
    pairs = sums["sum"].sum() * sums["lost"].sum()
    return float((sums["sum"] * below).sum() / pairs) if pairs else 0.5


def _levels(column: pd.Series) -> pd.Series:
    """A feature as few levels: the most frequent values, or tenths of a number."""
    if pd.api.types.is_numeric_dtype(column):
        tenth = np.ceil(column.rank(pct=True) * 10)
        return tenth.astype(object).where(column.notna(), UNKNOWN)
    texts = column.astype(object).where(column.notna(), UNKNOWN)
    common = texts.value_counts().sort_index().sort_values(ascending=False, kind="stable").index[:MOST_LEVELS]
    return texts.where(texts.isin(common), OTHER)


def design(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Columns for a linear model, each centred, numbers in standard deviations, and the feature that each belongs to.

    A missing text is a level of its own; a missing number stands at the mean, with a column that says so.
    """
    columns, owner = [], []
    for at, name in enumerate(frame):
        column = frame[name]
        if pd.api.types.is_numeric_dtype(column):
            spread = column.std() or 1.0
            parts = [((column - column.mean()) / spread).fillna(0.0)]
            parts += [column.isna().astype(float)] if column.isna().any() else []
        else:
            levels = _levels(column)
            parts = [(levels == value).astype(float) for value in sorted(levels.unique(), key=str)]
        columns += [part - part.mean() for part in parts]
        owner += [at] * len(parts)
    return np.column_stack(columns) if columns else np.zeros((len(frame), 0)), np.array(owner, int)


def _column(name: str):
    return lambda tables, deals: deals[name]


def _region(tables: Tables, deals: pd.DataFrame) -> pd.Series:
    accounts = tables.accounts.drop_duplicates("account_id").set_index("account_id")["region"]
    own = deals["account_id"].map(accounts)
    day = deals["created_on"].fillna(deals["closed_on"]).fillna(tables.as_of)
    return own.where(own.notna(), place_on(tables, deals["rep_id"], day)["region"])


def _lead_score(tables: Tables, deals: pd.DataFrame) -> pd.Series:
    scores = tables.leads.dropna(subset="opportunity_id").drop_duplicates("opportunity_id")
    return deals["opportunity_id"].map(scores.set_index("opportunity_id")["score"]).astype(float)


def _account_size(tables: Tables, deals: pd.DataFrame) -> pd.Series:
    accounts = tables.accounts.drop_duplicates("account_id").set_index("account_id")
    size = accounts["employees"] if accounts["employees"].notna().any() else accounts["revenue"]
    return np.log(deals["account_id"].map(size.where(size > 0)).astype(float))


def _list_price(tables: Tables, deals: pd.DataFrame) -> pd.Series:
    price = deals["list_price"].astype(float)
    return np.log(price.where(price > 0))


def _inherited(tables: Tables, deals: pd.DataFrame) -> pd.Series:
    if not tables.has("stage_history"):
        return pd.Series(None, index=deals.index, dtype=object)
    rows = tables.rows("stage_history")
    rows = rows.filter(rows["rep_id"].notnull())
    first = tables.rows_engine.collect(rows.group_by("opportunity_id").agg(
        owner=rows["rep_id"].argmin(rows["changed_at"])), "stage_history")
    owner = deals["opportunity_id"].map(first.astype({"opportunity_id": TEXT}).set_index("opportunity_id")["owner"])
    same = owner.astype(object) == deals["rep_id"].astype(object)
    return pd.Series(np.where(same, "own", "inherited"), deals.index, dtype=object).where(owner.notna())


def _tenure(tables: Tables, deals: pd.DataFrame) -> pd.Series:
    hired = deals["rep_id"].map(tables.reps.drop_duplicates("rep_id").set_index("rep_id")["hired_on"])
    months = (deals["created_on"] - hired).dt.days / 30.4375
    return pd.cut(months, _TENURE[0], labels=_TENURE[1], right=False).astype(object)


def _season(tables: Tables, deals: pd.DataFrame) -> pd.Series:
    return deals["created_on"].dt.strftime("%b").astype(object)


_MAKERS = {"product": _column("product"), "segment": _column("segment"), "kind": _column("kind"), "region": _region,
           "lead_source": _column("lead_source"), "lead_score": _lead_score, "account_size": _account_size,
           "list_price": _list_price, "inherited": _inherited, "tenure": _tenure, "season": _season}
