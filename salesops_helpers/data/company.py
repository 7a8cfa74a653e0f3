"""company.toml: what is particular to one company, and nothing of it anywhere else."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator

from salesops_helpers.data.crm.maps import objects_of
from salesops_helpers.data.home import FILE_NAME, data_folder, find_source
from salesops_helpers.data.secrets import has_literal_secret, shown
from salesops_helpers.data.tables import TABLES
from salesops_helpers.errors import SalesOpsError, listed

__all__ = ["FILE_NAME", "Company", "Wide", "find_source", "read_company"]


class Wide(BaseModel):
    """A table with one column a month: which column of the table the cells are, which year or column of the source
    gives the year, and whether ``M01`` is January or the first month of the fiscal year."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: str | None = None
    year: int | str | None = None
    months: Literal["calendar", "fiscal"] | None = None


class Company(BaseModel):
    """One company: its name, money, calendar, stages, and where its tables are and what they are called there.

    Attributes
    ----------
    name, currency : str
        Name as printed, ISO 4217 code.
    minor_units : int
        Decimals of the currency (2 for EUR).
    fiscal_year_start : int
        First month of the fiscal year, 1 to 12.
    stages : list of str
        The stages of the sales process in order; `won_stages` and `lost_stages` among them.
    extract_date : date or None
        Last day that the data covers; None: the latest day on which a deal was created or closed.
    crm : {None, "salesforce", "hubspot", "pipedrive"}
        The tables are that CRM's export: its objects are found by name and mapped by the packaged map.
    folder, state, plans : str
        Where the tables lie, where the kit keeps its state, where the pay plans lie; relative to company.toml. `folder`
        may hold environment variables (then a relative path counts from the working directory).
    separate_duties : bool
        Who approved a pay plan may not lock a month that it pays.
    source : str or None
        A database's URL instead of files. It names credentials as environment variables only:
        ``postgres://reader:${SALESOPS_DB_PASSWORD}@host:5432/db``.
    timeout : int
        Seconds that one statement in a database may take.
    files, views, columns, values, constants : dict
        File per table (or a list of files, a pattern such as ``deals-*.csv``, ``book.xlsx#Sheet``), table or view
        (``name`` or ``schema.name``) per table, source column per column, replacement per value, constant per column.
    encoding, delimiter : str or None
        Of all text files; None: found out for each file.
    dates : dict
        ``order``, a table or ``table.column`` → "day first", "month first" or "year first" (the last for years of two
        digits), for columns whose values do not tell.
    numbers : dict
        ``decimal``, a table or ``table.column`` → "." or ",", for columns whose values do not tell.
    units : dict
        Per table and column what one unit in the source stands for: ``amount = 1000`` where amounts are in thousands.
    wide : dict
        Per table with a column a month: the `Wide` settings.
    goals : dict
        Per KPI and fiscal year (named by the year in which it starts) the company's goal: ``[goals.bookings]``
        ``2026 = 12_000_000``. It counts where `targets` and `quotas` say nothing.
    costs : dict
        What a wrong forecast costs: ``over_forecast`` and ``under_forecast``, for one unit of currency too much and too
        little.
    notes : list of str
        What every page must say of the data.
    home : Path
        The folder that holds company.toml.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    minor_units: Annotated[int, Field(ge=0, le=4)] = 2
    fiscal_year_start: Annotated[int, Field(ge=1, le=12)] = 1
    stages: Annotated[list[str], Field(min_length=1)]
    won_stages: Annotated[list[str], Field(min_length=1)]
    lost_stages: Annotated[list[str], Field(min_length=1)]
    extract_date: dt.date | None = None
    crm: Literal["salesforce", "hubspot", "pipedrive"] | None = None
    folder: str = "."
    state: str | None = None
    plans: str = "plans"
    source: str | None = None
    separate_duties: bool = False
    timeout: Annotated[int, Field(ge=1)] = 600
    files: dict[str, str | list[str]] = {}
    views: dict[str, str] = {}
    columns: dict[str, dict[str, str]] = {}
    values: dict[str, dict[str, dict[str, str]]] = {}
    constants: dict[str, dict[str, str | int | float | bool]] = {}
    encoding: str | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    dates: dict[str, Literal["day first", "month first", "year first"]] = {}
    numbers: dict[str, Literal[".", ","]] = {}
    units: dict[str, dict[str, Annotated[int | float, Field(gt=0, allow_inf_nan=False)]]] = {}
    wide: dict[str, Wide] = {}
    goals: dict[str, dict[Annotated[str, Field(pattern=r"^\d{4}$")], float]] = {}
    costs: dict[Literal["over_forecast", "under_forecast"], Annotated[float, Field(ge=0, allow_inf_nan=False)]] = {}
    notes: list[str] = []
    home: Path = Path(".")

    @field_validator("source")
    @classmethod
    def _no_credentials(cls, given: str | None) -> str | None:
        if given is not None and "://" not in given:
            raise ValueError("it is not a database's URL such as postgres://host:5432/database")
        if given is not None and has_literal_secret(given):
            raise ValueError("it holds a password; name an environment variable in its place: "
                             "postgres://user:${SALESOPS_DB_PASSWORD}@host:5432/database")
        return given

    @field_validator("files", "views", "columns", "values", "constants", "units", "wide")
    @classmethod
    def _known_tables(cls, given: dict, info: ValidationInfo) -> dict:
        crm = info.data.get("crm")
        objects = objects_of(crm) if crm and info.field_name in ("files", "views") else {}
        if unknown := [name for name in given if name not in TABLES and name not in objects]:
            raise ValueError(f"no table is called {listed(unknown)}; tables are {listed(TABLES, 40)}")
        return given

    @field_validator("columns", "values", "constants", "units")
    @classmethod
    def _known_columns(cls, given: dict) -> dict:
        for name, columns in given.items():
            if unknown := [c for c in columns if c not in TABLES[name].names]:
                raise ValueError(f"{name} has no column {listed(unknown)}; it has {listed(TABLES[name].names, 40)}")
        return given

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, given: str | None) -> str | None:
        try:
            if given is not None:
                "".encode(given)
        except LookupError:
            raise ValueError("no encoding is called so; utf-8, cp1252 and utf-16 are some") from None
        return given

    @field_validator("dates", "numbers")
    @classmethod
    def _known_places(cls, given: dict, info: ValidationInfo) -> dict:
        general = {"dates": "order", "numbers": "decimal"}[info.field_name]
        for place in given:
            table, _, column = place.partition(".")
            if place != general and (table not in TABLES or column and column not in TABLES[table].names):
                raise ValueError(f"{place!r} is neither {general!r}, nor a table, nor a \"table.column\"")
        return given

    def written(self, kind: str, table: str, column: str) -> str | None:
        """What company.toml says of how a column is written: `kind` is ``dates`` or ``numbers``."""
        said, general = {"dates": (self.dates, "order"), "numbers": (self.numbers, "decimal")}[kind]
        return said.get(f"{table}.{column}", said.get(table, said.get(general)))

    @model_validator(mode="after")
    def _closing_stages(self) -> Company:
        if unknown := [s for s in self.won_stages + self.lost_stages if s not in self.stages]:
            raise ValueError(f"won_stages and lost_stages hold {listed(unknown)}, which stages does not")
        if both := sorted(set(self.won_stages) & set(self.lost_stages)):
            raise ValueError(f"{listed(both)} cannot mean both won and lost")
        return self

    @property
    def data_folder(self) -> Path:
        """Where the tables lie, with environment variables filled in."""
        return data_folder(self.home, self.folder)

    @property
    def plans_folder(self) -> Path:
        return self.home / self.plans


def read_company(source: str | Path) -> Company:
    """The `Company` described by the company.toml in the folder `source`.

    Raises `SalesOpsError` where the folder or the file is not there, is not TOML, or holds a wrong or unknown setting.
    """
    home = find_source(source)
    path = home / FILE_NAME
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SalesOpsError(f"{path} is not TOML ({error})", "TOML text in UTF-8", "mend the file") from None
    try:
        return Company(**{**given, "home": home})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or FILE_NAME
        seen = "" if first["type"] == "missing" or not first["loc"] else f" = {shown(first['input'], where)!r}"
        raise SalesOpsError(
            f"{path}: {where}{seen} ({first['msg']})",
            f"settings: {listed(sorted(set(Company.model_fields) - {'home'}), 30)}",
            f"mend {where} in {FILE_NAME}",
        ) from None
