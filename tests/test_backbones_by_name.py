"""Networks of torchvision by name: any of them reads pictures of any channels and size, learns, rests or
starts from weights."""

from dataclasses import replace
from urllib.error import URLError

import pytest
import torch
from promises import readable
from torch import nn
from torchvision import models
from toys import SHAPES, Toy, build, catalogue  # noqa: F401  fixture

from sslbench.backbones import Backbone
from sslbench.backbones.first_layers import filters_for
from sslbench.backbones.torchvision_nets import to_our_scale
from sslbench.data import Field
from sslbench.recipe import Recipe
from sslbench.runs.export import export
from sslbench.runs.fitting import fit
from sslbench.runs.run import load_run

SMALL = "torchvision:mobilenet_v3_small"
FAMILIES = ["resnet50", "convnext_tiny", "efficientnet_b0", "mobilenet_v3_small", "regnet_y_400mf",
            "densenet121", "vit_b_16", "swin_t", "vgg11", "shufflenet_v2_x0_5", "googlenet", "inception_v3",
            "squeezenet1_1"]
QUICK = {"mobilenet_v3_small", "regnet_y_400mf", "squeezenet1_1", "shufflenet_v2_x0_5"}
EVERY = [pytest.param(name, marks=[] if name in QUICK else [pytest.mark.slow]) for name in FAMILIES]


def pictures(size: int, channels: int = 3, n: int = 24) -> Toy:
    patch = size // 8 if size % 8 == 0 else 4
    return Toy({"image": Field((size, size), (patch, patch), channels, scale=1 / 64, offset=128)}, n)


@pytest.fixture
def listed(catalogue):
    """Recipes for toy pictures of 32 x 32 or 96 x 96 pixels, and a network as small as a ViT can be."""
    class Toy32(Toy, listed=True):
        """Small pictures."""
        name = "toy_32"

        def __init__(self):
            super().__init__(pictures(32).fields, 24)

    class Toy96(Toy, listed=True):
        """Larger pictures."""
        name = "toy_96"

        def __init__(self):
            super().__init__(pictures(96).fields, 24)

    return Recipe("toy_32", "simclr", SMALL, steps=2, batch_size=8)


@pytest.fixture
def small_vit(monkeypatch, catalogue):
    """A ViT with patches of 16 x 16 that torchvision lists like its own."""
    def vit_toy(*, weights=None, progress=True, **rest):
        return models.VisionTransformer(224, 16, 2, 2, 32, 64, **rest)

    vit_toy.__module__ = "torchvision.models.vision_transformer"
    monkeypatch.setitem(models._api.BUILTIN_MODELS, "vit_toy", vit_toy)
    return "torchvision:vit_toy"


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERY)
def test_tokens_fill_the_grid_for_every_size_and_number_of_channels(catalogue, name):
    for size, channels in ((28, 1), (32, 3), (64, 1), (96, 3)):
        data = pictures(size, channels, 8)
        net = Backbone.find(f"torchvision:{name}")(data.fields)
        rows = data.fields["image"].decode(data.load("validation")[0]["image"])
        with torch.no_grad():  # while it trains: untrained statistics make some of them nearly mute
            tokens = net({"image": rows})
        assert tokens.shape == (8, torch.Size(net.grid("image")).numel(), net.dim)
        assert net.embed({"image": rows}).std(0).max() > 1e-2
        if size == 96 and 0 not in net.grid("image", (64, 80)):
            half = net({"image": rows[..., :64, :80]})
            assert half.shape[1] == torch.Size(net.grid("image", (64, 80))).numel()


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_each_family_learns_a_step(listed, name):
    run = fit(replace(listed, backbone=f"torchvision:{name}", steps=1), progress=False, device="cpu",
              evaluations=0, test=False)
    assert run.steps[0].scalars["loss"] > 0


