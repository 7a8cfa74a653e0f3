"""Reading what a company folder points to: files today, other engines by the same door."""

from __future__ import annotations

from salesops_helpers.data.company import Company
from salesops_helpers.data.sources.base import Source


def open_source(company: Company) -> Source:
    """The source of a company's tables. Raises `SalesOpsError` where it is not there or lacks a required table."""
    from salesops_helpers.data.sources.crm import CrmSource, Folder
    from salesops_helpers.data.sources.files import FileSource

    return CrmSource(company, Folder(company)) if company.crm else FileSource(company)
