"""What single backbones promise beside the contract."""

from dataclasses import replace

import pytest
import torch
from promises import readable
from toys import SHAPES, Toy, build, catalogue, source, toy  # noqa: F401  fixtures

from sslbench.backbones import Backbone
from sslbench.backbones.adopted import adopt
from sslbench.backbones.small_cnn import SmallCNN
from sslbench.data import Data
from sslbench.recipe import Recipe
from sslbench.runs.fitting import fit
from sslbench.runs.run import load_run


@pytest.mark.parametrize("shape", ["image", "series", "padded series"])
def test_small_cnn_pools_the_strongest_answer_and_its_gradient_goes_there(shape):
    data = Toy(SHAPES[shape])
    net = SmallCNN(data.fields, width=8)
    generator = torch.Generator().manual_seed(0)
    # positive, as after the last ReLU
    tokens = torch.rand(4, 6, net.dim, generator=generator, requires_grad=True)
    present = torch.tensor([1.0, 1, 1, 1, 0, 0]).expand(4, 6) if "padded" in shape else None
    seen = tokens if present is None else tokens[:, :4]
    pooled = net.pool(tokens, present)
    assert torch.equal(pooled, seen.amax(1))
    weight = torch.rand(4, net.dim, generator=generator)
    (gradient,) = torch.autograd.grad((pooled * weight).sum(), tokens, retain_graph=True)
    (expected,) = torch.autograd.grad((seen.amax(1) * weight).sum(), tokens)
    assert torch.equal(gradient, expected)
    if present is not None:
        assert not torch.equal(pooled, tokens.amax(1))  # what is absent would have won somewhere


def test_a_network_of_ones_own_that_cannot_read_the_samples_says_so_in_one_line(catalogue):
    name = adopt(lambda: torch.nn.Conv1d(2, 8, 9), "long_kernel")
    assert Backbone.find(name)({"signal": SHAPES["series"]["signal"].resized((16,))}).dim == 8
    data = Toy({"signal": SHAPES["series"]["signal"].resized((4,))})
    with pytest.raises(ValueError,
        match=r"long_kernel cannot read a batch of shape \(2, 2, 4\): .*[Kk]ernel size") as error:
        Recipe(backbone=name).build(data)
    assert "\n" not in str(error.value) and isinstance(error.value.__cause__, RuntimeError)


@pytest.fixture
def read_forwards(tmp_path, toy):
    """A finished run of next_token, whose network was trained reading forwards."""
    recipe = replace(toy, pretext="next_token", steps=2)
    fit(recipe, tmp_path, progress=False, device="cpu", evaluations=1, test=False)
    return replace(recipe, init=str(tmp_path))


@pytest.mark.parametrize("pretext, forwards",
                         [("next_token", True), ("autoencoder", True), ("byol", True), ("masked", False)])
def test_a_network_goes_on_reading_as_it_was_trained_unless_a_task_trains_it_otherwise(read_forwards, pretext,
    forwards):
    _, task = replace(read_forwards, pretext=pretext).build()
    batch, backbone = readable(task.eval()), task.backbone
    causal, both = (backbone.pool(backbone(batch, causal)) for causal in (1, 0))
    assert not torch.allclose(causal, both, atol=1e-4)
    torch.testing.assert_close(task.embed(batch), causal if forwards else both)
    torch.testing.assert_close(task.encode(batch).mean(1), causal if forwards else both)


def test_which_way_a_network_reads_is_part_of_its_weights_and_older_weights_still_load(read_forwards):
    weights = load_run(read_forwards.init).weights
    fresh = build("simclr", "transformer", source("series")).backbone
    assert fresh.one_way == 0
    of_backbone = {name.removeprefix("backbone."): w
                   for name, w in weights.items() if name.startswith("backbone.")}
    fresh.load_state_dict(of_backbone)
    assert fresh.one_way == 1
    older = {name: w for name, w in of_backbone.items() if not name.endswith("_extra_state")}
    fresh.load_state_dict(older)  # says nothing of it, changes nothing
    assert fresh.one_way == 1


def test_a_network_reads_the_tensor_of_its_one_field(catalogue):
    """As any module does; of several fields it says which."""
    data = Data.find("waves")()
    _, task = Recipe("waves", "autoencoder", "small_cnn").build(data)
    x = torch.randn(3, 3, *data.fields["signal"].size)
    with torch.no_grad():
        backbone = task.backbone.eval()
        assert torch.equal(backbone(x), backbone({"signal": x}))
        assert torch.equal(backbone.embed(x), backbone.embed({"signal": x}))
    _, both = Recipe("captions", "clip", "caption:gru+image:small_cnn").build()
    with pytest.raises(ValueError, match=r"reads .* and .*; give a dict of them"):
        both.backbone(torch.randn(2, 3, 32, 32))


GIVEN = {"an array": (lambda x: x.numpy(), "reads a dict"), "a list": (lambda x: x.tolist(), "reads a dict"),
         "text": (lambda x: "x", "reads a dict"), "nothing": (lambda x: None, "reads a dict"),
         "an empty batch": (lambda x: {}, "reads"), "another field": (lambda x: {"sound": x}, "sound"),
         "an array of a field": (lambda x: {"image": x.numpy()}, "must be a tensor"),
         "whole numbers": (lambda x: x.long(), "must be float32.*int64"),
         "half": (lambda x: x.half(), "must be float32.*float16"),
         "double": (lambda x: {"image": x.double()}, "must be float32.*float64"),
         "one sample": (lambda x: x[0], r"must be \[B, 3, 16, 16\], not \[3, 16, 16\]"),
         "other channels": (lambda x: x[:, :1], r"must be \[B, 3, 16, 16\], not \[2, 1, 16, 16\]")}


@pytest.mark.parametrize("give, words", GIVEN.values(), ids=GIVEN)
@pytest.mark.parametrize("name", ["small_cnn", "transformer", "mlp"])
def test_what_a_network_cannot_read_is_one_line(name, give, words):
    net = Backbone.find(name)(SHAPES["image"])
    x = torch.zeros(2, 3, 16, 16)
    for call in (net, net.embed):
        assert len(call(x)) == 2
        with pytest.raises(ValueError, match=words) as error:
            call(give(x))
        assert "\n" not in str(error.value) and name in str(error.value)


def test_other_sizes_symbols_and_batches_are_one_line():
    with pytest.raises(ValueError, match=r"must be \[B, 3, 16, 16\], not \[2, 3, 8, 8\]"):
        Backbone.find("mlp")(SHAPES["image"])(torch.zeros(2, 3, 8, 8))
    net = Backbone.find("transformer")(SHAPES["text"])
    for x in (torch.zeros(2, 16), torch.zeros(2, 16, dtype=torch.uint8)):
        with pytest.raises(ValueError, match="symbols are whole numbers"):
            net(x)
    several = Backbone.find("transformer")(SHAPES["image and text"])
    with pytest.raises(ValueError, match="as many samples of every field, not 2 of image and 3 of text"):
        several({"image": torch.zeros(2, 3, 16, 16), "text": torch.zeros(3, 8, dtype=torch.long)})


def test_half_the_precision_is_read_where_the_network_or_autocast_has_it():
    net, x = Backbone.find("mlp")(SHAPES["image"]), torch.zeros(2, 3, 16, 16, dtype=torch.bfloat16)
    with torch.autocast("cpu", torch.bfloat16):
        assert len(net(x)) == 2
    assert len(net.bfloat16()(x)) == 2
