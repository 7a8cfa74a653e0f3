"""audiences.toml: for whom the month's report is also made, and what each of them may see."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from salesops_helpers.data.home import AUDIENCES
from salesops_helpers.data.tables import TABLES
from salesops_helpers.data.veil import Sight
from salesops_helpers.errors import SalesOpsError, listed, one_line
from salesops_helpers.report import catalog
from salesops_helpers.report.catalog import Entry

NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
DEVICE = re.compile(r"con|prn|aux|nul|(com|lpt)\d")
Names = Annotated[list[str], Field(min_length=1)]


class Audience(BaseModel):
    """Whom a pack is made for, and what it may hold.

    Attributes
    ----------
    label : str
        Whom its pages say they are made for; empty: the audience's name.
    notebooks : list of str
        Stems of the notebooks whose pages it gets.
    by : {"", "region", "team", "rep"}
        Empty: the company. Else each pack holds one unit of this level.
    units : "each" or list of str
        Which units (of reps the rep_id) get a pack of their own.
    names : {"shown", "replaced"}
        Are people and customers named, or do pseudonyms stand for them (and free texts for nothing)?
    withhold : list of str
        Tables of the company, and columns as ``table.column``, that are as if the company did not have them.
    tables : dict
        Published tables that are handed over: name → ``"all"`` or its columns.
    hand_outs : list of {"workbook", "mail", "pdf"}
        What goes with the pages.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    label: str = ""
    notebooks: Names
    by: Literal["", "region", "team", "rep"] = ""
    units: Literal["each"] | Names = "each"
    names: Literal["shown", "replaced"] = "replaced"
    withhold: list[str] = []
    tables: dict[str, Literal["all"] | Names] = {}
    hand_outs: list[Literal["workbook", "mail", "pdf"]] = []

    @field_validator("withhold")
    @classmethod
    def _can_be_withheld(cls, given: list[str]) -> list[str]:
        for place in given:
            name, dot, column = place.partition(".")
            if name not in TABLES or dot and column not in TABLES[name].names:
                raise ValueError(f"{place!r} is neither a table nor a table.column")
            if TABLES[name].required and not dot or dot and column in TABLES[name].must_have:
                raise ValueError(f"{place!r} is needed by every page; withhold the notebooks, or replace names")
        return given

    @model_validator(mode="after")
    def _units_of_a_level(self) -> Audience:
        if not self.by and self.units != "each":
            raise ValueError("units need a level: by = \"region\", \"team\" or \"rep\"")
        return self

    def sight(self, name: str, unit: str = "") -> Sight:
        """What it may see of the company's tables, in the pack of one unit."""
        return Sight(self.by, unit, self.names == "shown", tuple(self.withhold), name)


def read_audiences(home: Path) -> dict[str, Audience]:
    """The audiences of the company in the folder `home`, by name.

    Raises `SalesOpsError` where there is no audiences.toml, it is not TOML, or it holds a wrong or unknown setting.
    """
    path = home / AUDIENCES
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SalesOpsError(f"{path} is not there", "a file that says what each audience may see",
                            "write one, or leave --audience out") from None
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SalesOpsError(f"{path} cannot be read ({error})", "TOML text in UTF-8", "mend the file") from None
    return {name: _audience(path, name, settings) for name, settings in given.items()}


def _audience(path: Path, name: str, settings: object) -> Audience:
    if not NAME.fullmatch(name) or DEVICE.fullmatch(name):
        raise SalesOpsError(f"{path}: audience {name!r}", "a name of small letters, digits, _ and -, a letter first",
                            "rename it; what readers are shown goes into label")
    if not isinstance(settings, dict):
        raise SalesOpsError(f"{path}: {name} = {settings!r}", f"a table [{name}] with settings", "mend the file")
    try:
        return Audience(**settings)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][:1])
        seen = f" = {one_line(repr(settings[where]), 120)}" if where in settings else ""
        raise SalesOpsError(f"{path}: {name}{'.' * bool(where)}{where}{seen} ({first['msg']})",
                            f"settings: {listed(Audience.model_fields, 30)}", f"mend [{name}]") from None


def asked_for(home: Path, wanted: Sequence[str]) -> list[tuple[str, Audience, str]]:
    """Name, audience and unit (empty: all of its units) for each ``NAME`` or ``NAME:UNIT``.

    Raises `SalesOpsError` for a name that is not there, a unit where there are none, or rights to what is not made.
    """
    known, found = read_audiences(home), []
    for text in dict.fromkeys(wanted):
        name, _, unit = text.partition(":")
        if name not in known:
            raise SalesOpsError(f"--audience {text}", f"{listed(known, 40) or 'none'} of {home / AUDIENCES}",
                                "choose one of these")
        audience = known[name]
        if unit and not audience.by:
            raise SalesOpsError(f"--audience {text}", f"{name}: it is one of the company", "leave the unit out")
        if unit and audience.units != "each" and unit not in audience.units:
            raise SalesOpsError(f"--audience {text}", listed(audience.units, 40), "choose one of these units")
        pages(home, name, audience)
        found.append((name, audience, unit))
    return found


def pages(home: Path, name: str, audience: Audience) -> list[Entry]:
    """The notebooks of an audience. Raises `SalesOpsError` where one is not there or tells more than it may see."""
    listed_entries, where = catalog.entries(home), f"{home / AUDIENCES}: {name}"
    stems = [entry.stem for entry in listed_entries]
    if unknown := [stem for stem in audience.notebooks if stem not in stems]:
        raise SalesOpsError(f"{where}.notebooks holds {listed(unknown)}", listed(stems, 40), "mend the file")
    entries = [entry for entry in listed_entries if entry.stem in audience.notebooks]
    if not audience.sight(name).whole and (whole := [entry.stem for entry in entries if entry.whole]):
        raise SalesOpsError(f"{where}.notebooks holds {listed(whole)}, which tells of the company's own files",
                            "it for an audience of the company with names shown and nothing withheld",
                            "leave it out")
    stated = _stated(entries)
    if unmade := [table for table in audience.tables if stated and table not in stated]:
        raise SalesOpsError(f"{where}.tables holds {listed(unmade)}", listed(sorted(stated), 40),
                            "mend the file, or add the notebook that publishes it")
    return entries


def _stated(entries: Sequence[Entry]) -> set[str]:
    """Tables that the notebooks say they publish; nothing where one does not say."""
    return set().union(*(entry.publishes for entry in entries)) if all(entry.reader for entry in entries) else set()


def as_plain(audience: Audience) -> Mapping[str, object]:
    """The definition as plain JSON: part of what an audience's pages rest on."""
    return audience.model_dump(mode="json")
