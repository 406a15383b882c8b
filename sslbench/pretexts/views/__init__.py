"""Two views of a sample belong together."""

from .. import Matrix, Pretext, Row, Shown, Tensor, nn, torch
from ..parts import embed_views, two_views


class TwoViews(Pretext, listed=False):
    """Its inputs are two views of each sample, through one field or through two."""

    @classmethod
    def incompatible(cls, backbone, data):
        return two_views(data)

    def inputs(self, batch, generator):
        return [self.own(view) for view in self.data.views(batch, generator)]

    def project(self, views):
        """What the task's `projector` makes of each view, 2 x [B, P] in float32."""
        return [z.float() for z in embed_views(lambda batch: self.projector(self.embed(batch)), views)]


def distance(a: Tensor, b: Tensor) -> Tensor:
    """Squared distance of unit vectors, 2 - 2 cos: [B, P], [B, P] -> [B]."""
    return 2 - 2 * nn.functional.cosine_similarity(a.float(), b.float(), dim=1)


@torch.no_grad()
def spread(z: Tensor) -> Tensor:
    """How far the projections [B, P] of a batch lie apart: their deviation after they were scaled to length
    1, times sqrt(P); 1 is evenly spread, 0 collapsed."""
    return nn.functional.normalize(z.float(), dim=1).std(0, correction=0).mean() * z.shape[1] ** 0.5


def compared(views, a, b, title: str = "similarity of view 1 (rows) and view 2 (columns)") -> Shown:
    """The two views, and the cosine of every vector of one with every vector of the other; a, b [B, P]."""
    a, b = (nn.functional.normalize(z.float(), dim=1) for z in (a, b))
    return [Row("view 1", views[0]), Row("view 2", views[1]), Matrix(title, a @ b.T)]
