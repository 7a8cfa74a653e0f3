"""What a scorecard is asked: of which tables, for which periods, by which unit; and rows counted in its periods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from salesops_helpers.data.columns import TEXT
from salesops_helpers.data.container import Tables
from salesops_helpers.measures import month_end, place_on

if TYPE_CHECKING:
    import ibis.expr.types as ir

NONE = "(none)"
EVER = pd.Timestamp(1900, 1, 1)
FAR = pd.Timestamp(2200, 1, 1)


class Question:
    """The question that every KPI answers.

    Attributes
    ----------
    tables : Tables
        As of the day up to which everything is known.
    by : str or None
        The unit.
    months : DatetimeIndex
        The last months of the periods, one after the other.
    length : int
        Months in a period.
    frames : mapping
        Frames of other parts of the kit: `forecasts`, `pay`, `probabilities`.
    """

    def __init__(self, tables: Tables, months: pd.DatetimeIndex, by: str | None = None, length: int = 1,
                 frames: Mapping[str, pd.DataFrame] | None = None):
        self.tables, self.months, self.by, self.length = tables, months, by, length
        self.frames = {name: frame for name, frame in (frames or {}).items() if frame is not None}
        self.first, self.last = number(months[0]), number(months[-1])
        self._found: dict[Callable, object] = {}

    def once(self, function: Callable[[Question], object]):
        """What `function` answers to this question, worked out once."""
        if function not in self._found:
            self._found[function] = function(self)
        return self._found[function]

    @property
    def keys(self) -> list[str]:
        """Columns by which rows in the engine are grouped: unit (where there is one) and period."""
        return ["period"] if self.by is None else ["unit", "period"]

    def held(self, name: str, make: Callable[[Tables], ir.Table]) -> ir.Table:
        """A relation used by several KPIs, kept in the engine for this as-of day."""
        engine, key = self.tables.rows_engine, f"{name}_{self.tables.as_of:%Y%m%d}"
        there = engine.kept(key)
        return engine.held(key, make(self.tables)) if there is None else there

    def is_here(self, name: str) -> bool:
        """Are the rows of an event table in the engine here, and not in a database?"""
        backends, _ = self.tables.rows(name)._find_backends()
        return not backends or backends[0] is self.tables.rows_engine.checker.con

    def dated(self, rows: ir.Table, day: str) -> ir.Table:
        """The rows dated (column `day`) in a period, once for each period, with its number in `period`."""
        at = index(rows[day])
        if self.length == 1:
            return rows.filter(rows[day].notnull() & at.between(self.first, self.last)).mutate(period=at)
        return self._spread(rows.filter(rows[day].notnull()), at, at + self.length)

    def during(self, rows: ir.Table, since: str, until: str) -> ir.Table:
        """The rows that stand open (from the day `since` on, until the day `until`) at the end of a period."""
        rows = rows.filter(rows[since].notnull())
        return self._spread(rows, index(rows[since]), index(rows[until]).fill_null(self.last + 1))

    def at_risk(self, rows: ir.Table, since: str, until: str) -> ir.Table:
        """The rows that stand open on some day of a period, the last day included."""
        rows = rows.filter(rows[since].notnull())
        return self._spread(rows, index(rows[since]), index(rows[until]).fill_null(self.last) + self.length)

    def _spread(self, rows: ir.Table, start, stop) -> ir.Table:
        import ibis

        start, stop = ibis.greatest(start, self.first), ibis.least(stop, self.last + 1)
        rows = rows.mutate(_start=start.cast("int64"), _stop=stop.cast("int64"))
        rows = rows.filter(rows["_start"] < rows["_stop"])
        return rows.mutate(period=ibis.range(rows["_start"], rows["_stop"]).unnest()).drop("_start", "_stop")

    def united(self, rows: ir.Table, day: str = "", rep: str = "rep_id", source: str = "lead_source") -> ir.Table:
        """The rows with their `unit`: the place of the rep on the day in column `day` for teams and regions."""
        if self.by is None:
            return rows
        if self.by in ("team", "region"):
            return self._placed(rows, day, rep)
        column = {"rep": rep, "lead_source": source}.get(self.by, self.by)
        return rows.mutate(unit=rows[column].fill_null(NONE))

    def united_at_end(self, rows: ir.Table) -> ir.Table:
        """The rows (with `period`) with their `unit`, the place of the rep on the last known day of the period."""
        import ibis

        if self.by not in ("team", "region"):
            return self.united(rows)
        reps = self.once(places)[["rep_id"]].drop_duplicates()
        grid = reps.merge(pd.DataFrame({"month": self.months}), how="cross")
        spots = pd.DataFrame({
            "_rep": grid["rep_id"], "period": grid["month"].dt.year * 12 + grid["month"].dt.month - 1,
            "unit": self.by_place(grid, self.ends(grid["month"]))}).astype({"period": "int64"})
        spots = ibis.memtable(spots)
        both = rows.left_join(spots, [rows["rep_id"] == spots["_rep"], "period"])
        return both.mutate(unit=both["unit"].fill_null(NONE)).drop("_rep", "period_right")

    def state(self, name: str, rows: ir.Table, *more: str, **sought) -> pd.DataFrame:
        """Sums of rows (with `period`) by unit on the period's last day, month and the columns `more`.

        They are worked out once by rep (or product, or lead source), kept in the engine under `name`, and summed up
        from there: the company, the regions and the teams come out of the reps' sums.
        """
        key = self.by if self.by in ("product", "lead_source") else "rep_id"
        span = f"{name}_{key}_{self.first}_{self.last}_{self.length}"
        parts = self.held(span, lambda tables: rows.group_by(key, "period", *more).agg(**sought))
        parts = self.united_at_end(parts)
        return self.sums(parts, *more, **{c: parts[c].sum().cast("float64") for c in sought})

    def _placed(self, rows: ir.Table, day: str, rep: str) -> ir.Table:
        import ibis

        spans = ibis.memtable(self.once(places)[["rep_id", "since", "until", self.by]]).rename(
            _rep="rep_id", _since="since", _until="until", unit=self.by)
        both = rows.left_join(spans, [rows[rep] == spans["_rep"], rows[day] >= spans["_since"],
                                      rows[day] < spans["_until"]])
        return both.mutate(unit=both["unit"].fill_null(NONE)).drop("_rep", "_since", "_until")

    def sums(self, rows: ir.Table, *more: str, **sought) -> pd.DataFrame:
        """Sums of rows by unit, month and the columns `more`, fetched from the engine: sorted, months as dates."""
        keys = [*self.keys, *more]
        frame = self.tables.rows_engine.collect(rows.group_by(keys).agg(**sought), "opportunities")
        return self.framed(frame, *more)

    def framed(self, frame: pd.DataFrame, *more: str) -> pd.DataFrame:
        """An engine's answer with `unit` and `month` (date) in place of the period's number, sorted."""
        frame = frame.assign(month=first_day(frame["period"]))
        frame["unit"] = self.tables.company.name if self.by is None else frame["unit"].astype(object)
        keys = ["unit", "month", *more]
        rest = [c for c in frame.columns if c not in (*keys, "period")]
        return frame[keys + rest].sort_values(keys, ignore_index=True)

    def monthly(self) -> Question:
        """The same question for single months, from the first month of the first period on."""
        first = self.months[0] - pd.DateOffset(months=self.length - 1)
        months = pd.date_range(first, self.months[-1], freq="MS")
        return self if self.length == 1 else Question(self.tables, months, self.by, 1, self.frames)

    def summed(self, monthly: pd.DataFrame) -> pd.DataFrame:
        """Monthly sums (unit, month, perhaps bucket, and columns of numbers) as sums over the periods."""
        keys = [c for c in ("unit", "month", "bucket") if c in monthly]
        shifted = [monthly.assign(month=monthly["month"] + pd.DateOffset(months=n)) for n in range(self.length)]
        every = pd.concat(shifted, ignore_index=True) if self.length > 1 else monthly
        within = every[every["month"].between(self.months[0], self.months[-1])]
        return within.groupby(keys, as_index=False).sum() if self.length > 1 else within.reset_index(drop=True)

    def events(self, rows: ir.Table, name: str, day: str, rep: str = "rep_id", source: str = "", more: str = "",
               keep: str = "", **sought) -> pd.DataFrame:
        """Sums of the rows of an event table, which may lie in a database, by unit and month of single months.

        `sought`: name → function of the rows that gives the aggregate; `more`: a column to group by beside; `keep`:
        the name under which the sums by rep and day are kept in the engine for other units (empty: they are not).
        Places are found here, not there.
        """
        rows = rows.filter(rows[day].notnull() & index(rows[day]).between(self.first, self.last))
        placed = self.by in ("team", "region")
        who = rows[source if self.by == "lead_source" else rep].cast("string")
        keys = {"period": index(rows[day]), "_day": rows[day].truncate("D"), "who": who}
        keys |= {more: rows[more]} if more else {}
        grouped = rows.group_by(**keys).agg(**{n: make(rows) for n, make in sought.items()})
        kept = f"{keep}_{'source' if self.by == 'lead_source' else 'rep'}_{self.first}_{self.last}"
        found = self.held(kept, lambda tables: grouped) if keep and self.is_here(name) else grouped
        wanted = [c for c in keys if c in ("period", more) or (c == "_day" and placed) or (c == "who" and self.by)]
        found = found.group_by(wanted).agg(**{n: found[n].sum() for n in sought})
        frame = self.tables.rows_engine.collect(found, name)
        if placed:
            frame["unit"] = self.by_place(frame.rename(columns={"who": "rep_id"}), frame["_day"])
        elif self.by is not None:
            frame["unit"] = frame["who"].astype(object).fillna(NONE)
        frame = self.framed(frame.drop(columns=[c for c in ("who", "_day") if c in frame]))
        return frame.groupby(["unit", "month", *([more] if more else [])], as_index=False).sum()

    def monthly_of_reps(self, function: Callable[[Question], pd.DataFrame]) -> pd.DataFrame:
        """What `function` answers to the same question by rep, for single months."""
        return function(Question(self.tables, self.monthly().months, "rep", 1, self.frames))

    def by_place(self, frame: pd.DataFrame, day: pd.Series) -> pd.Series:
        """Unit of each row of a frame with rep_id, on a day."""
        if self.by is None:
            return pd.Series(self.tables.company.name, index=frame.index, dtype=object)
        if self.by == "rep":
            return frame["rep_id"].astype(object).fillna(NONE)
        return place_on(self.tables, frame["rep_id"], day.astype("datetime64[ns]"))[self.by].astype(object).fillna(NONE)

    @property
    def now(self) -> pd.Timestamp:
        """The as-of month: what a CRM only knows of today belongs to it alone."""
        return self.tables.as_of.to_period("M").to_timestamp()

    def ends(self, months: pd.Series) -> pd.Series:
        """The last known day of each month."""
        return (months + pd.offsets.MonthEnd(0)).clip(upper=self.tables.as_of)


def number(month: pd.Timestamp) -> int:
    """Months since the year 0: one number a month, without gaps."""
    return month.year * 12 + month.month - 1


def index(day):
    """The same number of a column of days in the engine."""
    return (day.year().cast("int64") * 12 + day.month() - 1).cast("int64")


def first_day(numbers: pd.Series) -> pd.Series:
    """The first day of each month by its number."""
    found = pd.to_datetime({"year": numbers // 12, "month": numbers % 12 + 1, "day": 1})
    return found.astype("datetime64[ns]")


def places(ask: Question) -> pd.DataFrame:
    """Where each rep stands from day to day: rep_id, since, until (first day after), team, region.

    By rep_history from its first day on, before it and without it as of the as-of day, as `measures.place_on` does.
    """
    tables, columns = ask.tables, ["team", "region"]
    now = tables.reps.drop_duplicates("rep_id")[["rep_id", *columns]].assign(since=EVER)
    then = tables.rep_history[["rep_id", "valid_from", *columns]].rename(columns={"valid_from": "since"})
    known = pd.concat([now, then], ignore_index=True) if len(then) else now
    known = known.dropna(subset=["rep_id", "since"]).sort_values(["rep_id", "since"], kind="stable")
    known["until"] = known.groupby("rep_id")["since"].shift(-1).fillna(FAR)
    return known.astype(dict.fromkeys(columns, TEXT))[["rep_id", "since", "until", *columns]].reset_index(drop=True)


__all__ = ["NONE", "Question", "first_day", "index", "month_end", "number", "places"]
