"""Nested state to one file and back: tensors as safetensors, the rest as JSON in its header. Atomic, checked,
no pickle."""

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..machine.torch_settings import own_settings
from ..messages import in_words
from . import regular_files

HEADER = 10**8  # bytes: safetensors reads no longer one


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


def digest(tensors: dict[str, Tensor], header: dict[str, str]) -> str:
    """SHA-256 over what the header says, and over the tensors' names, kinds, shapes and bytes, each in the
    order of the names."""
    sha = hashlib.sha256(json.dumps(sorted((key, value)
                                           for key, value in header.items() if key != "digest")).encode())
    for name in sorted(tensors):
        x = tensors[name]
        sha.update(f"{name} {x.dtype} {list(x.shape)}".encode())
        sha.update(bytes_of(x))
    return sha.hexdigest()


def old_digest(tensors: dict[str, Tensor]) -> str:
    """Of files that say "sha256": names and bytes alone."""
    sha = hashlib.sha256()
    for name in sorted(tensors):
        sha.update(name.encode())
        sha.update(bytes_of(tensors[name]))
    return sha.hexdigest()


def bytes_of(x: Tensor) -> memoryview:
    return x.cpu().contiguous().flatten().view(torch.uint8).numpy().data


def write(path: Path, value: Any) -> None:
    """Write `value` to `path`: the file is there whole or not at all."""
    tensors: dict[str, Tensor] = {}
    tree = json.dumps(flatten(value, "", tensors))
    write_tensors(path, {name: t.cpu() for name, t in tensors.items()}, {"tree": tree})


def write_tensors(path: Path, tensors: dict[str, Tensor], header: dict[str, str]) -> None:
    """A file that every safetensors tool reads, with a digest of all of it in its header."""
    write_bytes(path, packed(tensors, header))


def packed(tensors: dict[str, Tensor], header: dict[str, str]) -> bytes:
    """The bytes of such a file."""
    from safetensors.torch import save

    return save(tensors, {**header, "digest": digest(tensors, header)})


def read(path: Path, most: int | None = None) -> Any:
    """What write() wrote; ValueError in one line when the file is damaged or truncated, or has more than
    `most` bytes."""
    tensors, header = read_tensors(path, most)
    try:
        return unflatten(json.loads(header["tree"]), tensors)
    except Exception:  # whatever a tree of another shape leads to
        raise ValueError(f"{path} is damaged (its header has no tree of values)") from None


def whole(path: Path, most: int | None = None) -> tuple[bytes, dict[str, str]]:
    """The bytes of a safetensors file and what its header says beside the tensors; ValueError, before the
    bytes are read, when there are more or fewer than the header says. (Not mapped: a file that somebody cuts
    while its tensors are in use would end this process.)"""
    with regular_files.reading(path) as file:
        size, length = os.fstat(file.fileno()).st_size, int.from_bytes(file.read(8), "little")
        if not 2 <= length <= min(HEADER, size - 8):
            raise ValueError("it has no header")
        if most is not None and size > most:
            raise ValueError(f"it has {size} bytes, more than any such file")
        header = json.loads(file.read(length))
        ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
        if size != 8 + length + max(ends, default=0):
            raise ValueError(f"it has {size} bytes, and its header says {8 + length + max(ends, default=0)}")
        file.seek(0)
        return file.read(), header.get("__metadata__", {})


@own_settings()
def read_tensors(path: Path, most: int | None = None) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors of a safetensors file and what its header says beside them; ValueError in one line when it
    is damaged, or when its digest says that something changed. A file of another tool has no digest."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        content, header = whole(path, most)
        tensors = load(content)
        right = (header["digest"] == digest(tensors, header)
                 if "digest" in header else header.get("sha256") in (None, old_digest(tensors)))
    except FileNotFoundError:
        raise ValueError(f"{path} is missing") from None
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError, IndexError, OSError,
            MemoryError,
            RecursionError) as error:
        raise ValueError(f"{path} is damaged ({in_words(error)})") from None
    if not right:
        raise ValueError(f"{path} is damaged (its bytes changed)")
    return tensors, header


def write_bytes(path: Path, content: bytes) -> None:
    """Replace `path` in one move, after its content reached the disk. OSError names the path. Its folder must
    be there: one that somebody moved away would otherwise be made anew, with half of what belongs in it."""
    part, made = path.with_name(path.name + ".part"), False
    try:
        with regular_files.new(part) as file:
            made = True
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        with suppress(OSError):
            part.unlink() if made else None
        raise OSError(error.errno, error.strerror, str(path)) from None
