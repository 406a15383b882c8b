"""Networks of timm by name, where it is installed."""

import sys
from dataclasses import replace

import pytest
import torch
from test_backbones_by_name import listed, pictures  # noqa: F401  fixture
from toys import build, catalogue  # noqa: F401  fixture

from sslbench.backbones import Backbone
from sslbench.recipe import Recipe
from sslbench.runs.fitting import fit

VIT = "timm:vit_tiny_patch16_224"
FAMILIES = ["vit_tiny_patch16_224", "deit3_small_patch16_224", "vit_small_patch14_reg4_dinov2",
            "convnext_atto", "resnet18", "swin_tiny_patch4_window7_224", "efficientnet_b0",
            "mobilenetv3_small_050", "eva02_tiny_patch14_224"]


def test_without_timm_one_line_says_what_to_install(monkeypatch, catalogue):
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(ValueError, match=r"^timm:resnet18 needs timm: pip install 'sslbench\[timm\]'$"):
        Recipe(backbone="timm:resnet18").check()


@pytest.mark.slow
def test_an_unknown_name_is_said_in_one_line(catalogue):
    with pytest.raises(ValueError, match="no network of timm is called 'vit_tiny_patch16_225'; did you mean"):
        Recipe(backbone="timm:vit_tiny_patch16_225").check()


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_tokens_fill_the_grid_for_every_size_and_number_of_channels(catalogue, name):
    for size, channels in ((28, 1), (32, 3), (64, 1), (96, 3)):
        net = Backbone.find(f"timm:{name}")(pictures(size, channels).fields)
        x = torch.randn(4, channels, size, size)
        tokens = net({"image": x})
        assert tokens.shape == (4, torch.Size(net.grid("image")).numel(), net.dim)
        assert tokens.flatten(1).std(0).max() > 1e-3
        if net.resizable and size == 96:
            half = net({"image": x[..., :64, :80]})
            assert half.shape[1] == torch.Size(net.grid("image", (64, 80))).numel()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "convnext_atto", "swin_tiny_patch4_window7_224"])
def test_it_learns_a_step_and_its_weights_have_timms_names(listed, name):
    import timm
    run = fit(replace(listed, data="toy_96", backbone=f"timm:{name}", steps=1), progress=False, device="cpu",
              evaluations=0, test=False)
    given = {} if name == "convnext_atto" else {"img_size": 96}
    own = timm.create_model(name, num_classes=0, **given)
    missing, strange = own.load_state_dict(run.backbone.inner_state(), strict=False)
    assert strange == [] and {key.partition(".")[0] for key in missing} <= {"head"}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "deit3_small_patch16_224",
                                  "vit_small_patch14_reg4_dinov2"])
@pytest.mark.parametrize("size", [32, 96])
def test_stem_and_trunk_of_a_vit_are_timms_network(catalogue, name, size):
    net = Backbone.find(f"timm:{name}")(pictures(size).fields).eval()
    x = torch.randn(2, 3, size, size)
    expected = net.net.forward_features(x)[:, net.net.num_prefix_tokens:]
    torch.testing.assert_close(net({"image": x}), expected, rtol=1e-4, atol=1e-4)
    assert net.maskable and net.grid("image", (48, 32)) == (48 // net.patch[0], 32 // net.patch[1])


@pytest.mark.slow
@pytest.mark.parametrize("pretext", ["masked", "jepa"])
def test_a_vit_learns_from_visible_patches_alone(catalogue, pretext):
    task = build(pretext, VIT, pictures(96))
    inputs = task.inputs({"image": torch.randn(4, 3, 96, 96)}, torch.Generator().manual_seed(0))
    lengths = []
    task.backbone.net.blocks[0].register_forward_pre_hook(lambda _, x: lengths.append(x[0].shape[1]))
    task(inputs)["loss"].backward()
    assert min(lengths) == 1 + task.kept < 1 + 36 and len(task.show(inputs)) == 3


@pytest.mark.slow
def test_weights_are_fitted_to_the_samples_and_missing_ones_asked_for_in_one_line(catalogue, monkeypatch):
    import timm
    from timm.models import _builder
    torch.manual_seed(3)
    state = timm.create_model("vit_tiny_patch16_224").state_dict()
    monkeypatch.setattr(_builder, "load_state_dict_from_hf", lambda *_, **__: dict(state))
    net = Backbone.find(VIT)(pictures(32, 1).fields, pretrained=True).net
    assert torch.equal(net.blocks[3].attn.qkv.weight, state["blocks.3.attn.qkv.weight"])
    assert net.pos_embed.shape == (1, 65, 192) and net.patch_embed.proj.weight.shape == (192, 1, 4, 4)

    def offline(*_, **__):
        raise OSError("no network here")

    monkeypatch.setattr(_builder, "load_state_dict_from_hf", offline)
    with pytest.raises(ValueError, match=r"weights of timm:vit_tiny_patch16_224 .* \(no network here\); let "
                                         "it be downloaded once") as error:
        Backbone.find(VIT)(pictures(32, 1).fields, pretrained=True)
    assert "\n" not in str(error.value)
