"""Nested state to one file and back: tensors as safetensors, the rest as JSON in its header. Atomic, checked, no pickle."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .settings import own_settings


def flatten(value: Any, path: str, tensors: dict[str, Tensor]) -> Any:
    """The JSON of a nested value; its tensors are put into `tensors` under their path."""
    if isinstance(value, Tensor):
        tensors[path] = value.detach().contiguous().clone()
        return {"tensor": path}
    if isinstance(value, dict):
        return {"dict": [[key, flatten(v, f"{path}/{key}", tensors)] for key, v in value.items()]}
    if isinstance(value, (list, tuple)):
        return {"list": [flatten(v, f"{path}/{i}", tensors) for i, v in enumerate(value)]}
    return {"value": value}


def unflatten(tree: Any, tensors: dict[str, Tensor]) -> Any:
    """The inverse of flatten (tuples come back as lists)."""
    (kind, value), = tree.items()
    if kind == "tensor":
        return tensors[value]
    if kind == "dict":
        return {key: unflatten(v, tensors) for key, v in value}
    return [unflatten(v, tensors) for v in value] if kind == "list" else value


def digest(tensors: dict[str, Tensor]) -> str:
    """SHA-256 over the tensors' bytes, in the order of their names."""
    sha = hashlib.sha256()
    for name in sorted(tensors):
        sha.update(name.encode())
        sha.update(tensors[name].cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return sha.hexdigest()


def write(path: Path, value: Any) -> None:
    """Write `value` to `path`: the file is there whole or not at all."""
    from safetensors.torch import save

    tensors: dict[str, Tensor] = {}
    tree = flatten(value, "", tensors)
    tensors = {name: t.cpu() for name, t in tensors.items()}
    write_bytes(path, save(tensors, {"tree": json.dumps(tree), "sha256": digest(tensors)}))


@own_settings()
def read(path: Path) -> Any:
    """What write() wrote; ValueError in one line when the file is damaged or truncated."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            header, tensors = file.metadata() or {}, {name: file.get_tensor(name) for name in file.keys()}
        if header.get("sha256") != digest(tensors):
            raise ValueError("its bytes changed")
        return unflatten(json.loads(header["tree"]), tensors)
    except (SafetensorError, ValueError, KeyError, OSError) as error:
        raise ValueError(f"{path} is damaged ({str(error).splitlines()[0][:80]})") from None


def write_bytes(path: Path, content: bytes) -> None:
    """Replace `path` in one move, after its content reached the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with open(part, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
