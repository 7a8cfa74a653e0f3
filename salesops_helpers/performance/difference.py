"""Do reps differ at all? The test, who stands apart, and the sentences that say so."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from salesops_helpers import stats, words

ALARMS = 0.05


@dataclass(frozen=True)
class Comparison:
    """Answer of `detectable`: is there a difference between reps, who stands apart, and the sentences that say so.

    Attributes
    ----------
    difference : bool
        Do the reps differ by more than chance (false alarms: at most 5 %)?
    reps, won, closed : int
        Reps with closed deals, and their deals.
    rate, low, high : float
        Won ÷ closed of all together and its 90 % range (Jeffreys).
    chi_square, degrees, p_value, simulated
        The test that all reps share one rate; see `salesops_helpers.stats.homogeneity`.
    better, worse : DataFrame
        The reps who stand apart from the others, the clearest first; without rows where there is no difference.
    leaning : DataFrame
        Where there is a difference: further reps whose 90 % range leaves out the common rate, by name.
    spread_low, spread_high : float
        90 % range of the standard deviation of true rates between reps (share).
    visible : float
        Distance from the common rate (share) at which a rep with the median number of deals would be named with a
        chance of 80 %.
    """

    difference: bool
    reps: int
    won: int
    closed: int
    rate: float
    low: float
    high: float
    chi_square: float
    degrees: int
    p_value: float
    simulated: bool
    better: pd.DataFrame
    worse: pd.DataFrame
    leaning: pd.DataFrame
    spread_low: float
    spread_high: float
    visible: float

    @property
    def company(self) -> str:
        return f"{words.percent(self.rate)} of {words.counted(self.closed, 'closed deal')}"

    @property
    def headline(self) -> str:
        """The answer in one sentence."""
        if self.reps < 2:
            rate = f", {words.percent(self.rate)} of them won" if self.closed else ""
            deals = f"{words.counted(self.reps, 'rep')} closed {words.counted(self.closed, 'deal')}{rate}"
            return f"{deals}: there are no two reps to compare."
        if not self.difference:
            return (f"Win rates: no detectable difference between the {self.reps} reps, who together won "
                    f"{self.company}.")
        if len(self.better) + len(self.worse) == 0:
            return (f"Win rates differ between the {self.reps} reps by more than chance, but no single rep can be told "
                    f"from the {self.company} that they won together.")
        sides = ((self.better, "more"), (self.worse, "less"))
        parts = [f"{_named(who)} won {more} often than the others" for who, more in sides if len(who)]
        return f"Win rates differ: {'; '.join(parts)}; all {self.reps} reps together won {self.company}."

    @property
    def sentences(self) -> list[str]:
        """What a reader must know beside the headline: the test, how far reps can differ, what would be seen."""
        if self.reps < 2:
            return []
        how = "simulated p" if self.simulated else "p"
        test = (
            f"If all reps had the same true rate, chance alone would spread their results at least this far in "
            f"{_of_periods(self.p_value)} (chi-square {words.number(self.chi_square, 1)} on {self.degrees} degrees of "
            f"freedom, {how} {_probability(self.p_value)})."
        )
        low, high = words.number(self.spread_low * 100, 1), _points(self.spread_high)
        spread = (
            f"Behind the noise, about two reps in three lie within {low} to {high} of the common rate."
            if self.difference else
            f"If true rates differ at all, about two reps in three lie within {high} of the common rate (with a "
            "probability of 95 %)."
        )
        seen = (
            f"A rep with the median number of deals has to lie about {_points(self.visible)} away from the others to "
            "be found with a chance of 80 %."
        ) if self.visible < max(self.rate, 1 - self.rate) else "With so few deals a rep, no single rep could stand out."
        care = (
            "These win rates are raw, not adjusted for what each rep was given; they must not be used alone for "
            "decisions about people."
        ) if self.difference else ""
        return [self._leaning(), test, f"{spread} {seen}", care]

    def _leaning(self, most: int = 5) -> str:
        """The reps who are likely, not clearly, apart; empty where there are none."""
        sides = (("above", self.leaning["low"] > self.rate), ("below", self.leaning["low"] <= self.rate))
        parts = [f"{_listed(self.leaning.loc[side, 'name'], most)} {where} it" for where, side in sides if side.any()]
        return f"Less sure, the 90 % range leaves out the common rate: {'; '.join(parts)}." if parts else ""

    @property
    def order(self) -> str:
        """In which order `in_order` puts the reps, and why."""
        if self.difference:
            return ("Reps stand in the order of their estimates; the rank range of each says how much of that is "
                    "noise.")
        return "Reps stand in the order of their names: these results bear no ranking."


def alarm(won, closed) -> tuple[bool, stats.Homogeneity, np.ndarray]:
    """Is there a difference, the test of one common rate, and each rep's Holm-adjusted p value against the others.

    There is one where the test or the smallest of these p values is at most 0.025: together at most 5 % false alarms.
    """
    test = stats.homogeneity(won, closed)
    p = stats.deviations(won, closed) if len(closed) > 1 else np.ones(len(closed))
    return bool(test.p_value <= ALARMS / 2 or (p <= ALARMS / 2).any()), test, p


def detectable(rates: pd.DataFrame) -> Comparison:
    """Do these reps differ in their true win rate by more than chance?

    There is a difference where the chi-square test of one common rate has p ≤ 0.025, or some rep's exact test against
    the others (Fisher, Holm-adjusted) has p ≤ 0.025: together at most 5 % false alarms. Only then are reps named: those
    with a Holm-adjusted p ≤ 0.05 whose 90 % range excludes the rate of all together.

    Parameters
    ----------
    rates : DataFrame
        Such as `win_rates` gives: name, won, closed, mean, low, high. Its order does not matter.
    """
    won, closed = int(rates["won"].sum()), int(rates["closed"].sum())
    rate = won / closed if closed else float("nan")
    difference, test, p = alarm(rates["won"], rates["closed"])
    apart = rates.assign(p_apart=p, gap=(rates["won"] / rates["closed"] - rate).abs())
    apart = apart[difference & ((rates["low"] > rate) | (rates["high"] < rate))]
    named = apart[apart["p_apart"] <= ALARMS].sort_values(["p_apart", "gap", "name"], ascending=[True, False, True])
    leaning = apart[apart["p_apart"] > ALARMS].sort_values("name")
    spread = stats.beta_binomial(rates["won"], rates["closed"]) if len(rates) else None
    low, high = stats.jeffreys(won, closed)
    return Comparison(
        difference, len(rates), won, closed, rate, float(low), float(high),
        chi_square=test.chi_square, degrees=test.degrees, p_value=test.p_value, simulated=test.simulated,
        better=named[named["low"] > rate], worse=named[named["high"] < rate], leaning=leaning,
        spread_low=spread.spread_low if spread else float("nan"),
        spread_high=spread.spread_high if spread else float("nan"), visible=_visible(rates["closed"], rate),
    )


def in_order(rates: pd.DataFrame, found: Comparison) -> pd.DataFrame:
    """The rates in the order in which they may be shown: by estimate where reps differ, by name where they do not.

    Adds stands ("better", "worse" or "", from `found`).
    """
    stands = np.select([rates["rep_id"].isin(who["rep_id"]) for who in (found.better, found.worse)],
                       ["better", "worse"], "")
    by, up = (["mean", "name"], [False, True]) if found.difference else (["name", "rep_id"], [True, True])
    return rates.assign(stands=stands).sort_values(by, ascending=up).reset_index(drop=True)


def summary(found: Comparison) -> pd.DataFrame:
    """A comparison as one row for a table: reps, closed, rate, probability (of so much spread by chance, as text),
    difference ("found" or "not found"), visible (text)."""
    compared = found.reps > 1
    return pd.DataFrame({
        "reps": [found.reps], "closed": [found.closed], "rate": [found.rate],
        "probability": [_probability(found.p_value) if compared else words.MISSING],
        "difference": ["found" if found.difference else "not found"],
        "visible": [_points(found.visible) if compared else words.MISSING],
    })


def _visible(closed: pd.Series, rate: float) -> float:
    from scipy.special import ndtri

    if len(closed) < 2:
        return float("nan")
    return float((ndtri(1 - ALARMS / 4 / len(closed)) + ndtri(0.8)) * np.sqrt(rate * (1 - rate) / closed.median()))


def _named(who: pd.DataFrame, most: int = 3) -> str:
    first = who.head(most)
    ranges = [words.percent_range(*pair) for pair in zip(first["low"], first["high"], strict=True)]
    deals = first["closed"].map(lambda n: words.counted(n, "closed deal"))
    won = [words.number(n) for n in first["won"]]
    rates = first["mean"].map(lambda v: words.percent(v, 0))
    said = first["name"] + " (" + won + " of " + deals + " won; true rate about " + rates + ", range " + ranges + ")"
    return _listed(said, most, len(who))


def _listed(texts: pd.Series, most: int, of: int | None = None) -> str:
    more = (len(texts) if of is None else of) - most
    return words.joined([*texts.head(most), *([words.counted(more, "other")] if more > 0 else [])])


def _points(share: float) -> str:
    return f"{words.number(share * 100, 1)} points"


def _of_periods(p: float) -> str:
    """``0.264`` as ``26 of 100 periods like this one``."""
    if p < 0.0005:
        return "fewer than 1 of 1,000 such periods"
    of = 100 if p >= 0.0095 else 1_000
    return f"{words.number(p * of)} of {words.number(of)} such periods"


def _probability(p: float) -> str:
    return "below 0.001" if p < 0.001 else words.number(p, 3)
