"""Benches on toys, for tests: small data in the catalogue, a task that fails, and what to wait for."""

import re
import time

import pytest
from toys import SHAPES, Toy

from sslbench.data import Data
from sslbench.pretexts import Pretext
from sslbench.pretexts.gaps.autoencoder import Autoencoder
from sslbench.workbench import Workbench


@pytest.fixture
def listed(monkeypatch):
    """Small data sources and a failing task, in the catalogue for one test."""
    monkeypatch.setattr(Data, "catalogue", dict(Data.all()))
    monkeypatch.setattr(Pretext, "catalogue", dict(Pretext.all()))

    class Tiny(Toy, listed=True):
        """Tiny pictures."""

        name = "tiny"

        def __init__(self):
            super().__init__(SHAPES["image"])

    class TinyText(Toy, listed=True):
        """Tiny texts."""

        name = "tiny_text"

        def __init__(self):
            super().__init__(SHAPES["text"])

    class Few(Toy, listed=True):
        """Fewer pictures than a batch of the usual size."""

        name = "few"

        def __init__(self):
            super().__init__(SHAPES["image"], n=40)

    class Explodes(Autoencoder):
        """Rebuild the sample until the loss is no number."""

        name = "explodes"

        def __init__(self, backbone, data):
            super().__init__(backbone, data)
            self.steps = 0

        def forward(self, inputs):
            self.steps += 1
            scalars = super().forward(inputs)
            return {"loss": scalars["loss"] * (float("nan") if self.steps == 3 else 1)}


@pytest.fixture
def make(listed, tmp_path):
    benches = []

    def bench(**given):
        settings = {"data": "tiny", "pretext": "autoencoder", "backbone": "mlp", "steps": 12,
                    "batch_size": 16, "evaluations": 2,
                    "runs": tmp_path / "runs", "recorded": False, "name": f"bench {len(benches)}"}
        benches.append(Workbench(**settings | given))
        return benches[-1]

    yield bench
    for made in benches:
        made.close()


def until(condition, seconds=60, said=lambda: ""):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not in time: {said()}"
        time.sleep(0.005)


def said(bench, name="status"):
    return bench._controller.panel.says[name].value


def rows_of(tab) -> list[str]:
    """The runs in the table of the Runs tab."""
    return sorted(re.findall(r">(\d+ · [^<]*)<", tab.table.value))


def painted(bench):
    until(lambda: not bench._controller.page.painter._changed.is_set())
    with bench._controller.page.painter._lock:  # held while it paints
        pass


def open_tab(bench, title):
    bench._controller.panel.book.selected_index = [tab.title
                                                   for tab in bench._controller.panel.tabs].index(title)
    painted(bench)
    return next(tab for tab in bench._controller.panel.tabs if tab.title == title)
