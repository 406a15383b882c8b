"""What single backbones promise beside the contract."""

import pytest
import torch
from toys import SHAPES, Toy

from sslbench.backbones.small_cnn import SmallCNN


@pytest.mark.parametrize("shape", ["image", "series", "padded series"])
def test_small_cnn_pools_the_strongest_answer_and_its_gradient_goes_there(shape):
    data = Toy(SHAPES[shape])
    net = SmallCNN(data.fields, width=8)
    generator = torch.Generator().manual_seed(0)
    tokens = torch.rand(4, 6, net.dim, generator=generator, requires_grad=True)  # positive, as after the last ReLU
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
