"""What the bench shows and trains is what it says: recipes, names, pictures, maps, estimates, menus."""

import itertools
import math
import random
import threading
import time

import pytest
import torch
from benches import listed, make, open_tab, painted, rows_of, said, until  # noqa: F401  fixtures

from sslbench import Recipe, compare, load_run
from sslbench.catalog import Hyperparameter, contracts
from sslbench.data import Data
from sslbench.maps import projection
from sslbench.pretexts import Pretext
from sslbench.runs.names import names, numbered
from sslbench.workbench import Workbench, estimate, preview
from sslbench.workbench.choosing.controls import Number, number_in, written
from sslbench.workbench.choosing.entries import Heading, entries, landed_on
from sslbench.workbench.controller import RECORDED
from sslbench.workbench.run_list import recorded_in
from sslbench.workbench.run_maps import RunMaps, outward
from sslbench.workbench.shown_run import ShownRun
from sslbench.workbench.tabs.embedding import METHODS

# recipes


def any_value(h: Hyperparameter, chance: random.Random):
    """A value that the hyperparameter allows: an end, the default, or anything between with all its
    digits."""
    if h.choices:
        return chance.choice(h.choices)
    if h.type is bool:
        return chance.random() < 0.5
    if h.type is str:
        return h.default
    low, high = -1e6 if h.low is None else h.low, 1e6 if h.high is None else h.high
    between = (chance.uniform(low, high)
               if chance.random() < 0.5 else low + (high - low) * 10 ** chance.uniform(-9, 0))
    value = chance.choice([low, high, between, between, between, h.default])
    return int(value) if h.type is int else value


def any_recipe(chance: random.Random) -> Recipe:
    names = {kind: chance.choice([n
                                  for n, c in contract.all().items() if c.__module__.startswith("sslbench.")])
             for kind, contract in contracts().items()}
    numbers = {n: any_value(h, chance) for n, h in Recipe.ranges().items() if chance.random() < 0.6}
    given = {f"{kind}.{n}": any_value(h, chance) for kind, contract in contracts().items()
             for n, h in contract.find(names[kind]).hyperparameters().items() if chance.random() < 0.5}
    return Recipe(**names, **numbers, hyperparameters=given).check()


@pytest.mark.parametrize("seed",
                         [*range(6), *(pytest.param(i, marks=pytest.mark.slow) for i in range(6, 60))])
def test_any_valid_recipe_and_its_share_string_are_what_the_bench_trains(seed):
    recipe = any_recipe(random.Random(seed))
    bench = Workbench(recipe.share(), recorded=False, name="any")
    assert bench.recipe == recipe and bench.recipe.share() == recipe.share()
    bench.close()


@pytest.mark.parametrize("given",
    [{"lr": 3.0}, {"lr": 0.123456}, {"lr": 0}, {"weight_decay": 9.75}, {"batch_size": 2}, {"seed": 2**31 - 1},
                                   {"hyperparameters": {"pretext.temperature": 0.123456}},
                                   # the default, but given
                                   {"hyperparameters": {"pretext.temperature": 0.1}}])
def test_a_control_keeps_what_it_was_given_until_it_is_touched(given):
    recipe = Recipe("wild_digits", "simclr", "small_cnn", **given).check()
    bench = Workbench(recipe, recorded=False, name="given")
    assert bench.recipe == recipe
    bench._controller.choices.settings.training["seed"].value = 7
    # and another one that is touched changes itself alone
    assert bench.recipe == Recipe(**{**vars(recipe), "seed": 7})
    bench.close()


@pytest.mark.parametrize("backbone, widths",
                         [("caption:gru+image:small_cnn", {"width": 48, "image.width": 12}),
                                              ("image:small_cnn+caption:gru", {"caption.width": 32}),
                                              ("small_cnn+gru", {"width": 48})])
def test_one_backbone_for_each_field_has_its_controls_and_is_what_the_bench_trains(backbone, widths):
    recipe = Recipe("captions", "clip", backbone,
                    hyperparameters={f"backbone.{n}": value for n, value in widths.items()}).check()
    bench = Workbench(recipe.share(), recorded=False, name="towers")
    choices = bench._controller.choices
    controls, menu = choices.settings.of["backbone"], choices.menus.menus["backbone"]
    assert (bench.recipe == recipe and set(controls) == set(recipe.known("backbone"))
            and menu.value == backbone)
    name = next(iter(widths))
    controls[name].value = recipe.known("backbone")[name].default
    assert (bench.recipe.make_data()
            and bench.recipe.hyperparameters[f"backbone.{name}"] == controls[name].value)
    # which a network for pictures cannot do
    bench._controller.choices.menus.menus["pretext"].value = "next_token"
    assert bench.recipe.backbone != backbone and not bench.recipe.incompatible()
    assert set(bench._controller.choices.settings.of["backbone"]) == set(bench.recipe.known("backbone"))
    bench.close()


