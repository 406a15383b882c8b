"""The attention weights of other libraries' vision transformers, heard while they read: their layers do not
return them."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

from torch import Tensor, nn


@contextmanager
def of_torch(layers: Iterable[nn.MultiheadAttention]) -> Iterator[list[Tensor]]:
    """Inside, each layer adds the weights [B, heads, N, N] of its softmax to the list, whether or not it is
    asked for them."""
    heard: list[Tensor] = []

    def ask(layer, given, named):
        return given, {**named, "need_weights": True, "average_attn_weights": False}

    with ExitStack() as hooks:
        for layer in layers:
            for hook in (layer.register_forward_pre_hook(ask, with_kwargs=True),
                         layer.register_forward_hook(lambda layer, given, out: heard.append(out[1]))):
                hooks.callback(hook.remove)
        yield heard


@contextmanager
def of_timm(layers: Iterable[nn.Module]) -> Iterator[list[Tensor]]:
    """The same of timm's Attention, whose fused kernel keeps its softmax to itself: inside, plain products
    are taken."""
    heard: list[Tensor] = []
    with ExitStack() as undo:
        for layer in layers:
            undo.callback(setattr, layer, "fused_attn", layer.fused_attn)
            layer.fused_attn = False
            hook = layer.attn_drop.register_forward_hook(lambda drop, given, out: heard.append(given[0]))
            undo.callback(hook.remove)
        yield heard
