"""The augmentation sandbox: its sliders are those of Settings, views follow them, and after a training it is
said of each factor what became of it."""

from types import SimpleNamespace
from typing import Annotated

import pytest
import torch
from benches import listed, make, painted, until  # noqa: F401  fixtures
from toys import SHAPES, SMALL, Toy, catalogue  # noqa: F401  fixtures

from sslbench import Hyperparameter, Recipe
from sslbench.data import Data
from sslbench.plots.factors import GAINED, KEPT, LOST, NEVER, factor_rows, fate, sentence
from sslbench.workbench import AugmentationSandbox, Workbench
from sslbench.workbench.augmented_views import AugmentedViews, augmentations, strengths

LOADED = []


@pytest.fixture
def faded(listed, catalogue):
    """A source of tiny pictures whose views are darker, and which counts how often it was loaded."""
    LOADED.clear()

    class Faded(Toy, listed=True):
        """Tiny pictures that fade."""

        name = "faded"

        def __init__(self, *, fade: Annotated[float, Hyperparameter("how dark", 0, 1, augments=True)] = 0.5,
                     seed: Annotated[int, Hyperparameter("which drawing", 0, 9)] = 0):
            super().__init__(SHAPES["image"])
            self.fade, self.seed = fade, seed

        def load(self, split):
            LOADED.append((self.seed, split))
            rows, labels = super().load(split)
            phase = torch.arange(self.n) % 2
            return rows, {**labels, "half": phase, "size": torch.linspace(0, 1, self.n)}

        def augment(self, batch, generator):
            return {name: (1 - self.fade) * x for name, x in batch.items()}

    return Recipe("faded", "simclr", "mlp", steps=6, batch_size=16)


@pytest.fixture
def lab(faded):
    lab = AugmentationSandbox(faded, record=False, evaluations=2)
    yield lab
    lab.close()


def looked_at(lab):
    """Somebody sees this bench; nothing is measured meanwhile."""
    for beside in ("prepare", "watch"):
        setattr(lab._controller.preview, beside, lambda *given, **named: None)
    lab._controller.display()
    return lab.panel


# views


@pytest.mark.parametrize("name", [name for name, cls in Data.all().items()
                                  if any(h.augments for h in cls.hyperparameters().values())])
def test_a_source_reads_its_augmentations_from_itself_when_views_are_made(name):
    data = Data.find(name)
    read = data.augment.__code__.co_names  # its attributes among them
    assert {n for n, h in data.hyperparameters().items() if h.augments} <= set(read)
    assert "seed" not in read and "folder" not in read


def test_an_augmentation_changes_views_and_nothing_is_loaded_again(faded):
    drawn = AugmentedViews()
    with_fade = [Recipe("faded", hyperparameters={"data.fade": fade}) for fade in (0.0, 0.25, 1.0)]
    found = [drawn.draw(recipe)[0] for recipe in with_fade]
    for (truth, one, two), fade in zip(found, (0.0, 0.25, 1.0)):
        torch.testing.assert_close(one.batch["image"], (1 - fade) * truth.batch["image"])
        assert torch.equal(one.batch["image"], two.batch["image"])
    assert LOADED == [(0, "validation")]
    drawn.draw(Recipe("faded", hyperparameters={"data.seed": 1}))  # that is another drawing
    assert LOADED == [(0, "validation"), (1, "validation")]


def test_the_same_draw_stays_the_same_and_another_one_differs():
    drawn, recipe = AugmentedViews(), Recipe("waves", hyperparameters={"data.jitter": 0.2})
    one, same, other = (drawn.draw(recipe, draw)[0][1].batch["signal"] for draw in (0, 0, 1))
    assert torch.equal(one, same) and not torch.equal(one, other)


def test_what_augments_is_known_from_the_catalogue_and_seeds_and_sizes_do_not():
    assert strengths(Recipe("wild_digits", hyperparameters={"data.color": 0.1})) == {
        "crop": 0.5, "color": 0.1, "rotation": 10.0}
    assert set(augmentations(Recipe("shapes"))) == {"crop", "color", "flip"}
    assert "seed" in Recipe("wild_digits").known("data")


# factors


def scored(trained, untrained=None, chance=0.1, split="validation", name="linear: hue", n=1000):
    first = SimpleNamespace(scores={name: untrained}, baselines={"chance": {name: chance}}, split=split,
                            step=0, intervals={}, samples={name: n})
    last = SimpleNamespace(scores={name: trained}, baselines={}, split=split, step=9, intervals={},
                           samples={name: n})
    return [first, last]


@pytest.mark.parametrize("trained, untrained, word", [(0.9, 0.5, GAINED), (0.5, 0.9, LOST), (0.5, 0.51, KEPT),
                                                      (0.11, 0.1, NEVER)])
def test_what_became_of_a_factor_is_said_beside_the_untrained_network(trained, untrained, word):
    (row,) = factor_rows(scored(trained, untrained))
    assert row["fate"] == word and word in sentence([row]).lower()
    assert fate({**row, "untrained": trained, "chance": 0.0}, 1000) == KEPT  # where nothing changed


