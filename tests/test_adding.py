"""Adding a pretext task is one file. One typed in a notebook cell works like a shipped one; so does a
network, and data."""

import sys
from dataclasses import replace
from types import SimpleNamespace

import promises
import pytest
import torch
from promises import broken, tokens_fill_the_grid
from toys import batch_of, build, catalogue, source, toy  # noqa: F401  fixtures

import sslbench
from sslbench import pretexts
from sslbench.backbones import Backbone
from sslbench.backbones.adopted import Adopted, adopt, class_for
from sslbench.catalog import catalog
from sslbench.commands import main
from sslbench.commands.flags import parser, read
from sslbench.data.arrays.arrays import arrays
from sslbench.pretexts import Pretext
from sslbench.recipe import Recipe
from sslbench.runs.fitting import fit
from sslbench.runs.launching import launch

FILE = '''
"""Was the sample turned round? The simplest question of all."""

import math
from typing import Annotated

from . import Hyperparameter, Pretext, Row, Says, nn, rand, torch


class Backwards(Pretext):
    """Guess whether each sample is shown backwards."""

    paper = "https://example.org/backwards"

    def __init__(self, backbone, data, *,
                 share: Annotated[float, Hyperparameter("share of samples turned round", 0.1, 0.9)] = 0.5):
        super().__init__(backbone, data)
        self.share, self.classify = share, nn.Linear(backbone.dim, 2)

    def inputs(self, batch, generator):
        ((name, x),) = batch.items()
        turned = rand(generator, len(x)) < self.share
        flip = turned.view(-1, *[1] * (x.ndim - 1))
        return {name: torch.where(flip, x.flip(-1), x)}, turned.long()

    def forward(self, inputs):
        batch, turned = inputs
        return {"loss": nn.functional.cross_entropy(self.classify(self.embed(batch)).float(), turned)}

    def chance(self, inputs):
        return -self.share * math.log(self.share) - (1 - self.share) * math.log(1 - self.share)

    def show(self, inputs):
        return [Row("turned or not", inputs[0]), Says([str(t) for t in inputs[1].tolist()])]
'''
CELL = FILE.replace("from . import", "from sslbench.pretexts import")


@pytest.fixture
def one_file(catalogue, tmp_path, monkeypatch):
    """The file lies in a folder of sslbench/pretexts (here: a second folder of that package)."""
    (tmp_path / "backwards.py").write_text(FILE)
    monkeypatch.setattr(pretexts, "__path__", [*pretexts.__path__, str(tmp_path)])
    yield Pretext.find("backwards")
    sys.modules.pop("sslbench.pretexts.backwards", None)


@pytest.fixture
def cell(catalogue):
    """Run a notebook cell: code in the namespace of __main__."""
    def run(code: str) -> dict:
        namespace = {"__name__": "__main__", "__builtins__": __builtins__}
        exec(compile(code, "<ipython-input-1>", "exec"), namespace)
        return namespace
    return run


def check_it_is_like_a_shipped_one(cls):
    assert {"kind": "pretext", "name": "backwards", "what": "Guess whether each sample is shown backwards.",
            "paper": "https://example.org/backwards"} in catalog("pretext")
    recipe, _ = read(parser("train", ""),
                     ["--pretext", "backwards", "--pretext.share", "0.4", "--data", "waves"])
    assert recipe.hyperparameters == {"pretext.share": 0.4}
    promises.explains_itself(cls)
    for data in ("series", "text"):
        task = build(cls, "small_cnn", source(data))
        for promise in promises.OF_A_TASK:
            promise(task)
    promises.chance_is_what_blind_heads_reach(build(cls, "small_cnn", source("series")))


def test_a_pretext_task_in_one_file_is_everywhere(one_file, capsys):
    assert one_file.__module__ == "sslbench.pretexts.backwards"
    check_it_is_like_a_shipped_one(one_file)
    with pytest.raises(SystemExit):
        main(["train", "--pretext", "backwards", "--help"])
    assert "share of samples turned round" in " ".join(capsys.readouterr().out.split())


def test_without_the_file_there_is_no_such_task(catalogue):
    with pytest.raises(ValueError, match="no pretext task is called 'backwards'"):
        Pretext.find("backwards")
    assert "backwards" not in repr(catalog())


def test_a_pretext_task_typed_in_a_cell_is_everywhere(cell, toy):
    cls = cell(CELL)["Backwards"]
    check_it_is_like_a_shipped_one(cls)
    run = fit(replace(toy, pretext="backwards"), progress=False, device="cpu", evaluations=1)
    assert run.step == 6 and run.embed("test", 10)[0].shape == (10, 32)


