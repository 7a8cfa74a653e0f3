"""The frame that every explorer shares: controls left, figure right, the sentence of the answer on top."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING

from salesops_helpers.show import Shown

if TYPE_CHECKING:
    from ipywidgets import Widget

FITTED = """<style>
.widget-html figure { margin: 0 } .widget-html img { max-width: 100%; height: auto }
.widget-html table { border-collapse: collapse; line-height: 1.5 } .widget-html caption { text-align: left }
.widget-html th, .widget-html td { padding: 2px 8px; text-align: left; border-bottom: 1px solid #8884 }
.widget-html .number { text-align: right }
</style>"""


def explorer(draw: Callable[..., tuple[str, Shown]], **controls: Widget) -> Widget:
    """An interactive view that calls `draw` with the controls' values at the start and at each change.

    Where there is no room for the figure beside the controls it comes below them.

    Parameters
    ----------
    draw : callable
        Takes one keyword a control, gives the sentence of the answer and what is to be shown below it.
    **controls : ipywidgets.Widget
        Widgets that have a ``value``, by the name of the keyword they stand for.
    """
    import ipywidgets as ui

    sentence, picture = ui.HTML(), ui.HTML(layout=ui.Layout(flex="1 1 560px", min_width="0", overflow="auto"))

    def redraw(_change=None) -> None:
        said, shown = draw(**{name: control.value for name, control in controls.items()})
        sentence.value = f"<strong>{escape(said)}</strong>"
        picture.value = shown.html

    for control in controls.values():
        control.observe(redraw, names="value")
    redraw()
    for control in controls.values():
        control.layout.width = "auto"
    left = ui.VBox(list(controls.values()), layout=ui.Layout(flex="0 0 360px"))
    fitted = ui.HTML(FITTED, layout=ui.Layout(display="none"))
    return ui.VBox([sentence, ui.HBox([left, picture, fitted], layout=ui.Layout(flex_flow="row wrap"))])
