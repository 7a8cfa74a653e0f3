"""Numbers as they are written: decided per file and column from all values, and never against them."""

from __future__ import annotations

import pandas as pd
import pytest
from damaged import column, outcome
from folders import TOML
from hypothesis import given, settings
from hypothesis import strategies as st

HEAD = "opportunity_id;rep_id;stage;created_on;closed_on;amount\n"
WAYS = st.sampled_from([",", "'", "’", " ", "\u00a0", "\u202f", ""])


def deals(values) -> str:
    return HEAD + "".join(f'd{i};r1;Won;2026-01-05;2026-02-10;"{v}"\n' for i, v in enumerate(values))


def read(tmp_path, values, toml=TOML):
    found = outcome(tmp_path / "acme", deals(values), toml=toml)
    return found if found.refusal else dict(zip(found.used["opportunity_id"], found.used["amount"], strict=True))


@pytest.mark.parametrize(("values", "numbers"), [
    (["1.234,50", "1.234"], [1234.5, 1234]),
    (["1,234.50", "1,234"], [1234.5, 1234]),
    (["12,5", "3"], [12.5, 3]),
    (["1234,567.00", "7"], [None, 7]),
    (["1.234.567", "1.234"], [1234567, 1234]),
    (["1,234,567", "1,234"], [1234567, 1234]),
    (["12,34,567.00", "1"], [1234567, 1]),
    (["0,50", "1.234"], [0.5, 1234]),
    (["1'234.50", "1’000"], [1234.5, 1000]),
    (["1 234,50", "1\u00a0234\u202f567", "1\u2009000"], [1234.5, 1234567, 1000]),
    (["€ 1.234,50", "1.234,50 €", "EUR 5", "5 eur", "€5"], [1234.5, 1234.5, 5, 5, 5]),
    (["$5", "5 USD", "£5", "7"], [None, None, None, 7]),
    (["5 %", "7"], [None, 7]),
    (["+5", "--5", "(5", "5)", "5-5", "(5-)", "5 5"], [5, None, None, None, None, None, None]),
    (["1e5", "2.5E+03", "1e999"], [100000, 2500, None]),
    (["1.234", "2.345"], [1234, 2345]),
    (["1,234", "2,345"], [1234, 2345]),
    (["1_000", "0x10", "１２", "7"], [None, None, None, 7]),
])
def test_amounts(tmp_path, values, numbers):
    found = read(tmp_path, values)
    assert found == {f"d{i}": number for i, number in enumerate(numbers) if number is not None}


def test_amounts_below_zero_in_every_notation(tmp_path):
    below = ["-1,50", "−1,50", "1,50-", "(1,50)", "(€ 1,50)", "€ (1,50)", "-€1,50", "€-1,50", "1,50 €-"]
    adjustments = "rep_id;month;reason;amount\n" + "".join(f"r1;2026-01;{i};{v}\n" for i, v in enumerate(below))
    found = outcome(tmp_path / "acme", adjustments, "adjustments.csv", "adjustments")
    assert found.used["amount"].tolist() == [-1.5] * len(below)


def test_missing_words_are_missing_in_numbers_and_ids_and_stay_in_names(tmp_path):
    words = ["-", "—", "–", "N/A", "n/a", "null", "NULL", "None", "#N/A", "NaN"]
    found = outcome(tmp_path / "acme", deals([*words, "5"]))
    assert found.used["amount"].isna().sum() == len(words)
    reps = "rep_id,name,team\n" + "".join(f"r{i},{word},{word}\n" for i, word in enumerate(words, 1)) + "N/A,Jo,x\n"
    found = outcome(tmp_path / "other", reps, "reps.csv", "reps")
    assert found.used["name"].tolist() == words
    assert found.reasons == "the key rep_id is empty"


@pytest.mark.parametrize(("values", "said"), [
    (["1.5", "7", "1,5"], "amount are written in two ways: '1.5' (line 2) and '1,5' (line 4)"),
    (["1.234", "1,234"], "amount can be read in two ways: '1.234' (line 2) and '1,234' (line 3)"),
])
def test_contradictory_amounts_stop_the_run(tmp_path, values, said):
    line = read(tmp_path, values).refusal
    assert said in line
    assert '[numbers] "opportunities.amount" = ","' in line


PRODUCTS = "product;lead_time_months;stock_cost_rate;list_price\n"


def products(tmp_path, rows, toml=TOML):
    return outcome(tmp_path / "acme", PRODUCTS + rows, "products.csv", "products", toml)