def test_typing_the_cell_again_replaces_the_class(cell):
    first, second = cell(CELL)["Backwards"], cell(CELL.replace("0.1, 0.9)] = 0.5",
                                                               "0.1, 0.9)] = 0.6"))["Backwards"]
    assert Pretext.find("backwards") is second is not first
    assert second.hyperparameters()["share"].default == 0.6


def test_a_cell_with_postponed_annotations_works(cell):
    cls = cell("from __future__ import annotations\n" + CELL)["Backwards"]
    assert cls.hyperparameters()["share"].default == 0.5


def test_new_processes_cannot_see_a_cell_and_the_message_says_so(cell, toy, tmp_path):
    cell(CELL)
    with pytest.raises(ValueError, match="backwards is defined in this Python process"):
        next(launch(replace(toy, pretext="backwards", data="waves"), tmp_path))
    # made by a function of sslbench, yet only in this process
    held = arrays(torch.zeros(50, 3, 8, 8), name="held_here")
    with pytest.raises(ValueError, match="defined in this Python process"):
        next(launch(Recipe(held, "rotation", "small_cnn"), tmp_path))


NETWORK = '''
import torch
from sslbench import adopt

class MyNet(torch.nn.Module):
    """A network of my own."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential({layers})

    def forward(self, x):
        return self.layers(x)

name = adopt(MyNet)
'''
LAYERS = {
    "a vector per sample": "torch.nn.Flatten(), torch.nn.Linear(32, 24), torch.nn.Tanh()",
    "a map": "torch.nn.Conv1d(2, 24, 3, 2, 1), torch.nn.BatchNorm1d(24), torch.nn.ReLU()",
}


@pytest.mark.parametrize("layers", LAYERS.values(), ids=LAYERS)
def test_a_network_of_ones_own_becomes_a_backbone(cell, toy, layers):
    name = cell(NETWORK.format(layers=layers))["name"]
    assert name == "my_net" and Backbone.find(name).summary() == "A network of my own."
    assert name in {row["name"] for row in catalog("backbone")}
    for pretext in ("simclr", "masked", "autoencoder"):
        task = build(pretext, name, source("series"))
        for promise in promises.OF_A_TASK:
            promise(task)
    run = fit(replace(toy, backbone=name, hyperparameters={}), progress=False, device="cpu", evaluations=1)
    assert run.embed("test", 10)[0].shape == (10, 24)


def test_a_network_whose_output_is_no_embedding_is_refused(cell):
    name = cell(NETWORK.format(layers="torch.nn.Flatten(0)"))["name"]
    with pytest.raises(ValueError, match=r"my_net must return \[B, D\]"):
        build("simclr", name, source("series"))


class Patches(torch.nn.Module):
    """A class token and 4 x 4 or 2 x 2 patches, as the networks of transformers return them."""

    def __init__(self, channels: int = 3, side: int = 4, extra: int = 1, wrapped: bool = True):
        super().__init__()
        self.read, self.wrapped = torch.nn.Conv2d(channels, 24, side, side), wrapped
        self.extra = torch.nn.Parameter(torch.randn(1, extra, 24))

    def forward(self, x):
        tokens = self.read(x).flatten(2).transpose(1, 2)
        out = torch.cat([self.extra.expand(len(x), -1, -1), tokens], 1)
        return SimpleNamespace(last_hidden_state=out, pooler_output=out[:, 0]) if self.wrapped else out


def test_class_tokens_are_dropped_and_the_last_hidden_state_is_read(catalogue):
    net = build("masked", adopt(Patches, "patches", prefix=1), source("image")).backbone.eval()
    batch = batch_of(source("image"))
    assert net.grid("image") == (4, 4) and net.dim == 24
    assert torch.equal(net(batch), net.net(batch["image"]).last_hidden_state[:, 1:])
    tokens_fill_the_grid(net, batch)


@pytest.mark.parametrize("side, extra, prefix, what", [
    (4, 1, 0, r"17 tokens, which fill no grid on a sample of 16 x 16; 1 of them .* prefix=1"),
    (8, 5, 2, r"9 tokens \(prefix 2 left out\)"), (4, 3, 0, "prefix=3"), (4, 1, 17, "fill no grid"),
])
def test_tokens_that_fill_no_grid_are_refused(catalogue, side, extra, prefix, what):
    name = adopt(lambda: Patches(side=side, extra=extra), "patches", prefix=prefix)
    with pytest.raises(ValueError, match=what):
        build("masked", name, source("image"))


@pytest.mark.parametrize("side, grid", [(2, (8, 8)), (8, (2, 2)), (16, (1, 1))])
def test_another_grid_of_the_samples_proportions_is_known(catalogue, side, grid):
    net = build("masked", adopt(lambda: Patches(side=side, wrapped=False), "patches", prefix=1),
                source("image")).backbone
    assert net.grid("image") == grid
    wide = Adopted.grid_of(net, torch.zeros(2, 1 + 32, 24), (16, 32))
    assert wide == (4, 8)


