"""The explorer of the pay page in a real JupyterLab: sliders moved by keyboard, and the sentence that answers."""

from __future__ import annotations

import pytest
from lab import ROOT, Notebook, copied, served

pytestmark = pytest.mark.browser
SLIDERS = ("quotas ×", "target incentives ×", "rate above 100 % (×)")


@pytest.fixture(scope="module")
def notebook(browser, tmp_path_factory):
    with served(tmp_path_factory.mktemp("lab")) as (files, url):
        copied("comp_scenarios.ipynb", ROOT / "data/sample", files)
        opened = Notebook(browser, url, "comp_scenarios.ipynb")
        yield opened
        opened.context.close()
        outside = [asked for asked in opened.asked if not asked.startswith((url, "data:", "blob:"))]
        assert outside == []


def test_three_sliders_move_the_sentence(notebook):
    counts = notebook.run()
    assert counts == list(range(1, len(counts) + 1)), "a cell did not run"
    page = notebook.page
    errors = page.locator("[data-mime-type='application/vnd.jupyter.error'], [data-mime-type$='.stderr']")
    assert errors.all_inner_texts() == []
    notebook.explorer()
    controls, figure, frame = (page.locator(each).first.bounding_box() for each in
                               (".widget-slider", ".widget-html img", ".jp-Notebook"))
    assert controls["x"] + controls["width"] <= figure["x"], "the figure is not beside the controls"
    assert figure["x"] + figure["width"] <= frame["x"] + frame["width"], "the figure is cut off"
    for name in SLIDERS:
        slider = page.locator(".widget-slider", has=page.get_by_text(name, exact=True)).get_by_role("slider")
        there, back = notebook.press(slider, "ArrowRight"), notebook.press(slider, "ArrowLeft")
        print(f"{name}: {there['sentence']:.0f} ms to the sentence, {there['figure']:.0f} ms to the figure")
        assert there["before"].startswith("individual-team as written: EUR ")
        assert there["after"].startswith("individual-team, changed: EUR ")
        assert back["after"] == there["before"]
