"""What new processes can be told by name."""

from sslbench.backbones import Backbone
from sslbench.runs.launching import importable


def test_a_network_of_a_library_is_made_again_by_its_name_and_a_class_of_a_cell_is_not():
    assert importable(Backbone.find("torchvision:mobilenet_v3_small")) and importable(Backbone.find("mlp"))

    class Typed(Backbone.find("mlp")):
        """Of a cell."""

    assert not importable(Typed)
    Backbone.catalogue.pop("typed", None)
