"""The answer of the pay scenarios for the months to come, in words and numbers, and what it assumes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers.comp.assigned import AS_ASSIGNED, who_words
from salesops_helpers.comp.fairness import LEAST
from salesops_helpers.comp.outlook import ALONE, COMMON, Outlook, costs, people
from salesops_helpers.comp.sentences import MINOR, answer_sentences, limits, moved_words, paid_words
from salesops_helpers.comp.solver import setting_in_words
from salesops_helpers.words import counted, joined, money, month_name, percent, short_money

SETTINGS = {"accelerator": "rate above 100 %", "target": "target incentives", "quota": "quotas", "cap": "cap"}
OFTEN = 0.9  # share of years in which a rep counts as losing


def outlook_sentences(o: Outlook) -> list[str]:
    """What it will cost, how sure that is, who loses; where nothing is simulated, what the past deals say."""
    replay = answer_sentences(o.scenario)
    if not o.computed:
        return [*replay[:1], *paid_words(o.scenario), *replay[1:], *o.lacking]
    return [_costs(o), _sure(o), _losers(o), *paid_words(o.scenario), *replay[:2], *o.lacking, *replay[3:]]


def _time(o: Outlook) -> str:
    return f"From {month_name(o.seats.months[0])} to {month_name(o.seats.months[-1])}"


def _rows(o: Outlook, draws: str) -> pd.DataFrame:
    found = costs(o)
    return found[found["draws"] == draws].set_index("plan")


def _costs(o: Outlook) -> str:
    rows, currency = _rows(o, COMMON), o.scenario.currency
    middle = [f"{short_money(row['p50'], currency)} {_under(o, name)}" for name, row in rows.iterrows()]
    safe = [short_money(row["p80"], currency) for _, row in rows.iterrows()]
    each = ", in that order" if len(safe) > 1 else ""
    return (f"{_time(o)} variable pay will cost about {joined(middle)}; a budget that holds in four of five years is "
            f"{joined(safe)}{each}.")


def _under(o: Outlook, name: str) -> str:
    if name == AS_ASSIGNED:
        return f"with the plans as assigned today ({who_words(o.today.on)})"
    return f"with all on {name}" if o.today is not None else f"under {name}"


def _sure(o: Outlook) -> str:
    with_it, without = _rows(o, COMMON), _rows(o, ALONE)
    row, currency = with_it.iloc[0], o.scenario.currency
    what = "With the plans as assigned" if o.today is not None else f"Under {with_it.index[0]}"
    return (f"{what} eight of ten years lie between {short_money(row['p10'], currency)} and "
            f"{short_money(row['p90'])}: the dear end is {percent(row['above'], 0)} above the middle. If every rep's "
            f"luck were only their own it would be {percent(without.iloc[0]['above'], 0)}; the rest is the market that "
            f"all share. {_source(o)}")


def _source(o: Outlook) -> str:
    if not o.seats.forecast_months:
        return "Bookings are drawn from past attainment: no forecast was at hand."
    return (f"Bookings of the first {counted(o.seats.forecast_months, 'month')} are the forecast's, later ones are "
            "drawn from past attainment.")


def _losers(o: Outlook) -> str:
    if not o.two:
        return ""
    frame = people(o)
    lose, often = int((frame["difference"] < -MINOR).sum()), int((frame["less"] >= OFTEN).sum())
    if not lose:
        return (f"In the months ahead no rep would expect less under {o.names[1]} than under {o.names[0]}"
                f"{_though(frame['less'].mean())}.")
    worst = frame.iloc[0]
    return (f"In the months ahead {lose} of {counted(len(frame), 'rep')} would expect less under {o.names[1]} than "
            f"under {o.names[0]}, {often} of them in nine of ten years; the largest expected loss is "
            f"{money(-worst['difference'], o.scenario.currency)} a year ({worst['name']}, "
            f"{percent(-worst['difference'] / worst['pay_a'], 0)} of pay).")


def _though(less: float) -> str:
    if less == 0:
        return ", and in no possible year would one get less"
    often = "less than 1 %" if less < 0.01 else percent(less, 0)
    return f", though a rep's single year pays less in {often} of cases"


def spread_words(o: Outlook) -> str:
    """What the figure of cost shows, for those who cannot see it."""
    rows, currency = _rows(o, COMMON), o.scenario.currency
    said = [f"{name} costs {short_money(row['p10'], currency)} to {short_money(row['p90'])} in eight of ten years, "
            f"{short_money(row['p50'])} in the middle" for name, row in rows.iterrows()]
    return f"{joined(said, 'while')}."


def moved_outlook(o: Outlook) -> str:
    """Who gains and who loses on past deals, in one sentence."""
    return moved_words(o.scenario)


def assumed(o: Outlook) -> list[str]:
    """What the draws rest on."""
    if not o.computed:
        return []
    a, found, n = o.made.assumptions, o.seats, len(o.made.bookings)
    past = found.history["attainment"]
    if found.forecast_months:
        source = (f"Bookings of the first {counted(found.forecast_months, 'month')} are the forecast's "
                  f"{counted(o.made.independent, 'published draw')}, shared out to the reps; the later months are "
                  "drawn from past attainment, with a market that is as good or bad as the draw's first months.")
    else:
        source = ("The forecast's draws are not there, so bookings are drawn from past attainment: each month the "
                  "rep's expected attainment times a multiple seen in the last 24 months.")
    seen = f" (the last {len(past)} months of all reps together varied by {percent(past.std(), 0)})" if len(past) > 2 \
        else ""
    return [
        source,
        "Quotas stay those of the same months of the last year; a rep's expected attainment is the own one of that "
        f"year, drawn towards everybody's as far as a year's luck explains it{_alike(found.people)}.",
        f"Assumed: a common market that moves a year's bookings by {percent(a.shock, 0)} (standard deviation){seen}; "
        f"{percent(a.leaving, 0)} of reps leave within the year, their seats stay empty for "
        f"{counted(a.vacant, 'month')} and ramp up over {counted(len(a.ramp), 'month')}; the plan year begins with the "
        "first month.",
        _response(o),
        "Three kinds of difference need not agree: the one on past deals is exact; the one of the middles compares "
        "two middle years; the mean one is taken draw by draw over all possible years.",
        f"{n:,} possible years, the same for every plan; draws, guarantees, clawbacks and new positions are left out.",
        _left(o),
    ]


def _alike(frame: pd.DataFrame) -> str:
    level = (frame["expected"] / frame["quota"]).round(6)
    if len(frame) < 2 or level.nunique() > 1:
        return ""
    return f": here luck alone explains how the reps differ, so {percent(level.iloc[0])} is expected of each"


def _response(o: Outlook) -> str:
    lift = o.made.lift[-1] if o.two else 0.0
    if lift:
        return (f"Behaviour: {percent(abs(lift))} {'more' if lift > 0 else 'less'} is sold under {o.names[1]}, an "
                "assumption.")
    return "Cost only: people are taken to sell the same under every plan."


def _left(o: Outlook) -> str:
    out = o.seats.left_out
    return "" if not len(out) else (
        f"{counted(len(out), 'rep')} {'is' if len(out) == 1 else 'are'} not simulated: "
        f"{joined(sorted(set(out['reason'])))}.")


def solved_words(o: Outlook, found: pd.DataFrame) -> str:
    """The solver's answers in a sentence, and why a setting alone does not do it."""
    if not len(found):
        return "The plan has no setting that could be turned."
    row = found.iloc[0]
    budget = money(row["budget"], o.scenario.currency)
    of = f"{o.names[0]} costs" if o.today is None else "the plans as assigned cost"
    none = "" if row["stated"] else (f"No budget is stated; what {of} in four of five years, {budget}, stands in for "
                                     "it. ")
    head = f"{none}To keep {row['plan']} within {budget} in four of five years"
    met = found[found["met"]]
    why = "".join(f" {SETTINGS[r['lever']].capitalize()}: {r['note']}." for _, r in found[~found["met"]].iterrows())
    if not len(met):
        return f"{head}: no setting does it alone; the table gives the nearest.{why}"
    ways = joined([f"{'a cap at ' if r['lever'] == 'cap' else ''}{setting_in_words(r['lever'], r['value'])}"
                   for _, r in met.iterrows()], "or")
    return f"{head}: {ways}; each alone, all else as written.{why}"


