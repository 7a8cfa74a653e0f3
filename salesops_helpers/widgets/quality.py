"""The explorer of the data-quality page: choose the rules whose deals are left out, and see the headline move."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from salesops_helpers import show, words
from salesops_helpers.data.container import Tables
from salesops_helpers.performance.hygiene import MATERIAL, flagged_deals, moves
from salesops_helpers.performance.hygiene_words import readable
from salesops_helpers.show import Shown
from salesops_helpers.widgets.frame import explorer

if TYPE_CHECKING:
    from ipywidgets import Widget

FORMATS = {"figure": "text", "reported": "text", "without": "text"}
LABELS = {"reported": "as reported", "without": "without these deals"}


def rules_on_deals(tables: Tables) -> pd.DataFrame:
    """The rules that mark a deal: rule, doubts, deals (marked, counts), material (bool); most deals first."""
    marks = flagged_deals(tables)
    counts = marks.groupby(["rule", "doubts"])["opportunity_id"].nunique().rename("deals").reset_index()
    counts["material"] = counts["doubts"].isin(MATERIAL)
    return counts.sort_values(["deals", "rule"], ascending=[False, True], ignore_index=True)


def leave_out(tables: Tables) -> Widget | Shown:
    """A list of rules, those that put money in doubt chosen at the start; the headline without the deals they mark."""
    rules = rules_on_deals(tables)
    if rules.empty:
        return show.note("No deal is flagged: there is nothing to leave out.")
    import ipywidgets as ui

    said = rules["rule"] + " (" + rules["deals"].map(lambda n: words.counted(n, "deal")) + ")"
    options = list(zip(said, rules["rule"], strict=True))
    chosen = tuple(rules.loc[rules["material"], "rule"])
    return explorer(
        partial(view, tables),
        rules=ui.SelectMultiple(options=options, value=chosen, rows=min(len(options), 12), description="leave out",
                                layout=ui.Layout(width="320px")),
    )


def view(tables: Tables, rules: Sequence[str]) -> tuple[str, Shown]:
    """The sentence and the table for one choice of rules."""
    moved = moves(tables, rules)
    deals = flagged_deals(tables, rules)["opportunity_id"].nunique()
    texts = readable(moved, tables.company.currency)
    book = texts.iloc[0]
    said = (f"Without the {words.counted(deals, 'deal')} that these rules mark, bookings of "
            f"{words.month_name(tables.as_of)} are {book['without']} instead of {book['reported']}.")
    return said, show.table(texts, FORMATS, LABELS)
