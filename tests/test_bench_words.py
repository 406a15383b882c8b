"""What stands on the bench belongs together at every moment: pictures to the words above them, words to what
is chosen and done."""

import html
import json
import threading
from pathlib import Path

import pytest
from benches import listed, make, open_tab, said, until  # noqa: F401  fixtures

from sslbench import Recipe
from sslbench.backbones import Backbone
from sslbench.data import Data
from sslbench.messages import place
from sslbench.pretexts import Pretext
from sslbench.pretexts.gaps.autoencoder import Autoencoder
from sslbench.workbench.choosing import settings
from sslbench.workbench.choosing.menus import summary
from sslbench.workbench.tabs import base
from sslbench.workbench.tabs.few_labels import JUDGED

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"


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


@pytest.mark.parametrize("title", ["Task", *(pytest.param(title, marks=pytest.mark.slow)
                                             for title in ("Curves", "Over time", "Probes"))])
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


def test_what_a_person_chose_comes_back_as_soon_as_it_fits_again(make):
    bench = make(pretext="autoencoder", backbone="mlp")
    menus, note = bench._controller.choices.menus, lambda: bench._controller.page.said.note
    menus.menus["pretext"].value = "next_token"
    assert bench.recipe.backbone != "mlp" and f"so it became {bench.recipe.backbone}." in note()
    moved = bench.recipe.backbone
    menus.menus["pretext"].value = "autoencoder"
    assert bench.recipe.backbone == "mlp" and f"mlp fits again and took the place of {moved}." in note()
    menus.menus["pretext"].value = "rotation"
    assert bench.recipe.backbone == "mlp" and not note()
    menus.menus["backbone"].value = moved  # now this is what was chosen
    menus.menus["pretext"].value = "next_token"
    menus.menus["pretext"].value = "autoencoder"
    assert bench.recipe.backbone == moved and not note()


def test_jepa_says_what_became_of_the_backbone(make):
    Backbone.find("torchvision:vit_b_16")  # would fit, but nobody chose it here
    bench = make(backbone="small_cnn")
    bench._controller.choices.menus.menus["pretext"].value = "jepa"
    assert bench.recipe.backbone == "transformer"
    until(lambda: "small_cnn does not fit here" in said(bench, "note")
          and "it became transformer" in said(bench, "note"))


def family(menu, name: str):
    return next(value for label, value in menu.options if label.startswith(f"{name}: by name"))


def test_families_stand_at_the_end_of_the_menus_and_open_a_field_for_the_name(make):
    bench = make()
    menus = bench._controller.choices.menus
    assert [label for label, _ in menus.menus["data"].options][-2:] == ["hub: by name …",
                                                                        "torchvision: by name …"]
    menu, field = menus.menus["backbone"], menus.names["backbone"]
    assert [label for label, _ in menu.options][-2:] == ["timm: by name …", "torchvision: by name …"]
    assert field.widget.layout.display == "none"
    before, menu.value = bench.recipe, family(menu, "torchvision")
    assert field.widget.layout.display is None and "torchvision" in field.says.value
    assert bench.recipe == before
    field.text.value = "no_such_network"
    until(lambda: "no_such_network" in said(bench, "error"))
    assert bench.recipe == before and menu.value == family(menu, "torchvision")
    field.text.value = "squeezenet1_1"
    assert bench.recipe.backbone == menu.value == "torchvision:squeezenet1_1"
    until(lambda: not said(bench, "error"))
    assert field.text.value == "squeezenet1_1" and field.widget.layout.display is None
    menu.value = family(menu, "timm")
    menu.value = "mlp"
    assert field.widget.layout.display == "none" and bench.recipe.backbone == "mlp"
    bench.choose(bench.recipe)
    assert menu.value == "mlp"


def test_a_family_and_back_to_what_was_chosen_changes_nothing(make):
    bench = make()
    menus = bench._controller.choices.menus
    menu, field, before = menus.menus["data"], menus.names["data"], bench.recipe
    menu.value = family(menu, "hub")
    bench._controller.choices.settings.training["lr"].value = 0.004  # the field stays where somebody asks
    assert menu.value == family(menu, "hub") and field.widget.layout.display is None
    menu.value = "tiny"
    assert field.widget.layout.display == "none" and bench.recipe.data == before.data