def break_even_words(o: Outlook, share: float, margin: float) -> str:
    """The break-even response in a sentence."""
    if np.isnan(share):
        return f"At a margin of {percent(margin, 0)} no increase in bookings up to 100 % pays for {o.names[1]}."
    if share == 0:
        return f"{o.names[1]} costs no more than {o.names[0]}, so nothing has to be sold for it."
    return (f"{o.names[1]} pays for itself if its people sell {percent(share)} more and {percent(margin, 0)} of "
            "additional bookings is left before pay.")


def follows_words(found: pd.DataFrame) -> str:
    """Whether pay goes with the territory or with the effort, in a sentence a plan."""
    if not len(found):
        return (f"Whether pay goes with the territory or the effort cannot be told: that takes {LEAST} reps paid on "
                "past deals whose accounts have a potential or whose activities are recorded.")
    said = []
    for plan, rows in found.groupby("plan", sort=False):
        sure = rows[(rows["low"] > 0) | (rows["high"] < 0)]
        none = rows[~rows["with"].isin(sure["with"])]["with"].tolist()
        with_it = [f"{'more' if r > 0 else 'less'} {name}" for name, r in zip(sure["with"], sure["correlation"],
                                                                            strict=True)]
        parts = [f"higher pay goes with {joined(with_it)}"] if with_it else []
        parts += [f"no link with {joined(none, 'or')} can be told from chance"] if none else []
        said.append(f"Under {plan} {joined(parts, 'and')}.")
    return " ".join(said)


def outlook_limits(o: Outlook) -> list[str]:
    """What the page assumes and cannot say."""
    return [line for line in [*assumed(o), *limits(o.scenario)[1:]] if line]
