"""One backbone per field: named in words, each with its own widths; what fits is what can be built."""

from dataclasses import replace

import promises
import pytest
import torch
from promises import broken
from toys import SHAPES, Toy, batch_of, catalogue, source  # noqa: F401  fixtures

from sslbench.backbones import towers
from sslbench.backbones.gru import GRU
from sslbench.commands.flags import parser, read
from sslbench.pretexts import Pretext
from sslbench.pretexts.fits import misfit
from sslbench.recipe import Recipe

BOTH = "image and text"
NARROW = {"width": 32, "image.width": 8}
WORDS = ["image:small_cnn+text:gru", "text:gru+image:small_cnn", "small_cnn+gru", "gru+gru",
         "transformer+gru",
         "image:mlp+text:transformer"]


@pytest.fixture
def pair(catalogue):
    """A listed source of pictures with texts."""
    class Pair(Toy, listed=True):
        """Pictures with texts."""

        name = "pair"

        def __init__(self):
            super().__init__(SHAPES[BOTH])

    return Recipe("pair", "simclr", "image:small_cnn+text:gru", steps=2, batch_size=8)


def made(words: str, **given):
    return towers.make(words, SHAPES[BOTH], given or {"width": 32})


@pytest.mark.slow
@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("pretext", [name for name, task in Pretext.all().items() if not task.reads_labels])
def test_what_fits_can_be_built_and_keeps_its_promises_and_what_does_not_says_why(words, pretext):
    data, cls = source(BOTH), Pretext.find(pretext)
    why = misfit(data, cls, words)
    if why:
        assert len(why) < 120 and "\n" not in why
        return
    with torch.random.fork_rng():
        torch.manual_seed(0)
        assert broken(cls(made(words), data)) == []


def test_names_of_fields_say_which_network_reads_what_in_any_order():
    by_name, other, by_order = (made(words)
        for words in ("image:small_cnn+text:gru", "text:gru+image:small_cnn", "small_cnn+gru"))
    kinds = [{name: type(net).__name__ for name, net in net.nets.items()}
             for net in (by_name, other, by_order)]
    assert kinds == [{"image": "SmallCNN", "text": "GRU"}] * 3 and list(other.fields) == ["image", "text"]


def test_one_named_network_is_that_of_the_only_field():
    net = towers.make("image:small_cnn", SHAPES["image"], {"image.width": 8})
    assert net.dim == 32 and net.embed(batch_of(source("image"))).shape == (8, 32)


@pytest.mark.parametrize("words, what", [
    ("small_cnn+gru+mlp", "names 3 backbones for 2 fields: image, text"),
    ("image:gru+sound:gru", "did you mean|there are: image, text"),
    ("text:gru", "names no backbone for the field image"),
    ("image:small_cnn+gru", "a field of its own for each backbone, or none"),
    ("image:gru+image:gru", "a field of its own for each backbone, or none"),
    ("mlp+mlp", "reads numbers, not symbols"),
    ("image:small_cnn+text:resnet18", "reads numbers, not symbols"),
])
def test_words_that_do_not_fit_the_fields_say_what_would(words, what):
    assert any(part in misfit(source(BOTH), Pretext.find("simclr"), words) for part in what.split("|"))


def test_each_network_has_widths_of_its_own_and_the_narrower_one_is_filled_up():
    net = made("image:small_cnn+text:gru", **{"width": 48, "image.width": 8})
    assert (net.nets["image"].dim, net.nets["text"].dim, net.dim) == (32, 48, 48)
    batch = batch_of(source(BOTH))
    tokens = net(batch)
    assert (tokens.shape == (8, 16 + 8, 48)
            and tokens[:, :16, 32:].abs().max() == 0 < tokens[:, 16:, 32:].abs().max())


