"""One run as one value: share string, Python line, command line and JSON all give the same recipe back."""

import ast
import importlib
import pkgutil
import shlex
from dataclasses import replace

import pytest

import sslbench
from sslbench.__main__ import parser, read
from sslbench.catalog import Hyperparameter
from sslbench.recipe import Recipe

RECIPES = {
    "default": Recipe(),
    "every field": Recipe("waves", "masked", "transformer", 7, 32, 3e-4, 0.1, 5, 0.0, "",
                          {"pretext.mask_ratio": 0.5, "backbone.width": 64, "data.jitter": 0.0}),
    "flags": Recipe("docs", "next_token", "gru", hyperparameters={"pretext.augment": True}),
    "labels": Recipe(pretext="supervised", labels=0.1, seed=3),
    "a folder with spaces": Recipe(data="images", hyperparameters={"data.folder": "my photos/it's here"}),
    "started from another run": Recipe(init="runs/first run"),
}


@pytest.fixture(params=RECIPES.values(), ids=RECIPES)
def recipe(request):
    return request.param


def test_a_share_string_gives_the_recipe_back(recipe):
    text = recipe.share()
    assert Recipe.from_share(text) == recipe and Recipe.from_share(f"  {text}\n") == recipe
    assert text.startswith("ssl1.") and len(text) < 300 and text.isascii() and not set(text) & set("+/= ")


def test_the_python_line_gives_the_recipe_back(recipe):
    line = recipe.as_python()
    assert ast.parse(line) and eval(line, {"Recipe": Recipe, "fit": lambda recipe: recipe}) == recipe


def test_the_command_line_gives_the_recipe_back(recipe):
    words = shlex.split(recipe.as_command())
    assert words[:4] == ["python", "-m", "sslbench", "train"]
    again, _ = read(parser("train", ""), words[4:])
    assert again == recipe.check()


def test_json_gives_the_recipe_back(recipe):
    assert Recipe.from_json(recipe.to_json()) == recipe


def test_checking_converts_and_keeps(recipe):
    assert recipe.check() == recipe.check().check()
    as_text = Recipe(pretext="masked", hyperparameters={"pretext.mask_ratio": "0.5"})
    assert as_text.check().hyperparameters == {"pretext.mask_ratio": 0.5}


@pytest.mark.parametrize("text", ["", "ssl1.", "ssl1.abc", "hello", Recipe().share()[:-6], "ssl9" + Recipe().share()[4:]])
def test_a_broken_share_string_is_one_clear_line(text):
    with pytest.raises(ValueError, match="is not a share string; copy the whole line") as error:
        Recipe.from_share(text)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("change, says", [
    ({"data": "wild_digit"}, "no data source is called 'wild_digit'; did you mean 'wild_digits'?"),
    ({"pretext": "simclear"}, "no pretext task is called 'simclear'; did you mean 'simclr'?"),
    ({"backbone": "transfomer"}, "no backbone is called 'transfomer'; did you mean 'transformer'?"),
    ({"backbone": "small_cnn+resnet"}, "no backbone is called 'resnet'; did you mean 'resnet18'?"),
    ({"hyperparameters": {"pretext.temprature": 1}}, "did you mean 'temperature'?"),
    ({"hyperparameters": {"pretxt.temperature": 1}}, "did you mean 'pretext.temperature'?"),
    ({"hyperparameters": {"pretext.temperature": 9}}, "pretext.temperature must lie between 0.02 and 2"),
    ({"hyperparameters": {"pretext.temperature": float("nan")}}, "pretext.temperature must lie between 0.02 and 2"),
    ({"hyperparameters": {"pretext.projection_dim": 12.5}}, "pretext.projection_dim must be int"),
    ({"hyperparameters": {"pretext.temperature": "warm"}}, "pretext.temperature must be float"),
    ({"steps": 0}, "steps must lie between 1 and"), ({"steps": 2.5}, "steps must be a whole number"),
    ({"batch_size": 1}, "batch_size must lie"), ({"seed": -1}, "seed must lie"), ({"seed": None}, "seed must be"),
    ({"lr": -1.0}, "lr must lie"), ({"lr": float("nan")}, "lr must lie"), ({"lr": "fast"}, "lr must lie"),
    ({"labels": 1.5}, "labels must lie between 0 and 1"), ({"data": 3}, "no data source is called 3"),
])
def test_a_mistake_is_one_clear_line(change, says):
    with pytest.raises(ValueError) as error:
        replace(Recipe(), **change).check()
    assert says in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("change, says", [
    ({"data": "waves", "pretext": "rotation"}, "rotation with small_cnn on waves does not fit: .*masked and simclr"),
    ({"pretext": "next_token"}, "does not fit: .*transformer or gru"),
    ({"data": "docs", "backbone": "mlp"}, "does not fit: .*transformer, gru and small_cnn"),
    ({"pretext": "supervised"}, "does not fit: .*set labels"),
    ({"backbone": "small_cnn+gru"}, "does not fit: .*2 backbones for 1 field"),
    ({"backbone": "transformer", "hyperparameters": {"backbone.width": 40}}, "multiple of 32"),
])
def test_what_does_not_fit_is_refused_before_training(change, says):
    with pytest.raises(ValueError, match=says) as error:
        replace(Recipe(data="waves" if change.get("data") == "waves" else "wild_digits"), **change).build()
    assert "\n" not in str(error.value)


def test_the_same_seed_gives_the_same_weights_and_another_seed_others():
    weights = [next(Recipe(data="waves", seed=seed).build()[1].parameters()) for seed in (0, 0, 1)]
    assert (weights[0] == weights[1]).all() and (weights[0] != weights[2]).any()


def test_one_backbone_per_field_reads_them_side_by_side():
    from toys import SHAPES, Toy

    recipe = Recipe(backbone="small_cnn+gru", hyperparameters={"backbone.width": 32})
    data = Toy(SHAPES["image and text"])
    with pytest.raises(ValueError, match="equal widths"):
        recipe.make_backbone(data.fields)


def test_every_name_of_the_vocabulary_is_there_whatever_was_imported():
    """A module with the name of a function would take its place once imported."""
    for module in pkgutil.walk_packages(sslbench.__path__, "sslbench."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in sslbench.__all__:
        assert callable(getattr(sslbench, name)), f"sslbench.{name} is {getattr(sslbench, name)!r}"
    assert set(sslbench.__all__) <= set(dir(sslbench)) and 10 <= len(sslbench.__all__) <= 16
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        sslbench.nothing  # noqa: B018


def test_hyperparameters_know_their_type_default_and_range():
    mask_ratio = dict(Recipe(pretext="masked").classes())["pretext"].hyperparameters()["mask_ratio"]
    assert (mask_ratio.type, mask_ratio.default, mask_ratio.low, mask_ratio.high) == (float, 0.6, 0.05, 0.95)
    choice = Hyperparameter("which", choices=("a", "b"), type=str)
    assert choice.check("x", "a") == "a"
    with pytest.raises(ValueError, match="x must be one of a, b"):
        choice.check("x", "c")
    switch = Hyperparameter("whether", type=bool)
    assert [switch.check("x", v) for v in ("true", "no", True, False)] == [True, False, True, False]
    with pytest.raises(ValueError, match="x must be bool"):
        switch.check("x", "perhaps")