def test_few_samples_are_no_proof_that_anything_was_gained():
    assert factor_rows(scored(0.6, 0.5, n=1000))[0]["fate"] == GAINED
    assert factor_rows(scored(0.6, 0.5, n=10))[0]["fate"] != GAINED


def test_the_run_before_stands_beside_where_it_has_the_same_factor():
    rows = factor_rows(scored(0.9, 0.5), scored(0.3, 0.5))
    assert rows[0]["before"] == 0.3 and "it was 0.30" in sentence(rows)
    other = factor_rows(scored(0.9, 0.5), scored(0.3, 0.5, name="linear: place"))
    assert "before" not in other[0] and "before" not in sentence(other)


# the panel


def test_nothing_is_drawn_or_loaded_before_somebody_looks(lab):
    lab._controller.choices.settings.of["data"]["fade"].value = 0.9
    painted(lab.bench)
    assert LOADED == [] and lab.panel._jobs._thread is None and not lab.panel.views.image.value


def test_views_follow_the_slider_which_is_that_of_settings(lab):
    panel = looked_at(lab)
    until(lambda: panel.views.image.value)
    before = bytes(panel.views.image.value)
    control = lab._controller.choices.settings.of["data"]["fade"]
    assert panel.sliders.children[0].children[1] is control.widget and len(panel.sliders.children) == 1
    assert control.slider.continuous_update
    control.slider.value = 0.9
    assert lab.bench.recipe.hyperparameters == {"data.fade": 0.9}
    until(lambda: bytes(panel.views.image.value) != before and "fade 0.9" in panel.views.words.value)
    assert LOADED.count((0, "validation")) == 1


def test_a_slider_that_is_moved_on_draws_once_it_rests(lab, monkeypatch):
    panel, drawn = looked_at(lab), []
    until(lambda: panel.views.image.value)
    real = AugmentedViews.draw
    monkeypatch.setattr(AugmentedViews, "draw", lambda self, recipe, draw: (
        drawn.append(recipe.hyperparameters.get("data.fade")), real(self, recipe, draw))[1])
    control = lab._controller.choices.settings.of["data"]["fade"]
    for i in range(20):
        control.slider.value = 0.1 + 0.02 * i
    until(lambda: drawn and drawn[-1] == pytest.approx(0.48))
    assert len(drawn) < 10


def test_other_data_brings_its_own_sliders_and_a_recipe_that_is_chosen_too(lab):
    panel = looked_at(lab)
    lab.bench.choose(Recipe("tiny", "autoencoder", "mlp"))
    until(lambda: not panel.sliders.children and "not changed by any setting" in panel.words.value)
    until(lambda: not panel.views.image.value)
    lab.bench.choose(Recipe("faded", "simclr", "mlp", hyperparameters={"data.fade": 0.2}))
    until(lambda: panel.sliders.children)
    control = lab._controller.choices.settings.of["data"]["fade"]
    assert panel.sliders.children[0].children[1] is control.widget and control.value == 0.2
    until(lambda: "fade 0.2" in panel.views.words.value)


def test_a_training_says_what_became_of_each_factor_and_the_next_stands_beside_it(lab):
    panel = lab.panel
    assert "After a training" in panel.bars.words.value and lab.figure() is None
    first = lab.try_out(fade=0.0)
    painted(lab.bench)
    assert panel.bars.image.value and "beside" not in panel.bars.words.value
    alone = bytes(panel.bars.image.value)
    assert first.recipe.given("data") == {"fade": 0.0} and first.step == 6
    second = lab.try_out(steps=3, fade=1.0)
    painted(lab.bench)
    until(lambda: "beside 1 · simclr, fade 0" in panel.bars.words.value)
    assert bytes(panel.bars.image.value) != alone and second.step == 3
    assert lab.figure()._repr_png_().startswith(b"\x89PNG")
    lab.bench.show(first)  # the first has none before it
    until(lambda: "beside" not in panel.bars.words.value and "1 · simclr" in panel.bars.words.value)
    assert {name.partition(": ")[2] for name in first.scores} >= {"half", "size"}


def test_a_run_on_other_data_does_not_stand_beside(lab):
    lab.try_out(fade=0.0)
    lab.bench.choose(Recipe("tiny", "autoencoder", "mlp", steps=3, batch_size=16))
    lab.bench.train()
    painted(lab.bench)
    until(lambda: "2 · autoencoder" in lab.panel.bars.words.value)
    assert "beside" not in lab.panel.bars.words.value


def test_what_is_no_augmentation_is_refused_in_one_line(lab):
    with pytest.raises(ValueError, match=r"no augmentation of faded is called 'faed'.*fade") as error:
        lab.try_out(faed=0.1)
    assert "\n" not in str(error.value)
    with pytest.raises(ValueError, match=r"data\.fade must"):
        lab.try_out(fade=7)
    assert lab.bench.runs == []


def test_a_bench_without_the_panel_is_as_it_was(make):
    bench = make()
    assert isinstance(bench, Workbench) and bench._controller.panel._above == []