def test_a_number_says_all_its_digits_and_its_slider_stands_at_the_nearer_end():
    told = []
    c = Number(Hyperparameter("rate", 0, 10, log=True), 0.123456, lambda: told.append(c.value))
    assert c.text.value == "0.123456" and c.slider.value == pytest.approx(0.123456) and told == []
    c.text.value = "1e-3"
    assert c.value == 0.001 and c.slider.value == pytest.approx(0.001)
    c.slider.value = 0.01
    assert c.value == 0.01 and c.text.value == "0.01"
    c.slider.value = c.slider.base ** c.slider.min
    assert c.value == 0 and c.text.value == "0"  # the lower end of powers of ten
    c.text.value = "much"
    assert c.value == "much" and told == [0.001, 0.01, 0, "much"]


@pytest.mark.parametrize("words, number", [("1e-3", 0.001), ("0,5", 0.5), (" 3 ", 3.0), ("much", "much")])
def test_numbers_are_read_as_people_write_them(words, number):
    assert number_in(words, float) == number


@pytest.mark.parametrize("value", [0.1, 1e-7, 0.123456789012345, 3.0, 128, math.pi * 1e9])
def test_what_is_written_is_read_back_exactly(value):
    assert type(value)(written(value)) == value


def test_what_cannot_be_a_number_is_one_line_and_trains_nothing(make):
    bench = make()
    bench._controller.choices.settings.training["lr"].text.value = "fast"
    until(lambda: "lr" in said(bench, "error") and "fast" in said(bench, "error"))
    bench._controller.panel.train.click()
    assert bench.run is None
    bench._controller.choices.settings.training["lr"].text.value = "0.002"
    until(lambda: said(bench, "error") == "")


# menus


def test_menus_have_headings_the_default_first_and_what_does_not_fit_last():
    class Kind:
        def __init__(self, group):
            self.group, self.downloads = group, lambda: ""

    classes = {"b": Kind("views"), "a": Kind("views"), "c": Kind("gaps"), "d": Kind("yours"),
               "e": Kind("gaps")}
    found = entries(classes, {"a": "", "b": "", "c": "", "d": "", "e": "needs an image"}, default="b")
    assert [entry.label for entry in found] == ["— views —", "b", "a", "— gaps —", "c", "— yours —", "d",
                                                "— does not fit —",
                                                "e  (needs an image)"]
    assert found[-1].style and not found[1].style
    one = entries({"a": classes["a"]}, {"a": ""}, default="a")
    assert [entry.label for entry in one] == ["a"]  # one group needs no heading
    values = [entry.value for entry in found]
    assert (landed_on(values, 3, 0) == "c" and landed_on(values, 3, 4) == "a"
            and isinstance(values[3], Heading))


def test_the_group_of_a_class_is_the_folder_of_its_file(monkeypatch):
    monkeypatch.setattr(Pretext, "catalogue", dict(Pretext.all()))
    inside = type("Inside", (Pretext,), {"__module__": "sslbench.pretexts.views.inside"})
    flat = type("Flat", (Pretext,), {"__module__": "sslbench.pretexts.flat"})
    own = type("Own", (inside,), {"__module__": "__main__"})
    assert (inside.group, flat.group, own.group) == ("views", "", "yours")


def test_a_class_typed_in_a_cell_is_in_the_menus_when_the_cell_has_run(make, monkeypatch):
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    bench = make()
    cell = """
from typing import Annotated
from sslbench.catalog import Hyperparameter
from sslbench.pretexts.gaps.autoencoder import Autoencoder
class MyTask(Autoencoder):
    "Mine."
    name = "my_task"
    def __init__(self, backbone, data, *, knob: Annotated[int, Hyperparameter("how much", 1, LIMIT)] = 2):
        super().__init__(backbone, data)
"""
    shell.run_cell(cell.replace("LIMIT", "9")).raise_error()
    menu = bench._controller.choices.menus.menus["pretext"]
    assert ("my_task", "my_task") in menu.options and any(label == "— yours —" for label, _ in menu.options)
    menu.value = "my_task"
    bench._controller.choices.settings.of["pretext"]["knob"].value = 5
    # written anew: the control has the new range and the old value
    shell.run_cell(cell.replace("LIMIT", "20")).raise_error()
    assert bench.recipe.hyperparameters["pretext.knob"] == 5
    assert bench._controller.choices.settings.of["pretext"]["knob"].slider.max == 20
    options = menu.options
    shell.run_cell("x = 1")
    assert menu.options is options
    bench.close()
    shell.run_cell(cell.replace("my_task", "another"))  # a closed bench hears nothing
    assert all(value != "another" for _, value in menu.options)


