"""The stages of a sales process from the values in an export: in order, and which of them close a deal."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

WON_WORDS = ("won", "win", "signed", "gewonnen", "gagné", "gagne", "ganado", "vinto", "vunnen")
LOST_WORDS = ("lost", "loss", "dead", "cancel", "disqualif", "abandon", "declined", "rejected", "verloren", "perdu",
              "perdido", "perso")


@dataclass(frozen=True)
class Stages:
    """All stages in order, those that mean won and lost, and what was guessed (sentences for the analyst)."""

    all: list[str]
    won: list[str]
    lost: list[str]
    guesses: list[str]


def found(deals: pd.DataFrame, order: list[str] | None = None) -> Stages:
    """Stages by what deals in them are.

    Parameters
    ----------
    deals : DataFrame
        A row a stage: stage, rows (count), won, lost (counts, missing where the export does not tell), probability
        (mean, missing where it does not tell).
    order : list of str, optional
        The order that the CRM itself gives.
    """
    deals = deals.dropna(subset=["stage"])
    names, guesses = deals["stage"].tolist(), []
    wins, losses = (pd.to_numeric(deals[c]).fillna(0) for c in ("won", "lost"))
    told = wins + losses > deals["rows"] / 2
    won = deals.loc[told & (wins >= losses), "stage"].tolist()
    lost = deals.loc[told & (wins < losses), "stage"].tolist()
    for closing, words, meaning in ((won, WON_WORDS, "won"), (lost, LOST_WORDS, "lost")):
        if not closing:
            named = [s for s in names if any(word in s.casefold() for word in words) and s not in won + lost]
            closing += named or [meaning.capitalize()]
            how = "guessed by name" if named else "no stage looks so: name it"
            guesses.append(f"{meaning}_stages: {how}")
    closing = won + [s for s in lost if s not in won]
    inside = [s for s in names if s not in closing]
    if order:
        inside.sort(key=lambda s: order.index(s) if s in order else len(order))
    else:
        guesses.append("stages: their order is guessed; put them in the order of your sales process")
        chance = deals.set_index("stage")["probability"]
        inside.sort(key=lambda s: (float("inf") if pd.isna(chance[s]) else chance[s]))
    lost = [s for s in lost if s not in won] or ["Lost"]
    return Stages([*inside, *won, *lost], won, lost, guesses)
