"""The only file that imports ipywidgets: core widgets alone, and only what versions 7.7 (Colab) and 8 share.

Every widget gets a class "sslb-..." by which the stylesheet and the browser tests find it.
"""

import math
from collections.abc import Callable
from html import escape
from pathlib import Path

import ipywidgets

from ..catalog import Hyperparameter

VIEW = "application/vnd.jupyter.widget-view+json"
STYLE = Path(__file__).with_name("bench.css")


def named(widget, *classes: str):
    widget._dom_classes = (*widget._dom_classes, *classed(classes))
    return widget


def classed(classes: tuple[str, ...]) -> tuple[str, ...]:
    """Given when a widget is made, they travel with it; `add_class` sends one more message for each."""
    return tuple(f"sslb-{name}" for name in classes)


def html(value: str = "", *classes: str):
    return ipywidgets.HTML(value, _dom_classes=classed(classes))


def style():
    """The stylesheet, as a widget: it travels with the bench to any front end."""
    return html(f"<style>{STYLE.read_text(encoding='utf-8')}</style>", "style")


def button(text: str, press: Callable[[], None], *classes: str, icon: str = "", says: str = ""):
    made = ipywidgets.Button(description=text, icon=icon, tooltip=says or text, _dom_classes=classed(("button", *classes)))
    made.on_click(lambda _: press())
    return made


def row(children, *classes: str):
    return ipywidgets.HBox(tuple(children), _dom_classes=classed(classes))


def column(children, *classes: str):
    return ipywidgets.VBox(tuple(children), _dom_classes=classed(classes))


def image(*classes: str):
    return show(named(ipywidgets.Image(format="png"), "picture", *classes), False)


def progress(*classes: str):
    return named(ipywidgets.FloatProgress(min=0.0, max=1.0), *classes)


def menu(options, *classes: str):
    """A dropdown of (label, value) pairs or plain values."""
    return named(ipywidgets.Dropdown(options=options), "menu", *classes)


def number(value: int, low: int, high: int, *classes: str):
    return named(ipywidgets.BoundedIntText(value=value, min=low, max=high), "number", *classes)


def text(value: str = "", hint: str = "", *classes: str):
    return named(ipywidgets.Text(value=value, placeholder=hint, continuous_update=False), "text", *classes)


def check(value: bool, label: str, *classes: str):
    return named(ipywidgets.Checkbox(value=value, description=label, indent=False), "check", *classes)


def moments(*classes: str):
    """A slider over the evaluations of a run, and a button that plays through them in the browser."""
    slider = named(ipywidgets.IntSlider(min=0, max=0, readout=False, continuous_update=True), *classes)
    play = named(ipywidgets.Play(min=0, max=0, interval=900), "moments-play")
    ipywidgets.jslink((play, "value"), (slider, "value"))
    return slider, play


def tabs(pages: dict, *classes: str):
    made = ipywidgets.Tab(children=tuple(pages.values()))
    for i, title in enumerate(pages):
        made.set_title(i, title)
    return named(made, *classes)


def listen(widget, changed: Callable[[], None], trait: str = "value"):
    widget.observe(lambda _: changed(), names=trait)
    return widget


def show(widget, visible: bool = True):
    """Show or hide without a jump: the same widget stays in its place."""
    wanted = None if visible else "none"
    if widget.layout.display != wanted:
        widget.layout.display = wanted
    return widget


def put(widget, **values):
    """Set traits that differ, so that an unchanged widget sends nothing."""
    for name, value in values.items():
        if getattr(widget, name) != value:
            setattr(widget, name, value)


def control(h: Hyperparameter):
    """The control that a hyperparameter asks for: slider, menu, box or text field."""
    if h.type is bool:
        return ipywidgets.Checkbox(value=bool(h.default), indent=False)
    if h.choices:
        return ipywidgets.Dropdown(options=h.choices, value=h.default)
    if h.type is str:
        return text(h.default or "", h.meaning)
    if h.low is None or h.high is None:
        return (ipywidgets.IntText if h.type is int else ipywidgets.FloatText)(value=h.default or 0)
    if h.type is int:
        few = h.high - h.low <= 5000
        made = ipywidgets.IntSlider if few else ipywidgets.BoundedIntText
        return made(value=h.default, min=int(h.low), max=int(h.high), continuous_update=False)
    if h.log and h.low > 0:
        return ipywidgets.FloatLogSlider(value=h.default, min=math.log10(h.low), max=math.log10(h.high), step=0.02,
                                         readout_format=".3g", continuous_update=False)
    span = h.high - h.low
    return ipywidgets.FloatSlider(value=h.default, min=h.low, max=h.high, step=10 ** math.floor(math.log10(span / 50)),
                                  readout_format=".3g", continuous_update=False)


def close(widget) -> None:
    """Close a widget and all inside it."""
    for child in getattr(widget, "children", ()):
        close(child)
    widget.close()


__all__ = ["VIEW", "button", "check", "close", "column", "control", "escape", "html", "image", "listen", "menu", "moments", "named",
           "number", "progress", "put", "row", "show", "style", "tabs", "text"]