@pytest.mark.parametrize("name, small, large", [("resnet18", 8, 32), ("mobilenet_v3_small", 8, 32)])
def test_small_pictures_are_shrunk_to_an_eighth_and_others_as_the_network_was_made(catalogue, name, small,
    large):
    for size, by in ((64, small), (96, large)):
        assert Backbone.find(f"torchvision:{name}")(pictures(size).fields).grid("image") == (size // by,) * 2


def test_no_convolution_is_left_whose_gradients_are_wrong_on_short_samples(catalogue):
    net = Backbone.find(SMALL)(pictures(32).fields)
    assert not [module for module in net.modules() if type(module) is nn.Conv2d]


@pytest.mark.slow
def test_a_network_reads_as_torchvision_does_and_its_weights_go_back(listed, tmp_path):
    run = fit(replace(listed, data="toy_96"), progress=False, device="cpu", evaluations=0, test=False)
    assert "196" not in export(run, tmp_path / "net.pt")
    own, x = models.mobilenet_v3_small(), readable(run.task)
    missing, strange = own.load_state_dict(torch.load(tmp_path / "net.pt"), strict=False)
    assert strange == [] and {name.partition(".")[0] for name in missing} == {"classifier"}
    with torch.no_grad():
        expected = own.eval().features(x["image"]).flatten(2).transpose(1, 2)
        torch.testing.assert_close(run.backbone(x), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("frozen", [True, False])
def test_a_frozen_network_rests_bit_for_bit_while_the_head_learns(listed, frozen):
    recipe = replace(listed, hyperparameters={"backbone.frozen": frozen})
    before = recipe.build()[1].state_dict()
    run = fit(recipe, progress=False, device="cpu", evaluations=1, test=False)
    moved = {name.partition(".")[0] for name, x in run.weights.items()
             if not name.endswith("_extra_state") and not torch.equal(x, before[name])}
    assert ("backbone" in moved) is not frozen and moved - {"backbone"}
    statistics = [name for name in before if name.startswith("backbone") and name.endswith("running_mean")]
    assert statistics and all(torch.equal(run.weights[n], before[n]) for n in statistics) is frozen


@pytest.mark.slow
def test_a_teacher_of_a_frozen_network_stays_too(listed):
    recipe = replace(listed, pretext="byol", hyperparameters={"backbone.frozen": True})
    before = recipe.build()[1].state_dict()
    run = fit(recipe, progress=False, device="cpu", evaluations=0, test=False)
    held = [name for name in before if ".net." in name]
    assert len(held) > 200 and all(torch.equal(run.weights[name], before[name]) for name in held)


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """torch's cache of downloads, empty, without a network."""
    def offline(*_, **__):
        raise URLError("no network here")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    folder = tmp_path / "torch" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def weights(hub):
    """Weights of mobilenet_v3_small in that cache."""
    torch.manual_seed(5)
    state = models.mobilenet_v3_small().state_dict()
    file = models.MobileNet_V3_Small_Weights.DEFAULT.url.rpartition("/")[2]
    torch.save(state, hub / file)
    return state


def test_weights_that_cannot_be_downloaded_are_asked_for_in_one_line(listed, hub, tmp_path):
    recipe = replace(listed, hyperparameters={"backbone.pretrained": True})
    with pytest.raises(ValueError, match=r"weights of torchvision:mobilenet_v3_small .* could not be loaded "
                                         r"\(.*no network here.*\); put mobilenet_v3_small-\w+.pth into "
                                         r".*checkpoints, or set backbone.pretrained to false") as error:
        fit(recipe, tmp_path / "run", progress=False, device="cpu")
    assert "\n" not in str(error.value) and not (tmp_path / "run").exists()


def test_weights_in_the_cache_of_torch_are_taken(catalogue, weights):
    first = "features.0.0.weight"
    for size, channels in ((96, 3), (96, 1), (32, 3), (96, 5)):
        net = Backbone.find(SMALL)(pictures(size, channels).fields, pretrained=True)
        held = net.inner_state()
        assert all(torch.equal(held[name], weights[name]) for name in held if name != first)
        own = weights[first]
        if channels == 3:
            assert torch.equal(held[first], own)
        elif channels == 1:
            torch.testing.assert_close(held[first], own.sum(1, keepdim=True))
        else:
            torch.testing.assert_close(held[first][:, 3:], own[:, :2] * 3 / 5)
    fresh = Backbone.find(SMALL)(pictures(96).fields).inner_state()
    assert not torch.equal(fresh["features.1.block.0.0.weight"], weights["features.1.block.0.0.weight"])


def test_a_damaged_file_of_weights_is_said_in_one_line(catalogue, weights, hub):
    (file,) = hub.iterdir()
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(ValueError, match="could not be loaded") as error:
        Backbone.find(SMALL)(pictures(96).fields, pretrained=True)
    assert "\n" not in str(error.value)


@pytest.mark.slow
def test_a_run_that_began_with_weights_is_loaded_and_goes_on_without_them(listed, weights, hub, tmp_path):
    recipe = replace(listed, hyperparameters={"backbone.pretrained": True})
    fit(recipe, tmp_path / "run", progress=False, device="cpu", evaluations=0, test=False)
    (file,) = hub.iterdir()
    file.unlink()
    run = load_run(tmp_path / "run")
    assert torch.equal(run.backbone.state_dict()["net.net.features.0.0.weight"],
                       run.weights["backbone.net.net.features.0.0.weight"])
    with pytest.raises(ValueError, match="could not be loaded"):
        recipe.build()


def test_filters_for_other_channels_and_kernels_answer_an_even_picture_alike():
    torch.manual_seed(0)
    own = 0.1 + torch.rand(8, 3, 7, 7)
    for channels, kernel in ((1, (7, 7)), (6, (7, 7)), (3, (3, 3)), (1, (4, 4))):
        made = filters_for(own, channels, kernel)
        assert made.shape == (8, channels, *kernel)
        torch.testing.assert_close(made.sum((1, 2, 3)), own.sum((1, 2, 3)), rtol=0.05, atol=0)
    assert filters_for(own, 3, (7, 7)) is own


def test_weights_of_inception_read_our_scale():
    torch.manual_seed(0)
    block = models.inception.BasicConv2d(3, 8, kernel_size=3).eval()
    block.bn.running_mean.normal_()
    x = torch.randn(2, 3, 9, 9)
    net = models.Inception3(init_weights=False, transform_input=True)
    expected = block(net._transform_input(x))
    to_our_scale(block)
    torch.testing.assert_close(block(x), expected, rtol=1e-4, atol=1e-4)


def test_a_vit_has_its_patches_or_those_of_small_samples(small_vit):
    for size, grid in ((28, 7), (64, 8), (96, 6), (100, 25)):
        net = Backbone.find(small_vit)(pictures(size).fields)
        assert net.grid("image") == (grid, grid)
        assert net.net.encoder.pos_embedding.shape == (1, 1 + grid * grid, 32)


def test_stem_and_trunk_of_a_vit_are_torchvisions_network(small_vit):
    net = Backbone.find(small_vit)(pictures(96).fields).eval()
    own = models.VisionTransformer(96, 16, 2, 2, 32, 64).eval()
    own.heads = nn.Identity()
    assert own.load_state_dict(net.inner_state(), strict=False) == ([], [])
    x = torch.randn(2, 3, 96, 96)
    seen = []
    own.encoder.register_forward_hook(lambda *given: seen.append(given[2]))
    own(x)
    torch.testing.assert_close(net({"image": x}), seen[0][:, 1:], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("pretext", ["masked", "jepa"])
def test_a_vit_reads_the_visible_patches_alone_on_a_grid_of_its_own(small_vit, pretext):
    task = build(pretext, small_vit, pictures(96))
    inputs = task.inputs({"image": torch.randn(4, 3, 96, 96)}, torch.Generator().manual_seed(0))
    lengths = []
    task.backbone.net.encoder.layers.register_forward_pre_hook(lambda _, x: lengths.append(x[0].shape[1]))
    task(inputs)["loss"].backward()
    assert len(task.show(inputs)) == 3 and lengths and min(lengths) == 1 + task.kept < 1 + 36


@pytest.mark.parametrize("given, what", [
    ({"backbone": "torchvision:resnet181"}, r"no network of torchvision is called 'resnet181'; did you mean"),
    ({"backbone": SMALL, "data": "waves"}, r"reads images \(two axes\)"),
    ({"backbone": SMALL, "data": "docs"}, "reads numbers, not symbols"),
    ({"backbone": SMALL, "data": "captions"}, "reads numbers, not symbols"),
])
def test_what_does_not_fit_is_said_in_one_line(catalogue, given, what):
    with pytest.raises(ValueError, match=what) as error:
        Recipe(**given).build()
    assert "\n" not in str(error.value)


def test_a_picture_that_a_network_cannot_be_made_for_is_said_in_one_line(catalogue):
    with pytest.raises(ValueError, match="maxvit_t cannot be built for these samples: Input size") as error:
        Backbone.find("torchvision:maxvit_t")(SHAPES["image"])
    assert "\n" not in str(error.value)


def test_beside_another_backbone(catalogue):
    recipe = Recipe("captions", "clip", f"image:{SMALL}+caption:gru",
                    hyperparameters={"backbone.image.frozen": True})
    net = recipe.build()[1].backbone.nets["image"]
    assert net.frozen and not any(p.requires_grad for p in net.parameters())