class Swapped(Autoencoder, listed=False):
    """A task whose author has mixed up the order."""

    name = "swapped"

    def __init__(self, backbone, data):
        super().__init__(data, backbone)


class Reversed(Autoencoder, listed=False):
    """Another one."""

    name = "reversed"

    def __init__(self, data, backbone):
        super().__init__(data=data, backbone=backbone)


class Broken(Autoencoder, listed=False):
    """A third one."""

    name = "broken"

    def __init__(self, backbone, data):
        super().__init__(backbone, data)
        self.width = backbone.breadth


@pytest.mark.parametrize("task, words", [
    (Swapped, ["takes (backbone, data), in this order", "Swapped.__init__, line", "super().__init__(data"]),
    (Reversed, ["takes (backbone, data), in this order", "its __init__ takes (data, backbone)",
                "Reversed.__init__, line"]),
    (Broken, ["breadth", "Broken.__init__, line", "self.width = backbone.breadth"])])
def test_what_is_wrong_with_a_task_of_ones_own_is_said_at_once_with_its_line(make, monkeypatch, task, words):
    monkeypatch.setitem(Pretext.catalogue, task.name, task)
    bench = make()
    bench._controller.look_again()
    bench._repr_mimebundle_()
    bench._controller.choices.menus.menus["pretext"].value = task.name
    error = said(bench, "error")
    assert all(w in html.unescape(error) for w in words), error
    tab = open_tab(bench, "Task")
    until(lambda: "no pictures of this choice" in tab.picture.words.value)
    with pytest.raises(ValueError, match="__init__, line"):
        bench.recipe  # noqa: B018
    bench._controller.choices.menus.menus["pretext"].value = "autoencoder"
    until(lambda: not said(bench, "error") and tab.picture.image.value)


def test_what_a_narrow_page_cuts_off_is_read_on_hover(make):
    bench = make()
    bench._repr_mimebundle_()
    menus = bench._controller.choices.menus
    for kind, name in menus.chosen.items():
        whole = html.unescape(menus.words[kind].value.split("title='")[1].split("'>")[0])
        assert whole.startswith(summary(kind, name))
    until(lambda: menus.reading.value)
    title, words = menus.reading.value.split("title='")[1].split("'>")
    assert title and words == f"{title}</div>"


def test_a_task_that_shows_nothing_says_so(make, monkeypatch):
    class Plain(Autoencoder, listed=False):
        """Rebuild the sample, and show nothing."""

        name, show = "plain", Pretext.show

    monkeypatch.setitem(Pretext.catalogue, "plain", Plain)
    bench = make(pretext="plain", steps=4)
    bench._repr_mimebundle_()
    tab = open_tab(bench, "Task")
    until(lambda: "show()" in tab.picture.words.value)
    bench.train()
    assert "show()" in open_tab(bench, "Over time").picture.words.value
    assert "show()" in open_tab(bench, "Task").picture.words.value and tab.say.value == ""
    bench.choose(Recipe("tiny", "autoencoder", "mlp", steps=4, batch_size=16))
    bench.train()
    until(lambda: open_tab(bench, "Task").picture.image.value)
    assert "show()" not in tab.picture.words.value and "after 4 of 4" in tab.say.value


def test_an_error_of_ours_has_no_place_in_somebodys_code():
    for call in (lambda: Recipe(steps=-1).check(), lambda: 1 / 0):
        with pytest.raises((ValueError, ZeroDivisionError)) as error:
            call()
        assert place(error.value) == ""


def test_few_labels_says_that_it_reads_the_test_split(make):
    tab = open_tab(make(), "Few labels")
    assert "judged on the test split, by which one must not choose a recipe" in tab.picture.words.value
    assert "on the test split" in JUDGED


def test_the_notebook_of_the_bench_names_every_tab(make):
    cells = json.loads((NOTEBOOKS / "00_bench.ipynb").read_text())["cells"]
    told = "".join(line for cell in cells if cell["cell_type"] == "markdown" for line in cell["source"])
    assert [tab.title for tab in make()._controller.panel.tabs if f"- **{tab.title}**" not in told
            and f" **{tab.title}**:" not in told] == []
