"""Samples of 1 to 8 places: every backbone trains on them, and twice the same, whatever is in the memory it
gets.

What there is to report to torch (2.14.1, CPU with avx512_bf16 or amx_bf16; float32 and float16 are exact):

    import torch
    x, w = torch.randn(8, 32, 1).bfloat16(), torch.randn(48, 32, 3).bfloat16().requires_grad_()
    for _ in range(4):
        junk = [torch.full((n,), float("nan"), dtype=torch.bfloat16)
                for n in 4 * (1024, 2048, 4096, 8192, 16384)]
        del junk  # its memory is given to the next tensors
        print(torch.autograd.grad(torch.conv1d(x, w, stride=2, padding=1).sum(), w)[0][:, :,
            [0, 2]].abs().max())

prints numbers up to 1e38 or nan; these two columns of the kernel meet nothing but padding, so their gradient
is 0. The same with conv2d where the last axis has one place and the stride is 2, and with conv3d where the
first axis has two and the stride is 1.
Once glibc reported "double free or corruption" after conv3d. Padding the sample first gives exact gradients.
"""

import pytest
import torch
from torch import nn
from toys import SMALL, Toy, catalogue  # noqa: F401  fixture

from sslbench.backbones import Backbone
from sslbench.backbones.adopted import adopt
from sslbench.backbones.short_samples import INSTEAD, made_right
from sslbench.field import Field
from sslbench.machine.hardware import Hardware
from sslbench.pretexts import Pretext
from sslbench.pretexts.fits import incompatible
from sslbench.recipe import Recipe
from sslbench.training.step import Training

SIZES = [*((n,) for n in range(1, 9)), *((n, n) for n in range(1, 9)),
         (1, 8), (8, 1), (5, 2), (1, 1, 1), (2, 2, 2), (1, 4, 4), (2, 5, 3)]
FEW = [(1, 1), (2, 2), (4, 4), (8, 8)]  # of the large network


def junk():
    """Memory of many sizes that holds NaN and is free again."""
    for dtype in (torch.float32, torch.bfloat16):
        [torch.full((2**n,), torch.nan, dtype=dtype) for n in range(4, 18) for _ in range(3)]


def trained(backbone: str, size: tuple[int, ...], steps: int = 2) -> dict[str, torch.Tensor]:
    """The weights after some steps in bfloat16."""
    data = Toy({"x": Field(size, (1,) * len(size), 3)}, n=12)
    given = {f"backbone.{name}": value for name, value in SMALL.get(backbone, {}).items()}
    recipe = Recipe(backbone=backbone, steps=steps, batch_size=6,
                    hyperparameters={**given, "pretext.projection_dim": 8})
    run = Training(recipe, Hardware("cpu", "bfloat16"), data)
    for step in range(steps):
        junk()
        run.step(step)
    return {name: w.clone() for name, w in run.task.state_dict().items()}


CASES = [(b, size) for b in Backbone.all() for size in (FEW if b == "resnet18" else SIZES)
         if not incompatible(Toy({"x": Field(size, (1,) * len(size), 3)}), Pretext.find("simclr"), b)]

SLOW = [case for case in CASES if case[0] == "resnet18" and case[1] != (2, 2)]


@pytest.mark.parametrize("backbone, size",
    [pytest.param(*case, marks=[pytest.mark.slow] * (case in SLOW)) for case in CASES], ids=str)
def test_a_backbone_ends_with_the_same_finite_weights_twice(backbone, size):
    one, two = trained(backbone, size), trained(backbone, size)
    assert all(w.isfinite().all() for w in one.values())
    assert all(torch.equal(one[name].nan_to_num(7), two[name].nan_to_num(7)) for name in one)


def test_every_backbone_is_tried_on_every_size_that_it_reads():
    assert {b for b, _ in CASES} == set(Backbone.all()) and len(CASES) > 60


CONVOLUTIONS = [(axes, kernel, stride) for axes in (1, 2, 3)
                for kernel, stride in ((3, 1), (3, 2), (7, 2)) if kernel == 3 or axes == 2]


@pytest.mark.parametrize("axes, kernel, stride", CONVOLUTIONS)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_a_convolution_of_ours_gives_the_exact_numbers_and_gradients(axes, kernel, stride, dtype):
    ours = made_right([nn.Conv1d, nn.Conv2d, nn.Conv3d][axes - 1](3, 16, kernel, stride, kernel // 2,
        bias=False)).to(dtype)
    exact = type(ours)(3, 16, kernel, stride, kernel // 2, bias=False, dtype=torch.float64)
    exact.weight.data.copy_(ours.weight.detach())
    close = 0.02 if dtype is torch.bfloat16 else 1e-5
    for size in [(n,) * axes for n in range(1, 9)] + [(4,) * (axes - 1) + (1,), (1,) + (4,) * (axes - 1),
                                                      (2,) + (3,) * (axes - 1)]:
        x = torch.randn(4, 3, *size).to(dtype).requires_grad_()
        x64 = x.detach().double().requires_grad_()
        junk()
        answers = []
        for layer, given in ((ours, x), (exact, x64)):
            y = layer(given)
            weights = torch.linspace(-1, 1, y.numel()).view(y.shape).to(y)
            answers.append([y, *torch.autograd.grad((y * weights).sum(), (given, layer.weight))])
        for a, b in zip(*answers):
            assert ((a.double() - b).abs().max() <= close
                    * b.abs().max()), f"{size}: {(a.double() - b).abs().max()}"


def test_a_network_of_ones_own_gets_them_and_keeps_its_weights(catalogue):
    net = nn.Sequential(nn.Conv1d(3, 4, 3, 2, 1), nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()),
                        nn.Conv3d(3, 4, 3, padding="same"))
    before = net.state_dict()
    assert (made_right(net) is net
            and all(torch.equal(before[name], w) for name, w in net.state_dict().items()))
    assert {type(m) for m in net.modules() if "Conv" in type(m).__name__} == set(INSTEAD.values())
    name = adopt(lambda: nn.Conv1d(3, 8, 3, 2, 1), "one_layer")
    assert ("one_layer" == name
            and type(Backbone.find(name)({"x": Field((1,), (1,), 3)}).net) is INSTEAD[nn.Conv1d])
