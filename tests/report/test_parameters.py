"""What a notebook may be told, and what is refused before anything starts."""

from __future__ import annotations

import pytest

from salesops_helpers.errors import SalesOpsError
from salesops_helpers.report.parameters import check_parameters

CELL = ('month = "2026-01"\nday = "2026-01-31"\nname = ""\nmonths = 12\nshare = 0.5\nflag = True\nnames = ["a"]\n'
        'more = {"a": 1}\nanything = None')


@pytest.mark.parametrize("given, seen", [
    ({"moth": "2026-01"}, "no parameter moth; allowed: month, day"),
    ({"x = 1\nimport os": 1}, "has no parameter x = 1 import os"),
    ({"month; import os": "2026-01"}, "has no parameter month; import os"),
    ({"__import__('os').system('x')": 1}, "has no parameter __import__"),
    ({"month": "2026-13"}, "parameter month = '2026-13'; allowed: a month, YYYY-MM"),
    ({"month": ""}, "a month, YYYY-MM"),
    ({"month": "2026-1"}, "a month, YYYY-MM"),
    ({"month": "２０２６-01"}, "a month, YYYY-MM"),
    ({"month": "2026-01-01"}, "a month, YYYY-MM"),
    ({"month": "{month}"}, "a month, YYYY-MM"),
    ({"month": {"a": "2026-01"}}, "a month, YYYY-MM"),
    ({"day": "2026-02-30"}, "parameter day = '2026-02-30'; allowed: a day, YYYY-MM-DD"),
    ({"name": 3}, "parameter name = 3; allowed: text"),
    ({"name": None}, "allowed: text"),
    ({"name": object}, "allowed: text"),
    ({"name": "\ud800"}, "allowed: text"),
    ({"months": True}, "parameter months = True; allowed: a whole number"),
    ({"months": 1.5}, "a whole number"),
    ({"months": "12"}, "a whole number"),
    ({"share": float("nan")}, "parameter share = nan; allowed: a number"),
    ({"share": False}, "a number"),
    ({"flag": 1}, "parameter flag = 1; allowed: true or false"),
    ({"names": "a"}, "allowed: a list"),
    ({"names": [object]}, "allowed: a list"),
    ({"more": {1: "a"}}, "allowed: a mapping"),
    ({"anything": {"a": [float("inf")]}}, "a list or mapping of these"),
])
def test_parameters_are_refused_with_what_is_allowed(notebook, given, seen):
    with pytest.raises(SalesOpsError) as caught:
        check_parameters(notebook("1", parameters=CELL), given)
    assert seen in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("given", [
    {"month": "2024-02", "day": "2024-02-29", "name": "../{x} 'and' \"so\"", "months": -3},
    {"share": 1, "flag": False, "names": [], "more": {"y": [1.5, None]}},
    {"anything": None}, {"anything": [True, {"a": "b"}]}, {},
])
def test_values_of_the_declared_kind_are_accepted(notebook, given):
    check_parameters(notebook("1", parameters=CELL), given)


@pytest.mark.parametrize(
    "cell", [None, "month = today()", "month: str = '2026-01'", "import os", "a.b = 1", "a = b = 1"]
)
def test_a_notebook_without_plain_parameters_is_refused(notebook, cell):
    with pytest.raises(SalesOpsError, match="exactly one cell tagged parameters"):
        check_parameters(notebook("1", parameters=cell), {})


def test_a_file_that_is_no_notebook_is_refused(tmp_path):
    path = tmp_path / "x.ipynb"
    path.write_bytes(b"\x89PNG")
    with pytest.raises(SalesOpsError, match="is not a notebook"):
        check_parameters(path, {})
