"""Where a network looks: attention is the softmax that it is said to be, occlusion moves what reads the place
that is hidden, and whoever has no attention says what to ask instead."""

import math
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from toys import SHAPES, Toy, batch_of, build, catalogue, list_shape, source, toy  # noqa: F401  fixtures

from sslbench.backbones import Backbone
from sslbench.backbones.transformer import Transformer
from sslbench.field import Field
from sslbench.plots.attribution import AttributionLayout, brightest
from sslbench.runs.attribution import samples
from sslbench.runs.attribution.attention import asked_by_mean, of_field, rolled_out
from sslbench.runs.attribution.occlusion import distances
from sslbench.runs.fitting import fit
from sslbench.runs.run import Run, load_run

SERIES = {"signal": Field((16,), (4,), 2)}


def run_on(shape: str, backbone: str, pretext: str = "autoencoder", **changed) -> Run:
    recipe = replace(list_shape(pretext, backbone, shape), steps=2, **changed)
    return fit(recipe, progress=False, device="cpu", evaluations=1, test=False)


def by_hand(block, x, causal=False):
    """softmax(Q K^T / sqrt(d)) of one attention block, head by head."""
    D = x.shape[-1]
    d = D // block.heads
    q, k, _ = (block.norm1(x) @ block.qkv.weight.T + block.qkv.bias).split(D, -1)
    found = []
    for h in range(block.heads):
        part = slice(h * d, (h + 1) * d)
        scores = q[..., part] @ k[..., part].transpose(1, 2) / math.sqrt(d)
        if causal:
            scores = scores.masked_fill(torch.ones_like(scores).triu(1) > 0, -torch.inf)
        found.append(scores.exp() / scores.exp().sum(-1, keepdim=True))
    return torch.stack(found, 1)


# attention


@pytest.mark.parametrize("one_way", [0, 1])
@torch.no_grad()
def test_attention_is_the_softmax_of_each_layer_and_its_rows_sum_to_one(one_way):
    data = Toy(SHAPES["series"])
    net = Transformer(data.fields, width=64, depth=2).eval()
    net.one_way = one_way
    batch = batch_of(data)
    weights, x = net.attention(batch), net.stem(batch)
    assert [w.shape for w in weights] == 2 * [(8, 2, 4, 4)]
    for layer, block in zip(weights, net.blocks.blocks):
        torch.testing.assert_close(layer.sum(-1), torch.ones(8, 2, 4))
        torch.testing.assert_close(layer, by_hand(block, x, causal=bool(one_way)))
        assert not torch.allclose(layer, by_hand(block, x + torch.randn_like(x), causal=bool(one_way)))
        x = block(x, one_way)
    if one_way:
        assert not weights[0].triu(1).any()


@pytest.mark.parametrize("name", [pytest.param("torchvision:vit_b_16", marks=pytest.mark.slow),
                                  "timm:vit_tiny_patch16_224"])
@torch.no_grad()
def test_attention_of_other_libraries_is_heard_and_leaves_the_network_as_it_was(name):
    pytest.importorskip(name.partition(":")[0])
    field = Field((32, 32), (8, 8), 3)
    net = Backbone.find(name)({"image": field}).eval()
    x = {"image": torch.randn(2, 3, 32, 32)}
    before = net.embed(x)
    weights = net.attention(x)
    tokens = math.prod(net.grid("image")) + 1  # and a class token
    assert weights[-1].shape[2:] == (tokens, tokens)
    torch.testing.assert_close(weights[-1].sum(-1), torch.ones(weights[-1].shape[:3]))
    assert torch.equal(net.embed(x), before)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in net.modules())


def test_rollout_is_the_product_of_all_layers_with_their_residuals():
    layers = [torch.rand(3, 2, 5, 5).softmax(-1) for _ in range(2)]
    mixed = [0.5 * layer.mean(1) + 0.5 * torch.eye(5) for layer in layers]
    found = rolled_out(layers)
    torch.testing.assert_close(found, mixed[1] @ mixed[0])
    assert not torch.allclose(found, mixed[0] @ mixed[1])
    torch.testing.assert_close(found.sum(-1), torch.ones(3, 5))


