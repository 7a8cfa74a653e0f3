"""Where the objects of a CRM's export lie: files of a folder, or tables and views of a database."""

from __future__ import annotations

from typing import Protocol

from salesops_helpers.data.company import FILE_NAME, Company
from salesops_helpers.data.sources.base import Raw, Source
from salesops_helpers.errors import SalesOpsError


class Shelf(Protocol):
    """Named items, each the records of one object.

    ``own`` is the source of tables that are written as the kit's own; ``place`` names the shelf to a reader.
    """

    own: Source
    place: str

    def items(self) -> dict[str, str]:
        """Item (a file, a view) → its name without suffix."""

    def named(self, objects: set[str]) -> dict[str, list[str]]:
        """The items that company.toml names for some of these objects."""

    def items_of(self, table: str) -> list[str]:
        """The items that hold a table of `own`."""

    def raw(self, item: str, relation: str) -> Raw:
        """The records of an item, in the engine as `relation`."""


class Folder:
    """A folder: an item is a file, or a sheet of a workbook."""

    def __init__(self, company: Company):
        from salesops_helpers.data.sources.files import FileSource

        self.company, self.own = company, FileSource(company, required=False)
        self.place = str(company.data_folder)

    def items(self) -> dict[str, str]:
        from salesops_helpers.data.sources.files import SUFFIXES

        names = sorted(p.name for p in self.company.data_folder.iterdir() if p.is_file())
        ends = {name: max((s for s in SUFFIXES if name.lower().endswith(s)), key=len, default="") for name in names}
        return {name: name.removesuffix(name[-len(end):]) for name, end in ends.items() if end}

    def named(self, objects: set[str]) -> dict[str, list[str]]:
        found = {}
        for name in sorted(objects & set(self.company.files)):
            given = self.company.files[name]
            texts = [given] if isinstance(given, str) else given
            files = [self._files(text, name) for text in texts]
            found[name] = [self._item(file) for part in files for file in part]
        return found

    def items_of(self, table: str) -> list[str]:
        return [self._item(file) for file in self.own.files[table]]

    def raw(self, item: str, relation: str) -> Raw:
        from salesops_helpers.data.sources.files import read_file

        path, sheet = self._files(item)[0]
        return read_file(self.own.con, relation, path, self.company, sheet)

    def _files(self, text: str, name: str = "") -> list:
        from salesops_helpers.data.sources.files import match

        if found := match(self.company.data_folder, text):
            return found
        raise SalesOpsError(f"{name}: {text!r} is not in {self.place}", "a file that is there",
                            f"mend [files] {name} in {FILE_NAME}")

    def _item(self, file: tuple) -> str:
        path, sheet = file
        name = str(path.relative_to(self.company.data_folder))
        return f"{name}#{sheet}" if sheet else name


class Database:
    """A database: an item is a table or a view."""

    def __init__(self, company: Company):
        from salesops_helpers.data.sources.database import DatabaseSource

        self.company, self.own = company, DatabaseSource(company, required=False)
        self.place = self.own.where

    def items(self) -> dict[str, str]:
        return {name: name for name in self.own.there}

    def named(self, objects: set[str]) -> dict[str, list[str]]:
        return {name: [self.company.views[name]] for name in sorted(objects & set(self.company.views))}

    def items_of(self, table: str) -> list[str]:
        return [self.own.label(table)]

    def raw(self, item: str, relation: str) -> Raw:
        return self.own.taken(item, relation)
