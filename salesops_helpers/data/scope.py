"""The tables of one unit: a region, a team or a rep, as a company of its own.

Which unit a row belongs to:

- a closed deal: that of its owner on the day it closed; an open deal: that of its owner on the as-of day. So every deal
  is in one unit of a level, and the deals of all units are the company's. A deal whose owner, or the owner's place, is
  not known for that day is in the unit ``(none)``. A deal that is split counts whole in its owner's unit.
- stage_history, splits, activities and disputes of a deal: with the deal.
- any other row that names a rep: the rep's place on the row's day; a month's row, on the month's last day.
- reps: who has a place in the unit on the as-of day, and whoever its deals name. rep_history: all of these reps'.
- accounts: of the unit's deals, and those that its reps own. targets: the unit's own. hiring_plan: the region's.
- everything else (products, prices, demand, supply, tools, roles, rates) is the company's.

The place on a day is that of `rep_history` where it reaches, else today's: without rep_history the units are those of
the extract, and a note says so.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from salesops_helpers.data.columns import TEXT
from salesops_helpers.data.container import Later, Tables
from salesops_helpers.data.engine import InFrames
from salesops_helpers.data.tables import TABLES, conform
from salesops_helpers.errors import SalesOpsError, listed

LEVELS = ("region", "team", "rep")
NONE = "(none)"
"""The unit of deals that have no place."""
WITH_DEAL = ("stage_history", "splits", "activities", "disputes")
NOTE = "The table rep_history is missing: earlier deals count in the team and region that their owner has today."


def units(tables: Tables, by: str) -> dict[str, str]:
    """The units of a level that have a deal or a rep by the as-of day: name → what a reader is shown, sorted by that,
    ``(none)`` last.

    Raises `SalesOpsError` where `by` is not region, team or rep.
    """
    _refuse_level(by)
    deals, reps = units_of_deals(tables, by), tables.reps
    here = reps["rep_id"] if by == "rep" else reps[by]
    names = sorted({*deals.dropna().unique(), *here.dropna().unique()} - {NONE})
    names += [NONE] if deals.isna().any() or (deals == NONE).any() else []
    if by != "rep":
        return {name: name for name in names}
    called = reps.dropna(subset="name").drop_duplicates("rep_id").set_index("rep_id")["name"]
    twice = set(called[called.duplicated(keep=False)])
    labels = {name: called.get(name, name) for name in names}
    labels = {name: f"{label} ({name})" if label in twice else label for name, label in labels.items()}
    return dict(sorted(labels.items(), key=lambda pair: (pair[0] == NONE, pair[1], pair[0])))


def scoped(tables: Tables, by: str = "", unit: str = "") -> Tables:
    """The same tables with the rows of one unit (see the module); as they are where `by` and `unit` are empty.

    Parameters
    ----------
    by : {"", "region", "team", "rep"}
    unit : str
        The region, the team, or the rep_id; ``(none)``: deals without a place.

    Raises
    ------
    SalesOpsError
        Where there is no such level or unit.
    """
    if not by and not unit:
        return tables
    _refuse_level(by)
    known = units(tables, by)
    if unit not in known:
        said = [name if name == label else f"{name} ({label})" for name, label in known.items()]
        raise SalesOpsError(f"unit {unit!r} is no {by} of {tables.company.name}", listed(said, 40) or "none",
                            f"pass by={by!r} with one of these as unit")
    cut = _Cut(tables, by, unit)
    frames = Later({name: lambda name=name: cut.rows(name) for name in tables.available})
    notes = [*tables.notes, *([] if by == "rep" or tables.has("rep_history") or NOTE in tables.notes else [NOTE])]
    engine = InFrames(lambda name: getattr(found, name))
    found = Tables(tables.company, frames, tables.as_of, tables.extract_date, notes, engine)
    found.unit = known[unit]
    return found


def units_of_deals(tables: Tables, by: str) -> pd.Series:
    """The unit of each deal, on the index of opportunities; missing where its owner or that one's place is unknown."""
    deals = tables.opportunities
    if by == "rep":
        return deals["rep_id"]
    return _places(tables, deals["rep_id"], by, deals["closed_on"].fillna(tables.as_of))