def test_a_source_that_must_be_downloaded_says_so_with_its_size(tmp_path, monkeypatch):
    from sslbench.data import locations
    from sslbench.data.image import torchvision_sets

    monkeypatch.setattr(locations, "cache", lambda: tmp_path)
    monkeypatch.setattr(locations, "roots", lambda: [tmp_path])
    torchvision_sets.lies_somewhere.cache_clear()
    mnist = Data.find("mnist")
    assert ([e.label for e in entries({"mnist": mnist}, {"mnist": ""},
                                      "mnist")] == ["mnist  (downloads 12 MB)"])
    (tmp_path / "mnist.npz").touch()
    assert [e.label for e in entries({"mnist": mnist}, {"mnist": ""}, "mnist")] == ["mnist"]
    torchvision_sets.lies_somewhere.cache_clear()


def test_an_empty_folder_says_that_the_sample_is_shown(make):
    bench = make(data="images")
    line = bench._controller.choices.settings.own["data"][0]
    assert "sample that comes with sslbench" in line.children[-1].value
    bench._controller.choices.settings.of["data"]["folder"].value = "no/such"
    assert line.children[-1].value == ""


def test_settings_say_why_they_are_locked(make):
    bench = make(steps=100_000)
    settings = bench._controller.choices.settings
    assert "Locked" not in settings.why.value and not settings.training["lr"].text.disabled
    bench.start()
    until(lambda: "Locked while this run goes on" in settings.why.value
          and settings.training["lr"].text.disabled)
    assert all(menu.disabled for menu in bench._controller.choices.menus.menus.values())
    bench.stop()
    until(lambda: "Locked" not in settings.why.value and not settings.training["lr"].text.disabled)


# names


def test_runs_are_named_by_what_differs_and_is_not_the_default():
    simclr, color = Recipe(), Recipe(hyperparameters={"data.color": 0.0})
    assert (numbered([simclr, Recipe(pretext="rotation"), color]) == ["1 · simclr", "2 · rotation",
        "3 · simclr, color 0"])
    assert names([Recipe(lr=0.01), Recipe(lr=0.01)]) == ["simclr", "simclr"]  # a number tells them apart
    assert names([Recipe(), Recipe(data="waves")]) == ["simclr, wild_digits", "simclr, waves"]
    assert (names([Recipe(seed=1, lr=0.01), Recipe(batch_size=64)]) == ["simclr, lr 0.01, seed 1",
        "simclr, batch size 64"])
    assert (names([Recipe(pretext="masked"),
                   Recipe(hyperparameters={"pretext.temperature": 0.5})]) == ["masked", "simclr"])
    assert names([]) == []


def test_names_say_what_differs_for_one_field_and_need_no_class_that_is_elsewhere():
    towers = [Recipe("captions", "clip", "caption:gru+image:small_cnn", hyperparameters=given)
              for given in ({}, {"backbone.image.width": 12})]
    assert names(towers) == ["clip", "clip, image.width 12"]
    elsewhere = [Recipe(pretext="typed_elsewhere", hyperparameters={"pretext.knob": knob}) for knob in (1, 2)]
    assert names(elsewhere) == ["typed_elsewhere, knob 1", "typed_elsewhere, knob 2"]


@pytest.mark.slow
def test_the_same_names_stand_in_tab_legend_table_and_files(make, tmp_path):
    bench = make()
    first, second = bench.train(), bench.train(steps=5)
    tab = open_tab(bench, "Runs")
    assert ([box.description for box in tab.list.children] == ["2 · autoencoder, steps 5",
                                                               "1 · autoencoder, steps 12"])
    assert "2 · autoencoder, steps 5 <b>done</b>" in said(bench)
    assert ([row["run"] for row in compare(first, second).table][:2] == ["1 · autoencoder, steps 12",
        "2 · autoencoder, steps 5"])
    legend = [t.get_text() for axes in compare(first, second).figure.axes for t in axes.texts]
    assert any(words.startswith("2 · autoencoder, steps 5 ") for words in legend)
    assert "2 · autoencoder" in tab.picture.words.value or "1 · autoencoder" in tab.picture.words.value
    folders = sorted(path.name.split("-", 2)[2] for path in (tmp_path / "runs").iterdir())
    assert folders == ["1_autoencoder-tiny", "2_autoencoder_steps_5-tiny"]


