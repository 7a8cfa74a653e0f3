"""Probable duplicates: found where a person would say so, and not where names only sound alike."""

from __future__ import annotations

import ast
import inspect
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from salesops_helpers.data import duplicates
from salesops_helpers.data.duplicates import cleaned, probable_duplicates
from salesops_helpers.errors import SalesOpsError

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

FIRST = ["Adler", "Bramstedt", "Calvera", "Dornfeld", "Ekholm", "Farsund", "Gellert", "Hohenau", "Ishikawa", "Jarnac",
         "Kestrel", "Lindqvist", "Montalban", "Norrgard", "Ostrander", "Pellegrin", "Quintanar", "Roussel", "Silvano",
         "Tamaro"]
SECOND = ["Castings", "Coatings", "Components", "Dairy", "Foods", "Freight", "Grid", "Labs", "Logistics", "Pharma",
          "Polymers", "Power"]


def customers(n: int = 200, seed: int = 3) -> pd.DataFrame:
    """Different customers whose names are put together from the same few words."""
    rng = np.random.default_rng(seed)
    names = [f"{a} {b}" for a in FIRST for b in SECOND][:n]
    return pd.DataFrame({
        "account_id": [f"C{i:04d}" for i in range(n)], "name": names, "city": rng.choice(FIRST, n),
        "street": [f"{b} Street {k}" for b, k in zip(rng.choice(SECOND, n), rng.integers(1, 90, n), strict=True)],
        "employees": rng.integers(10, 5000, n).astype(float),
    })


def found(frame: pd.DataFrame, numbers=("employees",)) -> pd.DataFrame:
    return probable_duplicates(frame, "account_id", ["name", "city", "street"], numbers, needed=["name"])


def again(frame: pd.DataFrame, row: int, **changes) -> pd.DataFrame:
    both = pd.concat([frame, frame.iloc[[row]]], ignore_index=True)
    both.loc[len(frame), ["account_id", *changes]] = ["again", *changes.values()]
    return both


def test_febrl(cases):
    from febrl import febrl_scores

    precision, recall, _ = febrl_scores(cases)
    assert precision >= 0.98 and recall >= 0.95


def test_different_customers_with_names_of_the_same_words_are_no_duplicates():
    assert found(customers()).empty
    assert probable_duplicates(customers(), "account_id", ["name"]).empty


@pytest.mark.parametrize("name", [
    "Bramstedt Castings", "BRAMSTEDT CASTINGS GmbH", "Castings, Bramstedt", "Bramstet Castings",
    "Bramstedt Catsings Ltd.", "Bramstedt & Castings Inc", "Brämstedt Castings S.A.",
])
def test_the_same_customer_under_another_spelling(name):
    frame = customers()
    row = int(frame.index[frame["name"] == "Bramstedt Castings"][0])
    pairs = found(again(frame, row, name=name, employees=float("nan")))
    assert pairs[["left", "right"]].to_numpy().tolist() == [[frame["account_id"][row], "again"]]
    assert "name" in pairs["reasons"].iloc[0] and "same street" in pairs["reasons"].iloc[0]
    assert pairs["score"].iloc[0] >= 0.9


@pytest.mark.parametrize("changes", [
    {"name": "Bramstedt Coatings"}, {"name": "Hohenau Castings"},
    {"city": "Elsewhere", "street": "Other Road 1", "employees": 7.0, "name": "Bramstet Castings"},
    {"name": None},
])
def test_near_misses(changes):
    frame = customers()
    row = int(frame.index[frame["name"] == "Bramstedt Castings"][0])
    assert found(again(frame, row, **changes)).empty


def test_numbered_branches_are_different():
    frame = customers().assign(name=lambda f: "Depot " + f.index.astype(str))
    assert found(frame).empty


def test_planted_duplicates_among_thousands():
    rng = np.random.default_rng(5)
    letters = list("bcdfghklmnprstvz")
    words = ["".join(rng.choice(letters, 6)) for _ in range(1500)]
    n = 4000
    frame = pd.DataFrame({
        "account_id": np.arange(n).astype(str), "city": rng.choice(words[:80], n), "name": [
            f"{a} {b} Ltd" for a, b in zip(rng.choice(words, n), rng.choice(SECOND, n), strict=True)],
        "street": rng.choice(words, n),
    })
    true = frame.drop_duplicates(["name", "city"]).sample(150, random_state=1)
    slip = true["name"].str[:2] + true["name"].str[3] + true["name"].str[2] + true["name"].str[4:]
    copies = true.assign(account_id="x" + true["account_id"], name=slip.str.replace(" Ltd", " GmbH"))
    pairs = probable_duplicates(pd.concat([frame, copies]), "account_id", ["name", "city", "street"], needed=["name"])
    planted = pairs["right"] == "x" + pairs["left"]
    same = frame[frame.duplicated(["name", "city"], keep=False)]["account_id"]
    wrong = ~planted & ~pairs["left"].isin(same) & ~pairs["left"].str.removeprefix("x").isin(true["account_id"])
    assert planted.sum() >= 0.9 * len(true)
    assert wrong.sum() <= 0.02 * len(pairs)


def test_work_per_record_does_not_grow_with_the_table():
    frame = customers(200)
    copies = pd.concat([frame.assign(account_id=frame["account_id"] + f"-{i}", name=frame["name"] + f" {i}")
                        for i in range(30)])
    columns = {"name": duplicates._text(copies["name"])}
    first, _ = duplicates._candidates(columns, len(copies))
    assert len(first) < len(copies) * duplicates.MOST_IN_BLOCK * 4


def test_the_frame_is_left_alone_and_empty_frames_have_no_pairs():
    frame = customers(20)
    before = frame.copy()
    found(frame)
    pd.testing.assert_frame_equal(frame, before)
    for rows in (frame.head(0), frame.head(1), frame.assign(name=None, city=None, street=None, employees=np.nan)):
        assert list(found(rows)) == duplicates.COLUMNS and found(rows).empty


def test_a_column_that_is_not_there_is_said():
    with pytest.raises(SalesOpsError, match="column phone is not in the frame"):
        probable_duplicates(customers(5), "account_id", ["phone"])


def test_cleaned_texts():
    texts = pd.Series(["Müller & Söhne GmbH", "SOEHNE  muller", "The Limited", None, "  ", "A.C.M.E. Inc."])
    assert cleaned(texts).tolist() == ["muller sohne", "muller soehne", "limited the", None, None, "acme"]


def test_there_is_no_loop_over_pairs():
    tree = ast.parse(inspect.getsource(duplicates))
    loops = [node for node in ast.walk(tree) if isinstance(node, ast.For | ast.While | ast.comprehension)]
    over = {ast.unparse(node.iter) for node in loops if not isinstance(node, ast.While)}
    assert not any(isinstance(node, ast.While) for node in loops)
    assert over <= {
        "(key, *texts, *numbers, *needed)", "texts", "numbers", "columns.items()", "columns.values()", "blocks",
        "sorted(columns, key=lambda name: name not in needed)", "(first, second, score, reasons)", "(first, second)",
        "('whole', 'length', 'digits')", "('alike', 'other')", "AMONG_TRUE", "AMONG_TRUE.items()",
    }