def test_a_network_may_be_made_for_the_fields(catalogue):
    def for_fields(fields):
        ((_, field),) = fields.items()
        return (torch.nn.Sequential(torch.nn.Embedding(field.vocab + 2, 24))
                if field.vocab else Patches(field.channels, extra=0))

    adopt(for_fields, "for_fields")
    assert build("simclr", "for_fields", source("image")).backbone.net.read.in_channels == 3
    for data in ("text", "padded text"):
        assert broken(build("simclr", "for_fields", source(data))) == []
    adopt(lambda fields, depth: None, "needs_two")
    with pytest.raises(ValueError, match="needs fields, depth; adopt"):
        build("simclr", "needs_two", source("image"))


def test_a_resizable_network_says_its_grid_for_every_size(catalogue):
    fixed, free = (build("masked", adopt(lambda: Patches(), name, prefix=1, resizable=name == "free"),
                         source("image")).backbone
                   for name in ("fixed", "free"))
    assert not Backbone.find("fixed").resizable and Backbone.find("free").resizable
    assert fixed.grid("image", (8, 12)) == (4, 4)  # nobody asks: it is not resizable
    x = {"image": torch.randn(8, 3, 8, 12)}
    assert (free.grid("image", (8, 12)) == (2, 3) and free(x).shape == (8, 6, 24)
            and free.grid("image", (2, 2)) == (0, 0))
    assert free.embed(x).shape == (8, 24)


@pytest.mark.parametrize("name", ["a+b", "a:b", "a b", "<lambda>"])
def test_a_name_that_means_something_else_is_refused(catalogue, name):
    with pytest.raises(ValueError, match="letters, digits"):
        adopt(Patches, name)


DATA = '''
import torch
from sslbench import Data, Field

class Ramps(Data):
    """Rising and falling lines."""

    def __init__(self):
        self.fields = {"line": Field((16,), (4,))}

    def load(self, split):
        generator = torch.Generator().manual_seed(["train", "validation", "test"].index(split))
        up = torch.arange(60) % 2
        noise = torch.randn(60, 1, 16, generator=generator)
        x = (2 * up - 1)[:, None, None] * torch.linspace(-1, 1, 16) + 0.3 * noise
        return {"line": x}, {"rises": up}

    def augment(self, batch, generator):
        return {"line": batch["line"] + 0.3 * torch.randn(batch["line"].shape, generator=generator)}
'''


def test_data_of_ones_own_is_trained_on(cell, toy):
    cell(DATA)
    recipe = replace(toy, data="ramps", backbone="small_cnn", hyperparameters={})
    run = fit(recipe, progress=False, device="cpu", evaluations=1)
    assert run.scores["linear"] > 0.9 and run.recipe.check() == run.recipe
    assert ({"kind": "data", "name": "ramps", "what": "Rising and falling lines.",
             "paper": ""} in catalog("data"))


def test_the_contracts_are_part_of_the_vocabulary():
    assert sslbench.Pretext is Pretext and sslbench.Backbone is Backbone and sslbench.Recipe is Recipe
    assert issubclass(sslbench.Backbone, torch.nn.Module)


@pytest.fixture
def convolutions(monkeypatch):
    """A family of backbones: "conv:16" has 16 channels."""
    Backbone.all()
    for mapping in ("catalogue", "families"):
        monkeypatch.setattr(Backbone, mapping, dict(getattr(Backbone, mapping)))

    class Convolutions(Backbone, family="conv"):
        """One convolution of so many channels."""

        @classmethod
        def member(cls, name):
            if not name.isdigit():
                raise ValueError(f"conv:{name} must say a number of channels")
            return class_for(lambda: torch.nn.Conv2d(3, int(name), 8, 8), f"conv:{name}")

    return Convolutions


def test_a_family_makes_classes_by_name(convolutions, toy):
    recipe = replace(toy, data="wild_digits", backbone="conv:16", hyperparameters={})
    task = recipe.build()[1]
    assert task.backbone.dim == 16 and Backbone.find("conv:16") is Backbone.find("conv:16")
    assert "conv:NAME" in {row["name"] for row in catalog("backbone")} and "conv" not in Backbone.all()
    both = replace(recipe, data="captions", backbone="image:conv:16+caption:gru", pretext="clip").build()[1]
    assert both.backbone.nets["image"].dim == 16


def test_what_a_family_does_not_have_is_said_in_one_line(convolutions):
    with pytest.raises(ValueError, match="must say a number"):
        Recipe(backbone="conv:many").check()
    with pytest.raises(ValueError, match="no backbone is called '16'"):
        Recipe(backbone="cone:16").check()
