"""The tables that a reader may see: of one unit, without withheld columns, and without names where these are replaced.

- Of a unit: the tables of `salesops_helpers.data.scope`, and of these neither the company's own figures (`OF_COMPANY`)
  nor the names of people who never had a place in the unit. Whoever else a deal of the unit names (a partner in a
  split) is a pseudonym without place, and is left out everywhere else.
- Names replaced: ids and names of reps and customers, ids of deals, activities, leads and disputes, managers,
  territories, contacts and persons become pseudonyms such as ``Rep 07``; free texts and places on the map are withheld.
  Team, region, product, segment and source are kept as they are.

The order of the pseudonyms comes from a keyed hash of the ids; the key is a hash of the company's whole tables of reps
and deals, which no reader of veiled tables has. A pseudonym keeps names from readers; whoever knows a deal or a person
from elsewhere may still know them again, by a deal's day and amount, say, or by the day on which somebody was hired.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count

import pandas as pd

from salesops_helpers.data.columns import TEXT
from salesops_helpers.data.container import Later, Tables
from salesops_helpers.data.engine import InFrames
from salesops_helpers.data.scope import scoped
from salesops_helpers.data.tables import TABLES, conform

ELSEWHERE = "(elsewhere)"
PLACE = ("team", "manager", "region", "territory")
OF_COMPANY = ("demand", "supply", "roles", "hiring_plan")
COMPANY_COLUMNS = {"tools": ("seats", "cost")}
FREE_TEXTS = {"opportunities": ("next_step",), "tool_feedback": ("comment",), "disputes": ("claim", "outcome"),
              "accounts": ("latitude", "longitude")}
ENTITIES = {"reps": "Rep", "accounts": "Account", "opportunities": "Deal"}
"""Table → what its pseudonyms are called; a name that stands beside an id becomes the id's pseudonym."""
OTHERS = {"manager": "Manager", "territory": "Territory", "contact": "Contact", "person": "Person",
          "reason": "Reason", "objective": "Objective", "activity_id": "Activity", "lead_id": "Lead",
          "dispute_id": "Dispute"}
ASIDE = "Rows that cannot be used were left out before these tables were made."


@dataclass(frozen=True)
class Sight:
    """What a reader may see of a company's tables.

    Attributes
    ----------
    by, unit : str
        The unit, as `salesops_helpers.data.scope` takes it; empty: the company.
    names : bool
        Are people and customers named?
    withhold : tuple of str
        Tables and ``table.column`` that are not shown.
    salt : str
        Tells the pseudonyms of two readers apart.
    """

    by: str = ""
    unit: str = ""
    names: bool = False
    withhold: tuple[str, ...] = ()
    salt: str = ""

    @property
    def whole(self) -> bool:
        """Is nothing hidden?"""
        return not self.by and self.names and not self.withhold


def veiled(tables: Tables, sight: Sight) -> Tables:
    """The same tables as far as a reader may see them; inputs untouched.

    `company` is the company's, its name followed by the unit's. Raises `SalesOpsError` where there is no such unit.
    """
    key = _key(tables, sight)
    found = scoped(tables, sight.by, sight.unit)
    frames = {name: getattr(found, name) for name in found.available if name not in _hidden(sight)}
    frames, outsiders = _within(frames, sight) if sight.by else (frames, frames["reps"]["rep_id"].iloc[:0])
    names = _Pseudonyms(frames, key)
    hidden = sight.by == "rep" and not sight.names
    label = names.of("reps").get(sight.unit, ELSEWHERE) if hidden else found.unit
    called = f"{found.company.name} · {label}" if label else found.company.name
    frames = _targets(frames, sight, names, called)
    frames = {name: _dropped(name, frame, sight) for name, frame in frames.items()}
    frames = names.replaced(frames, None if not sight.names else set(outsiders))
    company = found.company.model_copy(update={"name": called, "extract_date": found.as_of.date()})
    ready = {name: conform(name, frame) for name, frame in frames.items()}
    notes = list(dict.fromkeys([*found.notes, *([] if sight.whole else [ASIDE])]))
    seen = Tables(company, Later({name: lambda name=name: ready[name] for name in ready}), found.as_of, found.as_of,
                  notes, InFrames(lambda name: getattr(seen, name)))
    seen.unit = label
    return seen


