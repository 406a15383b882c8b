"""The only file that imports ipywidgets: core widgets alone, and only what versions 7.7 (Colab) and 8 share.

Every widget gets a class "sslb-..." by which the stylesheet and the browser tests find it.
"""

import math
from collections.abc import Callable
from html import escape
from pathlib import Path

import ipywidgets

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
    made = ipywidgets.Button(description=text, icon=icon, tooltip=says or text,
                             _dom_classes=classed(("button", *classes)))
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


def text(value: str = "", hint: str = "", *classes: str):
    return named(ipywidgets.Text(value=value, placeholder=hint, continuous_update=False), "text", *classes)


def check(value: bool, label: str, *classes: str):
    return named(ipywidgets.Checkbox(value=value, description=label, indent=False), "check", *classes)


def moments(*classes: str):
    """A slider over the evaluations of a run, a button that plays through them in the browser, and the link
    of the two."""
    slider = named(ipywidgets.IntSlider(min=0, max=0, readout=False, continuous_update=True), *classes)
    play = named(ipywidgets.Play(min=0, max=0, interval=900), "moments-play")
    return slider, play, ipywidgets.jslink((play, "value"), (slider, "value"))


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


def slider(low: float, high: float, whole: bool, log: bool):
    """A slider without a number beside it; of one in powers of ten the lower end is a power of ten, too."""
    given = {"readout": False, "continuous_update": False}
    if whole:
        return ipywidgets.IntSlider(value=int(low), min=int(low), max=int(high), **given)
    if log:
        return ipywidgets.FloatLogSlider(value=low, min=math.log10(low), max=math.log10(high), step=0.02,
                                         **given)
    return ipywidgets.FloatSlider(value=low, min=low, max=high,
                                  step=10 ** math.floor(math.log10((high - low) / 50)), **given)


def box(value: bool):
    return ipywidgets.Checkbox(value=value, indent=False)


def close(widget) -> None:
    """Close a widget, all inside it, and the models of its layout and style, which live as long as nobody
    closes them."""
    for child in getattr(widget, "children", ()):
        close(child)
    for part in ("layout", "style"):
        if widget.has_trait(part) and isinstance(getattr(widget, part), ipywidgets.Widget):
            getattr(widget, part).close()
    widget.close()


__all__ = ["VIEW", "box", "button", "check", "close", "column", "escape", "html", "image", "listen", "menu",
           "moments", "named",
           "progress", "put", "row", "show", "slider", "style", "tabs", "text"]
