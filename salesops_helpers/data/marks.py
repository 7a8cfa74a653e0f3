"""Flags and set-aside rows as of the tables' day, and the catalogue of the rules behind them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from salesops_helpers.data.quality import FLAGS, OTHER, SAME, SET_ASIDE, UNREADABLE
from salesops_helpers.data.rules import rules_for
from salesops_helpers.data.tables import TABLES
from salesops_helpers.data.watch import WATCHES, watched

if TYPE_CHECKING:
    from salesops_helpers.data.company import Company
    from salesops_helpers.data.container import Tables

ASIDE, FLAGGED = "set aside", "used and flagged"
MOST_NAMES = 6
WHOLE_FILE = (
    (UNREADABLE, "the line", "the file is damaged there, or a text holds a stray quote or comma"),
    (SAME, "the key", "the second would count the same thing twice"),
    (OTHER, "the key", "two versions of one thing, and the file does not say which is right; the first is used"),
)


def flags(tables: Tables) -> pd.DataFrame:
    """Every used row and rule that marks it, as known on the tables' day.

    Returns
    -------
    DataFrame
        table, file, source_line (missing where the source does not tell), key, rule, reason, dated (day of the row),
        doubts (amount, date, stage, owner, customer or record).
    """
    parts = [_placed(watched(tables), tables)]
    if tables.checked is not None:
        rows = tables.checked.flags()
        undated = rows["dated"].isna() & rows["table"].map(lambda name: bool(TABLES[name].dated_by)).astype(bool)
        parts.insert(0, _known(rows[~undated] if tables.as_of < tables.extract_date else rows, tables))
    parts = [part for part in parts if len(part)]
    return pd.concat(parts, ignore_index=True).reindex(columns=FLAGS) if parts else pd.DataFrame(columns=FLAGS)


def _placed(found: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """What was found, with file and source_line where a checker knows them."""
    if tables.checked is None or found.empty:
        return found
    keys = found.groupby("table", sort=False)["key"].unique()
    known = pd.concat([tables.checked.places(name, list(some)).assign(table=name) for name, some in keys.items()])
    return found.astype(object).merge(known.astype(object), on=["table", "key"], how="left")


def set_aside(tables: Tables) -> pd.DataFrame:
    """Every row that is not used: table, file, source_line, key, rule, reason, dated (missing where it cannot be read),
    row (as given, JSON). Rows dated after the tables' day are left out, unless that is the extract date."""
    if tables.checked is None:
        return pd.DataFrame(columns=SET_ASIDE)
    return _known(tables.checked.set_aside(), tables).reset_index(drop=True)


def _known(rows: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    if tables.as_of >= tables.extract_date or rows.empty:
        return rows
    monthly = rows["table"].map(lambda name: TABLES[name].dated_by == "month").astype(bool)
    dated = pd.to_datetime(rows["dated"])
    known_on = dated.where(~monthly, dated + pd.offsets.MonthEnd(1))
    return rows[~(known_on > tables.as_of)]


def rulebook(company: Company) -> pd.DataFrame:
    """Every rule that a company's rows are held against, one row a rule.

    Returns
    -------
    DataFrame
        rule, tables (names, joined), looks_at (columns, joined), means (for a reader of the figures), consequence
        ("set aside" or "used and flagged"), doubts (what a flag puts in doubt).
    """
    groups = every_rule(company).groupby(["consequence", "rule", "means", "doubts"], sort=False)
    frame = groups.agg(tables=("table", partial(_joined, what="tables")),
                       looks_at=("looks_at", partial(_joined, what="columns"))).reset_index()
    order = frame.sort_values("consequence", kind="stable", ignore_index=True)
    return order[["rule", "tables", "looks_at", "means", "consequence", "doubts"]]


def every_rule(company: Company) -> pd.DataFrame:
    """The rules of `rulebook`, one row a rule, table and column: rule, table, looks_at, means, consequence, doubts."""
    day, every = pd.Timestamp(company.extract_date or "2000-01-01"), dict.fromkeys(TABLES)
    rows = [
        (rule.name, table.name, rule.column, rule.means, ASIDE if rule.sets_aside else FLAGGED, rule.doubts)
        for table in TABLES.values() for rule in rules_for(table, company, day, every, table.names)
    ]
    rows += [(rule, "all tables", looks_at, means, ASIDE, "") for rule, looks_at, means in WHOLE_FILE]
    rows += [(w.name, w.table, w.column, w.means, FLAGGED, w.doubts) for w in WATCHES]
    return pd.DataFrame(rows, columns=["rule", "table", "looks_at", "means", "consequence", "doubts"])


def counted(rows: pd.DataFrame, company: Company) -> pd.DataFrame:
    """Set-aside rows or flags by table and rule, most first: table, rule, reason (the first one's), rows, means."""
    reason = rows["reason"].astype(object).str.split(": ", n=1).str[0]
    counts = rows.assign(reason=reason).groupby(["table", "rule"], sort=False).agg(
        reason=("reason", "first"), rows=("rule", "size")).reset_index()
    rules = every_rule(company).drop_duplicates(["table", "rule"])
    here = counts[["table", "rule"]].merge(rules[["table", "rule", "means"]], how="left", on=["table", "rule"])["means"]
    anywhere = counts["rule"].map(rules.drop_duplicates("rule").set_index("rule")["means"])
    counts["means"] = here.where(here.notna(), anywhere).fillna("")
    return counts.sort_values(["rows", "table", "rule"], ascending=[False, True, True], ignore_index=True)


def _joined(values: pd.Series, what: str) -> str:
    names = list(dict.fromkeys(values))
    return ", ".join(names) if len(names) <= MOST_NAMES else f"{len(names)} {what}"