def test_the_mean_asks_as_it_pools_and_absent_tokens_ask_nothing():
    data = Toy(SHAPES["padded series"])  # every second sample ends after three of four tokens
    task = build("autoencoder", "transformer", data)
    mixed = torch.rand(8, 2, 4, 4)
    found = asked_by_mean(task, batch_of(data), mixed)
    torch.testing.assert_close(found[0], mixed[0].mean(1))
    torch.testing.assert_close(found[1], mixed[1, :, :3].mean(1))
    assert not torch.allclose(found[1], mixed[1].mean(1))


def test_each_field_gets_its_own_part():
    data = source("states and actions")
    task = build("autoencoder", "transformer", data)
    batch, values = batch_of(data), torch.arange(16.0).expand(8, 1, 16)
    assert torch.equal(of_field(task, batch, values, "state")[0, 0], torch.arange(8.0))
    assert torch.equal(of_field(task, batch, values, "action")[0, 0], torch.arange(8.0, 16.0))


@pytest.mark.parametrize("shape, grid", [("image", (4, 4)), ("series", (4,)), ("text", (16,)),
                                         ("clip", (2, 2, 2))])
def test_a_run_shows_its_attention_in_one_line(catalogue, shape, grid):
    run = run_on(shape, "transformer")
    found, rollout = run.attention("test", 3), run.attention("test", 3, rollout=True)
    assert found.values.shape == (3, 1, *grid) and rollout.values.shape == (3, 1, *grid)
    torch.testing.assert_close(found.values.flatten(1).sum(1), torch.ones(3))
    torch.testing.assert_close(rollout.values.flatten(1).sum(1), torch.ones(3))
    assert found._repr_png_().startswith(b"\x89PNG") and "attention" in repr(found)


@pytest.mark.parametrize("backbone, shape", [("small_cnn", "image"), ("gru", "series"), ("mlp", "image"),
                                             ("gru", "text")])
def test_a_network_without_attention_says_in_one_line_to_ask_for_occlusion(catalogue, backbone, shape):
    run = run_on(shape, backbone)
    with pytest.raises(ValueError, match=f"^{backbone} has no attention.*occlusion") as error:
        run.attention()
    assert "\n" not in str(error.value)


# occlusion


class OnePatch(nn.Module):
    """Reads the third patch of a series, and nothing else."""

    def forward(self, batch):
        x = batch["signal"][..., 8:12].flatten(1)
        return torch.cat([x, torch.ones(len(x), 1)], 1)


def test_occlusion_of_a_network_that_reads_one_patch_is_there_alone():
    batch = {"signal": torch.randn(300, 2, 16)}  # more than are read at once
    found = distances(OnePatch(), batch, "signal", SERIES["signal"])
    assert found.shape == (300, 4)
    assert (found[:, 2] > 1e-3).all() and not found[:, [0, 1, 3]].any()
    x = batch["signal"][:, :, 8:12].flatten(1)
    cosine = 1 / (x.square().sum(1) + 1).sqrt()  # with what is left: the one at the end
    torch.testing.assert_close(found[:, 2], 1 - cosine)


def test_occlusion_is_checked_between_batches_and_ends_where_nobody_waits():
    calls = []

    def check():
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        distances(OnePatch(), {"signal": torch.randn(300, 2, 16)}, "signal", SERIES["signal"], check)


@pytest.mark.parametrize("backbone, shape, grid", [
    ("small_cnn", "image", (4, 4)), ("transformer", "image", (4, 4)), ("gru", "series", (4,)),
    ("gru", "padded series", (4,)), ("small_cnn", "text", (16,)), ("transformer", "padded text", (8,)),
    ("small_cnn", "clip", (2, 2, 2)), ("transformer", "symbols on a grid", (4, 4)),
    pytest.param("resnet18", "image", (4, 4), marks=pytest.mark.slow)])
def test_a_run_of_any_backbone_shows_its_occlusion_in_one_line(catalogue, backbone, shape, grid):
    run = run_on(shape, backbone)
    found = run.occlusion("validation", 3)
    assert found.values.shape == (3, *grid) and found.values.isfinite().all()
    assert (found.values >= 0).all() and found.values.max() > 0
    assert found._repr_png_().startswith(b"\x89PNG") and "occlusion" in repr(found)
    if shape == "padded series":  # what is absent cannot be hidden
        assert found.values[1, 3] < 1e-9 < found.values[0, 3]


