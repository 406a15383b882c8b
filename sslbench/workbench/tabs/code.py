"""The tab with the recipe as code."""

from .. import widgets as w
from .base import PictureTab

HOW_TO_COPY = "<span class='sslb-meaning'>click to select all of it</span>"


class CodeTab(PictureTab):
    """The same run as Python, as a command and as a share string."""

    title = "Code"

    def __init__(self):
        self.text = w.html("", "code")
        self.widget = w.column([self.text], "page")

    def paint(self, s, dark: bool) -> None:
        recipe = s.recipe
        if recipe is None:
            return
        lines = {"In Python": f"from sslbench import Recipe, fit\nrun = {recipe.as_python()}",
                 "In a terminal": recipe.as_command(),
                 "This bench elsewhere": f'Workbench("{recipe.share()}")'}
        w.put(self.text, value="".join(f"<div class='sslb-title'><b>{title}</b> "
                                       f"{HOW_TO_COPY}</div><pre>{w.escape(code)}</pre>"
                                       for title, code in lines.items()))
