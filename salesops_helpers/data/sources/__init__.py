"""Reading what a company folder points to: files, or a database by the same door."""

from __future__ import annotations

from salesops_helpers.data.company import Company
from salesops_helpers.data.sources.base import Source


def open_source(company: Company) -> Source:
    """The source of a company's tables. Raises `SalesOpsError` where it is not there or lacks a required table."""
    if company.crm is not None:
        from salesops_helpers.data.sources.crm import CrmSource
        from salesops_helpers.data.sources.shelves import Database, Folder

        return CrmSource(company, Folder(company) if company.source is None else Database(company))
    if company.source is not None:
        from salesops_helpers.data.sources.database import DatabaseSource

        return DatabaseSource(company)
    from salesops_helpers.data.sources.files import FileSource

    return FileSource(company)