def _hidden(sight: Sight) -> set[str]:
    """Tables that are left out: amounts are in the company's currency already, so no rates are needed."""
    return {"fx_rates", *(OF_COMPANY if sight.by else ()), *(name for name in sight.withhold if "." not in name)}


def _within(frames: Mapping[str, pd.DataFrame], sight: Sight) -> tuple[dict[str, pd.DataFrame], pd.Series]:
    """The frames without what is known of people from elsewhere, and the ids of those whom a deal names."""
    reps, found = frames["reps"], dict(frames)
    column = "rep_id" if sight.by == "rep" else sight.by
    own = (reps[column] == sight.unit).fillna(False).astype(bool)
    if sight.by != "rep" and "rep_history" in frames:
        history = frames["rep_history"]
        here = (history[column] == sight.unit).fillna(False).astype(bool)
        now, own = own, own | reps["rep_id"].isin(history[here]["rep_id"])
        found["reps"] = _unplaced(reps, ~now)
        found["rep_history"] = _unplaced(history, ~here)[history["rep_id"].isin(reps[own]["rep_id"])]
    else:
        found["reps"] = _unplaced(reps, ~own)
    outsiders = reps["rep_id"][~own]
    found["reps"] = found["reps"].assign(**{c: found["reps"][c].where(own) for c in ("role", "hired_on", "left_on")})
    known = {"opportunities": set(reps["rep_id"]), "splits": set(reps["rep_id"])}
    for name, frame in found.items():
        if name not in ("reps", "rep_history") and "rep_id" in frame:
            found[name] = _of(name, frame, known.get(name, set(reps["rep_id"][own])))
    if "accounts" in found:
        found["accounts"] = _unplaced(found["accounts"], found["accounts"]["rep_id"].isna())
    return found, outsiders


def _of(name: str, frame: pd.DataFrame, people: set) -> pd.DataFrame:
    """The rows of these people; where a row is about something else, the other's id goes and the row stays."""
    column = next(c for c in TABLES[name].columns if c.name == "rep_id")
    known = frame["rep_id"].isin(people)
    if column.required or "rep_id" in TABLES[name].key:
        return frame[known].reset_index(drop=True)
    return frame.assign(rep_id=frame["rep_id"].where(known))


def _unplaced(frame: pd.DataFrame, where: pd.Series) -> pd.DataFrame:
    return frame.assign(**{c: frame[c].mask(where & frame[c].notna(), ELSEWHERE) for c in PLACE if c in frame})


def _targets(frames: dict, sight: Sight, names: _Pseudonyms, called: str) -> dict[str, pd.DataFrame]:
    """Goals: a unit's are those of the company that its tables are now; without names, those of people by pseudonym."""
    if "targets" not in frames:
        return frames
    units = frames["targets"]["unit"]
    if sight.by:
        units = pd.Series(called, index=units.index)
    elif not sight.names:
        reps = frames["reps"]
        of_name = dict(zip(reps["name"].dropna(), reps.loc[reps["name"].notna(), "rep_id"], strict=True))
        people = {**names.of("reps"), **{name: names.of("reps")[rep] for name, rep in of_name.items()}}
        units = units.astype(object).map(lambda unit: people.get(unit, unit))
        other = frames["targets"]["unit"].isin(set(reps["manager"]) | set(reps["territory"]))
        return {**frames, "targets": frames["targets"].assign(unit=units.astype(TEXT))[~other]}
    return {**frames, "targets": frames["targets"].assign(unit=units.astype(TEXT))}


