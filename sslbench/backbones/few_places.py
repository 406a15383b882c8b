"""A convolution whose output has few places, as one matrix product.

On CPUs oneDNN works along a row of the output, so that 4 x 4 places leave most of the processor's matrix unit
idle: 512 channels of 256 samples run at 0.8 TFLOP/s and the gradient of their weights at 0.3, where 16 x 16
places reach 2.9 (AMX, two cores). Windows laid out as the rows of one matrix fill it. On GPUs, and where it
does not pay, it is an ordinary convolution.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..machine.hardware import cpu_has
from .short_samples import Conv2d

PLACES = 16  # that an output has at most


class FewPlaces(Conv2d):
    """nn.Conv2d with zero padding, no bias, groups or dilation; the same weights, names and, but for
    rounding, numbers."""

    @classmethod
    def instead_of(cls, conv: nn.Conv2d) -> "FewPlaces":
        """The same convolution, its weights included."""
        shape = (conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, conv.padding)
        made = cls(*shape, bias=False, device="meta")  # whose weights are not drawn
        made.weight = conv.weight
        return made

    def forward(self, x: Tensor) -> Tensor:
        if x.device.type != "cpu":
            return super().forward(x)
        dtype = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else x.dtype
        H, W = ((n + 2 * p - k) // s + 1
                for n, p, k, s in zip(x.shape[2:], self.padding, self.kernel_size, self.stride))
        if min(H, W) < 1 or H * W > PLACES or not len(x) or not pays(dtype):
            return super().forward(x)
        return WindowProduct.apply(x.to(dtype), self.weight.to(dtype), self.stride, self.padding)


def pays(dtype: torch.dtype) -> bool:
    """Measured: 1.3 times as fast in float32, 2 to 4 times in bfloat16 with AMX; 0.8 times in bfloat16
    without."""
    return dtype is torch.float32 or (dtype is torch.bfloat16 and cpu_has("amx_bf16"))


class WindowProduct(torch.autograd.Function):
    """Convolution of x [B, C, H, W] with weight [O, C, k, l]; windows are laid out anew for the gradient:
    keeping them takes nine times the memory of x."""

    @staticmethod
    def forward(ctx, x, weight, stride, padding):
        ctx.save_for_backward(x, weight)
        ctx.stride, ctx.padding = stride, padding
        return product(x, weight, stride, padding)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad):
        x, weight = ctx.saved_tensors
        O, C, k, l = weight.shape
        of_x = of_weight = None
        if ctx.needs_input_grad[1]:
            rows = grad.permute(0, 2, 3, 1).reshape(-1, O)  # [places, O]
            windows = windows_of(x, (k, l), ctx.stride, ctx.padding)[0]
            of_weight = (rows.T @ windows).view(O, k, l, C).permute(0, 3, 1, 2)
        # the same product: the grid keeps its size, the kernel is turned
        if ctx.needs_input_grad[0] and ctx.stride == (1, 1):
            p, q = ctx.padding
            of_x = product(grad, weight.flip(2, 3).transpose(0, 1), (1, 1), (k - 1 - p, l - 1 - q))
        elif ctx.needs_input_grad[0]:
            of_x = nn.grad.conv2d_input(x.shape, weight, grad, ctx.stride, ctx.padding)
        return of_x, of_weight, None, None


def product(x: Tensor, weight: Tensor, stride: tuple[int, int], padding: tuple[int, int]) -> Tensor:
    """[B, O, h, w], channels last in memory."""
    windows, grid = windows_of(x, weight.shape[2:], stride, padding)
    return (windows @ weight.permute(2, 3, 1, 0).reshape(-1, len(weight))).view(len(x), *grid, -1).permute(0,
        3, 1, 2)


def windows_of(x: Tensor, kernel, stride, padding) -> tuple[Tensor, tuple[int, int]]:
    """[B * h * w, k * l * C], the numbers below the kernel at every place, and the grid of places (h, w)."""
    (p, q), (k, l), (s, t) = padding, kernel, stride
    x = F.pad(x.permute(0, 2, 3, 1), (0, 0, q, q, p, p))  # [B, H, W, C]
    B, H, W, C = x.shape
    b, down, right, c = x.stride()
    h, w = (H - k) // s + 1, (W - l) // t + 1
    return x.as_strided((B, h, w, k, l, C), (b, s * down, t * right, down, right, c)).reshape(B * h * w,
        -1), (h, w)
