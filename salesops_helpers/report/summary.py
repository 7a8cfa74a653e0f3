"""The month on one page for those who plan together: what the other pages found; a part that is not there is silent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from salesops_helpers import words
from salesops_helpers.comp.aside import UNPAID
from salesops_helpers.comp.assigned import AS_ASSIGNED
from salesops_helpers.measures import bookings, month_start
from salesops_helpers.publish import published
from salesops_helpers.report import figures, typed
from salesops_helpers.report.catalog import CATALOG, IN_DOUBT, TO_SUMMARISE
from salesops_helpers.show import FORMATS, Shown, note, table

if TYPE_CHECKING:
    from salesops_helpers.data.container import Tables

NAMED = {"share": "percent", "currency": "money", "cents": "cents", "count": "count", "number": "number"}
Found = Mapping[str, pd.DataFrame]


def read(inputs: str) -> dict[str, pd.DataFrame]:
    """Those of `TO_SUMMARISE` that other pages have published in the folder `inputs`: the company's rows, if any."""
    there = {name: published(name, inputs) for name in TO_SUMMARISE}
    whole_company = {name: frame[frame["by"] == "company"] if frame is not None and "by" in frame else frame
                     for name, frame in there.items()}
    return {name: frame for name, frame in whole_company.items() if frame is not None and len(frame)}


def by_month(tables: Tables) -> pd.DataFrame:
    """Bookings of the company by month (month, bookings, wins) and of the same month a year before (last_year)."""
    found = bookings(tables)[["month", "bookings", "wins"]]
    before = found[["month", "bookings"]].assign(month=found["month"] + pd.DateOffset(years=1))
    return found.merge(before.rename(columns={"bookings": "last_year"}), on="month", how="left")


def booked(months: pd.DataFrame, month: str, currency: str, fiscal_year_start: int) -> str:
    """What was booked in the month and in the fiscal year so far, each beside the year before where that is known."""
    last = month_start(month)
    start = last - pd.DateOffset(months=(last.month - fiscal_year_start) % 12)
    now = months[months["month"] == last]
    year = months[months["month"].between(start, last)]
    if now.empty:
        return f"Nothing was booked by the end of {words.month_name(last)}: 0 deals won."
    said = f"{words.short_money(now['bookings'].sum(), currency)} was booked in {words.month_name(last)}{_beside(now)}"
    if len(year) > 1:
        said += f", {words.short_money(year['bookings'].sum(), currency)} in the fiscal year so far{_beside(year)}"
    return f"{said}."


def _beside(months: pd.DataFrame) -> str:
    """The change from the year before: `` (12 % more than a year before)``; nothing where that is not known in full."""
    before = months["last_year"].sum(min_count=len(months))
    if pd.isna(before) or before <= 0:
        return ""
    change = months["bookings"].sum() / before - 1
    return f" ({words.percent(abs(change), 0)} {'more' if change >= 0 else 'less'} than a year before)"


def sentences(found: Found, currency: str) -> list[str]:
    """One sentence for each audience whose table is there: outlook, pay, trust in the data, reps who stand apart."""
    said = (("Finance", outlook(found, currency)), ("Finance", accrued(found, currency)),
            ("Finance", pay(found, currency)), ("Data", trust(found)),
            ("Sales leadership", apart(found)))
    return [f"{audience}: {sentence[0].lower() + sentence[1:] if sentence[1].islower() else sentence}"
            for audience, sentence in said if sentence]


def outlook(found: Found, currency: str) -> str:
    """What finance can expect of the coming months: a sentence, empty where no forecast is there."""
    if "forecast_bookings" not in found:
        return ""
    months = found["forecast_bookings"].sort_values("month")
    first = months.iloc[0]
    spread = "" if pd.isna(first["low_80"]) else \
        f" (80 % range {words.money_range(first['low_80'], first['high_80'], currency)})"
    total = words.short_money(months["forecast"].sum(), currency)
    more = f"; the next {words.counted(len(months), 'month')} together {total}" if len(months) > 1 else ""
    return (f"{words.short_money(first['forecast'], currency)} is expected for "
            f"{words.month_name(first['month'])}{spread}{more}.")


def pay(found: Found, currency: str) -> str:
    """What variable pay cost as assigned, or would have under the first plan alone where that is not published: a
    sentence, empty where no payouts are there."""
    if "plan_payouts" not in found:
        return ""
    rows = found["plan_payouts"]
    rows = rows[rows["plan"] == rows["plan"].iloc[0]]
    cost, sold = rows["pay"].sum(), rows["bookings"].sum()
    share = f", {words.percent(cost / sold)} of the bookings of the same people" if sold > 0 else ""
    if rows["plan"].iloc[0] == AS_ASSIGNED:
        return (f"Variable pay of {words.counted(len(rows), 'rep')} in the last finished twelve months, each on the "
                f"plan as assigned, came to {words.short_money(cost, currency)}{share}.")
    return (f"Had all {words.counted(len(rows), 'rep')} been on {rows['plan'].iloc[0]} for the last finished twelve "
            f"months, variable pay would have come to {words.short_money(cost, currency)}{share}.")


