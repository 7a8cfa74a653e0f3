"""What cells show: escaped, aligned, the same each time."""

from __future__ import annotations

import base64
import re

import pandas as pd

from salesops_helpers import show
from salesops_helpers.charts.style import new

HOSTILE = "<script>alert(1)</script>"


def test_an_answer_is_one_element_with_its_headline_first():
    shown = show.answer("We won 63 %.", "", f"Best: {HOSTILE}")
    assert shown.html.count('class="answer"') == 1
    assert shown.html.startswith('<div class="answer"><p><strong>We won 63 %.</strong></p>')
    assert "<script" not in shown.html
    assert repr(shown) == f"We won 63 %.\nBest: {HOSTILE}"


def test_a_note_says_something_or_is_not_there():
    assert show.note("").html == ""
    assert show.note("The table quotas is missing.", "").html.count("<p>") == 1


def test_a_table_has_aligned_numbers_no_long_fractions_and_no_markup_from_data():
    frame = pd.DataFrame({
        "name": [HOSTILE, None], "amount": [1234.5, None], "share": [1 / 3, 0.5],
        "day": pd.to_datetime(["2026-09-01", None]), "hidden": [1, 2],
    })
    shown = show.table(frame, {"name": "text", "amount": "money", "share": "percent", "day": "day"},
                       {"amount": "amount (EUR)", "name": "<b>rep"}, caption="a & b")
    html = shown.html
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "<b>" not in html
    assert '<td class="number">1,234</td>' in html
    assert '<td class="number">33.3 %</td>' in html
    assert html.count("–") == 3
    assert "hidden" not in html
    assert "amount (EUR)" in html
    assert "a &amp; b" in html
    assert len(re.findall("<tr>", html)) == 3
    assert "33.3 %" in repr(shown)


def test_a_table_without_rows_is_a_head():
    html = show.table(pd.DataFrame({"name": []}), {"name": "text"}).html
    assert html.count("<tr>") == 1


def _drawn(alt="rates fall"):
    fig, axes = new(2.0)
    axes.plot([1, 2], [2, 1])
    return show.figure(fig, alt=alt, caption="<i>")


def test_a_figure_is_one_image_with_alt_text_and_the_same_bytes_each_time():
    html = _drawn(alt='say "5 <"').html
    kind, data = re.search(r'src="data:image/(svg\+xml|png);base64,([^"]+)"', html).groups()
    assert base64.b64decode(data)[:5] in (b"\x89PNG\r", b"<?xml")
    assert kind in ("svg+xml", "png")
    assert 'alt="say &quot;5 &lt;&quot;"' in html
    assert "<i>" not in html
    assert html == _drawn(alt='say "5 <"').html
    assert repr(_drawn()) == "[figure: rates fall]"


def test_a_live_figure_is_a_picture_for_the_screen():
    fig, ax = new(height=2)
    ax.plot([1, 2], [3, 4])
    html = show.figure(fig, alt="rising", live=True).html
    data = base64.b64decode(re.search(r'png;base64,([^"]+)', html).group(1))
    assert int.from_bytes(data[16:20], "big") == int(fig.get_figwidth() * 96) and 'alt="rising"' in html
