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
import pipeline_record
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
    import logging

    import prophet

    logging.disable(logging.INFO)
    rows, begun = [], time.perf_counter()
    for name, known, to_come in sets.monthly("M3")[:PROPHET]:
        days = pd.date_range("2000-01-01", periods=len(known) + len(to_come), freq="MS")
        said = prophet_says(prophet.Prophet().fit(pd.DataFrame({"ds": days[: len(known)], "y": known})),
                            days[len(known):])
        rows.append(said.assign(unit=name, actual=to_come, yearly=np.abs(known[12:] - known[:-12]).mean()))
    seconds = (time.perf_counter() - begun) / len(rows)
    ours = sets.tried("M3")["ours"]
    ours = ours[(ours["method"] == "mean") & ours["unit"].isin({each["unit"].iloc[0] for each in rows})]
    found = pd.DataFrame({"ours": sets.measured(ours), "Prophet": sets.measured(pd.concat(rows))}).T
    print(f"\nM3, {len(rows)} series, Prophet {1000 * seconds:.0f} ms a series\n{found.round(3).to_string()}")
    vs = found.loc["ours"] / found.loc["Prophet"]
    figure = {**FIGURE, "goal": None, "n": len(rows)}
    return [{**figure, "name": "mase_vs_prophet", "value": vs["mase"]},
            {**figure, "name": "score_vs_prophet", "value": vs["score95"]},
            {**figure, "name": "ms_prophet", "value": 1000 * seconds, "unit": "ms a series"}]


def prophet_says(fitted, days: pd.DatetimeIndex) -> pd.DataFrame:
    """Its forecast of the days, with the ranges of both levels."""
    found = {}
    for level in sets.LEVELS:
        fitted.interval_width = level / 100
        said = fitted.predict(pd.DataFrame({"ds": days}))
        found["forecast"] = said["yhat"]
        found[f"low_{level}"], found[f"high_{level}"] = said["yhat_lower"], said["yhat_upper"]
    return pd.DataFrame(found)


if PROPHET_THERE:
    bench_prophet = prophet_beside


def bench_pipeline() -> list[dict]:
    """Simulated companies (growth, a yearly season, a lasting shock): 30 month windows each, twenty companies a
    regime (a quarter's coverage is then known to ± 6 points); ``SALESOPS_BENCH_SEEDS=2`` takes two."""
    seeds = int(os.environ.get("SALESOPS_BENCH_SEEDS", "20"))
    tasks = [(regime, seed) for regime in pipeline_truth.REGIMES for seed in range(1, seeds + 1)]
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        found = list(pool.map(pipeline_record.measured, *zip(*tasks, strict=True)))
    parts = {name: pd.concat([each[name] for each in found], ignore_index=True) for name in found[0]}
    return [*company_figures(parts), *deal_figures(parts["deals"]), *unit_figures(parts)]


def company_figures(parts: dict[str, pd.DataFrame]) -> list[dict]:
    """The company's total: the choice against naive lines, of a month and of three; did the 80 % ranges hold?"""
    months, ranges = parts["months"], parts["ranges"]
    ratios = {(regime, k): pipeline_record.against(rows, k)
              for regime, rows in months.groupby("regime") for k in (1, 3)}
    held = ranges.groupby(["regime", "period"])["inside"].agg(["mean", "size"])
    print("\n", pd.DataFrame(ratios).T.round(3).to_string(), "\n", held.round(3).to_string())
    best = max(row["chosen"] / row[["naive", "recent"]].min() for row in ratios.values())
    figure = {**FIGURE, "n": len(months.drop_duplicates(["regime", "seed", "cut"]))}
    return [
        {**figure, "name": "company_vs_named_naive", "value": max(row["chosen"] for row in ratios.values()),
         "goal": 1.00},
        {**figure, "name": "company_vs_best_naive", "value": best, "goal": 1.05, "kind": "stretch"},
        {**figure, "name": "pipeline_cov80_min", "value": held["mean"].min(), "goal": 0.72, "better": "higher",
         "unit": "share"},
        {**figure, "name": "pipeline_cov80_max", "value": held["mean"].max(), "goal": 0.88, "unit": "share"},
    ]


def deal_figures(deals: pd.DataFrame) -> list[dict]:
    """The win model: slopes of up to three months, log loss against the base rate."""
    fits = pd.concat({regime: replay.calibration(rows, [1, 3, 6]) for regime, rows in deals.groupby("regime")})
    print(fits.round(3).to_string())
    near, figure = fits[fits["ahead"] <= 3], {**FIGURE, "n": len(deals.drop_duplicates(["regime", "seed", "cut"]))}
    return [
        {**figure, "name": "calibration_slope_min", "value": near["slope"].min(), "goal": 0.9, "better": "higher"},
        {**figure, "name": "calibration_slope_max", "value": near["slope"].max(), "goal": 1.1},
        {**figure, "name": "log_loss_vs_base", "value": (fits["log_loss"] / fits["log_loss_base"]).max(), "goal": 1.00},
    ]


def unit_figures(parts: dict[str, pd.DataFrame]) -> list[dict]:
    """Reps' pipelines against their own same place in the last quarter; the company's draws against an oracle's."""
    reps, scores = parts["reps"], parts["scores"]
    miss = pd.DataFrame({name: (reps[name] - reps["actual"]).abs() for name in ("forecast", "naive")})
    missed = miss.groupby([reps["regime"], reps["period"]]).sum()
    own = missed["forecast"] / missed["naive"]
    mean = scores.groupby(["regime", "period"])[["ours", "oracle"]].mean()
    crps = mean["ours"] / mean["oracle"]
    print(pd.DataFrame({"reps_vs_own": own, "crps_vs_oracle": crps}).round(3).to_string())
    aim = {**FIGURE, "kind": "stretch"}
    return [{**aim, "name": "rep_vs_own_same_phase", "value": own.max(), "goal": 0.70, "n": len(reps)},
            {**aim, "name": "crps_vs_oracle", "value": crps.max(), "goal": 1.25, "n": len(scores)}]


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