# pictures belong to the status above them


@pytest.mark.slow
def test_pictures_of_another_run_never_stand_under_a_run_that_has_none(make, monkeypatch):
    bench, may_go_on = make(), threading.Event()
    bench.train()
    tabs = {title: open_tab(bench, title) for title in ("Curves", "Over time", "Probes", "Task")}
    pictures = [tab.picture.image for tab in tabs.values()]
    until(lambda: all(image.value for image in pictures))

    def nothing_yet(*_, **__):
        may_go_on.wait(60)
        yield from ()

    monkeypatch.setattr("sslbench.workbench.session.play", nothing_yet)
    bench.start()
    for title, tab in tabs.items():
        open_tab(bench, title)
        until(lambda tab=tab: tab.picture.image.layout.display == "none" and not tab.picture.image.value)
    bench.stop()
    may_go_on.set()
    until(lambda: "data-state='stopped' data-step='0'" in said(bench) or "data-state='done'" in said(bench))
    assert "2 · autoencoder" in said(bench)


@pytest.mark.slow
def test_the_tabs_say_which_run_they_show_when_it_is_not_the_one_above(make):
    bench = make()
    first = bench.train()
    bench.train(steps=5)
    until(lambda: "The tabs show" not in said(bench, "verdict"))
    bench.show(first)
    until(lambda: "The tabs show 1 · autoencoder, steps 12." in said(bench, "verdict"))
    assert "2 · autoencoder, steps 5" in said(bench)
    assert "1 · autoencoder" in open_tab(bench, "Curves").picture.words.value


@pytest.mark.slow
def test_the_recorded_digits_are_not_shown_beside_other_data(make):
    waves = make(recorded=True, data="tiny")
    assert ("recorded" not in said(waves) and waves._controller.figure() is None
            and said(waves, "verdict") == "")
    assert open_tab(waves, "Curves").picture.image.value == b""
    assert [box.description for box in open_tab(waves, "Runs").list.children] == ["recorded · simclr"]
    digits = make(recorded=True, data="wild_digits", pretext="simclr", backbone="small_cnn")
    assert "A recorded run: simclr on wild_digits" in said(digits) and digits._controller.figure() is not None
    digits._controller.choices.menus.menus["data"].value = "tiny"
    until(lambda: "recorded" not in said(digits))


# the first map is the best one


def test_an_earlier_run_of_ones_own_is_not_called_recorded(make):
    make().train()
    bench = make()
    tab = open_tab(bench, "Runs")
    assert tab.folders.label == "choose one" and len(tab.folders.options) == 2
    tab.folders.value = tab.folders.options[1][1]
    until(lambda: "An earlier run: autoencoder on tiny" in said(bench))
    assert "your own" not in said(bench)
    assert rows_of(open_tab(bench, "Runs")) == ["1 · autoencoder, made earlier"]


@pytest.mark.slow
def test_the_recorded_run_is_shown_by_the_maps_that_it_brings_and_moves_once(make):
    bench = make(recorded=True, data="wild_digits", pretext="simclr", backbone="small_cnn")
    tab = open_tab(bench, "Embedding")
    (folder,) = recorded_in(RECORDED)
    until(lambda: tab.explorer.steps == [e.step for e in load_run(folder).evaluations])
    assert tab.method.value == "t-SNE" and {frame["note"] for frame in tab.explorer.frames} == {"t-SNE"}
    assert tab.explorer.play == 1 and tab._jobs._thread is not None and not tab._progress[1]
    last = float(tab.explorer.summary.split("%")[0].split()[-1])
    assert last > 25  # of neighbours that are the same digit; chance is 10
    bench._controller.choices.menus.menus["data"].value = "tiny"
    bench._controller.choices.menus.menus["pretext"].value = "autoencoder"
    bench.train(steps=2)
    open_tab(bench, "Embedding")
    until(lambda: tab.explorer.frames and tab.method.value == "PCA")  # while training: milliseconds