@pytest.mark.parametrize("words", ["small_cnn+gru", "transformer+gru", "mlp+transformer"])
def test_every_field_is_pooled_by_its_own_network(words):
    net, batch = made(words, **NARROW if "small" in words else {"width": 32}).eval(), batch_of(source(BOTH))
    alone = [net.embed({name: batch[name]}) for name in net.fields]
    for (name, own), z in zip(net.nets.items(), alone):
        assert torch.equal(z[:, : own.dim], own.embed({name: batch[name]}))
    together = net.embed(batch)
    torch.testing.assert_close(together, torch.stack(alone).mean(0))
    torch.testing.assert_close(net.pool(net(batch), net.present(batch)), together)
    torch.testing.assert_close(net.trunk(net.stem(batch)), net(batch))
    if words.startswith("small_cnn"):  # it takes the largest answer of every feature, the gru the mean
        assert not torch.allclose(together, net(batch).mean(1), atol=1e-3)


@pytest.mark.parametrize("words, causal, resizable",
                         [("gru+gru", True, True), ("small_cnn+gru", False, True), ("mlp+gru", False, False)])
def test_together_they_can_do_what_all_of_them_can(words, causal, resizable):
    net, cls = made(words), towers.class_of(words, SHAPES[BOTH])
    for of in (net, cls):
        assert (of.causal, of.resizable, of.maskable, of.contextual) == (causal, resizable, False, True)


def test_next_token_on_two_recurrent_networks_sees_no_future():
    net, batch = made("gru+gru").eval(), batch_of(source(BOTH))
    with torch.no_grad():
        tokens = net.stem(batch)
        plain = net.trunk(tokens, causal=1)
        for i in (3, 12, 20):
            later = torch.cat([tokens[:, :i], torch.randn_like(tokens[:, i:])], 1)
            assert torch.allclose(net.trunk(later, causal=1)[:, :i], plain[:, :i], atol=1e-6)
            assert not torch.allclose(net.trunk(later)[:, :i], net.trunk(tokens)[:, :i], atol=1e-3)


def test_hyperparameters_are_for_all_or_for_one_field(pair):
    given = {"backbone.width": 32, "backbone.image.width": 8}
    recipe = replace(pair, hyperparameters=given)
    _, task = recipe.build()
    assert {name: net.dim for name, net in task.backbone.nets.items()} == {"image": 32, "text": 32}
    assert recipe.check().hyperparameters == given and Recipe.from_share(recipe.share()) == recipe
    known = towers.hyperparameters("image:small_cnn+text:transformer")
    assert {"width", "depth", "image.width", "text.width", "text.depth"} == set(known)
    flags = ["--data", "pair", "--backbone", "image:small_cnn+text:gru", "--backbone.text.width", "64"]
    assert read(parser("train", ""), flags)[0].hyperparameters == {"backbone.text.width": 64}


@pytest.mark.parametrize("backbone, given, what", [
    ("image:small_cnn+text:gru", {"backbone.image.depth": 2}, "no hyperparameter of"),
    ("image:small_cnn+text:gru", {"backbone.imagine.width": 8}, "did you mean 'image.width'"),
    # for the small_cnn; the gru may have 1024
    ("image:small_cnn+text:gru", {"backbone.width": 512}, "between 8 and 256"),
    ("image:small_cnn+text:gru", {"backbone.image.width": 4}, "backbone.image.width must lie between 8 and "
                                                              "256"),
    ("small_cnn+gru", {"backbone.image.width": 8}, "no hyperparameter of"),
])
def test_a_hyperparameter_of_nobody_or_out_of_range_is_refused(pair, backbone, given, what):
    with pytest.raises(ValueError, match=what):
        replace(pair, backbone=backbone, hyperparameters=given).check()


def test_several_networks_side_by_side_are_in_no_menu():
    assert "towers" not in GRU.all() and "towers" not in GRU.catalogue
    towers.class_of("gru+gru", SHAPES[BOTH])
    assert not [name for name in GRU.all() if "+" in name]


def test_promises_are_broken_by_a_network_that_reads_on(monkeypatch):
    """The control of the promise about the future, on two fields."""
    net = made("gru+gru").eval()
    monkeypatch.setattr(type(net.nets["image"]), "trunk",
                        lambda self, tokens, causal=0: self.from_the_end(tokens, 0))
    tokens = torch.randn(2, 24, net.dim)
    other = torch.cat([tokens[:, :3], torch.randn(2, 21, net.dim)], 1)
    assert not torch.allclose(net.trunk(other, 1)[:, :3], net.trunk(tokens, 1)[:, :3], atol=1e-3)
    assert promises.OF_A_TASK
