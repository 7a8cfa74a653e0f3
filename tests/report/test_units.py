"""Folders of units: safe, unique and stable, whatever a unit is called."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesops_helpers.report.units import COMPANY, Unit, slug


@pytest.mark.parametrize("name, seen", [
    ("Central Enterprise", "central-enterprise"), ("North", "north"), ("Team 7", "team-7"),
])
def test_a_plain_name_is_its_own_folder(name, seen):
    assert slug(name) == seen


@pytest.mark.parametrize("name", [
    "north", "NORTH", "North ", "Nörth", "North/../..", "../etc", ".", "", "Con", "Nul", "Com1", "東京", "R-01",
    "a" * 300, "<script>", "North\0", "North\n", "C:\\x", "Foo 12345678", "\ud800",
])
def test_any_other_name_gets_digits_of_its_own(name):
    assert re.fullmatch(r"([a-z0-9]+-)*[0-9a-f]{8}", slug(name)) and len(slug(name)) <= 50
    assert slug(name) == slug(name)


@given(st.lists(st.text(), unique=True, max_size=8))
def test_no_two_names_share_a_folder_and_none_leaves_it(names):
    slugs = [slug(name) for name in names]
    assert len(set(slugs)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", text) for text in slugs)


def test_a_unit_lies_two_folders_below_the_month():
    assert (Unit("team", "North", "North").folder, Unit("team", "North", "North").up) == ("team/north", "../../")
    assert (COMPANY.folder, COMPANY.up) == ("", "")
