"""One small made-up company, the same whenever it is asked for: what happened, before any CRM has written it down."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

FIRST, EXTRACT = datetime(2026, 1, 2), date(2026, 6, 30)
END = datetime(2026, 7, 1)
PIPELINE, WON, LOST = ("Qualify", "Propose", "Negotiate"), "Closed Won", "Closed Lost"
STAGES = (*PIPELINE, WON, LOST)
REPS = ("Ada Byron", "Zoë O'Neill", "Ben Ng", "Carla Ruiz", "Dan Okafor", "Eve Stone")
MONTHS = [date(2026, month, 1) for month in range(1, 7)]
KINDS = {1: "new", 2: "expansion", 0: "renewal"}


@dataclass
class Deal:
    """A deal: its changes as (moment, field, value), the first ones at its creation."""

    number: int
    changes: list[tuple[datetime, str, object]] = field(default_factory=list)

    @property
    def created(self) -> datetime:
        return self.changes[0][0]

    def state(self, until: datetime = END) -> dict[str, object]:
        """stage, amount, close and rep as they stood after all changes up to `until`."""
        return {name: value for moment, name, value in self.changes if moment <= until}

    @property
    def moments(self) -> list[datetime]:
        return sorted({moment for moment, _, _ in self.changes})

    @property
    def closed(self) -> datetime | None:
        return next((m for m, name, value in self.changes if name == "stage" and value in (WON, LOST)), None)

    @property
    def kind(self) -> str:
        return KINDS[self.number % 3]

    @property
    def percent(self) -> int:
        return {"Qualify": 10, "Propose": 35, "Negotiate": 60, WON: 100, LOST: 0}[self.state()["stage"]]


def deals() -> list[Deal]:
    return [_deal(number) for number in range(1, 61)]


def _money(n: int) -> Decimal:
    return Decimal(1000 + n * 7919 % 50000) + Decimal(n * 37 % 100) / 100


def _deal(k: int) -> Deal:
    made = FIRST + timedelta(days=int(k * 2.3), hours=8 + k % 9, minutes=k * 7 % 60)
    expected = made.date() + timedelta(days=45 + k % 30)
    later = [(3 + k % 5, "stage", "Propose")]
    later += [(10 + k % 7, "amount", _money(k + 100))] if k % 3 else []
    later += [(12, "rep", (k + 1) % 6)] if k % 4 == 0 else []
    later += [(15, "stage", "Negotiate")] if k % 2 else []
    later += [(15, "amount", _money(k + 200))] if k % 6 == 1 and k % 7 != 5 else []
    later += [(18, "stage", "Qualify")] if k % 7 == 0 else []
    later += [(20, "close", expected + timedelta(days=30))] if k % 5 == 0 else []
    if k % 5 in (1, 2, 3):
        days = 25 + k % 40
        later += [(days, "stage", LOST if k % 5 == 3 else WON), (days, "close", made.date() + timedelta(days=days))]
    first = [("stage", "Qualify"), ("amount", _money(k)), ("close", expected), ("rep", k % 6)]
    changes = [(made, name, value) for name, value in first]
    changes += [(made + timedelta(days=days), name, value) for days, name, value in sorted(later, key=lambda c: c[0])]
    return Deal(k, [change for change in changes if change[0] < END])


@dataclass(frozen=True)
class Activity:
    number: int
    rep: int
    deal: int | None
    kind: str
    moment: datetime
    minutes: int | None


def activities() -> list[Activity]:
    kinds = (("call", 12), ("email", None), ("meeting", 45))
    return [
        Activity(n, n * 5 % 6, n % 60 + 1 if n % 8 else None, kinds[n % 3][0],
                 FIRST + timedelta(days=n * 177 // 150, hours=9, minutes=n * 13 % 480),
                 None if kinds[n % 3][1] is None else kinds[n % 3][1] + n % 10)
        for n in range(1, 151)
    ]


@dataclass(frozen=True)
class Lead:
    number: int
    created: datetime
    source: str
    rep: int
    converted: date | None
    deal: int | None


def leads() -> list[Lead]:
    made = [FIRST + timedelta(days=8 * n, hours=10) for n in range(1, 21)]
    return [
        Lead(n, m, ("Web", "Referral")[n % 2], n % 6, m.date() + timedelta(days=4) if n % 3 == 0 else None,
             n if n % 3 == 0 else None)
        for n, m in enumerate(made, start=1)
    ]


def splits() -> list[tuple[int, int, int]]:
    """Deal, rep, percent."""
    return [row for k in (1, 6, 11, 16) for row in ((k, k % 6, 60), (k, (k + 2) % 6, 40))]


def quotas() -> list[tuple[int, date, Decimal]]:
    """Rep, month, amount."""
    return [(rep, month, Decimal(20000 + 1500 * rep + 250 * i) + Decimal(rep * 11 % 100) / 100)
            for rep in range(6) for i, month in enumerate(MONTHS)]
