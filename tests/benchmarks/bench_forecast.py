"""Our forecast beside stock statsforecast on public monthly series: M1 (309), M3 (714), tourism (183).

Every figure is measured on the test part of each set: its series with an even index. Choices were taken from those with
an odd index alone (see `series_tried`). About five minutes on two processors that are free.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import pipeline_truth
import series_tried as sets

from salesops_helpers import load
from salesops_helpers.forecast import blend, features, replay
from salesops_helpers.forecast.methods import fit_many

FIGURE = {"area": "forecast", "better": "lower", "kind": "gate", "unit": "ratio"}
SPEED = 200
PROPHET = 100
HOME = Path(__file__).parents[1] / "cases" / "maven"
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


def bench_pipeline() -> list[dict]:
    """Simulated companies (growth, a yearly season, a lasting shock): 30 month windows each, ten companies a regime;
    ``SALESOPS_BENCH_SEEDS=2`` takes two."""
    seeds = int(os.environ.get("SALESOPS_BENCH_SEEDS", "10"))
    tasks = [(regime, seed) for regime in pipeline_truth.REGIMES for seed in range(1, seeds + 1)]
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        found = list(pool.map(pipeline_truth.measured, *zip(*tasks, strict=True)))
    months = pd.concat([each["months"] for each in found], ignore_index=True)
    ranges = pd.concat([each["ranges"] for each in found], ignore_index=True)
    n = int(months[["regime", "seed", "cut"]].drop_duplicates().shape[0])
    figure = {**FIGURE, "n": n}
    ratios = {(regime, k): pipeline_truth.against(rows, k) for regime, rows in months.groupby("regime") for k in (1, 3)}
    print("\n", pd.DataFrame(ratios).T.round(3).to_string())
    best = max(row["chosen"] / row[["naive", "recent"]].min() for row in ratios.values())
    held = ranges.groupby(["regime", "period"])["inside"].agg(["mean", "size"])
    deals = {regime: pd.concat([each["deals"].assign(opportunity_id=each["deals"]["opportunity_id"] + str(seed))
                                for (of, seed), each in zip(tasks, found, strict=True) if of == regime],
                               ignore_index=True) for regime in pipeline_truth.REGIMES}
    fits = pd.concat({regime: replay.calibration(rows, [1, 3, 6]) for regime, rows in deals.items()})
    print(held.round(3).to_string(), "\n", fits.round(3).to_string())
    near = fits[fits["ahead"] <= 3]
    return [
        {**figure, "name": "company_vs_named_naive", "value": max(row["chosen"] for row in ratios.values()),
         "goal": 1.00},
        {**figure, "name": "company_vs_best_naive", "value": best, "goal": 1.05, "kind": "stretch"},
        {**figure, "name": "pipeline_cov80_min", "value": held["mean"].min(), "goal": 0.72, "better": "higher",
         "unit": "share"},
        {**figure, "name": "pipeline_cov80_max", "value": held["mean"].max(), "goal": 0.88, "unit": "share"},
        {**figure, "name": "calibration_slope_min", "value": near["slope"].min(), "goal": 0.9, "better": "higher"},
        {**figure, "name": "calibration_slope_max", "value": near["slope"].max(), "goal": 1.1},
        {**figure, "name": "log_loss_vs_base", "value": (fits["log_loss"] / fits["log_loss_base"]).max(), "goal": 1.00},
    ]


def bench_maven(cases) -> list[dict]:
    """A public CRM export of ten months with bookings: the choice against the same place in the last quarter."""
    tables = load(HOME)
    said = blend.backtest(tables, origins=features.cuts(tables, 12)[:-1])
    found = blend.record(said, blend.chosen(said))
    found = found[found["ahead"] == 1].set_index("method")
    print("\n", found.round(3).to_string())
    return [{**FIGURE, "name": "maven_vs_named_naive", "value": found.loc["chosen", "ratio"], "goal": 1.00,
             "n": int(found.loc["chosen", "windows"])}]


def bench_origins() -> list[dict]:
    """A backtest of the pipeline on 25 origins of a company with about 10,000 deals."""
    tables = pipeline_truth.company("growth", 99, a_week=33.0)
    begun = time.perf_counter()
    replay.replay(tables, features.cuts(tables, 26)[:-1])
    return [{**FIGURE, "name": "seconds_25_origins", "value": time.perf_counter() - begun, "unit": "s", "goal": 15.0,
             "kind": "stretch", "n": len(tables.opportunities)}]
