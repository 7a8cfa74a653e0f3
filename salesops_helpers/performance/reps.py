"""Reps side by side: win rates with their ranges, and whether the reps differ at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from salesops_helpers import stats, words
from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.measures import month_end, month_start, months_of, place_on
from salesops_helpers.performance.kpis import Month, closed_sums


@dataclass(frozen=True)
class Period:
    """Months `start` to `end` (first days, both included), and how many were `asked` for."""

    start: pd.Timestamp
    end: pd.Timestamp
    asked: int

    @property
    def months(self) -> int:
        return len(pd.period_range(self.start, self.end, freq="M"))

    def __str__(self) -> str:
        names = [words.month_name(m) for m in sorted({self.start, self.end})]
        short = f"; {self.asked} were asked for, the data holds no more" if self.months < self.asked else ""
        return f"{words.joined(names, 'to')} ({words.counted(self.months, 'month')}{short})"


def period(tables: Tables, months: int = 12) -> Period:
    """The `months` months up to and including the as-of month, or as many as the data holds.

    Raises `SalesOpsError` where `months` is not a whole number of 1 or more.
    """
    if isinstance(months, bool) or int(months) != months or months < 1:
        raise SalesOpsError(f"months = {months!r} is no length of a period", "a whole number from 1", "set months = 12")
    held = months_of(tables)[-int(months):]
    return Period(held[0], held[-1], int(months))


def closed_by_rep(tables: Tables, start: Month = None, end: Month = None) -> pd.DataFrame:
    """Deals that each rep closed in the months `start` to `end`; reps without any are not in it.

    Returns
    -------
    DataFrame
        One row a rep, by name: rep_id, name (with the id where two share a name), team, region (on the last day), won,
        closed (deals), won_value (currency), deal_size (mean amount of won deals, currency).
    """
    frame = closed_sums(tables, start, end).dropna(subset="rep_id").reset_index(drop=True)
    frame["deal_size"] = frame["won_value"] / frame.pop("valued").where(lambda n: n > 0)
    day = tables.as_of if end is None else min(month_end(end), tables.as_of)
    place = place_on(tables, frame["rep_id"], pd.Series(day, index=frame.index))
    frame.insert(1, "name", labels(tables, frame["rep_id"]))
    frame.insert(2, "team", place["team"])
    frame.insert(3, "region", place["region"])
    return frame.sort_values(["name", "rep_id"]).reset_index(drop=True)


def without_closed(tables: Tables, start: Month = None, end: Month = None) -> pd.DataFrame:
    """Reps who were employed in the months `start` to `end` and closed no deal in them: rep_id, name."""
    reps, last = tables.reps, tables.as_of if end is None else month_end(end)
    here = ~(reps["hired_on"] > last)
    here = here if start is None else here & ~(reps["left_on"] < month_start(start))
    idle = reps[here & ~reps["rep_id"].isin(closed_sums(tables, start, end)["rep_id"])]
    return idle[["rep_id", "name"]].sort_values(["name", "rep_id"]).reset_index(drop=True)


def left_out(tables: Tables, rates: pd.DataFrame, start: Month = None, end: Month = None) -> list[str]:
    """Sentences on what is not among `rates`: reps without closed deals, closed deals without a rep."""
    idle = without_closed(tables, start, end)
    sums = closed_sums(tables, start, end)
    deals = int(sums.loc[sums["rep_id"].isna(), "closed"].sum())
    names = words.joined(idle["name"].fillna(idle["rep_id"])) if len(idle) <= 8 else ""
    verb = "has" if len(idle) == 1 else "have"
    return [
        f"{words.counted(len(idle), 'rep')} {verb} no deal that closed in the period and so no win rate"
        f"{': ' if names else ''}{names}." if len(idle) else "",
        f"{words.counted(deals, 'closed deal')} without a rep count only in the company's rate." if deals else "",
    ]


def with_ranges(counts: pd.DataFrame, seed: int = stats.SEED) -> pd.DataFrame:
    """Counts of won and closed deals with each rep's rate, its range, and what the range says about rank.

    Parameters
    ----------
    counts : DataFrame
        One row a rep, with won and closed (deals; closed 1 or more), such as `closed_by_rep` gives.

    Returns
    -------
    DataFrame
        `counts` and: raw (won ÷ closed), mean, low, high (estimate and 90 % range of the true rate), p_above, p_below
        (probability that it is above, below the rate of all together), p_top_quarter, p_bottom_quarter, rank_low,
        rank_high (90 % range of the rank), outside ("no", "95 %" or "99.8 %": the widest funnel limit that it passes).

    See Also
    --------
    salesops_helpers.stats.beta_binomial : the model and its source.
    """
    if counts.empty:
        return counts.assign(**{c: pd.Series(dtype=float) for c in _MEASURES}, outside=pd.Series(dtype=str))
    units = stats.beta_binomial(counts["won"], counts["closed"], seed=seed).units.set_index(counts.index)
    raw, rate = counts["won"] / counts["closed"], counts["won"].sum() / counts["closed"].sum()
    beyond = []
    for level in (0.95, 0.998):
        low, high = stats.funnel_limits(counts["closed"], rate, level)
        beyond.append((raw < low - 1e-12) | (raw > high + 1e-12))
    outside = np.select(beyond[::-1], ["99.8 %", "95 %"], "no")
    return counts.assign(raw=raw, **{c: units[c] for c in units}, outside=outside)


_MEASURES = ["raw", "mean", "low", "high", "p_above", "p_below", "p_top_quarter", "p_bottom_quarter", "rank_low",
             "rank_high"]


def win_rates(tables: Tables, start: Month = None, end: Month = None, seed: int = stats.SEED) -> pd.DataFrame:
    """Win rate (won ÷ closed) of each rep over the months `start` to `end`, with its range; sorted by name.

    Every rep with a closed deal is in it, few deals or many; the columns are those of `closed_by_rep` and
    `with_ranges`.
    """
    return with_ranges(closed_by_rep(tables, start, end), seed)


def chosen(tables: Tables, months: int = 12, minimum: int = 1, team: str | None = None) -> pd.DataFrame:
    """Win rates over the last `months` months of the reps with at least `minimum` closed deals, of one team or of all.

    The reps chosen are compared with each other; columns as in `win_rates`.
    """
    window = period(tables, months)
    counts = closed_by_rep(tables, window.start, window.end)
    keep = counts["closed"] >= minimum
    keep &= True if team is None else (counts["team"] == team).fillna(False).astype(bool)
    return with_ranges(counts[keep].reset_index(drop=True))


def funnel(rates: pd.DataFrame) -> pd.DataFrame:
    """The funnel's lines: closed (deals), rate (of all together), low_95, high_95, low_998, high_998 (shares)."""
    most = max(int(rates["closed"].max()), 2)
    closed = np.unique(np.geomspace(1, most * 1.08, 240).round().astype(int))
    rate = rates["won"].sum() / rates["closed"].sum()
    lines = pd.DataFrame({"closed": closed, "rate": rate})
    lines["low_95"], lines["high_95"] = stats.funnel_limits(closed, rate, 0.95)
    lines["low_998"], lines["high_998"] = stats.funnel_limits(closed, rate, 0.998)
    return lines


