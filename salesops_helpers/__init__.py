"""Helpers for sales-operations notebooks: tables that can be trusted, and plain functions on them."""

from __future__ import annotations

__version__ = "0.1.0"
__all__ = ["SalesOpsError", "Tables", "load"]

_HOME = {
    "SalesOpsError": "salesops_helpers.errors",
    "Tables": "salesops_helpers.data.container",
    "load": "salesops_helpers.data.load",
}


def __getattr__(name: str):
    """Import what is asked for when it is asked for, so that the command answers at once."""
    if name not in _HOME:
        raise AttributeError(f"module 'salesops_helpers' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)
