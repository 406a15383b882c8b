"""What was found of where a network looks: a number for every place of some samples, and its figure."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ...data import Data
from ...field import Batch

SAID = {"occlusion": "how far the embedding moves when a place is hidden (1 − cosine)",
        "attention": "share of the last layer's attention that a place gets",
        "rollout": "share of the attention of all layers that a place gets (rollout)"}
HEADS = 4  # that a figure shows beside their mean


@dataclass(frozen=True)
class AttributionMaps:
    """values: float32 [n, *grid] of occlusion, [n, heads, *grid] of attention; of a rollout there is one
    head.  field: whose grid that is.  batch: the samples, decoded.  data: which draws them."""

    method: str
    values: Tensor
    field: str
    batch: Batch
    data: Data

    @property
    def rows(self) -> dict[str, Tensor]:
        """The rows of the figure, title -> [n, *grid]: of several heads their mean and the first few."""
        if self.method == "occlusion":
            return {SAID["occlusion"]: self.values}
        heads = self.values.shape[1]
        if heads == 1:
            return {SAID[self.method]: self.values[:, 0]}
        shown = {f"head {i + 1}": self.values[:, i] for i in range(min(heads, HEADS))}
        return {f"{SAID[self.method]}, mean of {heads} heads": self.values.mean(1), **shown}

    @property
    def words(self) -> str:
        """The figure in one sentence: how unevenly the network looks."""
        first = next(iter(self.rows.values())).flatten(1)
        tenth = max(1, first.shape[1] // 10)
        share = first.topk(tenth, 1).values.sum(1) / first.sum(1).clamp(min=torch.finfo(first.dtype).tiny)
        even = tenth / first.shape[1]
        return (f"Yellow is much, dark blue is little. The {tenth} places of {first.shape[1]} that get most "
                f"hold {share.mean():.0%} of all; spread evenly, it would be {even:.0%}.")

    @property
    def figure(self):
        """The samples and below each its map, as one matplotlib Figure."""
        from ...plots import attribution

        return attribution(self.data, self.batch, self.field, self.rows)

    def __repr__(self):
        return f"AttributionMaps({self.method} of {self.field}, {list(self.values.shape)}). {self.words}"

    def _repr_png_(self):
        return self.figure._repr_png_()