def test_a_number_that_is_no_money_needs_a_value_that_tells(tmp_path):
    line = products(tmp_path, "a;1.234;;\nb;7;;\nc;2.345;;\n").refusal
    assert "products.lead_time_months can be read in two ways: '1.234' (line 2) and '2.345' (line 4)" in line


def test_the_other_columns_of_the_file_tell(tmp_path):
    assert products(tmp_path, "a;1.234;;5,50\n").used["lead_time_months"].tolist() == [1234]
    assert products(tmp_path, "a;1.234;;5.50\n").used["lead_time_months"].tolist() == [1.234]


@pytest.mark.parametrize(("setting", "number"), [
    ('decimal = ","', 1234), ('products = "."', 1.234), ('"products.lead_time_months" = "."\ndecimal = ","', 1.234)])
def test_the_setting_tells(tmp_path, setting, number):
    found = products(tmp_path, "a;1.234;;\n", TOML + f"[numbers]\n{setting}\n")
    assert found.used["lead_time_months"].tolist() == [number]


def test_a_setting_against_the_values_stops_the_run(tmp_path):
    line = read(tmp_path, ["1.50"], TOML + '[numbers]\ndecimal = ","\n').refusal
    assert "contradict the decimal sign ',' of company.toml: '1.50' (line 2)" in line


def test_a_setting_settles_a_contradiction_and_the_others_are_set_aside(tmp_path):
    assert read(tmp_path, ["1.50", "1,50"], TOML + '[numbers]\ndecimal = ","\n') == {"d1": 1.5}


def test_shares_may_be_per_cent(tmp_path):
    found = products(tmp_path, "a;;12,5 %;\nb;;0,2;\nc;;7%;\n")
    assert found.used["stock_cost_rate"].tolist() == [0.125, 0.2, 0.07]


def test_units_multiply_exactly(tmp_path):
    toml = TOML + "[units.opportunities]\namount = 1000\n"
    assert read(tmp_path, ["1.005", "0.07", "123456.789", ""], toml + '[numbers]\ndecimal = "."\n') == pytest.approx(
        {"d0": 1005.0, "d1": 70.0, "d2": 123456789.0, "d3": float("nan")}, rel=0, abs=0, nan_ok=True)
    assert "can be read in two ways" in read(tmp_path, ["1.234"], toml).refusal
    share = TOML + "[units.products]\nstock_cost_rate = 0.01\n"
    assert products(tmp_path, "a;;45;\nb;;7,5;\n", share).used["stock_cost_rate"].tolist() == [0.45, 0.075]


@pytest.mark.parametrize(("toml", "said"), [
    ('[numbers]\ndecimal = ";"\n', "numbers.decimal = ';'"),
    ('[numbers]\nmoney = ","\n', "'money' is neither 'decimal', nor a table, nor a \"table.column\""),
    ('[numbers]\n"opportunities.cost" = ","\n', "'opportunities.cost' is neither"),
    ("[units.opportunities]\namount = 0\n", "units.opportunities.amount"),
    ("[units.opportunities]\ncost = 10\n", "opportunities has no column cost"),
])
def test_wrong_settings_are_refused(tmp_path, toml, said):
    assert said in read(tmp_path, ["1"], TOML + toml).refusal


def written(cents: int, group: str, decimal: str) -> str:
    whole, rest = divmod(cents, 100)
    return f"{whole:,}".replace(",", group) + f"{decimal}{rest:02d}"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 10**11), min_size=1, max_size=30), st.sampled_from([",", "."]), WAYS)
def test_any_amount_in_any_notation_is_read_back(cents, decimal, group):
    group = "." if decimal == "," and group == "," else group
    values = [written(c, group, decimal) for c in cents]
    assert column("opportunities", "amount", values) == [c / 100 for c in cents]


def test_numbers_of_a_typed_source_need_no_decision(tmp_path):
    frame = pd.DataFrame({"product": ["a", "b"], "lead_time_months": [1.234, 2.345]})
    found = outcome(tmp_path / "acme", frame.to_parquet(), "products.parquet", "products")
    assert found.used["lead_time_months"].tolist() == [1.234, 2.345]


def test_ids_that_a_source_kept_as_fractions_are_whole_again(tmp_path):
    frame = pd.DataFrame({"rep_id": [1001.0, 1002.0], "name": ["Ada", "Bo"]})
    found = outcome(tmp_path / "acme", frame.to_parquet(), "reps.parquet", "reps")
    assert found.used["rep_id"].tolist() == ["1001", "1002"]
