"""Forecasts frozen on the day they were made, and scored when their months are over.

One immutable Parquet file a forecast. Its name says as of which day, at which moment it was made, and by a hash what it
holds, so that a file that was changed is found out.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

import pandas as pd

from salesops_helpers.errors import SalesOpsError
from salesops_helpers.forecast.backtest import accuracy, with_counts

LIVE, REPLAYED = "live", "replayed"
QUANTILES = {"q_025": "low_95", "q_05": "low_90", "q_10": "low_80", "q_25": "low_50", "q_50": "forecast",
             "q_75": "high_50", "q_90": "high_80", "q_95": "high_90", "q_975": "high_95"}
LEVELS = (50, 80, 90, 95)
MADE = ["by", "unit", "month", "step", "method", "made_of", *QUANTILES, "naive", "last_month", "last_actual"]
COLUMNS = ["made_on", "as_of", *MADE, "data"]
MOMENT = "%Y%m%dT%H%M%S"
SHORT = 16


def to_freeze(expected: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """What of a forecast is frozen: one row a unit and month.

    Parameters
    ----------
    expected : DataFrame
        `series.bookings` with the levels 50, 80, 90 and 95.
    known : DataFrame
        The history that it was made from: by, unit, month, actual.

    Returns
    -------
    DataFrame
        by, unit, month (that is forecast), step, method, made_of, q_025 to q_975 (quantiles, currency; q_50 is the
        forecast), naive, last_month (the last one known) and last_actual (its bookings, as known then).
    """
    last = known.rename(columns={"month": "last_month", "actual": "last_actual"})
    quantiles = {name: expected[column] for name, column in QUANTILES.items()}
    frame = expected.assign(**quantiles, last_month=expected["cut"])
    return frame.merge(last, on=["by", "unit", "last_month"], how="left")[MADE]


def freeze(frame: pd.DataFrame, folder: str | Path, as_of: str, made_at: pd.Timestamp, data: str) -> Path:
    """Write a forecast into the ledger, once and for all.

    Parameters
    ----------
    frame : DataFrame
        `to_freeze`.
    folder : str or Path
        The ledger of one company and unit.
    as_of : str
        ``YYYY-MM-DD``, the day whose knowledge it was made from.
    made_at : Timestamp
        The moment it is made (UTC).
    data : str
        Hash of the data.

    Returns
    -------
    Path
        Its file: the new one, or the earlier one that holds the same forecast from the same data.
    """
    folder = Path(folder)
    made = frame[MADE].assign(as_of=pd.Timestamp(as_of), data=data)
    content = _content(made)
    same = sorted(folder.glob(f"{as_of}--*--{content}.parquet"))
    if same:
        return same[0]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{as_of}--{made_at:{MOMENT}}--{content}.parquet"
    new = folder / f".{path.name}.{os.getpid()}.new"
    made.assign(made_on=made_at.normalize())[COLUMNS].to_parquet(new, index=False)
    new.chmod(0o444)
    try:
        os.link(new, path)
    except FileExistsError:
        pass
    except OSError:  # a file system without links: still never over a file that is there
        path.exists() or os.rename(new, path)
    with suppress(FileNotFoundError):
        new.unlink()
    return path


def frozen(folder: str | Path, before: pd.Timestamp | str | None = None) -> pd.DataFrame:
    """Every forecast of a ledger, as it was frozen.

    Parameters
    ----------
    folder : str or Path
        The ledger of one company and unit; empty, or one that is not there: no forecasts.
    before : date, optional
        Only those made as of an earlier day: what a page of that day may know.

    Returns
    -------
    DataFrame
        made_on, as_of, the columns of `to_freeze`, data (hash), kind: ``live`` where it was made before the first
        month that it forecasts was over, ``replayed`` where it was made later.

    Raises
    ------
    SalesOpsError
        Where a file is not what was frozen.
    """
    day = None if before is None else f"{pd.Timestamp(before):%Y-%m-%d}"
    files = sorted(Path(folder).glob("[0-9]*.parquet")) if folder else []
    frames = [_read(path) for path in files if day is None or path.name.split("--")[0] < day]
    frame = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=[*COLUMNS, "made_at"])
    dates = ("made_on", "as_of", "month", "last_month", "made_at")
    amounts = (*QUANTILES, "naive", "last_actual")
    frame = frame.astype(dict.fromkeys(dates, "datetime64[ns]") | dict.fromkeys(amounts, float))
    first_over = frame["last_month"] + pd.offsets.MonthBegin(1) + pd.offsets.MonthEnd(1)
    return frame.assign(kind=(frame["made_on"] <= first_over).map({True: LIVE, False: REPLAYED}).astype(object))


def scored(ledger: pd.DataFrame, actuals: pd.DataFrame) -> pd.DataFrame:
    """Frozen forecasts whose month is over, beside what came.

    Parameters
    ----------
    ledger : DataFrame
        `frozen`. Where several forecasts of a kind were frozen as of the same day, the first one made counts.
    actuals : DataFrame
        by, unit, month, actual (currency), as known today: complete months alone.

    Returns
    -------
    DataFrame
        One row a forecast and month: the columns of `frozen`, forecast, low_L and high_L for 50, 80, 90 and 95, actual
        (as known today), first_actual (as known when the month had just ended, where a forecast of that day is in the
        ledger), restated (actual − first_actual).
    """
    key = ["kind", "by", "unit", "as_of", "month"]
    rows = ledger.sort_values("made_at", kind="stable").drop_duplicates(key)
    rows = rows.assign(**{column: rows[name] for name, column in QUANTILES.items()}, cut=rows["last_month"])
    first = ledger.sort_values("made_at", kind="stable").drop_duplicates(["by", "unit", "last_month"])
    first = first[["by", "unit", "last_month", "last_actual"]].set_axis(["by", "unit", "month", "first_actual"], axis=1)
    rows = rows.merge(actuals[["by", "unit", "month", "actual"]], on=["by", "unit", "month"])
    rows = rows.merge(first, on=["by", "unit", "month"], how="left")
    return rows.assign(restated=rows["actual"] - rows["first_actual"]).sort_values(key).reset_index(drop=True)


def track_record(rows: pd.DataFrame) -> pd.DataFrame:
    """How good the frozen forecasts were, live and replayed apart, by months ahead.

    Parameters
    ----------
    rows : DataFrame
        `scored`.

    Returns
    -------
    DataFrame
        kind, step (months ahead), and the columns of `backtest.accuracy`: windows, wape, naive_wape, skill (wape ÷
        naive_wape), bias, bias_words, and per level inside_L, ranged_L, coverage_L with its binomial range; held_L
        (``27 of 33 (82 %)``); and interval_L: mean interval score ÷ mean |actual|.

    Notes
    -----
    Interval score at level 1 − α: width + 2/α × the distance by which the actual lies outside (Gneiting and Raftery
    2007). Lower is better; it rewards narrow ranges and fines those that do not hold.
    """
    parts = [
        accuracy(group.assign(method="frozen")).assign(kind=kind, step=step).merge(_interval(group), how="cross")
        for (kind, step), group in rows.groupby(["kind", "step"])
    ]
    frame = pd.concat(parts, ignore_index=True) if parts else accuracy(rows.assign(method="frozen")).assign(
        kind="", step=0)
    return with_counts(frame[["kind", "step", *(c for c in frame if c not in ("kind", "step", "method"))]])


def _interval(rows: pd.DataFrame) -> pd.DataFrame:
    """One row: the mean interval score of each level ÷ mean |actual|."""
    size = rows["actual"].abs().mean()
    scores = {}
    for v in LEVELS:
        low, high, fine = rows[f"low_{v}"], rows[f"high_{v}"], 2 / (1 - v / 100)
        outside = (low - rows["actual"]).clip(lower=0) + (rows["actual"] - high).clip(lower=0)
        scores[f"interval_{v}"] = [(high - low + fine * outside).mean() / size if size > 0 else float("nan")]
    return pd.DataFrame(scores)


def change(ledger: pd.DataFrame, expected: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """What changed since the last frozen forecast, over the same months: the steps of a waterfall that adds up.

    Parameters
    ----------
    ledger : DataFrame
        `frozen` before the as-of day.
    expected : DataFrame
        The forecast of today: by, unit, month, forecast.
    known : DataFrame
        by, unit, month, actual.

    Returns
    -------
    DataFrame
        part, amount (currency), is_total: the last forecast of the months that it and today's view both cover; for
        each month since over, its actual − what was forecast; for each month still open, today's forecast − the last;
        today's view of the same months. Empty without an earlier forecast.
    """
    first = ledger.sort_values(["as_of", "made_at"], kind="stable").drop_duplicates(["as_of", "month"])
    last = first[first["as_of"] == first["as_of"].max()].set_index("month")["q_50"]
    now = pd.concat([known.set_index("month")["actual"], expected.set_index("month")["forecast"]])
    both = last.index.intersection(now.index).sort_values()
    if both.empty:
        return pd.DataFrame({"part": pd.Series(dtype=object), "amount": pd.Series(dtype=float),
                             "is_total": pd.Series(dtype=bool)})
    over = both <= known["month"].max()
    said = [f"{month:%B %Y}: {'came in' if done else 'forecast anew'}" for month, done in zip(both, over, strict=True)]
    moves = (now[both] - last[both]).tolist()
    day = first["as_of"].max()
    parts = [f"forecast of {day.day} {day:%B %Y}", *said, "today's view"]
    ends = [float(last[both].sum()), float(now[both].sum())]
    return pd.DataFrame({"part": parts, "amount": [ends[0], *moves, ends[1]],
                         "is_total": [True, *[False] * len(moves), True]})


def _content(frame: pd.DataFrame) -> str:
    """A hash of everything that a forecast says: the same after it was written and read."""
    text = frame[["as_of", *MADE, "data"]].to_csv(index=False, lineterminator="\n", date_format="%Y-%m-%d")
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:SHORT]


def _read(path: Path) -> pd.DataFrame:
    _, moment, content = path.stem.split("--")
    try:
        frame = pd.read_parquet(path)
        made_at = pd.to_datetime(moment, format=MOMENT)
        good = _content(frame) == content and (frame["made_on"] == made_at.normalize()).all()
    except (OSError, ValueError, KeyError):
        good = False
    if not good:
        raise SalesOpsError(f"the frozen forecast {path.name} is not what was written", "files that nobody changes",
                            "bring it back from a backup, or move it out of the ledger")
    return frame.assign(made_at=made_at)
