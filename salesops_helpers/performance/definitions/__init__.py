"""The KPIs by subject; `registry.registry()` lists them."""

from salesops_helpers.performance.definitions import (
    activity,
    forecasts,
    leads,
    pay,
    people,
    pipeline,
    quota,
    retention,
    slippage,
    stages,
    velocity,
    wins,
)

MODULES = (wins, pipeline, velocity, quota, forecasts, slippage, stages, leads, activity, people, pay, retention)