def test_occlusion_is_of_the_trained_network_and_of_the_field_that_was_asked_for(catalogue):
    run = run_on("states and actions", "transformer")
    both = [run.occlusion(field=name).values for name in ("state", "action")]
    assert both[0].shape == both[1].shape == (6, 8) and not torch.equal(*both)
    with pytest.raises(ValueError, match=r"no field is called 'actoin'.*action"):
        run.occlusion(field="actoin")
    with pytest.raises(ValueError, match="no split is called"):
        run.occlusion("trian")
    with pytest.raises(ValueError, match="most must be a whole number from 1"):
        run.occlusion(most=0)
    other = Run(run.recipe)
    with pytest.raises(ValueError, match="no weights yet"):
        other.occlusion()


def test_your_own_rows_and_a_recorded_run_give_the_same_maps(catalogue, tmp_path):
    recipe = replace(list_shape("autoencoder", "transformer", "series"), steps=2)
    run = fit(recipe, tmp_path, progress=False, device="cpu", evaluations=1, test=False)
    rows, _ = run.data.loaded("validation")
    found, again = run.occlusion(most=4), load_run(tmp_path).occlusion(rows["signal"][found_rows(128, 4)])
    torch.testing.assert_close(again.values, found.values)


def found_rows(n, most):
    return torch.linspace(0, n - 1, most).long()


def test_on_another_device_a_network_of_its_own_is_placed(catalogue, monkeypatch):
    run, placed = run_on("series", "transformer"), []
    hardware = SimpleNamespace(device=torch.device("meta"), place=lambda task: placed.append(task) or task)
    monkeypatch.setattr(samples, "Hardware", lambda device, precision: hardware)
    task, _ = samples.on_device(run, "cuda")
    assert placed == [task] and task is not run.task
    assert all(map(torch.equal, task.state_dict().values(), run.task.state_dict().values()))
    hardware.device = torch.device("cpu")
    assert samples.on_device(run, "cpu")[0] is run.task


@pytest.mark.parametrize("pretext, shape", [("supervised", "labelled image"), ("clip", "image and text")])
def test_labels_and_fields_that_no_probe_may_see_are_never_hidden(catalogue, pretext, shape):
    run = run_on(shape, "transformer", pretext)
    assert run.occlusion(most=2).field == run.attention(most=2).field == "image"
    with pytest.raises(ValueError, match="no field is called 'label'"):
        run.occlusion(field="label")


def test_attention_of_a_task_that_reads_grey_is_that_of_grey(catalogue):
    run = run_on("image", "transformer", "colorization")
    batch = {"image": torch.randn(2, 3, 16, 16)}
    grey = {"image": batch["image"].mean(1, keepdim=True).expand(-1, 3, -1, -1)}
    torch.testing.assert_close(run.task.attention(batch)[0], run.backbone.attention(grey)[0])
    assert not torch.allclose(run.task.attention(batch)[0], run.backbone.attention(batch)[0])


# figures


def test_one_bright_place_leaves_the_others_visible_and_the_key_says_so():
    values = torch.full((1, 400), 0.1)
    values[0, 7] = 9.0
    assert brightest([values.numpy()]) == (pytest.approx(0.1), True)
    alone = torch.zeros(1, 400)
    alone[0, 7] = 9.0
    assert brightest([alone.numpy()]) == (9.0, False)
    assert brightest([torch.zeros(1, 4).numpy()]) == (1.0, False)


def test_letters_of_a_text_stand_on_the_colour_of_their_token():
    data = source("docs")
    batch = batch_of(data, 2)
    layout = AttributionLayout(data, batch, "text", {"occlusion": torch.rand(2, 32).numpy()}, 840)
    assert [len(pieces) for pieces in layout.letters] == [32, 32]
    assert "".join(layout.letters[0]) == "".join(
        c if not c.isspace() else " " for c in data.spell(batch["text"][0]))
