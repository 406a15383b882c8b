"""Where the network looks, on the bench: asked for, computed beside everything else, cancelled, refused."""

import threading

import pytest
from benches import listed, make, open_tab, painted, until  # noqa: F401  fixtures

from sslbench.runs.attribution import occlusion as module
from sslbench.workbench.tabs.attribution import ASK, LATER, METHODS

OCCLUSION, ATTENTION, _ = METHODS


@pytest.fixture
def trained(make):
    bench = make(steps=3)
    bench.train()
    return bench, open_tab(bench, "Task").attribution


def test_nothing_is_computed_before_somebody_asks(make, monkeypatch):
    asked = []
    monkeypatch.setattr(module, "distances", lambda *given: asked.append(given))
    bench = make(steps=3)
    section = open_tab(bench, "Task").attribution
    assert section.start.disabled and ASK in section.picture.words.value  # there is no network yet
    bench.train()
    painted(bench)
    for title in ("Curves", "Task", "Probes", "Task"):
        open_tab(bench, title)
    assert not section.start.disabled and not asked and not section.picture.image.value
    assert section._jobs._thread is None


def test_a_click_shows_the_maps_of_the_run_that_is_shown(trained, make):
    bench, section = trained
    section.start.click()
    until(lambda: section.picture.image.value)
    assert bytes(section.picture.image.value).startswith(b"\x89PNG")
    assert "places" in section.picture.words.value
    until(lambda: not section.start.disabled)
    first = bytes(section.picture.image.value)
    bench.train(steps=4)  # another run has no maps yet
    painted(bench)
    assert not section.picture.image.value
    section.start.click()
    until(lambda: section.picture.image.value)
    assert bytes(section.picture.image.value) != first and not bench._controller.page.said.error


def test_a_network_without_attention_is_refused_beside_the_button(trained):
    bench, section = trained
    section.method.value = ATTENTION
    section.start.click()
    until(lambda: "mlp has no attention" in section.say.value and "occlusion" in section.say.value)
    assert not section.picture.image.value and not bench._controller.page.said.error
    section.method.value = OCCLUSION
    until(lambda: section.say.value == "")


def test_attention_and_its_rollout_are_shown_where_there_is_some(make):
    bench = make(backbone="transformer", steps=3)
    bench.train()
    section, seen = open_tab(bench, "Task").attribution, set()
    for name in METHODS:
        section.method.value = name
        assert not section.picture.image.value
        section.start.click()
        until(lambda: section.picture.image.value and not section.start.disabled)
        seen.add(bytes(section.picture.image.value))
    assert len(seen) == 3


def test_it_can_be_cancelled_and_asked_for_again(trained, monkeypatch):
    bench, section = trained
    real, began = module.distances, threading.Event()

    def slow(embed, batch, name, field, check):
        began.set()
        while True:
            check(0.01)

    monkeypatch.setattr(module, "distances", slow)
    section.start.click()
    assert began.wait(30)
    until(lambda: section.start.disabled and section.cancel.layout.display is None)
    section.start.click()  # on its way when the button was locked
    section.cancel.click()
    until(lambda: section.cancel.layout.display == "none" and not section.start.disabled)
    assert not section.picture.image.value and not bench._controller.page.said.error
    monkeypatch.setattr(module, "distances", real)
    section.start.click()
    until(lambda: section.picture.image.value)


def test_while_a_run_goes_on_it_says_when_to_ask(make):
    bench = make(steps=100_000)
    section = open_tab(bench, "Task").attribution
    bench.start()
    until(lambda: bench.run.step > 0)
    open_tab(bench, "Task")
    until(lambda: LATER in section.say.value)
    assert section.start.disabled
    bench.stop()
    bench.wait(60)
