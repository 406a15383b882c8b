"""Whether a pretext task and a backbone fit the data. Nothing is built."""

from ..backbones import towers
from ..data import Data
from . import Pretext


def incompatible(data: Data, pretext: type[Pretext], backbone: str) -> str:
    """Why a pretext task and a backbone do not fit the data as it is, or ""; nothing is built."""
    if pretext.reads_labels and not data.label_field:
        return "learns from labels: set labels to the share of them that it may use, up to 1"
    if data.label_field and not pretext.reads_labels:
        return "never sees labels: set labels to 0, or take the task supervised"
    return misfit(data, pretext, backbone)


def misfit(data: Data, pretext: type[Pretext], backbone: str) -> str:
    """Why they do not fit, labels not considered, or ""."""
    fields = pretext.reads(data)
    if why := next(filter(None, (field.unreadable(name) for name, field in fields.items())),
                   "" if fields else "there is no field to read"):
        return why
    if not set(data.probe_on or data.fields) & set(fields):
        return f"reads none of the fields that probes see: {', '.join(data.probe_on or data.fields)}"
    try:
        network = towers.class_of(backbone, fields)
    except ValueError as error:
        return str(error)
    return pretext.incompatible(network, data) or network.incompatible(fields)
