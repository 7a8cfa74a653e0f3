"""The engine on this machine: DuckDB in memory, spilling to a temporary folder when it must."""

from __future__ import annotations

import os
import tempfile
import uuid

MEMORY = "2GB"
"""What the engine may hold; the rest of the process stays below 1 GB."""


def connect():
    """A new DuckDB in memory, as an Ibis backend."""
    import ibis

    con = ibis.duckdb.connect()
    spill = os.path.join(tempfile.gettempdir(), f"salesops-{uuid.uuid4().hex}").replace("'", "''")
    con.raw_sql(f"SET timezone='UTC'; SET autoinstall_known_extensions=false; SET memory_limit='{MEMORY}'; "
                f"SET temp_directory='{spill}'")
    return con