@pytest.mark.slow
def test_the_map_of_the_step_that_is_looked_at_is_computed_first(make, monkeypatch):
    order = []
    monkeypatch.setitem(METHODS, "UMAP",
                        lambda z, start, progress: (order.append((z.mean().item(), start is None)),
                                                    projection.pca(z))[1])
    bench = make(steps=12, evaluations=4)
    run = bench.train()
    tab = open_tab(bench, "Embedding")
    until(lambda: len(tab.explorer.frames) == 5)
    tab.explorer.frame = 1
    tab.method.value = "UMAP"
    until(lambda: len(tab.explorer.frames) == 5
          and {frame["note"] for frame in tab.explorer.frames} == {"UMAP"})
    assert tab.explorer.step == run.evaluations[1].step  # and it stays the one that is looked at
    assert (order[0] == (run.evaluations[1].embedding.mean().item(), True)
            and not any(alone for _, alone in order[1:]))


def test_maps_are_computed_outward_from_the_step_looked_at():
    assert outward(2, 5) == [2, 3, 1, 4, 0] and outward(4, 5) == [4, 3, 2, 1, 0] and outward(0, 1) == [0]


def test_a_map_that_does_not_fit_its_points_is_none():
    e = type("E", (), {"embedding": torch.randn(5, 3), "step": 1})()
    run = object()
    mapped = RunMaps(METHODS)
    mapped.bring(ShownRun(run, "", maps={("t-SNE", 1): torch.zeros(4, 2)}))
    assert mapped.of(run, "t-SNE", e) is None and mapped.of(run, "PCA", e).shape == (5, 2)


@pytest.mark.slow
def test_export_html_is_a_button_that_writes_the_page(make):
    bench = make()
    tab = open_tab(bench, "Embedding")
    assert tab.export.disabled
    run = bench.train()
    open_tab(bench, "Embedding")
    until(lambda: not tab.export.disabled)
    tab.export.click()
    page = run.folder / "map-1___autoencoder-PCA.html"
    assert "<!doctype html>" in page.read_text() and str(page) in tab._saved


# estimates and errors


def test_the_estimate_says_measuring_and_is_measured_again_when_the_machine_changes(make, monkeypatch):
    speed, measured = [1.0], []
    monkeypatch.setattr(preview, "IDLE", 0.0)
    monkeypatch.setattr(preview, "WATCH", 0.01)
    monkeypatch.setattr(preview, "pulse", lambda: speed[0])

    def slow_estimate(*_):
        measured.append(speed[0])
        time.sleep(0.05)
        return estimate.Estimate(100 * speed[0], 2**30, 2**34)

    monkeypatch.setattr(preview, "estimate", slow_estimate)
    bench = make()
    bench._controller.page.display.shown = True
    bench._controller.chosen("")
    assert "measuring" in said(bench, "estimate")  # before it knows
    until(lambda: "about 1 min 40 s" in said(bench, "estimate"))
    for now, words in ((3.0, "about 5 min 0 s"), (1.0, "about 1 min 40 s")):
        speed[0] = now
        until(lambda words=words: words in said(bench, "estimate"))
    assert measured == [1.0, 3.0, 1.0]  # and not as long as nothing changes
    assert not estimate.differs(1.0, 1.3) and estimate.differs(1.0, 1.5) and estimate.differs(1.0, 0.6)


def test_a_pulse_is_short():
    assert 0 < estimate.pulse() < 0.5


@pytest.mark.slow
def test_use_batch_size_is_a_button(make):
    bench = make(batch_size=5000)
    remedy = bench._controller.panel.remedy
    assert remedy.layout.display == "none"
    bench.start()
    until(lambda: remedy.layout.display is None and remedy.description.startswith("Use batch size "))
    remedy.click()
    until(lambda: said(bench, "error") == "" and remedy.layout.display == "none")
    assert bench.recipe.batch_size == int(remedy.description.rsplit(" ", 1)[1]) < 5000
    bench.train(steps=1)
    assert bench.state == "done"


@pytest.mark.slow
def test_what_is_decided_for_somebody_stands_in_the_note_and_not_in_a_warning(make, recwarn):
    bench = make(batch_size=Recipe.batch_size, data="few")
    bench.train(steps=1)
    until(lambda: "a batch has" in said(bench, "note"))
    assert not [w for w in recwarn if "a batch has" in str(w.message)]


def test_every_kind_of_wrong_device_is_one_line():
    for device in ("cuda", "mps", "tpu"):
        with pytest.raises(ValueError) as error:
            Workbench(device=device, name="nobody")
        assert "\n" not in str(error.value)


def test_names_of_two_runs_that_differ_in_many_things_stay_short():
    far = Recipe(lr=0.1, batch_size=16, seed=3, weight_decay=0.0,
                 hyperparameters={"data.color": 0.0, "data.crop": 0.9})
    assert all(len(name) < 90 for name in itertools.chain(names([far, Recipe()])))
