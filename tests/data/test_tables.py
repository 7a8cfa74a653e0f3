"""The data dictionary: defined once, complete, and written out as it is."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pandera.errors
import pytest

from salesops_helpers.data.dictionary import markdown
from salesops_helpers.data.tables import TABLES, conform, empty, schema

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", TABLES)
def test_each_table_is_whole(name):
    table = TABLES[name]
    assert len(set(table.names)) == len(table.names)
    assert set(table.key) <= set(table.names)
    assert not table.dated_by or table.dated_by in table.names
    assert {c.refers_to for c in table.columns} - {""} <= set(TABLES)
    assert all(c.words and c.time in ("fixed", "dated", "current") for c in table.columns)
    assert all((c.time == "dated") == bool(c.since) and (not c.since or c.since in table.names) for c in table.columns)
    assert table.required or table.shows
    schema(name).validate(empty(name))


def test_the_schema_refuses_a_wrong_type_an_empty_key_and_an_unknown_value():
    deals = conform("opportunities", pd.DataFrame({"opportunity_id": ["d1"], "status": ["won"]}))
    schema("opportunities").validate(deals)
    for bad in (deals.assign(amount="x"), deals.assign(opportunity_id=deals["stage"]), deals.assign(status="maybe"),
                deals.drop(columns="amount")):
        with pytest.raises(pandera.errors.SchemaError):
            schema("opportunities").validate(bad)


def test_conform_fills_orders_and_types_columns_and_leaves_its_input():
    given = pd.DataFrame({"month": ["2026-01-01"], "units": [3], "product": ["A"]}, index=[7])
    frame = conform("supply", given.rename(columns={"units": "on_hand"}))
    assert list(frame.columns) == TABLES["supply"].names
    assert frame["stocked_out"].tolist() == [False]
    assert frame["month"].tolist() == [pd.Timestamp("2026-01-01")]
    assert frame.index.tolist() == [0]
    assert given.index.tolist() == [7]


def test_the_written_dictionary_is_the_present_one():
    path = ROOT / "data" / "README.md"
    assert path.read_text(encoding="utf-8") == markdown(), "write it again: salesops dictionary data/README.md"
