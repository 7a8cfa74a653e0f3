"""The packaged maps: the objects of a CRM, the file names they come under and the headers of their fields."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

CRMS = ("salesforce", "hubspot", "pipedrive")


@dataclass(frozen=True)
class CrmObject:
    """One object of a CRM.

    Attributes
    ----------
    name, table : str
        The object's name and the table that it feeds (empty: it only helps to read others).
    names : list of str
        Further names that a file of it may have.
    needs : list of str
        Fields without which a file is not this object.
    fields : dict
        Field → headers that may hold it, the likeliest first.
    values : dict
        Field → replacement per value (lower case).
    entered, not_entered : str, list of str
        Pattern of columns that say when a stage was entered, and stages that are none.
    """

    name: str
    table: str = ""
    names: list[str] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)
    fields: dict[str, list[str]] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    entered: str = ""
    not_entered: list[str] = field(default_factory=list)

    @property
    def file_names(self) -> set[str]:
        """The names of its files, plain, in singular and plural."""
        return {form for name in (self.name, *self.names) for form in _forms(plain(name))}

    def found(self, columns: list[str]) -> dict[str, str]:
        """Field → header, for the fields that `columns` hold."""
        headers = {name: header(names, columns) for name, names in self.fields.items()}
        return {name: column for name, column in headers.items() if column is not None}

    def fits(self, columns: list[str]) -> bool:
        """Do these columns hold every field that the object needs?"""
        return set(self.needs) <= set(self.found(columns))


@cache
def title(crm: str) -> str:
    """The CRM's name as printed."""
    return _read(crm)["crm"]


@cache
def objects_of(crm: str) -> dict[str, CrmObject]:
    """The objects of a CRM by name, as its packaged TOML file describes them."""
    return {name: CrmObject(name, **described) for name, described in _read(crm)["objects"].items()}


def _read(crm: str) -> dict:
    return tomllib.loads(files("salesops_helpers.data.crm").joinpath(f"{crm}.toml").read_text(encoding="utf-8"))


def plain(text: str) -> str:
    """A name without case, spaces and punctuation: ``Deal - Owner`` and ``deal_owner`` agree."""
    return "".join(c for c in text.casefold() if c.isalnum())


def header(names: list[str], columns: list[str]) -> str | None:
    """The column that the first of `names` stands for: written alike, else but for case, else but for punctuation."""
    for name in names:
        for alike in (str, str.casefold, plain):
            if found := next((c for c in columns if alike(c) == alike(name)), None):
                return found
    return None


def object_named(stem: str, objects: dict[str, CrmObject]) -> tuple[str, bool] | None:
    """The object that a file name means, and whether it means it without more: a prefix (``salesforce_``) and numbers
    at the end (a date, a part) do not count. None: no object."""
    words = [word for word in re.split(r"[\W_]+", stem) if word]
    while words and words[-1].isdigit():
        words.pop()
    for skipped in range(len(words)):
        tail = plain("".join(words[skipped:]))
        for name, known in objects.items():
            if tail in known.file_names:
                return name, skipped == 0
    return None


def _forms(name: str) -> set[str]:
    singular = name[:-3] + "y" if name.endswith("ies") else name[:-1] if name.endswith("s") else name
    plural = singular[:-1] + "ies" if singular.endswith("y") else singular + "s"
    return {name, singular, plural}
