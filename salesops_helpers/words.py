"""Numbers and lists as a reader wants them: thousands separators, units, no more digits than the data bears."""

from __future__ import annotations

import pandas as pd

MISSING = "–"


def number(value: float, digits: int = 0) -> str:
    """``1234567.8`` as ``1,234,568``; missing as an en dash."""
    if pd.isna(value):
        return MISSING
    text = f"{abs(value):,.{digits}f}"
    return f"−{text}" if value < 0 and text.strip("0.,") else text


def money(value: float, currency: str = "", digits: int = 0) -> str:
    """``1234567.8`` as ``EUR 1,234,568``."""
    text = number(value, digits)
    return text if not currency or text == MISSING else f"{currency} {text}"


def short_money(value: float, currency: str = "") -> str:
    """``1234567.8`` as ``EUR 1.23 m``, for headlines and axes: three significant digits."""
    if pd.isna(value):
        return MISSING
    size = abs(value)
    scale, unit = next(((s, u) for s, u in ((1e9, " bn"), (1e6, " m"), (1e3, " k")) if size >= s * 0.9995), (1, ""))
    shown = size / scale
    digits = 0 if unit == "" else 2 if shown < 9.995 else 1 if shown < 99.95 else 0
    return f"{currency} {'−' if value < 0 else ''}{shown:,.{digits}f}{unit}".strip()


def percent(share: float, digits: int = 1) -> str:
    """``0.6315`` as ``63.2 %``."""
    return MISSING if pd.isna(share) else f"{number(share * 100, digits)} %"


def reached(share: float) -> str:
    """A share of a goal, such as ``117 %``; ``100 %`` only where the goal is reached, else ``99.9 %`` at most."""
    if 0.995 <= share < 1:
        return percent(min(share, 0.9994))
    return percent(share, 0)


def percent_range(low: float, high: float, digits: int = 0) -> str:
    """``0.581, 0.679`` as ``58 to 68 %``."""
    return f"{number(low * 100, digits)} to {number(high * 100, digits)} %"


def money_range(low: float, high: float, currency: str = "") -> str:
    """``1.1e6, 1.4e6`` as ``EUR 1.10 m to 1.40 m``."""
    return f"{short_money(low, currency)} to {short_money(high)}"


def counted(n: int, one: str, many: str | None = None) -> str:
    """``3, "deal"`` as ``3 deals``."""
    return f"{number(n)} {one if n == 1 else many or one + 's'}"


def joined(items, last: str = "and") -> str:
    """``[a, b, c]`` as ``a, b and c``."""
    items = [str(i) for i in items]
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}" if items else ""


def month_name(month: pd.Timestamp) -> str:
    """The month as ``September 2026``."""
    return f"{pd.Timestamp(month):%B %Y}"


def day_name(day: pd.Timestamp) -> str:
    """The day as ``30 September 2026``."""
    return f"{pd.Timestamp(day).day} {pd.Timestamp(day):%B %Y}"
