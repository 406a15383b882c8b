"""The part of a tab that says where the network looks: computed when somebody asks, in the background."""

from functools import partial

from ...runs.attribution.maps import AttributionMaps
from .. import widgets as w
from ..background import BackgroundJobs, Cancelled
from .base import Picture

METHODS = {"Occlusion: hide each place": ("occlusion", {}),
           "Attention: heads of the last layer": ("attention", {}),
           "Attention: rollout of all layers": ("attention", {"rollout": True})}
ASK = "Which places of a sample decide what this network says of it? It takes some seconds, once it is asked."
LATER = "Ask again when the training has ended: these are maps of a trained network."


class AttributionSection:
    """A menu, a button, and the maps of the run that is shown. wake() asks for a new painting; failed(error)
    says what went wrong."""

    def __init__(self, wake, failed, safe):
        self._wake, self._jobs = wake, BackgroundJobs(failed, "sslbench-attribution")
        self.method = w.listen(w.menu(list(METHODS), "attribution-method"), safe(self._chosen))
        self.start = w.button("Show where it looks", safe(self._start), "attribution", icon="eye",
                              says="Maps of six validation samples: what decides the embedding")
        self.cancel = w.show(w.button("Cancel", safe(self._cancel), "cancel-attribution"), False)
        self.say = w.html("", "say")
        self.picture = Picture("attribution-picture", empty=ASK)
        tools = w.row([w.html("<b>Where it looks</b>"), self.method, self.start, self.cancel, self.say],
                      "tools")
        self.widget = w.column([tools, self.picture.widget], "attribution-section")
        self._run, self._asked = None, None  # the run that is shown; (run, method) that is computed
        self._found: tuple | None = None  # (run, method), its maps
        self._refused: tuple = (None, "")  # (run, method), why there are none

    def turn_to(self, s) -> None:
        """Take away at once what is of another run: quick."""
        self._run = s.shown and s.shown.run
        self.picture.leave(self._wanted)

    def paint(self, s, dark: bool) -> None:
        self.turn_to(s)
        busy, live = self._asked is not None, s.live
        w.put(self.start, disabled=busy or live or self._run is None or self._run.weights is None,
              description="Looking" if busy else "Show where it looks")
        w.show(self.cancel, busy)
        of, maps = self._found or (None, None)
        there = of is not None and of == self._wanted
        refused, why = self._refused
        words = why if refused == self._wanted else LATER if live and not there else ""
        w.put(self.say, value=w.escape(words))
        if there:
            self.picture.show(of, lambda: maps.figure, maps.words, dark, of)

    def close(self) -> None:
        self._jobs.close()
        self._run = self._asked = self._found = None
        self._refused = None, ""
        self.picture.clear()

    @property
    def _wanted(self) -> tuple:
        return self._run, self.method.value

    def _chosen(self) -> None:
        self.picture.leave(self._wanted)
        self._wake()

    def _start(self) -> None:
        if self._asked is None and self._run is not None:
            self._asked, self._refused = self._wanted, (None, "")
            self._jobs.do("look", partial(self._look, self._run, self._asked))
            self._wake()

    def _cancel(self) -> None:
        """It ends after the batch that is being read."""
        self._jobs.drop("look")

    def _look(self, run, wanted: tuple, check) -> None:
        try:
            method, given = METHODS[wanted[1]]
            check()
            maps: AttributionMaps = getattr(run, method)(check=check, **given)
            check()
            self._found = wanted, maps
        except Cancelled:
            raise
        except ValueError as error:  # it has no attention, or its data is not here: said beside the button
            self._refused = wanted, str(error)
        finally:
            self._asked = None
            self._wake()
