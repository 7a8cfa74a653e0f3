"""Who and what needs the reader of the letter: lines that lead to the page that says more."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

MOST_DEALS, MOST_TEAMS, HALF = 5, 3, 0.5
COACHING, STOPPED = "rep_coaching", "stalled_deals"
SECTIONS = {COACHING: "Every comparison", STOPPED: "Deals that have stopped"}
DEAL = {"opportunity_id", "account", "stage", "amount", "days", "advice"}
Lines = list[dict[str, object]]


def lines(coaching: pd.DataFrame | None, stopped: pd.DataFrame | None, currency: str = "") -> Lines:
    """What the letter says of people and deals, nobody named but customers.

    Parameters
    ----------
    coaching : DataFrame, optional
        team, focus (text; missing: none stands out), attainment (share of the quarter's quota; where it is there), one
        row a rep; None: there is none.
    stopped : DataFrame, optional
        opportunity_id, account, stage, amount (currency), days (in the stage), advice: open deals that have stopped.

    Returns
    -------
    list of dict
        table (which it is from), said (a sentence), items (a text for each deal); nothing where nothing is known.
    """
    return [*_coaching(coaching), *_stopped(stopped, currency)]


def leading(found: Sequence[Mapping], cards: Sequence[Mapping[str, str]], folder: Path) -> Lines:
    """Each line with label (the title of the page that published its table) and page (its address, at the section where
    it has one); both empty where that page is not there."""
    return [{**line, **_way(str(line["table"]), cards, folder)} for line in found]


def _way(table: str, cards: Sequence[Mapping[str, str]], folder: Path) -> dict[str, str]:
    from salesops_helpers.report.catalog import CATALOG

    stem = next((entry.stem for entry in CATALOG if table in entry.publishes), "")
    card = next((card for card in cards if stem and card.get("stem") == stem and card["page"]), None)
    path = folder / card["page"] if card else None
    if path is None or not path.is_file():
        return {"label": "", "page": ""}
    part = re.search(rf'<h2 id="([\w-]+)">{re.escape(SECTIONS[table])}</h2>', path.read_text(encoding="utf-8"))
    return {"label": card["title"], "page": f"{card['page']}#{part[1]}" if part else card["page"]}


def _coaching(rows: pd.DataFrame | None) -> Lines:
    from salesops_helpers import words

    if rows is None or rows.empty or not {"team", "focus"} <= set(rows):
        return []
    named = rows[rows["focus"].notna()]
    who = words.counted(len(named), "rep") if len(named) else "no rep"
    said = f"A coaching focus stands out for {who}{_by_team(named)}."
    if "attainment" in rows and rows["attainment"].notna().any():
        short = rows[rows["attainment"] < HALF]
        who = words.counted(len(short), "rep") if len(short) else "no rep"
        said += (f" Under half of the quota of the quarter so far {'is' if len(short) < 2 else 'are'} "
                 f"{who}{_by_team(short)}.")
    return [{"table": COACHING, "items": [], "said": said}]


def _by_team(named: pd.DataFrame) -> str:
    """How many of these reps each team has, in brackets."""
    from salesops_helpers import words

    teams = named["team"].dropna().value_counts().sort_index().sort_values(ascending=False, kind="stable")
    shown = [f"{words.number(n)} in {team}" for team, n in teams.head(MOST_TEAMS).items()]
    more = [f"{words.number(teams.iloc[MOST_TEAMS:].sum())} elsewhere"] if len(teams) > MOST_TEAMS else []
    return f" ({words.joined([*shown, *more])})" if shown else ""


def _stopped(rows: pd.DataFrame | None, currency: str) -> Lines:
    from salesops_helpers import words

    if rows is None or rows.empty or not DEAL <= set(rows):
        return []
    alive = rows[(rows["advice"] == "work on") & rows["amount"].notna()]
    first = alive.sort_values(["amount", "opportunity_id"], ascending=[False, True], kind="stable").head(MOST_DEALS)
    if first.empty:
        return []
    items = [_deal(row, currency) for row in first.to_dict("records")]
    worth = words.short_money(first["amount"].sum(), currency)
    said = (f"Of {words.counted(len(rows), 'open deal')} that {'has' if len(rows) == 1 else 'have'} stopped, "
            f"{'this is the largest' if len(first) == 1 else f'these {len(first)} are the largest'} still young enough "
            f"to be won, worth {worth}.")
    return [{"table": STOPPED, "said": said, "items": items}]


def _deal(row: Mapping, currency: str) -> str:
    import pandas as pd

    from salesops_helpers import words

    customer = row["opportunity_id"] if pd.isna(row["account"]) else f"{row['account']} ({row['opportunity_id']})"
    stands = "" if pd.isna(row["days"]) else f" for {words.counted(int(row['days']), 'day')}"
    return f"{customer}: {words.short_money(row['amount'], currency)}, in {row['stage']}{stands}"
