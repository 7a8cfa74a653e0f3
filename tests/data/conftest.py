"""The PostgreSQL of the tests, one a session."""

from __future__ import annotations

import postgres as pg
import pytest


@pytest.fixture(scope="session")
def postgres():
    server = pg.started()
    try:
        yield server
    finally:
        pg.ended(server)
