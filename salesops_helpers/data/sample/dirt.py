"""Planted dirt: a few rows of each kind of fault that CRM exports have, each of them listed."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from salesops_helpers.data.sample.files import SPELLING
from salesops_helpers.data.sample.streams import Streams
from salesops_helpers.data.tables import TABLES

SET_ASIDE, FLAGGED, USED = "set aside", "flagged", "used"
HOSTILE = (
    "<script>alert(1)</script>",
    "=cmd|'/C calc'!A0",
    '"><img src=x onerror=alert(1)>',
    "$x^2$",
    'Jo "JJ" Müller, 日本支店',
)
KEY_COLUMN = {"opportunities": "opportunity_id", "activities": "activity_id", "leads": "lead_id"}
PREFIX = {"opportunities": "O-", "activities": "A-", "leads": "L-"}

# table, kind, rows, what is changed in a copy of a good row that gets an id of its own, how it is handled
_WRONG = (
    ("opportunities", "unknown rep", 4, {"rep_id": "R-99"}, SET_ASIDE),
    ("opportunities", "unknown stage", 3, {"stage": "Verbal agreement", "status": "open", "closed_on": ""}, SET_ASIDE),
    ("opportunities", "negative amount", 3, {"amount": "-4200"}, SET_ASIDE),
    ("opportunities", "missing key", 3, {"opportunity_id": ""}, SET_ASIDE),
    ("opportunities", "date that is not a date", 3, {"created_on": "2026-02-30"}, SET_ASIDE),
    ("opportunities", "text in an amount", 3, {"amount": "to be agreed"}, SET_ASIDE),
    ("opportunities", "finer than a cent", 3, {"amount": "1234.567"}, SET_ASIDE),
    (
        "opportunities",
        "closed before created",
        4,
        {"created_on": "2025-06-18", "closed_on": "2025-03-04", "status": "lost", "stage": "Lost"},
        SET_ASIDE,
    ),
    ("opportunities", "open in a closed stage", 3, {"status": "open", "stage": "Won", "closed_on": ""}, SET_ASIDE),
    ("opportunities", "won without a closing date", 4, {"status": "won", "stage": "Won", "closed_on": ""}, SET_ASIDE),
    ("opportunities", "unknown kind", 2, {"kind": "upsell"}, SET_ASIDE),
    (
        "opportunities",
        "created after the extract",
        2,
        {"created_on": "2026-10-12", "closed_on": "", "status": "open", "stage": "Discovery"},
        SET_ASIDE,
    ),
    ("activities", "unknown rep", 8, {"rep_id": "R-99"}, SET_ASIDE),
    ("activities", "activity after the extract", 12, {"occurred_at": "2026-11-09T10:30:00"}, SET_ASIDE),
    ("activities", "missing key", 5, {"activity_id": ""}, SET_ASIDE),
    ("activities", "date that is not a date", 6, {"occurred_at": "2025-13-01T09:00:00"}, SET_ASIDE),
    ("activities", "negative minutes", 4, {"minutes": "-30"}, SET_ASIDE),
    ("leads", "unknown rep", 8, {"rep_id": "R-98"}, FLAGGED),
    ("leads", "date that is not a date", 3, {"created_at": "31/02/2026 noon"}, SET_ASIDE),
    (
        "leads",
        "lead assigned before it came",
        4,
        {"created_at": "2026-09-29T12:00:00", "assigned_at": "2026-09-01T08:00:00"},
        SET_ASIDE,
    ),
    ("quotas", "quota of a rep who does not exist", 2, {"rep_id": "R-97"}, SET_ASIDE),
    ("quotas", "text in an amount", 1, {"month": "2026-12", "amount": "tbd"}, SET_ASIDE),
    ("forecast_calls", "call after the extract", 2, {"called_on": "2026-12-01"}, SET_ASIDE),
)
_DOUBLE = (
    ("opportunities", 6),
    ("activities", 30),
    ("leads", 9),
    ("stage_history", 25),
    ("quotas", 2),
    ("tool_usage", 6),
)
_CONFLICT = (
    ("opportunities", 3, "amount", "99990"),
    ("activities", 6, "minutes", "480"),
    ("quotas", 2, "amount", "1000"),
    ("accounts", 2, "industry", "Unknown"),
    ("stage_history", 6, "amount", "1"),
    ("leads", 3, "score", "1"),
)


@dataclass
class Dirt:
    """The tables as text, and the rows planted so far with a place (a row number, or between two) in their table."""

    rng: np.random.Generator
    texts: dict[str, pd.DataFrame]
    rows: dict[str, list[pd.DataFrame]] = field(default_factory=dict)
    used: dict[str, set] = field(default_factory=dict)

    def good(self, table: str, n: int) -> pd.DataFrame:
        """Copies of `n` good rows, none of them chosen before."""
        free = self.texts[table].index.difference(sorted(self.used.setdefault(table, set())))
        chosen = np.sort(self.rng.choice(free, n, replace=False))
        self.used[table].update(chosen.tolist())
        return self.texts[table].loc[chosen].copy()

    def add(self, table: str, kind: str, rows: pd.DataFrame, places: np.ndarray, handling: str) -> None:
        """Plant extra rows."""
        self.rows.setdefault(table, []).append(rows.assign(_place=places, _kind=kind, _handling=handling, _column=""))

    def change(self, table: str, kind: str, column: str, chosen: np.ndarray, values, handling: str) -> None:
        """Change a value in good rows."""
        self.texts[table].loc[chosen, [column, "_kind", "_column", "_handling"]] = np.column_stack(
            [
                np.broadcast_to(np.array(values, object), len(chosen)),
                *([[x] * len(chosen) for x in (kind, column, handling)]),
            ]
        )


def plant(streams: Streams, texts: dict[str, pd.DataFrame]) -> tuple[dict[str, pd.DataFrame], list[dict]]:
    """The tables with dirt in them, and the list of what was planted.

    Returns
    -------
    dict of DataFrame, list of dict
        The tables as text; and for each planted row: table, line (in its file, the header is 1), key (columns and their
        text), kind, column (of a changed value), handling (set aside, flagged, used).
    """
    marked = {
        name: frame.assign(_place=np.arange(len(frame), dtype=float), _kind="", _handling="", _column="")
        for name, frame in texts.items()
    }
    dirt = Dirt(streams("dirt"), marked)
    _spelling(dirt)
    _hostile(dirt)
    _wrong_rows(dirt)
    _repeated_rows(dirt)
    done, planted = {}, []
    for name, frame in dirt.texts.items():
        every = pd.concat([frame, *dirt.rows.get(name, [])]).sort_values("_place", kind="stable", ignore_index=True)
        done[name] = every[TABLES[name].names]
        hit = every[every["_kind"] != ""]
        keys = hit[list(TABLES[name].key)].to_dict("records")
        what = hit.assign(line=hit.index + 2)[["line", "_kind", "_column", "_handling"]].rename(
            columns=lambda c: c.lstrip("_")
        )
        planted += [
            {"table": name, "key": key, **more} for key, more in zip(keys, what.to_dict("records"), strict=True)
        ]
    return done, planted


def _spelling(dirt: Dirt) -> None:
    """A product's name as some reps write it; company.toml mends it."""
    product = dirt.texts["opportunities"]["product"]
    chosen = dirt.rng.choice(product.index[product == SPELLING[1]], 24, replace=False)
    dirt.change("opportunities", "product spelling", "product", np.sort(chosen), SPELLING[0], USED)


