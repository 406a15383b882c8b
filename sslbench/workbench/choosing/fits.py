"""What fits together: for one data source, which pretext tasks and backbones, and why the others do not. No
widgets."""

from ...backbones import Backbone
from ...data import Data
from ...pretexts import Pretext
from ...pretexts.fits import misfit


def backbones_for(pretext: str, data: Data, chosen: str = "") -> dict[str, str]:
    """Backbone -> "" where it fits this task on this data, with labels for a task that reads them, else the
    reason.
    chosen: what a recipe asks for, which may be one network for each field."""
    names = [*Backbone.all(), chosen] if chosen and chosen not in Backbone.all() else Backbone.all()
    return {name: misfit(data, Pretext.find(pretext), name) for name in names}


def pretexts_for(data: Data) -> dict[str, str]:
    """Pretext task -> "" where some backbone fits it on this data, else the shortest reason."""
    reasons = {name: list(backbones_for(name, data).values()) for name in Pretext.all()}
    return {name: "" if not all(whys) else min(whys, key=len) for name, whys in reasons.items()}


def first_that_fits(reasons: dict[str, str], wanted: str) -> str:
    """`wanted` where it fits, else the first that does, else `wanted`. What a family made by a name,
    timm:NAME, comes after the package's own: somebody named it for something else."""
    if not reasons.get(wanted, "unknown"):
        return wanted
    return min((name for name, why in reasons.items() if not why), key=lambda name: ":" in name,
               default=wanted)


def sources() -> dict[str, type[Data]]:
    """The data sources by name, generated and shipped ones as the catalogue has them."""
    return Data.all()
