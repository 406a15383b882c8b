"""A convolution over few places is the same convolution: numbers, gradients and weights, however it is worked
out."""

import pytest
import torch
from torch import nn

from sslbench.backbones import few_places
from sslbench.backbones.few_places import FewPlaces
from sslbench.backbones.resnet18 import ResNet18
from sslbench.field import Field

SHAPES = [((1, 1), (1, 1), (3, 3), (4, 4)), ((2, 2), (1, 1), (3, 3), (8, 8)),
          ((1, 1), (0, 0), (1, 1), (4, 4)),
          ((2, 2), (0, 0), (1, 1), (7, 7)), ((1, 2), (2, 0), (3, 2), (3, 5))]  # stride, padding, kernel, size


def answers(layer, x):
    """The output and both gradients of a weighted sum of it."""
    y = layer(x)
    weight = torch.linspace(-1, 1, y.numel()).view(y.shape).to(y.dtype)
    return [y, *torch.autograd.grad((y * weight).sum(), (x, layer.weight))]


@pytest.mark.parametrize("stride, padding, kernel, size", SHAPES)
def test_it_agrees_with_the_ordinary_convolution(stride, padding, kernel, size):
    torch.manual_seed(0)
    ordinary = nn.Conv2d(6, 8, kernel, stride, padding, bias=False)
    other = FewPlaces.instead_of(ordinary)
    x = torch.randn(3, 6, *size, requires_grad=True)
    for one, two in zip(answers(ordinary, x), answers(other, x)):
        torch.testing.assert_close(two, one, atol=1e-5, rtol=1e-5)
    assert "WindowProduct" in type(other(x).grad_fn).__name__  # the control: it did take its own way


def test_under_autocast_it_answers_in_bfloat16_like_the_ordinary_one(monkeypatch):
    monkeypatch.setattr(few_places, "pays", lambda dtype: True)
    ordinary = nn.Conv2d(16, 8, 3, 1, 1, bias=False)
    other, x = FewPlaces.instead_of(ordinary), torch.randn(4, 16, 4, 4, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        one, two = answers(ordinary, x), answers(other, x)
    assert two[0].dtype is torch.bfloat16 and two[2].dtype is torch.float32
    for a, b in zip(one, two):
        torch.testing.assert_close(b, a, atol=0.05, rtol=0.05)


def test_many_places_are_left_to_the_ordinary_convolution():
    layer = FewPlaces.instead_of(nn.Conv2d(3, 4, 3, 1, 1, bias=False))
    assert "WindowProduct" in type(layer(torch.randn(1, 3, 4, 4)).grad_fn).__name__
    assert "WindowProduct" not in type(layer(torch.randn(1, 3, 5, 5)).grad_fn).__name__


def test_resnet18_uses_it_and_draws_the_same_weights_as_without(monkeypatch):
    fields, nets, next_numbers = {"image": Field((32, 32), (4, 4), 3)}, [], []
    for made in (FewPlaces.instead_of, lambda conv: conv):
        monkeypatch.setattr(FewPlaces, "instead_of", made)
        torch.manual_seed(0)
        nets.append(ResNet18(fields))
        next_numbers.append(torch.rand(3))
    kinds = [{type(m) for m in net.modules()} for net in nets]
    assert FewPlaces in kinds[0] and FewPlaces not in kinds[1]
    assert (all(map(torch.equal, nets[0].state_dict().values(), nets[1].state_dict().values()))
            and torch.equal(*next_numbers))


def test_the_weights_keep_their_names_and_are_the_same_objects():
    ordinary = nn.Conv2d(3, 4, 3, bias=False)
    other = FewPlaces.instead_of(ordinary)
    assert other.weight is ordinary.weight and other.state_dict().keys() == ordinary.state_dict().keys()


def test_no_samples_are_none_as_in_the_ordinary_convolution():
    ordinary = nn.Conv2d(3, 4, 3, 1, 1, bias=False)
    assert (FewPlaces.instead_of(ordinary)(torch.randn(0, 3, 4, 4)).shape == ordinary(torch.randn(0, 3, 4,
        4)).shape)
