"""Segmentation: what is at every pixel, told by one layer of weights on each frozen token (Oquab et al. 2023,
arXiv:2304.07193, "linear")."""

import torch.nn.functional as F

from . import Probe, Tensor, torch
from .dense import Dense, some
from .regression import STRENGTHS, apply, best_weights

QUICK_STRENGTH = 1e-2  # of the penalty where no validation is given
PART = 100  # pictures judged at once


class Segmentation(Probe):
    """The class at every pixel by one layer of weights on each frozen token: mean over the classes of
    intersection over union."""

    title, reads, factors, while_training = "segmentation", ("masks",), False, False
    paper = "https://arxiv.org/abs/2304.07193"

    def answers(self, train, test, validation=None, check=lambda: None):
        """[n, 2, classes]: pixels of each picture that are of a class and are said to be, and that are one or
        the other."""
        classes = int(max(train.y.max(), test.y.max())) + 1
        weights = fitted(train, validation, check)
        if weights is None:
            return None
        parts = []
        for z, y in zip(test.z.split(PART), test.y.split(PART)):
            check()
            parts.append(overlap(said(z, weights, test.grid, test.size), y, classes))
        return torch.cat(parts)

    def judge(self, answers, y, drawn=None):
        return mean_iou(answers, drawn)

    def chance(self, y, y_test):
        """That of the most frequent class, said everywhere."""
        classes = int(max(y.max(), y_test.max())) + 1
        most = y[y >= 0].bincount(minlength=classes).argmax()
        return mean_iou(overlap(most.expand(y_test.shape), y_test, classes)).item()

    def measure(self, reads):
        return "mean IoU"


def fitted(train: Dense, validation: Dense | None, check=lambda: None) -> Tensor | None:
    """Weights [D + 1, classes] of a token; None where training has fewer than two classes."""
    parts = []
    for split in (train, validation):
        if split is not None:
            y = split.classes.flatten()
            rows = some(y >= 0)
            parts += [split.z.flatten(0, 1)[rows], y[rows]]
    if len(parts[1].unique()) < 2:
        return None
    return best_weights(*parts, strengths=STRENGTHS if validation is not None else (QUICK_STRENGTH,),
                        check=check)


def said(z: Tensor, weights: Tensor, grid: tuple[int, int], size: tuple[int, int]) -> Tensor:
    """The class [n, H, W] at every pixel: logits of tokens z [n, N, D], drawn out between their middles."""
    logits = apply(z, weights).transpose(1, 2).unflatten(2, grid)  # [n, classes, rows, columns]
    return F.interpolate(logits, size, mode="bilinear", align_corners=False).argmax(1)


def overlap(said: Tensor, y: Tensor, classes: int) -> Tensor:
    """[n, 2, classes] int64: pixels in the intersection and in the union of what is said and y [n, H, W];
    those that nobody knows are left out."""
    there = y >= 0
    def counted(group):  # [n, classes]
        pictures = torch.arange(len(y), device=y.device).view(-1, 1, 1).expand_as(y)
        return (pictures * classes + group)[there & (group >= 0)].bincount(
            minlength=len(y) * classes).view(-1, classes)
    both = counted(torch.where(said == y, y, -1))
    return torch.stack([both, counted(said) + counted(y) - both], 1)


def mean_iou(counts: Tensor, drawn: Tensor | None = None) -> Tensor:
    """[b], of counts [n, 2, classes]: the mean over the classes that are or are said of their intersection
    over their union, all pictures together."""
    drawn = torch.ones(len(counts), 1) if drawn is None else drawn
    both, either = torch.einsum("npk,nb->pkb", counts.double().cpu(), drawn.double())
    return (both / either).nanmean(0)
