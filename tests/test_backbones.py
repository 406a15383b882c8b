"""What single backbones promise beside the contract."""

import pytest
import torch
from toys import SHAPES, Toy, catalogue  # noqa: F401  fixture

from sslbench.backbones import Backbone, adopt
from sslbench.backbones.small_cnn import SmallCNN
from sslbench.recipe import Recipe


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


def test_a_network_of_ones_own_that_cannot_read_the_samples_says_so_in_one_line(catalogue):
    name = adopt(lambda: torch.nn.Conv1d(2, 8, 9), "long_kernel")
    assert Backbone.find(name)({"signal": SHAPES["series"]["signal"].resized((16,))}).dim == 8
    data = Toy({"signal": SHAPES["series"]["signal"].resized((4,))})
    with pytest.raises(ValueError, match=r"long_kernel cannot read a batch of shape \(2, 2, 4\): .*[Kk]ernel size") as error:
        Recipe(backbone=name).build(data)
    assert "\n" not in str(error.value) and isinstance(error.value.__cause__, RuntimeError)
