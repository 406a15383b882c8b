"""Two views of a sample belong together."""

from .. import Pretext
from ..parts import two_views


class TwoViews(Pretext, listed=False):
    """Its inputs are two views of each sample, through one field or through two."""

    @classmethod
    def incompatible(cls, backbone, data):
        return two_views(data)

    def inputs(self, batch, generator):
        return [self.own(view) for view in self.data.views(batch, generator)]