class _Cut:
    """The rows of one unit, table by table."""

    def __init__(self, tables: Tables, by: str, unit: str):
        self.tables, self.by, self.unit = tables, by, unit
        own = units_of_deals(tables, by)
        self.deals = tables.opportunities[_is(own, unit)].reset_index(drop=True)
        self.reps = self._reps()

    def rows(self, name: str) -> pd.DataFrame:
        special: dict[str, Callable[[], pd.DataFrame]] = {
            "opportunities": lambda: self.deals, "reps": lambda: self.reps, "accounts": self._accounts,
            "rep_history": lambda: self._of_reps("rep_history"), "targets": lambda: self._equal("targets", "unit"),
            "hiring_plan": lambda: self._equal("hiring_plan", "region") if self.by == "region" else self._whole(name),
        }
        if name in special:
            frame = special[name]()
        elif name in WITH_DEAL:
            frame = self._with_deal(name)
        else:
            frame = self._by_place(name) if "rep_id" in TABLES[name].names else self._whole(name)
        return frame.reset_index(drop=True)

    def _whole(self, name: str) -> pd.DataFrame:
        return getattr(self.tables, name)

    def _reps(self) -> pd.DataFrame:
        reps = self.tables.reps
        named = set(self.deals["rep_id"].dropna())
        if self.tables.has("splits"):
            splits = self.tables.splits
            named |= set(splits[splits["opportunity_id"].isin(self.deals["opportunity_id"])]["rep_id"])
        place = reps["rep_id"] if self.by == "rep" else reps[self.by]
        return reps[_is(place, self.unit) | reps["rep_id"].isin(named)].reset_index(drop=True)

    def _of_reps(self, name: str) -> pd.DataFrame:
        frame = self._whole(name)
        return frame[frame["rep_id"].isin(self.reps["rep_id"])]

    def _equal(self, name: str, column: str) -> pd.DataFrame:
        frame = self._whole(name)
        return frame[frame[column] == self.unit]

    def _accounts(self) -> pd.DataFrame:
        accounts = self._whole("accounts")
        owner = accounts["rep_id"] if self.by == "rep" else _places(self.tables, accounts["rep_id"], self.by)
        return accounts[accounts["account_id"].isin(self.deals["account_id"].dropna()) | (owner == self.unit)]

    def _with_deal(self, name: str) -> pd.DataFrame:
        """Rows of the unit's deals, and those without a deal by their rep's place."""
        deals = list(self.deals["opportunity_id"])
        frame = self._fetched(name, lambda rows: rows["opportunity_id"].isin(deals) | self._possible(name, rows))
        mine = frame["opportunity_id"].isin(deals)
        if name in ("activities", "disputes"):
            mine |= frame["opportunity_id"].isna() & _is(self._place_of(name, frame), self.unit)
        return frame[mine]

    def _by_place(self, name: str) -> pd.DataFrame:
        frame = self._fetched(name, lambda rows: self._possible(name, rows))
        return frame[_is(self._place_of(name, frame), self.unit)]

    def _fetched(self, name: str, wanted: Callable) -> pd.DataFrame:
        """The rows of a table, of a large one those wanted only, in the order of its key."""
        if not self.tables.large(name):
            return self._whole(name)
        rows = self.tables.rows(name)
        frame = self.tables.rows_engine.collect(rows.filter(wanted(rows)), name)
        return conform(name, frame).sort_values(list(TABLES[name].key), ignore_index=True)

    def _possible(self, name: str, rows):
        """Rows of reps who at any time had a place in the unit; with it, rows of none."""
        ever = set(self.reps["rep_id"])
        if self.by != "rep" and self.tables.has("rep_history"):
            history = self.tables.rep_history
            ever |= set(history[_is(history[self.by], self.unit)]["rep_id"])
        named = rows["rep_id"].isin(sorted(ever))
        return named | rows["rep_id"].isnull() if self.unit == NONE else named

    def _place_of(self, name: str, frame: pd.DataFrame) -> pd.Series:
        if self.by == "rep":
            return frame["rep_id"]
        return _places(self.tables, frame["rep_id"], self.by, _days(self.tables, name, frame))


def _is(places: pd.Series, unit: str) -> pd.Series:
    """Where these places are the unit; ``(none)`` is also where there is no place."""
    same = (places == unit).fillna(False).astype(bool)
    return same | places.isna() if unit == NONE else same


def _days(tables: Tables, name: str, frame: pd.DataFrame) -> pd.Series | None:
    """The day of each row: of a month its last, at most the as-of day; None where a table has no days."""
    column = TABLES[name].dated_by or ("month" if "month" in frame.columns else "")
    if not column:
        return None
    days = frame[column].dt.normalize()
    days = days + pd.offsets.MonthEnd(0) if column == "month" else days
    return days.where(days <= tables.as_of, tables.as_of)


def _places(tables: Tables, reps: pd.Series, by: str, days: pd.Series | None = None) -> pd.Series:
    """Team or region of each rep on each day (default: the as-of day), by rep_history where it reaches, else now."""
    now = tables.reps.drop_duplicates("rep_id").set_index("rep_id")[by].reindex(reps.to_numpy()).set_axis(reps.index)
    if days is None or not tables.has("rep_history"):
        return now.astype(TEXT)
    asked = pd.DataFrame({"rep_id": reps.astype(TEXT), "day": days, "order": range(len(reps))})
    asked = asked.dropna(subset="day").sort_values("day")
    history = tables.rep_history.sort_values("valid_from")[["rep_id", "valid_from", by]]
    then = pd.merge_asof(asked, history, left_on="day", right_on="valid_from", by="rep_id")
    then = then[then["valid_from"].notna()]
    places = now.astype(TEXT).to_numpy(copy=True)
    places[then["order"].to_numpy()] = then[by].to_numpy()
    return pd.Series(places, index=reps.index).astype(TEXT)


def _refuse_level(by: str) -> None:
    if by not in LEVELS:
        raise SalesOpsError(f"by={by!r} is no level of a company", listed(LEVELS), "choose one of these")
