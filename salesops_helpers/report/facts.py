"""What a page says of the data, found out by reading it: the full check of a request."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from salesops_helpers.report import forked, inputs
from salesops_helpers.report.request import Asked, Request, unchanged
from salesops_helpers.report.units import Unit

if TYPE_CHECKING:
    from salesops_helpers.data.container import Tables


def checked(wanted: Asked) -> Request:
    """The request, where the data can meet it. Raises `SalesOpsError` for the first thing that is wrong with it."""
    return (None if wanted.force or wanted.verify else unchanged(wanted)) or read(wanted)


def read(wanted: Asked) -> Request:
    """Read and check the company's tables as of the month.

    Raises `SalesOpsError` where they cannot be read or the month lies outside the data.
    """
    forked.start()
    from salesops_helpers.data.load import cut, read_all
    from salesops_helpers.report.reading import Reading

    everything, checker = read_all(wanted.home)
    tables = cut(everything, month=wanted.month)
    checker.refuse_unreadable()
    resting = inputs.inputs(everything.company.home, everything.engine.state())
    return Request(wanted, resting, facts_of(tables), units_of(tables, wanted.by), outside(tables, wanted.by),
                   Reading(tables, everything, checker.names, wanted.month))


def facts_of(tables: Tables) -> dict[str, object]:
    """The facts of `Request`, without those of tables: these are counted while notebooks start."""
    from salesops_helpers import words

    return {
        "company": tables.company.name, "month_name": words.month_name(tables.as_of),
        "as_of": f"{tables.as_of:%Y-%m-%d}", "as_of_name": words.day_name(tables.as_of),
        "currency": tables.company.currency, "extract_date": f"{tables.extract_date:%Y-%m-%d}",
        "tables": None, "notes": list(tables.notes),
    }


def units_of(tables: Tables, by: Iterable[str]) -> list[Unit]:
    """The units of these levels that get pages, in the order of the levels and of their names: not ``(none)``, and no
    reps who had left before the month and have no deal open or closed in it."""
    from salesops_helpers.data.scope import NONE, units

    gone = _gone(tables) if "rep" in by else set()
    return [Unit(level, name, label) for level in by for name, label in units(tables, level).items()
            if name != NONE and (level != "rep" or name not in gone)]


def outside(tables: Tables, by: Iterable[str]) -> dict[str, int]:
    """For each level the number of deals that are in no unit: their owner, or the owner's place, is not known."""
    from salesops_helpers.data.scope import units_of_deals

    return {level: int(units_of_deals(tables, level).isna().sum()) for level in by}


def _gone(tables: Tables) -> set[str]:
    from salesops_helpers.periods import month_start

    first, reps, deals = month_start(tables.as_of), tables.reps, tables.opportunities
    busy = deals[(deals["status"] == "open") | (deals["closed_on"] >= first)]["rep_id"]
    return set(reps[(reps["left_on"] < first) & ~reps["rep_id"].isin(busy)]["rep_id"])
