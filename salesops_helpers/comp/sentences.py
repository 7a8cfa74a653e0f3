"""The answer of the pay scenarios in words and numbers, and what the page must say beside it."""

from __future__ import annotations

from salesops_helpers.comp.assigned import who_words
from salesops_helpers.comp.scenario import Scenario
from salesops_helpers.words import counted, joined, money, month_name, percent, short_money

MINOR = 0.005  # differences below half a minor unit of two decimals are none


def answer_sentences(s: Scenario) -> list[str]:
    """The headline (it holds a number) and what leadership must know beside it."""
    if not s.plans:
        return [f"No pay can be computed: {_bookings(s)} wait for a plan.", *s.lacking]
    if not s.computed:
        return [_without(s), *s.lacking, *s.notes]
    return [_costs(s), _moved(s), _by_span(s), _left_out(s), *s.notes]


def limits(s: Scenario) -> list[str]:
    """What the page cannot say."""
    return [
        "Cost only: the plans are replayed on deals as they were closed. Reps would have worked and sold differently "
        "under another plan; that response is not modelled, so this is neither a forecast nor a budget.",
        "Every rep is replayed on every plan for every employed day; the target incentive is the rep's own. Target and "
        "bounds in money are prorated by days; quotas stand as they are given.",
        "Pay is exact: integers of the minor unit and exact fractions, one rounding a component. Draws, guarantees, "
        "clawbacks and adjustments are not part of it.",
        "One rep's figures here say what a plan would have paid on one year's deals; they are no ground for judging a "
        "person.",
    ]


def curve_words(s: Scenario) -> str:
    """What the payout curve shows, for those who cannot see it."""
    table = s.table
    if not len(table):
        return "No payout curve."
    at = {p.plan: table[table["plan"] == p.plan].set_index("attainment")["pay_alone"] for p in s.drawn}
    parts = [
        f"{name} pays {money(pay[0.5], s.currency)} at 50 %, {money(pay[1.0], s.currency)} at 100 % and "
        f"{money(pay[1.5], s.currency)} at 150 % of the own goal"
        for name, pay in at.items()
    ]
    return f"With the team at 100 %, {joined(parts, 'while')}."


def moved_words(s: Scenario) -> str:
    """Who gains and who loses, in one sentence."""
    both = s.sides
    if not len(both):
        return "No two plans to compare."
    more, less = int((both["difference"] > MINOR).sum()), int((both["difference"] < -MINOR).sum())
    same = len(both) - more - less
    text = (
        f"On past deals, under {s.plans[1].plan}, {more} of {counted(len(both), 'rep')} would have earned more than "
        f"under {s.plans[0].plan}, {less} less" + (f", {same} the same" if same else "")
    )
    ends = [(both.iloc[-1], "gain", more), (both.iloc[0], "loss", less)]
    said = [
        f"the largest {what} is {money(abs(row['difference']), s.currency)} ({row['name']})"
        for row, what, n in ends
        if n
    ]
    return f"{text}; {joined(said)}." if said else f"{text}."


def _time(s: Scenario) -> str:
    return f"From {month_name(s.start)} to {month_name(s.end)}" if s.start is not None else "In the last twelve months"


def _bookings(s: Scenario) -> str:
    reps = counted(len(s.credit), "rep")
    return f"{short_money(s.credit['bookings'].sum(), s.currency)} of credited bookings of {reps}"


def _costs(s: Scenario) -> str:
    cost = s.cost
    said = [
        f"{short_money(pay, s.currency)} under {plan} ({percent(share, 2)} of bookings)"
        for plan, pay, share in zip(cost["plan"], cost["pay"], cost["cost_of_sales"], strict=True)
    ]
    if len(cost) < 2:
        return f"{_time(s)} variable pay would have been {said[0]}."
    more, base = cost["more"].iloc[1], cost["pay"].iloc[0]
    share = f", {percent(abs(more) / base)}" if base else ""
    how = (
        f"{short_money(abs(more), s.currency)} {'more' if more > 0 else 'less'}{share}"
        if abs(more) > MINOR
        else "the same"
    )
    return f"{_time(s)} variable pay would have been {said[0]} and {said[1]}: {how}."


def paid_words(s: Scenario) -> list[str]:
    """What the plans as assigned paid on the past deals, how each plan differs from it, and who is on which today."""
    if s.assigned is None:
        return []
    if not s.assigned.computed:
        return s.assigned.lacking
    paid = s.paid_by(None).iloc[0]
    apart = [f"{_more(pay - paid['pay'], s.currency)} with all on {plan}"
             for plan, pay in zip(s.cost["plan"], s.cost["pay"], strict=True)]
    beside = s.assigned.beside / 10**s.comparison.minor_units
    also = f"; {money(beside, s.currency, 2)} more was paid for spans that are set aside here" if beside else ""
    return [f"{_time(s)} variable pay as assigned, each rep on the plan of each day, came to "
            f"{short_money(paid['pay'], s.currency)} ({percent(paid['cost_of_sales'], 2)} of bookings); the same deals "
            f"would have cost {joined(apart)}{also}. Today {who_words(s.assigned.people)}.", *s.assigned.lacking]


def _more(difference: float, currency: str) -> str:
    if abs(difference) <= MINOR:
        return "the same"
    return f"{short_money(abs(difference), currency)} {'more' if difference > 0 else 'less'}"


def _moved(s: Scenario) -> str:
    return moved_words(s) if len(s.plans) > 1 else ""


def _by_span(s: Scenario) -> str:
    spans = s.cost_by("span")
    if spans["span"].nunique() < 2 or len(s.plans) < 2:
        return ""
    more = spans[spans["plan"] == s.plans[1].plan]["more"]
    low, high = (money(value, s.currency) for value in (more.min(), more.max()))
    return (
        f"{span_word(s).capitalize()} by {span_word(s)} the difference ran from {low} to {high}, so a year's total "
        "says less about the next year than its digits suggest."
    )


def _left_out(s: Scenario) -> str:
    out = s.comparison.set_aside
    if not len(out):
        return ""
    reps = counted(out["rep_id"].nunique(), "rep")
    money_aside = short_money(out["bookings"].sum(), s.currency)
    return f"{reps} with {money_aside} of bookings are set aside in part or whole (see below)."


def _without(s: Scenario) -> str:
    why = joined(text.split(" is missing")[0].replace("The ", "the ", 1) for text in s.lacking)
    reason = f"{why} {'are' if len(s.lacking) > 1 else 'is'} missing" if s.lacking else "no rep has what the plans need"
    paid_on = f"{_time(s)} (finished {span_word(s)}s) the plans would have been paid on {_bookings(s)}"
    return f"{paid_on}; what they cost cannot be computed, because {reason}."


def uncomputed(s: Scenario) -> list[str]:
    """Why no pay is computed: which table is missing and what it would show, or what the reps lack."""
    if s.lacking:
        return s.lacking
    reasons = s.set_aside["reason"].tolist()
    return [f"No rep's pay could be computed ({joined(reasons) or 'no rep was employed in these months'})."]


def undrawn(s: Scenario) -> list[str]:
    """Why no payout can be shown for a typical rep."""
    return s.lacking or [
        "A typical rep's payout needs a target incentive (in the plan or in plan_assignments) and, for "
        "rates on money, quotas."
    ]


def span_word(s: Scenario) -> str:
    """The span that the plans measure: month, quarter or year."""
    return s.plans[0].period.measure if s.plans else "span"
