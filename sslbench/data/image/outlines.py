"""Six shapes as functions of the plane, for generated pictures."""

import torch
from torch import Tensor

SHAPES = ("circle", "square", "triangle", "cross", "ring", "bar")


def outline(shape: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """How far points u, v [n, H, W] are out of the shape [n] of their picture: 1 at the edge, less inside;
    each shape fills the circle of radius 1."""
    out = torch.empty_like(u)
    for k, far in enumerate((circle, square, triangle, cross, ring, bar)):
        rows = (shape == k).nonzero().flatten()
        out[rows] = far(u[rows], v[rows])
    return out


def circle(u, v):
    return (u * u + v * v).sqrt()


def square(u, v):
    return 1.4 * torch.maximum(u.abs(), v.abs())


def triangle(u, v):
    return 1 + torch.maximum(v - 0.5, 0.87 * u.abs() - 0.5 * v - 0.5)


def cross(u, v):
    a, b = u.abs(), v.abs()
    return torch.minimum(torch.maximum(3 * a, b), torch.maximum(a, 3 * b))


def ring(u, v):
    return 1 + 2.2 * ((circle(u, v) - 0.75).abs() - 0.25)


def bar(u, v):
    return torch.maximum(3 * u.abs(), v.abs())
