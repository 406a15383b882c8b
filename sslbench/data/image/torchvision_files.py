"""The picture files of torchvision's data sets, opened by ours: torchvision hands every file to Pillow's own
`open`, which runs another program for some kinds, waits at a pipe and ends at one that is too large."""

import io
import os
import types
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from .decoding import begun
from .opening import DEEP
from .to_square import Form, fitted, shrunk


class PictureFile:
    """What stands for a picture until it is decoded: where it lies, or its bytes. torchvision may ask for
    another mode; a square is always RGB."""

    def __init__(self, file: Any, *_, **__):
        named = getattr(file, "name", None) if isinstance(file, io.IOBase) else file
        self.file = file.read() if named is None else Path(os.fsdecode(named))

    def convert(self, *_, **__) -> "PictureFile":
        return self


@cache
def guarded(kind: type) -> type:
    """The same class of torchvision, whose samples have a PictureFile where it would open a file itself."""
    import PIL.Image
    asks = kind.__getitem__
    image = types.SimpleNamespace(**{**vars(PIL.Image), "open": PictureFile})
    package = types.SimpleNamespace(**{**vars(PIL), "Image": image})
    instead = {"Image": (PIL.Image, image), "PIL": (PIL, package)}
    known = getattr(asks, "__globals__", {})
    other = {name: own for name, (theirs, own) in instead.items() if known.get(name) is theirs}
    if not other:
        return kind
    again = types.FunctionType(asks.__code__, {**known, **other}, asks.__name__, asks.__defaults__,
                               asks.__closure__)
    # MNIST and others look for a folder that is called like their class
    return type(kind.__name__, (kind,), {"__getitem__": again, "__module__": kind.__module__})


def square(pair: Any, form: Form) -> np.ndarray | None:
    """The picture of a sample as uint8 [3, size, size]; None for what cannot be read, or has more than eight
    bits a colour."""
    if isinstance(pair[0], PictureFile):
        return begun(pair[0].file, form, True)[1]
    from PIL import Image
    image = pair[0] if isinstance(pair[0], Image.Image) else Image.fromarray(np.asarray(pair[0]))
    return None if image.mode in DEEP else fitted(shrunk(image, form.size), form.size)