def accrued(found: Found, currency: str) -> str:
    """What variable pay of the month costs, from the statements: a sentence, empty where there are none."""
    if "pay_accrual" not in found:
        return ""
    rows = found["pay_accrual"]
    cost = rows.loc[rows["currency"] == currency, "cost"].sum()
    said = (f"Variable pay that falls due with this month costs {currency} {words.number(cost, 2)}, that of quarters "
            "and years which end with it included.")
    return " ".join([said, *not_accrued(found, currency)])


def not_accrued(found: Found, currency: str) -> list[str]:
    """What the cost of pay lacks, since it is set aside: a sentence, none where nothing is."""
    rows = found.get("pay_set_aside")
    if rows is None or not (rows["status"] == UNPAID).any():
        return []
    rows = rows[rows["status"] == UNPAID].drop_duplicates("opportunity_id")
    return [f"{words.counted(len(rows), 'deal')} of {words.money(rows['amount'].sum(), currency, 2)} in all "
            f"{'is' if len(rows) == 1 else 'are'} set aside, and the cost of their pay is not in it."]


def trust(found: Found) -> str:
    """How much of each figure rests on rows in doubt: a sentence, empty where the data were not looked at."""
    if IN_DOUBT not in found:
        return ""
    rows = found[IN_DOUBT].dropna(subset="share")
    said = [f"{words.percent(row['share'])} of {row['figure']}" for row in rows.to_dict("records")]
    return f"On rows in doubt rest {words.joined(said)}." if said else ""


def apart(found: Found) -> str:
    """How many reps stand apart by win rate, nobody named: a sentence, empty where none was compared."""
    if "rep_win_rates" not in found:
        return ""
    rates = found["rep_win_rates"]
    reps, marked = words.counted(len(rates), "rep"), int(rates["stands"].notna().sum())
    verb = "stands" if marked == 1 else "stand"
    if not marked:
        return f"By win rate none of {reps} stands clearly apart."
    return f"By win rate {words.number(marked)} of {reps} {verb} clearly apart."


def key_figures(found: Found, company: str, currency: str) -> Shown:
    """The month's figures against goal and last month, as in the letter."""
    shown = figures.key_figures(found.get("kpi_figures"), company, found.get("kpi_definitions"), currency,
                                found.get("kpi_goals"))
    labels = {"value": "this month", "range": "90 % range", "reached": "of goal", "previous": "last month"}
    return table(shown, dict.fromkeys(shown.columns, "text"), labels) if len(shown) else note()


def months_ahead(found: Found, currency: str) -> Shown:
    """The outlook month by month, with its ranges and the same month last year."""
    if "forecast_bookings" not in found:
        return note()
    shown = {"month": "month", "forecast": "money", "low_80": "money", "high_80": "money", "last_year": "money"}
    labels = {"forecast": f"expected ({currency})", "low_80": "80 % range from", "high_80": "to",
              "last_year": "a year before"}
    return table(found["forecast_bookings"].sort_values("month"), shown, labels, "Bookings to expect, by month.")


def whole(found: Found, name: str, caption: str, most: int = 20) -> Shown:
    """A published table as it is, at most `most` rows, each column by its name and numbers; nothing without it."""
    if name not in found:
        return note()
    frame = found[name]
    formats = {column: _format(column, frame[column]) for column in frame}
    more = f" The first {most} of {words.counted(len(frame), 'row')}." if len(frame) > most else ""
    return table(frame.head(most), formats, caption=f"{caption}{more}")


def _format(column: str, values: pd.Series) -> str:
    if pd.api.types.is_datetime64_any_dtype(values):
        return "month" if (values.dropna().dt.day == 1).all() else "day"
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        named = NAMED[typed.unit_of(column, values)]
        return named if named in FORMATS else "number"
    return "text"


def missing(found: Found) -> list[str]:
    """The parts that say nothing though a page of the kit publishes their table, in a sentence."""
    parts = {"key figures": "kpi_figures", "bookings outlook": "forecast_bookings", "pay": "plan_payouts",
             "pay accrual": "pay_accrual", "lead sources": "lead_sources", "demand": "demand_plan"}
    known = {name for entry in CATALOG for name in entry.publishes}
    left = [part for part, name in parts.items() if name in known and name not in found]
    return [f"No page of this month has published: {words.joined(left)}."] if left else []
