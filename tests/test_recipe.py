"""One run as one value: share string, Python line, command line and JSON all give the same recipe back."""

import ast
import base64
import decimal
import importlib
import json
import math
import pkgutil
import shlex
import zlib
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch

import sslbench
from sslbench.catalog import Hyperparameter, contracts
from sslbench.commands.flags import parser, read
from sslbench.recipe import Recipe

RECIPES = {
    "default": Recipe(),
    "every field": Recipe("waves", "masked", "transformer", 7, 32, 3e-4, 0.1, 5, 0.0, "",
                          {"pretext.mask_ratio": 0.5, "backbone.width": 64, "data.jitter": 0.0}, "adamw"),
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
    assert text.startswith("ssl2.") and len(text) < 300 and text.isascii() and not set(text) & set("+/= ")


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


@pytest.mark.parametrize("text",
    ["", "ssl2.", "ssl2.abc", "hello", Recipe().share()[:-6], "ssl9" + Recipe().share()[4:]])
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
    ({"hyperparameters": {"pretext.temperature": float("nan")}}, "pretext.temperature must lie between 0.02 "
                                                                 "and 2"),
    ({"hyperparameters": {"pretext.projection_dim": 12.5}}, "pretext.projection_dim must be int"),
    ({"hyperparameters": {"pretext.temperature": "warm"}}, "pretext.temperature must be float"),
    ({"steps": 0}, "steps must lie between 1 and"), ({"steps": 2.5}, "steps must be a whole number"),
    ({"batch_size": 1}, "batch_size must lie"), ({"seed": -1}, "seed must lie"),
    ({"seed": None}, "seed must be"),
    ({"lr": -1.0}, "lr must lie"), ({"lr": float("nan")}, "lr must lie"), ({"lr": "fast"}, "lr must lie"),
    ({"labels": 1.5}, "labels must lie between 0 and 1"), ({"data": 3}, "no data source is called 3"),
])
def test_a_mistake_is_one_clear_line(change, says):
    with pytest.raises(ValueError) as error:
        replace(Recipe(), **change).check()
    assert says in str(error.value) and "\n" not in str(error.value)


ODD = {  # values that are no number, no text, or no honest one
    "nan": math.nan, "inf": math.inf, "-inf": -math.inf, "complex": 1 + 2j,
    "numpy's complex": np.complex64(1), "None": None, "list": [1],
    "dict": {"a": 1}, "array": np.arange(3), "tensor": torch.ones(2), "bytes": b"1", "object": object(),
    "huge": 10**5000, "-huge": -(10**5000),
    "a text of 10 MB": "x" * 10**7, "lines": "a\nb\r\x1b[31m\u2028", "type": int,
    "numpy's nan": np.float32("nan"),
    "torch's inf": torch.tensor(math.inf), "a recursive list": (lambda x: x.append(x) or x)([]),
    "Decimal": decimal.Decimal("NaN"),
}


@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
def test_an_odd_value_is_refused_everywhere_in_one_short_line(value):
    every = [Recipe(**{f.name: value})
             for f in fields(Recipe) if f.name != "init" or not isinstance(value, str) or len(value) > 10**6]
    every += [Recipe(**{key: name}, hyperparameters={f"{key}.{h}": value})
              for key, contract in contracts().items()
              for name, cls in contract.all().items() for h, declared in cls.hyperparameters().items()
              if declared.choices or declared.type is not str or not isinstance(value, (str, int))]
    for recipe in every:
        with pytest.raises(ValueError) as error:
            recipe.check()
        assert str(error.value).isprintable() and len(str(error.value)) < 700, str(error.value)[:200]


@pytest.mark.parametrize("value", [True, False, np.True_], ids=str)
def test_true_and_false_are_no_numbers(value):
    for change in ({"steps": value}, {"lr": value}, {"hyperparameters": {"pretext.projection_dim": value}},
                   {"hyperparameters": {"pretext.temperature": value}}):
        with pytest.raises(ValueError):
            Recipe(**change).check()


def test_numbers_of_numpy_and_torch_and_paths_are_plain_ones():
    recipe = Recipe(data="images", steps=np.int64(7), lr=np.float64(0.5), seed=torch.tensor(3),
                    labels=np.float16(0.5),
                    init=Path("runs/a"), batch_size=np.uint8(4),
                    hyperparameters={"data.folder": Path("a/b"), "pretext.temperature": np.float64(0.2),
                                     "data.flip": np.bool_(True),
                                     np.str_("pretext.projection_dim"): torch.tensor(16)})
    assert (Recipe.from_json(recipe.to_json()) == recipe == Recipe.from_share(recipe.share())
            and recipe.check() == recipe)
    assert ({type(v) for v in (*vars(recipe).values(), *recipe.hyperparameters.values())} <= {str, int, float,
        bool, dict})


@pytest.mark.parametrize("backbone",
    ["mlp+", "+", "+gru", "++", "small_cnn + gru", "small_cnn,gru", " ", "gru+gru+", "GRU"])
def test_names_of_backbones_that_are_none(backbone):
    with pytest.raises(ValueError, match="no backbone is called"):
        Recipe(backbone=backbone).check()


@pytest.mark.parametrize("given",
    [None, 3, "text", [], [["data", "waves"]], {"data": None}, {"steps": "4"}, {"steps": 4.0}, {3: 1},
                                   {"hyperparameters": None}, {"hyperparameters": {"a": None}},
                                   {"hyperparameters": {"a": [1]}},
                                   {"x" * 10**7: 1}, {"a\nb": 1}], ids=lambda x: repr(x)[:30])
def test_a_recipe_from_elsewhere_is_checked_for_types(given):
    with pytest.raises(ValueError) as error:
        Recipe.from_dict(given)
    assert str(error.value).isprintable() and len(str(error.value)) < 400


def test_a_share_string_says_what_is_wrong_inside_it():
    def packed(content):
        return "ssl2." + base64.urlsafe_b64encode(zlib.compress(json.dumps(content).encode())).decode()

    with pytest.raises(ValueError, match="no entry of a recipe is called 'epochs'"):
        Recipe.from_share(packed({"epochs": 3}))
    with pytest.raises(ValueError, match="steps must be a whole number"):
        Recipe.from_share(packed({"steps": "many"}))
    for text in (packed("x" * 10**6), packed([[]] * 10**5), None, b"ssl2.", 3, "ssl2." + "A" * 10**7):
        with pytest.raises(ValueError, match="is not a share string") as error:
            Recipe.from_share(text)
        assert len(str(error.value)) < 200


@pytest.mark.parametrize("change, says", [
    ({"data": "waves", "pretext": "rotation"}, "rotation with small_cnn on waves does not fit: .*masked and "
                                               "simclr"),
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


def test_every_name_of_the_vocabulary_is_there_whatever_was_imported():
    """A module with the name of a function would take its place once imported."""
    for module in pkgutil.walk_packages(sslbench.__path__, "sslbench."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in sslbench.__all__:
        assert callable(getattr(sslbench, name)), f"sslbench.{name} is {getattr(sslbench, name)!r}"
    assert set(sslbench.__all__) <= set(dir(sslbench)) and 10 <= len(sslbench.__all__) <= 20
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


@pytest.mark.parametrize("text", [None, 5, b"{}", {}, []], ids=str)
def test_what_is_no_text_is_no_recipe(text):
    with pytest.raises(ValueError, match="reads the text that to_json"):
        Recipe.from_json(text)
