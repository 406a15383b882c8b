"""Any classification network of torchvision as a backbone, by its name: torchvision:resnet50,
torchvision:convnext_tiny, torchvision:vit_b_16 ..."""

import re
from functools import partial

import torch
import torch.nn.functional as F
from torch import nn

from ..catalog import nearest
from . import Backbone
from .first_layers import begin_with, is_small, patch_for, start_small, with_few_places
from .library_attention import of_torch
from .of_libraries import Frozen, Headless, Maps, Pretrained, VisionTransformer, obtained, steady, wanted
from .short_samples import made_right

# what classifies, and what only training reads
HEADS = ("avgpool", "flatten", "dropout", "classifier", "fc", "head", "aux1", "aux2", "AuxLogits")
# two networks with further outputs, whose own way to draw weights takes a minute
INCEPTIONS = {"googlenet", "inception_v3"}
OTHER_SCALE = (0.229, 0.224, 0.225), (0.485, 0.456, 0.406)  # their weights know pictures from -1 to 1


class Torchvision(Backbone, family="torchvision"):
    """Any classification network of torchvision by name, such as torchvision:convnext_tiny, without its head.

    Pictures of any number of channels and any size. Up to 64 pixels a network starts small, as resnet18 does:
    what reads the picture at its full or at half its size keeps the size (the first convolution and pool of
    resnet, resnext, densenet, shufflenet, squeezenet, googlenet and alexnet; the first convolution, and the
    first block with a stride, of regnet, efficientnet, mobilenet, mnasnet and inception; the patches of
    convnext and swin; the first two pools of vgg); vit has the patches of the data. maxvit reads
    sides that are multiples of 224.
    """

    paper = "https://docs.pytorch.org/vision/stable/models.html"

    @classmethod
    def member(cls, name):
        import torchvision.models as models
        names = models.list_models(module=models)
        if name not in names:
            raise ValueError(nearest("network of torchvision", name, names))
        builder = models.get_model_builder(name)
        vit = builder.__module__.endswith("vision_transformer")
        paper = re.search(r"<(https?://[^>]+)>", builder.__doc__ or "")
        body = {"name": f"torchvision:{name}", "paper": paper[1] if paper else cls.paper,
                "resizable": not name.startswith("maxvit"), "make": staticmethod(partial(made, name)),
                "__doc__": f"The {name} of torchvision, without its head."}
        return type(name, (TorchvisionViT if vit else Maps,), body)


def made(name: str, fields, pretrained: bool = False) -> Headless:
    """The network for the one field: its first layers fit, its head is gone."""
    ((_, field),) = fields.items()
    net, learned = library(name, pretrained, field.size), wanted(pretrained)
    for head in HEADS:
        if head in net._modules:
            net.set_submodule(head, nn.Identity())
    if name.startswith("densenet"):
        net.classifier = nn.ReLU()  # torchvision's forward has it between features and classifier
    if name.startswith("maxvit"):
        net.blocks = nn.Sequential(*net.blocks)  # which their list cannot be asked to run
    begin_with(net, field.channels, kept=learned)
    headless = Headless(net)
    if is_small(field) and not name.startswith("maxvit"):
        start_small(net, headless, field.channels, learned)
    with_few_places(net)
    return headless


def library(name: str, pretrained: bool, size: tuple[int, ...]) -> nn.Module:
    """torchvision's own network."""
    from torchvision.models import get_model, get_model_weights
    pretrained, given = wanted(pretrained), {}
    if pretrained:
        url = get_model_weights(name).DEFAULT.url
        where = f"put {url.rpartition('/')[2]} into {torch.hub.get_dir()}/checkpoints"
    elif name in INCEPTIONS:
        given = {"aux_logits": False, "init_weights": False}
    elif name.startswith("maxvit"):
        given = {"input_size": tuple(size)}
    net = obtained(f"torchvision:{name}", lambda: get_model(name, weights="DEFAULT" if pretrained else None,
                   **given), where if pretrained else "", pretrained)
    if pretrained and name in INCEPTIONS:
        to_our_scale(next(net.children()))
    steady(net)
    return net


@torch.no_grad()
def to_our_scale(block: nn.Module) -> None:
    """A first block of convolution and normalisation that reads pictures of mean 0 and deviation 1, and was
    trained on (picture * deviation + mean) * 2 - 1."""
    scale, shift = (torch.tensor(numbers).view(1, 3, 1, 1) for numbers in OTHER_SCALE)
    block.bn.running_mean -= (block.conv.weight * (2 * shift - 1)).sum((1, 2, 3))
    block.conv.weight *= 2 * scale


class TorchvisionViT(VisionTransformer, listed=False):
    """A ViT of torchvision. Its names: conv_proj, class_token, encoder.pos_embedding (for the grid of the
    field), encoder.layers, encoder.ln."""

    def __init__(self, fields, *, pretrained: Pretrained = False, frozen: Frozen = False):
        super().__init__()
        self.fields, ((_, field),) = fields, fields.items()
        net, learned = library(type(self).name.partition(":")[2], pretrained, field.size), wanted(pretrained)
        net.heads, own = nn.Identity(), net.patch_size
        self.dim, self.patch = net.hidden_dim, patch_for(field, own)
        begin_with(net, field.channels, self.patch, self.patch, (0, 0), learned)
        table, side = net.encoder.pos_embedding.detach(), net.image_size // own  # [1, 1 + side * side, D]
        places = self.of_grid(table[:, 1:], (side, side), self.grid_of(field))
        if not learned:
            places = torch.empty_like(places).normal_(std=0.02)
        net.encoder.pos_embedding = nn.Parameter(torch.cat([table[:, :1], places], 1))
        self.net = made_right(net)
        self.rest(frozen)

    def grid_of(self, field) -> tuple[int, int]:
        return tuple(n // p for n, p in zip(field.size, self.patch))

    @staticmethod
    def of_grid(table, old, new):
        """A position embedding [1, N, D] for another grid."""
        if tuple(old) == tuple(new):
            return table
        table = table.transpose(1, 2).unflatten(2, tuple(old))
        return F.interpolate(table.float(), tuple(new), mode="bicubic", antialias=True).flatten(2).transpose(
            1, 2)

    def patches(self, x):
        return self.net.conv_proj(x).flatten(2).transpose(1, 2)

    def places(self, grid):
        ((_, field),) = self.fields.items()
        return self.of_grid(self.net.encoder.pos_embedding[:, 1:], self.grid_of(field), grid)

    def first(self):
        return self.net.class_token + self.net.encoder.pos_embedding[:, :1]

    def attention(self, batch):
        with of_torch(layer.self_attention for layer in self.net.encoder.layers) as weights:
            self(batch)
        return weights

    def attended(self, tokens):
        return self.net.encoder.ln(self.net.encoder.layers(tokens))
