"""The KPIs by subject; `registry.registry()` lists them."""

from salesops_helpers.performance.definitions import wins

MODULES = (wins,)
