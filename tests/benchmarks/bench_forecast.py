"""Our forecast beside stock statsforecast on public monthly series: M1 (309), M3 (714), tourism (183).

Every figure is measured on the test part of each set: its series with an even index. Choices were taken from those with
an odd index alone (see `series_tried`). About five minutes on two processors that are free.
"""

from __future__ import annotations

import time
from importlib.util import find_spec

import numpy as np
import pandas as pd
import series_tried as sets

from salesops_helpers.forecast.methods import fit_many

FIGURE = {"area": "forecast", "better": "lower", "kind": "gate", "unit": "ratio"}
SPEED = 200
PROPHET = 100
PROPHET_THERE = find_spec("prophet") is not None


def geometric(values) -> float:
    return float(np.exp(np.mean(np.log(list(values)))))


def table(name: str) -> pd.DataFrame:
    """One row a method: smape, mase, coverage and scores."""
    made = sets.tried(name)
    ours = made["ours"][made["ours"]["method"] == "mean"].assign(method="ours")
    every = pd.concat([ours, made["stock"]], ignore_index=True)
    return pd.DataFrame({m: sets.measured(rows) for m, rows in every.groupby("method")}).T.sort_values("mase")


def bench_series() -> list[dict]:
    """The figures on which the default method and its ranges rest."""
    tables = {name: table(name) for name in sets.SETS}
    if not PROPHET_THERE:
        print("\nProphet is not installed, and not measured.")
    for name, found in tables.items():
        print(f"\n{name}, {len(sets.monthly(name))} series\n{found.round(3).to_string()}")
    n = sum(len(sets.monthly(name)) for name in sets.SETS)
    ours = {name: found.loc["ours"] for name, found in tables.items()}
    others = {name: found.drop("ours") for name, found in tables.items()}
    vs_ets = geometric(ours[name]["mase"] / found.loc["AutoETS", "mase"] for name, found in tables.items())
    score = {name: ours[name]["score95"] / others[name]["score95"].min() for name in tables}
    cov = {v: [each[f"cov{v}"] for each in ours.values()] for v in sets.LEVELS}
    figure, aim = {**FIGURE, "n": n}, {**FIGURE, "n": n, "kind": "stretch"}
    share = {"unit": "share"}
    return [
        {**figure, "name": "mase_vs_ets", "value": vs_ets, "goal": 0.96},
        {**aim, "name": "mase_vs_ets_stretch", "value": vs_ets, "goal": 0.94},
        {**aim, "name": "mase_geo", "value": geometric(each["mase"] for each in ours.values()), "goal": 1.060},
        {**figure, **share, "name": "cov95_min", "value": min(cov[95]), "goal": 0.93, "better": "higher"},
        {**figure, **share, "name": "cov95_max", "value": max(cov[95]), "goal": 0.98},
        {**aim, **share, "name": "cov95_min_stretch", "value": min(cov[95]), "goal": 0.94, "better": "higher"},
        {**aim, **share, "name": "cov95_max_stretch", "value": max(cov[95]), "goal": 0.965},
        {**aim, **share, "name": "cov80_min", "value": min(cov[80]), "goal": 0.78, "better": "higher"},
        {**aim, **share, "name": "cov80_max", "value": max(cov[80]), "goal": 0.83},
        {**figure, "name": "score_vs_native", "value": max(score.values()), "goal": 1.00},
        {**aim, "name": "score_vs_native_stretch", "value": max(score.values()), "goal": 0.90},
        *({**figure, "name": f"mase_{name.lower()}", "value": ours[name]["mase"], "goal": None} for name in ours),
        *({**figure, **share, "name": f"cov{v}_{name.lower()}", "value": ours[name][f"cov{v}"], "goal": None}
          for name in ours for v in sets.LEVELS),
        *({**figure, "name": f"score_vs_native_{name.lower()}", "value": score[name], "goal": None} for name in score),
    ]


def bench_short() -> list[dict]:
    """Histories cut to their last 24 and 36 months."""
    ratios, n = [], 0
    for name in sets.SETS:
        rows = sets.tried(name)["short"]
        n += rows["unit"].nunique()
        for months, cut in rows.groupby("months"):
            mase = {method: sets.measured(cut[cut["method"] == method])["mase"] for method in ("mean", "ets")}
            ratios.append(mase["mean"] / mase["ets"])
            print(f"{name}, {months} months: MASE {mase['mean']:.3f}, ETS {mase['ets']:.3f}")
    figure = {**FIGURE, "n": n, "value": geometric(ratios)}
    return [{**figure, "name": "short_vs_ets", "goal": 0.98},
            {**figure, "name": "short_vs_ets_stretch", "goal": 0.95, "kind": "stretch"}]


def bench_speed() -> list[dict]:
    """CPU time of the calibrated forecast against the same three models plain; two processes against one."""
    seconds = np.concatenate([sets.tried(name)["seconds"] for name in sets.SETS])
    values = [known for _, known, _ in sets.monthly("M3")][:SPEED]
    fit_many(values[:2], 18)
    took = {1: float("inf"), 2: float("inf")}
    for jobs in (2, 1, 2, 1):
        begun = time.perf_counter()
        fit_many(values, 18, jobs)
        took[jobs] = min(took[jobs], time.perf_counter() - begun)
    ours, plain = seconds.mean(axis=0)
    figure = {**FIGURE, "n": len(seconds)}
    return [
        {**figure, "name": "ms_vs_plain", "value": ours / plain, "goal": 2.2},
        {**figure, "name": "ms_ours", "value": 1000 * ours, "unit": "ms a series", "goal": None},
        {**figure, "name": "ms_plain", "value": 1000 * plain, "unit": "ms a series", "goal": None},
        {**figure, "name": "speedup_two_cores", "value": took[1] / took[2], "goal": 1.8, "better": "higher",
         "n": len(values)},
    ]


def prophet_beside() -> list[dict]:
    """Prophet, which is none of the project's packages, on series of M3."""
    import prophet

    rows = []
    for name, known, to_come in sets.monthly("M3")[:PROPHET]:
        days = pd.date_range("2000-01-01", periods=len(known) + len(to_come), freq="MS")
        model = prophet.Prophet(interval_width=0.95).fit(pd.DataFrame({"ds": days[: len(known)], "y": known}))
        said = model.predict(pd.DataFrame({"ds": days[len(known):]}))
        rows.append(pd.DataFrame({"unit": name, "forecast": said["yhat"], "low_95": said["yhat_lower"],
                                  "high_95": said["yhat_upper"], "actual": to_come,
                                  "yearly": np.abs(known[12:] - known[:-12]).mean()}))
    found = sets.measured(pd.concat(rows))
    ours = sets.tried("M3")["ours"]
    ours = ours[(ours["method"] == "mean") & ours["unit"].isin({each["unit"].iloc[0] for each in rows})]
    return [{**FIGURE, "name": "mase_vs_prophet", "value": sets.measured(ours)["mase"] / found["mase"], "goal": None,
             "n": len(rows)}]


if PROPHET_THERE:
    bench_prophet = prophet_beside
