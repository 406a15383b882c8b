"""What somebody may type or hold by mistake, made from the catalogue: values, words, files and recipes that
must be refused."""

import base64
import io
import json
import zipfile
import zlib
from dataclasses import fields

import numpy as np
from PIL import Image

from sslbench.catalog import contracts
from sslbench.recipe import Recipe

OF_ANY_NUMBER = ("many", "nan", "inf", "-inf", "", "1e999", "0x10", "1+2j", "9" * 5000)
NAMES = ("nonsense", "", "+", "small_cnn+", "+gru", " simclr", "a\nb", "\x1b[31m", "x" * 100_000, "../..",
         "None", "\ud800")


def bad_values(h) -> list[str]:
    """Values that a hyperparameter must refuse; any text is welcome where a text is meant."""
    if h.choices:
        return ["nonsense", "", "-1"]
    if h.type is str:
        return []
    if h.type is bool:
        return ["perhaps", "", "2", "nan"]
    beyond = [f"{2 * h.high + 1:g}"] * (h.high is not None) + [f"{h.low - 1:g}"] * (h.low is not None)
    return [*OF_ANY_NUMBER, *beyond, *["0.5"] * (h.type is int)]


def bad_entries() -> list[list[str]]:
    """Every entry of a recipe with every bad value."""
    lines = [[f"--{name}={value}"] for name in contracts() for value in NAMES]
    lines += [[f"--{name}={value}"] for name, h in Recipe.ranges().items() if h.choices for value in NAMES]
    for name, (low, high) in ((n, (h.low, h.high)) for n, h in Recipe.ranges().items() if not h.choices):
        whole = [f.type for f in fields(Recipe) if f.name == name] == [int]
        lines += [[f"--{name}={value}"] for value in (*OF_ANY_NUMBER, low - 1, 2 * high, *["0.5"] * whole)]
    return lines


def bad_hyperparameters() -> list[list[str]]:
    """Every hyperparameter of every listed class with every bad value, and with a name that does not
    exist."""
    return [[f"--{key}", name, f"--{key}.{h}={value}"] for key, contract in contracts().items()
            for name, cls in contract.all().items()
            for h, declared in [*cls.hyperparameters().items(), ("no_such_thing", None)]
            for value in (bad_values(declared) if declared else ["1"])]


def own_sources() -> list[tuple[str, str]]:
    """(source, parameter) of what reads somebody's own files."""
    return [(name, h) for name, cls in contracts()["data"].all().items()
            for h in cls.hyperparameters() if h in ("file", "folder")]


def npz() -> bytes:
    content = io.BytesIO()
    np.savez(content, x=np.zeros((4, 8), np.float32), y=np.zeros(4))
    return content.getvalue()


def npy() -> bytes:
    content = io.BytesIO()
    np.save(content, np.zeros((4, 8), np.float32))
    return content.getvalue()


def pickled() -> bytes:
    content = io.BytesIO()
    np.save(content, np.array([{"a": 1}, None], object), allow_pickle=True)
    return content.getvalue()


def picture(kind: str) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(content, kind)
    return content.getvalue()


def zipped(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr(name, content)
    return packed.getvalue()


NOISE = np.random.default_rng(0).integers(0, 256, 300).astype(np.uint8).tobytes()
DAMAGED = {  # name -> bytes of a file in which nothing can be read
    "empty.csv": b"", "empty.txt": b"", "empty.npy": b"", "empty.npz": b"", "empty.ts": b"", "empty.tsv": b"",
    "empty.parquet": b"",
    "noise.csv": NOISE, "noise.npy": NOISE, "noise.npz": NOISE, "noise.ts": NOISE, "noise.tsv": NOISE,
    "noise.txt": NOISE[:100],
    "noise.parquet": NOISE, "noise.xlsx": NOISE, "noise.json": NOISE, "noise.md": NOISE[:100],
    "noise.unknown": NOISE, "noise": NOISE,
    "cut.npz": npz()[:-40], "cut.npy": npy()[:-40], "head.npy": npy()[:20],
    "flipped.npz": npz()[:60] + b"\xff" * 20 + npz()[80:],
    "other.npz": zipped("readme.txt", b"hello"), "words.npz": zipped("x.npy", b"hello"),
    "pickle.npy": pickled(),
    "nul.csv": b"a,b\n" + b"\0,\0\n" * 30, "long.csv": b"a,b\n" + b"x" * 200_000 + b",1\n",
    "one.csv": b"a,b\n1,2\n", "header.csv": b"a,b,c\n", "words.csv": b"a,b\n" + b"x,y\n" * 3,
    "lone.csv": b"\n" * 30,
    "half.ts": b"@problemName x\n@data\n1,2,3:", "head.ts": b"@data\n", "words.ts": b"@data\na,b:c\n",
    "bom.csv": b"\xff\xfea",
    "huge.npy": npy().replace(b"(4, 8)", b"(99999999999, 8)")[:128] + b"\0" * 64,
    "zero.npy": npy().replace(b"(4, 8)", b"(0, 8)"),
}
PICTURES = {"empty": b"", "noise": NOISE, "cut": picture("PNG")[:60], "text": b"no picture at all",
            "head": picture("PNG")[:8]}


def share(content) -> str:
    packed = zlib.compress(content if isinstance(content, bytes) else json.dumps(content).encode(), 9)
    return "ssl2." + base64.urlsafe_b64encode(packed).decode()


RECIPES = {  # name -> content of a file or a share string that is no recipe
    "empty": b"", "noise": NOISE, "list": b"[1]", "number": b"3", "null": b"null",
    "cut": Recipe().to_json().encode()[:90],
    "deep": b"[" * 90_000, "nested": b'{"hyperparameters": ' * 300 + b"1" + b"}" * 300,
    "unknown": b'{"epochs": 3}',
    "text": b'{"steps": "many"}', "true": b'{"steps": true}', "half": b'{"steps": 0.5}',
    "nan": b'{"lr": NaN}', "inf": b'{"lr": Infinity}',
    "big": b'{"seed": 1' + b"0" * 9000 + b"}", "name": b'{"data": ["a"]}', "dict": b'{"backbone": {}}',
    "null name": b'{"pretext": null}',
    "hyperparameters": b'{"hyperparameters": [1]}',
    "value": b'{"hyperparameters": {"pretext.temperature": [1]}}',
    "kind": b'{"hyperparameters": {"nothing": 1}}', "long": json.dumps({"data": "x" * 90_000}).encode(),
    "longer": json.dumps({"data": "x" * 10**7}).encode(), "init": b'{"init": 3}',
    "control": b'{"data": "a\\nb\\u001b[31m\\u2028"}',
}
