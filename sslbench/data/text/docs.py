"""English that is on every machine: docstrings of Python and of the installed scientific libraries.

Sources are parsed, not imported. The libraries' names are replaced by a neutral word, else they would give
the label away.
"""

import ast
import itertools
import os
import re
import sysconfig
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated
from zlib import crc32

import numpy as np
import torch

from ...baselines import for_text
from ...catalog import Hyperparameter
from .. import Data, Field, locations
from ..arrays import npz_members
from . import as_bytes
from .as_bytes import Hide, TextCrop

LIBRARIES = ("python", "numpy", "torch", "sklearn", "matplotlib")
NAMES = re.compile(
    r"\b(c?python|numpy|np|(py)?torch|aten|sklearn|scikit[-_ ]learn|matplotlib|mpl|pyplot|plt)\b", re.I)
SKIPPED = {"test", "tests", "testing", "site-packages", "dist-packages", "lib2to3", "idlelib", "__pycache__"}
BYTES = 500_000  # of text per library, so that the classes are balanced
SHORTEST = 100  # characters; "Return self." says nothing
PARTS = {"train": (0, 0.7), "validation": (0.7, 0.8), "test": (0.8, 1)}  # of each library's text


class Docs(Data):
    """English documentation of Python and four libraries, as bytes; found on every machine, nothing to
    download.

    The label is the library. No docstring is in two splits; within a split the docstrings of a library follow
    one another and are cut into windows.
    """

    name = "docs"
    classes = {"library": list(LIBRARIES)}
    unit, splits_from = "windows", "of docstrings, none in two splits"

    def __init__(self, *, length: Annotated[int, Hyperparameter("bytes in one sample", 32, 1024)] = 256,
                 crop: TextCrop = 0.5,
                 hide: Hide = 0.15):
        self.length, self.crop, self.hide = length, crop, hide
        self.fields = {"text": Field((length,), (1,), vocab=256)}

    def load(self, split):
        parts = []
        for library in LIBRARIES:
            parts.append(as_bytes.windows("\n\n".join(objects(library, split)), self.length))
        fewest = min(len(p) for p in parts if len(p))
        ids = np.concatenate([p[:fewest] for p in parts])
        labels = np.concatenate([np.full(len(p[:fewest]), label) for label, p in enumerate(parts)])
        # the first rows show every library
        mixed = torch.randperm(len(ids), generator=torch.Generator().manual_seed(0))
        return {"text": torch.from_numpy(ids)[mixed]}, {"library": torch.from_numpy(labels)[mixed]}

    def augment(self, batch, generator):
        return {"text": as_bytes.excerpt(batch["text"], generator, self.crop, self.hide)}

    def raw(self, batch):
        return as_bytes.raw(batch["text"])

    def baselines(self):
        return for_text("text", letters=False, at_places=False)

    def spell(self, ids):
        return as_bytes.spell(ids)

    def cite(self):
        return ("documentation of the installed Python (PSF), NumPy, scikit-learn and PyTorch (BSD), "
                "Matplotlib (PSF-like)")


def objects(library: str, split: str) -> list[str]:
    """The docstrings of one split, in an order that depends on their text alone."""
    texts = sorted(documentation(library), key=lambda t: crc32(t.encode()))
    before = np.cumsum([0] + [len(t) for t in texts])
    low, high = (share * before[-1] for share in PARTS[split])
    return [t for t, start in zip(texts, before) if low <= start < high]


def documentation(library: str) -> list[str]:
    """The docstrings of a library, each once, up to BYTES in all; [] when it is not installed. Kept in the
    cache."""
    root = folder_of(library)
    if root is None:
        return []
    stamp = crc32(f"1 {root} {root.stat().st_mtime_ns} {BYTES}".encode())
    kept = locations.cache() / f"docs-{library}-{stamp:08x}.npz"
    if kept.is_file():
        try:
            return npz_members.named(kept, ["text"])[0].tobytes().decode().split("\0")
        except (OSError, ValueError):
            pass  # damaged: collect again
    found = collect(root, library)
    save(kept, np.frombuffer("\0".join(found).encode(), np.uint8))
    return found


def save(path: Path, text: np.ndarray) -> None:
    """Written beside and moved into place, so that a second process never reads half a file."""
    part = path.with_suffix(f".{os.getpid()}.part")
    with open(part, "wb") as f:
        np.savez_compressed(f, text=text)
    part.replace(path)


def folder_of(library: str) -> Path | None:
    if library == "python":
        return Path(sysconfig.get_path("stdlib"))
    spec = find_spec(library)
    return Path(spec.origin).parent if spec and spec.origin else None


def collect(root: Path, library: str) -> list[str]:
    """Docstrings from the top of the library downwards, neutral in name, until there are BYTES of them."""
    found, size = {}, 0
    texts = (t for file in sources(root) for t in docstrings(file))
    for text in itertools.chain(topics(), texts) if library == "python" else texts:
        text = NAMES.sub("lib", text.replace("\0", "")).strip()
        if len(text) >= SHORTEST and text not in found:
            found[text] = None
            size += len(text.encode("utf-8", "replace"))
        if size >= BYTES:
            break
    return list(found)


def topics() -> list[str]:
    """Python's language reference, half of what is read for Python; the other half is its library's
    docstrings."""
    from pydoc_data.topics import topics
    texts = [topics[k] for k in sorted(topics)]
    kept = np.cumsum([len(t) for t in texts]) < BYTES // 2
    return [t for t, keep in zip(texts, kept) if keep]


def sources(root: Path):
    """Python files, those nearest the top first: the public ones."""
    found = []
    for folder, inside, files in os.walk(root):
        inside[:] = sorted(d for d in inside if d not in SKIPPED)
        found += [Path(folder, f) for f in files if f.endswith(".py")]
    return sorted(found, key=lambda f: (len(f.parts), str(f)))


def docstrings(file: Path):
    """Docstrings of a file, and long strings handed to a function with `doc` in its name (how NumPy and torch
    do it)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about escapes in other people's strings
            tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError, OSError):
        return
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield ast.get_docstring(node) or ""
        elif isinstance(node, ast.Call) and "doc" in getattr(node.func, "id", getattr(node.func, "attr", "")):
            yield from (a.value for a in node.args
                        if isinstance(a, ast.Constant) and isinstance(a.value, str))
