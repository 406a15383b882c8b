"""What fits together: for one data source, which pretext tasks and backbones, and why the others do not. No widgets."""

from types import SimpleNamespace

from ..backbones import Backbone
from ..data import Data
from ..field import Field
from ..pretexts import Pretext
from ..recipe import incompatible


def needs_labels(task: type[Pretext], data: Data) -> bool:
    """The task fits once the label is a field of the data: it is supervised."""
    labelled = SimpleNamespace(fields={**data.fields, "label": Field((1,), (1,), vocab=2)}, probe_on=data.probe_on)
    backbone = next(iter(Backbone.all().values()))
    return bool(task.incompatible(backbone, data)) and not task.incompatible(backbone, labelled)


def backbones_for(pretext: str, data: Data) -> dict[str, str]:
    """Backbone -> "" where it fits this task on this data, else the reason."""
    task = Pretext.find(pretext)
    if needs_labels(task, data):
        return {name: cls.incompatible(data.fields) for name, cls in Backbone.all().items()}
    return {name: incompatible(data, task, name) for name in Backbone.all()}


def pretexts_for(data: Data) -> dict[str, str]:
    """Pretext task -> "" where some backbone fits it on this data, else the shortest reason."""
    reasons = {name: list(backbones_for(name, data).values()) for name in Pretext.all()}
    return {name: "" if not all(whys) else min(whys, key=len) for name, whys in reasons.items()}


def first_that_fits(reasons: dict[str, str], wanted: str) -> str:
    """`wanted` where it fits, else the first that does, else `wanted`."""
    if not reasons.get(wanted, "unknown"):
        return wanted
    return next((name for name, why in reasons.items() if not why), wanted)


def sources() -> dict[str, type[Data]]:
    """The data sources by name, generated and shipped ones as the catalogue has them."""
    return Data.all()
