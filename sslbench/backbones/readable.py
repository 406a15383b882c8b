"""What somebody gives to a network, as the batch that it reads, or in one line why it cannot be read."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ..field import Batch, Field
from ..messages import named, quoted


def batch_for(backbone: nn.Module, given: Batch | Tensor) -> Batch:
    """field -> [B, ...], also where the one field is given alone; ValueError in one line where the network
    reads several, and for what it cannot read."""
    name, fields = type(backbone).name, backbone.fields
    reads = " and ".join(fields)
    if isinstance(given, Tensor):
        if len(fields) > 1:
            raise ValueError(f"{name} reads {reads}; give a dict of them")
        given = dict.fromkeys(fields, given)
    if not isinstance(given, Mapping):
        raise ValueError(f"{name} reads a dict from {reads} to tensors"
                         f"{', or the tensor of its one field' * (len(fields) == 1)}, not {quoted(given)}; "
                         "run.embed() takes arrays and lists too")
    own = [(field, given[field]) for field in fields if field in given]
    if not own:
        raise ValueError(f"{name} reads {reads}, and the batch has {named(given)}")
    for field, x in own:
        if why := unfit(backbone, fields[field], x):
            raise ValueError(f"{name} cannot read {field}: {why}")
    if len({len(x) for _, x in own}) > 1:
        raise ValueError(f"{name} needs as many samples of every field, not "
                         + " and ".join(f"{len(x)} of {field}" for field, x in own))
    return given


def unfit(backbone: nn.Module, field: Field, x: Tensor) -> str:
    """Why these are no samples of this field, or ""."""
    if not isinstance(x, Tensor):
        return f"it must be a tensor, not {quoted(x)}; run.embed() takes arrays and lists too"
    wanted = ["B", *([] if field.vocab else [field.channels]), *field.size]
    wrong = (x.ndim != len(wanted) or (not field.vocab and x.shape[1] != field.channels)
             or not (backbone.resizable or x.shape[-field.rank:] == field.size))
    if wrong:
        return f"its shape must be [{', '.join(map(str, wanted))}], not {list(x.shape)}"
    given = str(x.dtype).removeprefix("torch.")
    if field.vocab:
        known = x.dtype in (torch.int64, torch.int32)
        return "" if known else f"symbols are whole numbers (x.long()), not {given}"
    if x.dtype is torch.float32 or (x.is_floating_point() and (
            torch.is_autocast_enabled(x.device.type) or x.dtype in {w.dtype for w in backbone.parameters()})):
        return ""
    return f"its numbers must be float32, decoded as its field says (x.float() where they are), not {given}"
