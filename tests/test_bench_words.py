"""What stands on the bench belongs together at every moment: pictures to the words above them, words to what
is chosen and done."""

import threading

import pytest
from benches import listed, make, open_tab, said, until  # noqa: F401  fixtures

from sslbench.data import Data
from sslbench.workbench.choosing import settings
from sslbench.workbench.tabs import base


@pytest.fixture
def slowly(monkeypatch):
    """Pictures wait until somebody lets them be drawn."""
    may, png = threading.Event(), base.plots.png

    def waiting(*given, **how):
        may.wait(60)
        return png(*given, **how)

    may.set()
    monkeypatch.setattr(base.plots, "png", waiting)
    yield may
    may.set()


@pytest.mark.parametrize("title", ["Curves", "Over time", "Probes", "Task"])
def test_a_picture_stands_below_the_words_of_its_own_run_alone(make, slowly, title):
    bench = make(steps=4)
    first = bench.train()
    bench.train(steps=5)
    tab = open_tab(bench, title)
    until(lambda: tab.picture.image.value)
    slowly.clear()
    bench.show(first)
    assert not tab.picture.image.value and tab.picture.image.layout.display == "none"  # at once
    words = tab.picture.words.value + getattr(tab, "say", getattr(tab, "split", tab.picture.words)).value
    assert "2 ·" not in words and "1 ·" not in words
    slowly.set()
    until(lambda: tab.picture.image.value)
    until(lambda: "1 · autoencoder" in tab.picture.words.value
          + getattr(tab, "say", getattr(tab, "split", tab.picture.words)).value)


def test_a_newer_picture_of_the_same_run_takes_the_place_of_the_old_one(make, slowly):
    bench = make(steps=4)
    run = bench.train()
    tab = open_tab(bench, "Probes")
    until(lambda: tab.picture.image.value)
    bench.show(run)
    assert tab.picture.image.value and "1 ·" in tab.split.value


def test_pictures_of_the_untrained_network_that_come_late_are_not_shown_beside_a_run(make, monkeypatch):
    bench = make()
    preview = bench._controller.preview
    begun, may = threading.Event(), threading.Event()

    def slow(*given):
        begun.set()
        may.wait(60)
        return []

    monkeypatch.setattr("sslbench.workbench.preview.look_at", slow)
    preview.prepare(bench.recipe, "cpu", measure=False)
    assert begun.wait(60)
    preview.clear(wait=False)  # as begin() does
    preview.begin(bench.recipe)
    may.set()
    until(lambda: not preview._jobs.busy)
    assert preview.look is None
    preview.prepare(bench.recipe, "cpu", measure=False)
    until(lambda: preview.look is not None)


def test_a_pause_that_must_wait_is_said_and_can_be_taken_back(make, monkeypatch):
    begun, may, load = threading.Event(), threading.Event(), Data.find("tiny").load

    def slow(self, split):
        begun.set()
        may.wait(60)
        return load(self, split)

    monkeypatch.setattr(Data.find("tiny"), "load", slow)
    bench = make(steps=100_000)
    panel = bench._controller.panel
    panel.train.click()
    until(lambda: begun.is_set() and "data-state='running'" in said(bench))
    panel.pause.click()
    assert "data-state='pausing'" in said(bench) and panel.pause.description == "Resume"
    panel.pause.click()
    assert "data-state='running'" in said(bench) and panel.pause.description == "Pause"
    panel.pause.click()
    may.set()
    until(lambda: "data-state='paused'" in said(bench))
    panel.stop.click()
    until(lambda: bench.state == "stopped" and "data-state='stopped'" in said(bench))


@pytest.mark.parametrize("name, words", [("images", "Empty: the sample that comes with sslbench is shown."),
                                         ("medmnist", "Empty: the set that name says is read."),
                                         ("webdataset", "Empty: generated shapes in shards are shown.")])
def test_every_source_says_what_an_empty_field_means(name, words):
    of = Data.find(name)
    h = next(h for key, h in of.hyperparameters().items() if key in settings.OWN)
    line = settings.own_line("file", h, settings.control(h, "", lambda: None), of.empty)
    assert line.children[-1].value == words
    assert settings.own_line("file", h, settings.control(h, "", lambda: None), "").children[-1].value == ""


def test_every_source_with_a_field_of_its_own_says_it():
    silent = [name for name, of in Data.all().items()
              if not of.empty and set(settings.OWN) & of.hyperparameters().keys()]
    assert silent == []
