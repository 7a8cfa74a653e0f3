"""The packaged maps: names of files, names of headers, and that every field of them has a use."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from salesops_helpers.data.crm import maps
from salesops_helpers.data.tables import TABLES

SOURCES = Path(maps.__file__).parent


@pytest.mark.parametrize(("crm", "stem", "name"), [
    ("salesforce", "Opportunity", "Opportunity"), ("salesforce", "opportunities", "Opportunity"),
    ("salesforce", "salesforce_opportunity_field_history", "OpportunityFieldHistory"),
    ("salesforce", "Export-2026.OpportunityHistory", "OpportunityHistory"), ("salesforce", "users_2026-04-01", "User"),
    ("hubspot", "hubspot-crm-exports-all-deals-2026-04-01", "deals"), ("hubspot", "DEAL_STAGE", "deal_stage"),
    ("hubspot", "DEAL_PIPELINE_STAGE", "deal_pipeline_stage"), ("hubspot", "OWNER", "owners"),
    ("pipedrive", "deals-4123-15", "deals"), ("pipedrive", "activities", "activities"),
    ("pipedrive", "deal_flow", "dealflow"), ("pipedrive", "notes", None), ("salesforce", "2026", None),
])
def test_a_file_name_means_an_object(crm, stem, name):
    met = maps.object_named(stem, maps.objects_of(crm))
    assert (met and met[0]) == name


@pytest.mark.parametrize(("columns", "found"), [
    (["stage name", "StageName"], "StageName"), (["stagename"], "stagename"), (["Stage_Name"], "Stage_Name"),
    (["Stage"], "Stage"), (["StageNames"], None),
])
def test_a_header_is_found_written_alike_first(columns, found):
    assert maps.header(["StageName", "Stage"], columns) == found


@pytest.mark.parametrize("crm", maps.CRMS)
def test_a_map_names_tables_and_fields_that_there_are(crm):
    code = (SOURCES / f"{crm}.py").read_text("utf-8") + (SOURCES / "export.py").read_text("utf-8")
    code += "".join((SOURCES / f"{name}.py").read_text("utf-8") for name in ("people", "history", "records"))
    used = set(re.findall(r'"(\w+)"', code)) | {"deal"}
    for known in maps.objects_of(crm).values():
        assert known.table == "" or known.table in TABLES
        assert set(known.needs) <= set(known.fields)
        columns = set(TABLES[known.table].names) if known.table else set()
        assert set(known.fields) - columns - used <= {"record_id", "currency", "order"}, known.name


@pytest.mark.parametrize("crm", maps.CRMS)
def test_no_two_fields_of_an_object_claim_the_same_first_header(crm):
    for known in maps.objects_of(crm).values():
        first = [maps.plain(names[0]) for names in known.fields.values()]
        assert len(first) == len(set(first)), known.name