def _dropped(name: str, frame: pd.DataFrame, sight: Sight) -> pd.DataFrame:
    """The frame with withheld columns emptied."""
    gone = [column for table, _, column in (said.partition(".") for said in sight.withhold) if table == name and column]
    gone += [] if sight.names else FREE_TEXTS.get(name, ())
    gone += COMPANY_COLUMNS.get(name, ()) if sight.by else ()
    gone += ["currency"] if name == "opportunities" else []
    return frame.drop(columns=[column for column in gone if column in frame])


class _Pseudonyms:
    """What each id and name becomes; nothing of it can be told from the id or the name."""

    def __init__(self, frames: Mapping[str, pd.DataFrame], key: bytes):
        self.frames, self.key, self.known = frames, key, {}

    def of(self, table: str) -> dict[str, str]:
        """Id → pseudonym for a table of `ENTITIES`."""
        if table not in self.known:
            ids = (frame[c.name] for name, frame in self.frames.items() for c in TABLES[name].columns
                   if c.name in frame and (c.refers_to == table or name == table and c.name in TABLES[table].key))
            named = self.frames.get(table, pd.DataFrame())
            taken = set(named["name"].dropna()) if "name" in named else set()
            self.known[table] = self._numbered(ENTITIES[table], ids, taken)
        return self.known[table]

    def replaced(self, frames: Mapping[str, pd.DataFrame], only: set | None) -> dict[str, pd.DataFrame]:
        """The frames with pseudonyms: everywhere, or for the reps in `only` alone."""
        if only is not None:
            people = {rep: called for rep, called in self.of("reps").items() if rep in only}
            return {name: self._named(name, frame, {"reps": people}) for name, frame in frames.items()}
        entities = {table: self.of(table) for table in ENTITIES}
        return {name: self._others(self._named(name, frame, entities)) for name, frame in frames.items()}

    def _named(self, name: str, frame: pd.DataFrame, entities: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
        found = {}
        for table, called in entities.items():
            key = TABLES[table].key[0]
            columns = [c.name for c in TABLES[name].columns if c.name in frame
                       and (c.refers_to == table or name == table and c.name == key)]
            found |= {column: _mapped(frame[column], called) for column in columns}
            if name == table and "name" in frame:
                ids = frame[key].isin(called)
                found["name"] = frame["name"].where(~ids, _mapped(frame[key], called))
        return frame.assign(**found)

    def _others(self, frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(**{column: _mapped(frame[column], self._column(column)) for column in OTHERS
                               if column in frame})

    def _column(self, column: str) -> dict[str, str]:
        if column not in self.known:
            values = [frame[column] for frame in self.frames.values() if column in frame]
            self.known[column] = self._numbered(OTHERS[column], values)
        return self.known[column] | {ELSEWHERE: ELSEWHERE}

    def _numbered(self, called: str, columns: Iterable[pd.Series], taken: Iterable[str] = ()) -> dict[str, str]:
        """Value → pseudonym; none is a value itself, nor one of the names in `taken`."""
        values = set().union(*(column.dropna().unique() for column in columns))
        ordered = sorted(values, key=self._place)
        width = max(2, len(str(len(ordered))))
        labels = (f"{called} {number:0{width}d}" for number in count(1))
        free = (label for label in labels if label not in values and label not in taken)
        return dict(zip(ordered, free, strict=False))

    def _place(self, value: str) -> bytes:
        return hmac.digest(self.key, str(value).encode("utf-8", "surrogatepass"), "sha256")


def _mapped(values: pd.Series, called: Mapping[str, str]) -> pd.Series:
    return values.astype(object).map(lambda value: called.get(value, value), na_action="ignore").astype(TEXT)


def _key(tables: Tables, sight: Sight) -> bytes:
    """A secret that only the company's whole tables give."""
    sums = [pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes()
            for frame in (tables.reps, tables.opportunities)]
    return hashlib.sha256(b"".join([*sums, repr((sight.salt, sight.by, sight.unit)).encode()])).digest()


