"""How the bench gets into a notebook: as a live widget, and as a picture for wherever there is no kernel."""

import base64
import itertools

from .. import plots
from . import widgets as w

_numbers = itertools.count(1)


class Display:
    """One place on the page, which can be written again."""

    def __init__(self):
        self.shown, self._id = False, f"sslbench-{next(_numbers)}"

    def bundle(self, root, words: str, figure=None) -> dict:
        """What a notebook saves: the view of the widget, the figure as a PNG, a line of text."""
        found = {w.VIEW: {"version_major": 2, "version_minor": 0, "model_id": root.model_id},
                 "text/plain": words}
        if figure is not None:
            found["image/png"] = base64.b64encode(plots.png(figure, scale=1.5)).decode()
        return found

    def write(self, bundle: dict, again: bool = False) -> None:
        """Show it, or write over what was shown: a saved notebook then has the finished run's picture."""
        from IPython import get_ipython
        from IPython.display import display

        if get_ipython() is not None:  # a script has no page
            display(bundle, raw=True, display_id=self._id, **({"update": True} if again else {}))