def funnel_sentence(rates: pd.DataFrame) -> str:
    """How many reps lie outside the funnel's limits, who passes the wider one, and how many would by chance."""
    passed = int((rates["outside"] != "no").sum())
    far = rates.loc[rates["outside"] == "99.8 %", "name"]
    who = f" ({words.joined(far)})" if 0 < len(far) <= 6 else ""
    return (
        f"{words.number(passed)} of {words.counted(len(rates), 'rep')} {'lies' if passed == 1 else 'lie'} outside the "
        f"95 % limits and {words.number(len(far))} outside the 99.8 % limits{who}; if all reps had one true rate, "
        f"chance would put about {words.number(0.05 * len(rates), 1)} outside the 95 % limits."
    )


def readable(rates: pd.DataFrame) -> pd.DataFrame:
    """Rates with two texts for a table, in one piece each: range ("58 to 68 %") and rank_range ("3 to 28")."""
    shares, places = (zip(rates[a], rates[b], strict=True) for a, b in (("low", "high"), ("rank_low", "rank_high")))
    texts = {
        "range": [words.percent_range(low, high) for low, high in shares],
        "rank_range": [f"{words.number(low)} to {words.number(high)}" for low, high in places],
    }
    whole = {c: [text.replace(" ", "\u00a0") for text in t] for c, t in texts.items()}
    return rates.assign(**{c: pd.Series(t, index=rates.index, dtype=object) for c, t in whole.items()})


def labels(tables: Tables, rep_ids: pd.Series) -> pd.Series:
    """The name of each rep, with the id where two share a name, the id where there is no name."""
    reps = tables.reps.drop_duplicates("rep_id").set_index("rep_id")["name"].astype(object)
    twice = reps[reps.duplicated(keep=False) & reps.notna()]
    reps.loc[twice.index] = twice + " (" + twice.index.astype(object) + ")"
    ids = rep_ids.astype(object)
    found = ids.map(reps)
    return found.where(found.notna(), ids)
