"""Hygiene in sentences: can this month's figures be trusted?"""

from __future__ import annotations

import pandas as pd

from salesops_helpers import words
from salesops_helpers.data.container import Tables
from salesops_helpers.performance.hygiene import at_risk, moves

SOUND, CAREFUL = 0.02, 0.10
GRADES = {"sound": "can be trusted", "careful": "can be used with care",
          "doubtful": "cannot be trusted as they stand"}
PIPELINE = {"sound": "the open pipeline can be trusted", "careful": "the open pipeline can be used with care",
            "doubtful": "the open pipeline cannot be trusted as it stands"}
FIGURE_NAMES = {
    "pipeline": "open pipeline", "bookings": "bookings of the month", "history": "bookings that a forecast learns from",
    "pay": "credited bookings that pay rests on", "win_rate": "win rate of the month",
}


def grade(share: float) -> str:
    """What a share on flagged rows says: sound (up to 2 %), careful (up to 10 %), doubtful."""
    return "sound" if not share > SOUND else "careful" if share <= CAREFUL else "doubtful"


def verdict(tables: Tables, months: int = 12) -> list[str]:
    """The answer: can this month's figures be trusted; its first sentence is the headline."""
    risk, moved = at_risk(tables, months).set_index("figure"), moves(tables).set_index("figure")
    book, pipe = risk.loc["bookings"], risk.loc["pipeline"]
    return [_head(tables, book, pipe), _moved(moved, tables.company.currency), _record(book, pipe),
            _aside(tables, moved, tables.company.currency)]


def _head(tables: Tables, book: pd.Series, pipe: pd.Series) -> str:
    first, second = grade(book["share"]), grade(pipe["share"])
    link = "and" if (first == "sound") == (second == "sound") else "but"
    month, doubt = words.month_name(tables.as_of), "on rows whose amount, date, stage or owner is in doubt"
    if pipe["deals"] == 0:
        return f"The bookings of {month} {GRADES[first]}: {_resting(book, tables)} rests {doubt}; no deal is open."
    return (f"The bookings of {month} {GRADES[first]}, {link} {PIPELINE[second]}: {_resting(book, tables)} booked and "
            f"{_resting(pipe, tables)} open rest {doubt}.")


def _resting(risk: pd.Series, tables: Tables) -> str:
    """``2.1 % of EUR 2.64 m``; in deals where no deal has an amount."""
    if risk["total"] == 0:
        return f"{words.number(risk['flagged_deals'])} of {words.counted(risk['deals'], 'deal')}"
    return f"{words.percent(risk['share'])} of {words.short_money(risk['total'], tables.company.currency)}"


def _moved(moved: pd.DataFrame, currency: str) -> str:
    still = [name for name in moved.index if not abs(moved.loc[name, "change_without"]) > 0]
    changed = [name for name in moved.index if name not in still]
    if not changed:
        return "Without those rows the bookings and the win rate of the month and the open pipeline stay as they are."
    stay = [f"the {FIGURE_NAMES[name]} {'do' if name == 'bookings' else 'does'} not move" for name in still]
    texts = [f"the {FIGURE_NAMES[name]} would be {shown(moved.loc[name], name, 'without', currency)} instead of "
             f"{shown(moved.loc[name], name, 'reported', currency)}" for name in changed]
    return f"Without those rows {words.joined(texts + stay)}."


def shown(row: pd.Series, figure: str, column: str, currency: str) -> str:
    """A figure of `moves` as text: money or percent."""
    return words.percent(row[column]) if figure == "win_rate" else words.short_money(row[column], currency)


def _record(book: pd.Series, pipe: pd.Series) -> str:
    """What rests on deals that are flagged for the record alone; nothing where nothing does."""
    shares = [f"{words.percent(risk['record_share'])} of {what}" for risk, what in (
        (book, "the bookings"), (pipe, "the open pipeline")) if risk["record_share"] > 0]
    verb = "rest" if len(shares) > 1 else "rests"
    return f"A further {words.joined(shares)} {verb} on deals flagged for gaps in the record alone." if shares else ""


def _aside(tables: Tables, moved: pd.DataFrame, currency: str) -> str:
    rows = tables.set_aside
    if rows.empty:
        return "No row had to be set aside."
    deals = int((rows["table"] == "opportunities").sum())
    book, pipe = (words.short_money(moved.loc[name, "change_within"], currency) for name in ("bookings", "pipeline"))
    number = words.counted(len(rows), "row")
    return (f"{number} could not be used and {'is' if len(rows) == 1 else 'are'} in no figure, {words.number(deals)} "
            f"of them deals; taken in as they are given, they would change the bookings of the month by {book} and "
            f"the open pipeline by {pipe}.")


def readable(moved: pd.DataFrame, currency: str) -> pd.DataFrame:
    """`moves` as texts for a table: figure, reported, without, within."""
    by = moved.set_index("figure")
    columns = ["reported", "without", "within"]
    rows = {name: [shown(by.loc[name], name, c, currency) for c in columns] for name in by.index}
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("figure").reset_index()
    return frame.assign(figure=frame["figure"].map(FIGURE_NAMES))


def risk_sentence(risk: pd.DataFrame, currency: str) -> str:
    """How much of each figure is in doubt, in one sentence."""
    texts = [f"{words.percent(row['share'])} of the {FIGURE_NAMES[row['figure']]} "
             f"({words.short_money(row['flagged'], currency)} of {words.short_money(row['total'], currency)})"
             for row in risk.to_dict("records")]
    return f"In doubt: {words.joined(texts)}."


def aside_sentence(aside: pd.DataFrame, shown: int) -> str:
    """How many rows were set aside, for how many reasons, and how many of these are shown."""
    if aside.empty:
        return "No row had to be set aside."
    number, reasons = words.counted(int(aside["rows"].sum()), "row"), words.counted(len(aside), "reason")
    return f"{number} for {reasons}" + (f", the {shown} most frequent of them here." if len(aside) > shown else ".")


def rules_sentence(by_rule: pd.DataFrame) -> str:
    """Which rule most money rests on."""
    if by_rule.empty:
        return "No deal is flagged."
    top = by_rule.iloc[0]
    return f"Most money rests on deals flagged “{top['rule']}”: {words.counted(top['deals'], 'deal')}."