def _hostile(dirt: Dirt) -> None:
    """Texts that attack a page, a spreadsheet or a figure, in rows that are used."""
    deals, feedback, activities = (dirt.texts[name] for name in ("opportunities", "tool_feedback", "activities"))
    for table, column, rows in (
        ("opportunities", "next_step", deals.index[deals["status"] == "open"]),
        ("tool_feedback", "comment", feedback.index),
        ("activities", "contact", activities.index),
    ):
        chosen = np.sort(dirt.rng.choice(rows, len(HOSTILE), replace=False))
        dirt.used.setdefault(table, set()).update(chosen.tolist())
        dirt.change(table, "hostile text", column, chosen, HOSTILE, USED)
    for table, column in (("accounts", "name"), ("reps", "name")):
        names = dirt.texts[table][column]
        chosen = names.index[names.str.contains(r"[<=$\"]", regex=True)].to_numpy()
        dirt.used.setdefault(table, set()).update(chosen.tolist())
        dirt.change(table, "hostile text", column, chosen, names.loc[chosen].to_numpy(), USED)


def _wrong_rows(dirt: Dirt) -> None:
    """Copies of good rows, each with an id of its own and one fault."""
    fresh = {table: len(dirt.texts[table]) for table in PREFIX}
    for table, kind, n, changes, handling in _WRONG:
        rows = dirt.good(table, n)
        if table in PREFIX:
            width = len(dirt.texts[table][KEY_COLUMN[table]].iloc[0]) - 2
            rows[KEY_COLUMN[table]] = [f"{PREFIX[table]}{fresh[table] + k + 1:0{width}d}" for k in range(n)]
            fresh[table] += n
        if table == "leads":
            rows[["qualified_on", "opportunity_id", "first_touch_at"]] = ""
        dirt.add(table, kind, rows.assign(**changes), rows["_place"] + dirt.rng.integers(-40, 40, n) + 0.5, handling)


def _repeated_rows(dirt: Dirt) -> None:
    """Good rows again further down: just as they were, or with another value under the same key."""
    for table, n in _DOUBLE:
        rows = dirt.good(table, n)
        dirt.add(table, "identical duplicate", rows, rows["_place"] + dirt.rng.integers(0, 30, n) + 0.25, SET_ASIDE)
    for table, n, column, value in _CONFLICT:
        rows = dirt.good(table, n)
        dirt.add(
            table,
            "same key with other values",
            rows.assign(**{column: value}),
            rows["_place"] + dirt.rng.integers(0, 30, n) + 0.75,
            SET_ASIDE,
        )
