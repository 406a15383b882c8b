"""Any network of timm as a backbone, by its name: timm:vit_small_patch16_224, timm:resnet18.a1_in1k ..."""

from functools import partial

import torch
from torch import Tensor, nn

from ..catalog import nearest
from . import Backbone
from .first_layers import is_small, patch_for, start_small, with_few_places
from .library_attention import of_timm
from .of_libraries import Frozen, Headless, Maps, Pretrained, VisionTransformer, obtained, steady, wanted
from .short_samples import made_right

OFFLINE = "let it be downloaded once where there is a network and take its cache (HF_HOME, TORCH_HOME) along"
NO_HEAD = {"num_classes": 0, "global_pool": ""}


class Timm(Backbone, family="timm"):
    """Any network of timm by name, such as timm:vit_small_patch16_224, without its head.

    Pictures of any number of channels. Networks that timm makes for one size of picture are made for that of
    the data. Up to 64 pixels a convolutional network starts small, as resnet18 does: what reads the picture
    at its full or at half its size keeps the size; a ViT has the patches of the data then. Others, such as
    swin, stay as they are.
    """

    paper = "https://huggingface.co/docs/timm"

    @classmethod
    def member(cls, name):
        models = installed(name).models
        architecture, _, _ = name.partition(".")
        if not models.is_model(architecture):
            raise ValueError(nearest("network of timm", name, models.list_models()))
        vit = (models.model_entrypoint(architecture).__module__.endswith((".vision_transformer", ".deit"))
               and "distilled" not in architecture)
        body = {"name": f"timm:{name}", "resizable": vit or not one_size(name), "paper": cls.paper,
                "make": staticmethod(partial(made, name)),
                "__doc__": f"The {name} of timm, without its head."}
        return type(architecture, (TimmViT if vit else Maps,), body)


def installed(name: str):
    try:
        import timm
    except ImportError:
        raise ValueError(f"timm:{name} needs timm: pip install 'sslbench[timm]'") from None
    return timm


def one_size(name: str) -> bool:
    """Whether timm makes it for one size of picture."""
    found = installed(name).models.get_pretrained_cfg(name)
    return bool(found and found.fixed_input_size)


def library(name: str, field, pretrained: bool, **given) -> nn.Module:
    """timm's own network, for the channels of the field."""
    timm, pretrained = installed(name), wanted(pretrained)
    make = partial(timm.create_model, name, pretrained=pretrained, in_chans=field.channels, **NO_HEAD,
                   **given)
    net = obtained(f"timm:{name}", make, OFFLINE, pretrained)
    steady(net)
    return net


class Features(Headless):
    """timm's network up to its head: [B, C, H, W] -> [B, D, h, w], or tokens [B, N, D] without those that
    come before the patches."""

    def __init__(self, net: nn.Module):
        super().__init__(net)
        self.before = getattr(net, "num_prefix_tokens", 0)  # only networks with a class token have it

    def forward(self, x: Tensor) -> Tensor:
        x, D = self.net.forward_features(x), self.net.num_features
        if x.ndim == 4:  # some have the channels last
            return x if x.shape[1] == D != x.shape[3] else x.permute(0, 3, 1, 2)
        return x[:, self.before:]


def made(name: str, fields, pretrained: bool = False) -> Features:
    """The network for the one field: its first layers fit, its head is gone."""
    ((_, field),) = fields.items()
    fixed = one_size(name)
    net = library(name, field, pretrained, **({"img_size": tuple(field.size)} if fixed else {}))
    features = Features(net)
    if is_small(field) and not fixed:
        start_small(net, features, field.channels, wanted(pretrained))
    with_few_places(net)
    return features


class TimmViT(VisionTransformer, listed=False):
    """A ViT of timm, by its names: patch_embed, cls_token, pos_embed (for the grid of the field), blocks,
    norm."""

    def __init__(self, fields, *, pretrained: Pretrained = False, frozen: Frozen = False):
        super().__init__()
        self.fields, ((_, field),) = fields, fields.items()
        name = type(self).name.partition(":")[2]
        with torch.device("meta"):  # to see the size of its patches
            own = library(name, field, False).patch_embed.patch_size[0]
        self.patch = patch_for(field, own)
        net = library(name, field, pretrained, img_size=tuple(field.size), patch_size=self.patch,
                      dynamic_img_size=True)
        self.net, self.dim = made_right(net), net.embed_dim
        self.rest(frozen)

    @property
    def before(self) -> int:
        """How many tokens of the position embedding belong to no patch."""
        return 0 if self.net.no_embed_class else self.net.num_prefix_tokens

    def patches(self, x):
        return self.net.patch_embed(x).flatten(1, 2)

    def places(self, grid):
        from timm.layers import resample_abs_pos_embed
        if self.net.pos_embed is None:
            return torch.zeros((), device=self.net.norm.weight.device)
        return resample_abs_pos_embed(self.net.pos_embed, new_size=list(grid),
                                      old_size=list(self.net.patch_embed.grid_size),
                                      num_prefix_tokens=self.before)[:, self.before:]

    def first(self):
        net = self.net
        own = [token for token in (net.cls_token, net.reg_token) if token is not None]
        tokens = torch.cat(own, 1) if own else net.blocks[0].norm1.weight.new_zeros(1, 0, self.dim)
        placed = self.before and net.pos_embed is not None
        return tokens + net.pos_embed[:, :self.before] if placed else tokens

    def attention(self, batch):
        from timm.layers import Attention
        layers = [m for m in self.net.blocks.modules() if isinstance(m, Attention)]
        if len(layers) < len(self.net.blocks):  # parallel and differential attention have other weights
            return super().attention(batch)
        with of_timm(layers) as weights:
            self(batch)
        return weights

    def attended(self, tokens):
        return self.net.norm(self.net.blocks(self.net.norm_pre(tokens)))
