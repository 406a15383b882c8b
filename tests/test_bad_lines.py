"""Bad command lines, made from the catalogue: none shows a traceback, hangs or says more than three lines."""

import base64
import io
import json
import os
import socket
import subprocess
import sys
import time
import tracemalloc
import zipfile
import zlib
from dataclasses import fields

import numpy as np
import pytest
from PIL import Image

from sslbench.__main__ import main
from sslbench.catalog import contracts
from sslbench.recipe import LIMITS, Recipe

OF_ANY_NUMBER = ("many", "nan", "inf", "-inf", "", "1e999", "0x10", "1+2j", "9" * 5000)
NAMES = ("nonsense", "", "+", "small_cnn+", "+gru", " simclr", "a\nb", "\x1b[31m", "x" * 100_000, "../..", "None", "\ud800")


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
    for name, (low, high) in LIMITS.items():
        whole = [f.type for f in fields(Recipe) if f.name == name] == [int]
        lines += [[f"--{name}={value}"] for value in (*OF_ANY_NUMBER, low - 1, 2 * high, *["0.5"] * whole)]
    return lines


def bad_hyperparameters() -> list[list[str]]:
    """Every hyperparameter of every listed class with every bad value, and with a name that does not exist."""
    return [[f"--{key}", name, f"--{key}.{h}={value}"] for key, contract in contracts().items() for name, cls in contract.all().items()
            for h, declared in [*cls.hyperparameters().items(), ("no_such_thing", None)]
            for value in (bad_values(declared) if declared else ["1"])]


def own_sources() -> list[tuple[str, str]]:
    """(source, parameter) of what reads somebody's own files."""
    return [(name, h) for name, cls in contracts()["data"].all().items() for h in cls.hyperparameters() if h in ("file", "folder")]


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
    "empty.csv": b"", "empty.txt": b"", "empty.npy": b"", "empty.npz": b"", "empty.ts": b"", "empty.tsv": b"", "empty.parquet": b"",
    "noise.csv": NOISE, "noise.npy": NOISE, "noise.npz": NOISE, "noise.ts": NOISE, "noise.tsv": NOISE, "noise.txt": NOISE[:100],
    "noise.parquet": NOISE, "noise.xlsx": NOISE, "noise.json": NOISE, "noise.md": NOISE[:100], "noise.unknown": NOISE, "noise": NOISE,
    "cut.npz": npz()[:-40], "cut.npy": npy()[:-40], "head.npy": npy()[:20], "flipped.npz": npz()[:60] + b"\xff" * 20 + npz()[80:],
    "other.npz": zipped("readme.txt", b"hello"), "words.npz": zipped("x.npy", b"hello"), "pickle.npy": pickled(),
    "nul.csv": b"a,b\n" + b"\0,\0\n" * 30, "quote.csv": b'a,b\n"1,2\n' * 20, "long.csv": b"a,b\n" + b"x" * 200_000 + b",1\n",
    "one.csv": b"a,b\n1,2\n", "header.csv": b"a,b,c\n", "words.csv": b"a,b\n" + b"x,y\n" * 3, "lone.csv": b"\n" * 30,
    "half.ts": b"@problemName x\n@data\n1,2,3:", "head.ts": b"@data\n", "words.ts": b"@data\na,b:c\n", "bom.csv": b"\xff\xfea",
    "huge.npy": npy().replace(b"(4, 8)", b"(99999999999, 8)")[:128] + b"\0" * 64, "zero.npy": npy().replace(b"(4, 8)", b"(0, 8)"),
}
PICTURES = {"empty": b"", "noise": NOISE, "cut": picture("PNG")[:60], "text": b"no picture at all", "head": picture("PNG")[:8]}


def share(content) -> str:
    packed = zlib.compress(content if isinstance(content, bytes) else json.dumps(content).encode(), 9)
    return "ssl1." + base64.urlsafe_b64encode(packed).decode()


RECIPES = {  # name -> content of a file or a share string that is no recipe
    "empty": b"", "noise": NOISE, "list": b"[1]", "number": b"3", "null": b"null", "cut": Recipe().to_json().encode()[:90],
    "deep": b"[" * 90_000, "nested": b'{"hyperparameters": ' * 300 + b"1" + b"}" * 300, "unknown": b'{"epochs": 3}',
    "text": b'{"steps": "many"}', "true": b'{"steps": true}', "half": b'{"steps": 0.5}', "nan": b'{"lr": NaN}', "inf": b'{"lr": Infinity}',
    "big": b'{"seed": 1' + b"0" * 9000 + b"}", "name": b'{"data": ["a"]}', "dict": b'{"backbone": {}}', "null name": b'{"pretext": null}',
    "hyperparameters": b'{"hyperparameters": [1]}', "value": b'{"hyperparameters": {"pretext.temperature": [1]}}',
    "kind": b'{"hyperparameters": {"nothing": 1}}', "long": json.dumps({"data": "x" * 90_000}).encode(),
    "longer": json.dumps({"data": "x" * 10**7}).encode(), "init": b'{"init": 3}', "control": b'{"data": "a\\nb\\u001b[31m\\u2028"}',
}


def refused(words: list[str], capsys) -> str:
    """What the command line says of it, once it is sure that it says so properly."""
    began = time.perf_counter()
    try:
        code = main(words)
    except SystemExit as stop:
        code = stop.code
    said = capsys.readouterr()
    assert code, f"{words} was accepted: {said.out[-300:]}"
    lines = said.err.splitlines()
    assert 1 <= len(lines) <= 3 and "Traceback" not in said.err and max(map(len, lines)) < 700, said.err
    assert lines[-1].startswith("sslbench: ") and lines[-1].isprintable(), said.err
    assert time.perf_counter() - began < 20, f"{words} took its time"
    return lines[-1]


TINY = ["train", "--steps=1", "--batch-size=2", "--device=cpu", "--quiet"]


def shortened(words) -> str:
    return " ".join(words)[:60].encode("ascii", "backslashreplace").decode()


@pytest.mark.parametrize("words", bad_entries(), ids=shortened)
def test_a_bad_entry(words, capsys):
    refused(["train", *words], capsys)


def test_bad_hyperparameters(capsys):
    lines = bad_hyperparameters()
    assert len(lines) > 300
    for words in lines:
        said = refused(["train", *words], capsys)
        assert words[2].split("=")[0].split(".")[1] in said, said


@pytest.mark.parametrize("words", [[], ["nonsense"], ["train", "extra"], ["train", "--nonsense"], ["train", "--steps"],
                                   ["train", "--", "x"],
                                   ["show"], ["resume"], ["show", "a", "b"], ["catalog", "nonsense"], ["catalog", "x" * 10**6],
                                   ["results", "--seeds", "many"], ["x" * 10**6], ["a\nb\nc\nd"], ["train", "--a\nb\nc\nd"],
                                   ["train", "--device=" + "x" * 10**6], ["train", "--precision=a\nb"], ["train", "--device="]],
                         ids=shortened)
def test_bad_words(words, capsys):
    if words:
        refused(words, capsys)
    else:
        with pytest.raises(SystemExit) as stop:
            main([])
        assert stop.value.code == 2


@pytest.fixture
def oddities(tmp_path):
    """What is neither file nor folder, or cannot be reached."""
    os.mkfifo(tmp_path / "pipe.csv")
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "s"))
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    (tmp_path / "gone.csv").symlink_to("nowhere")
    (tmp_path / "to_pipe.csv").symlink_to("pipe.csv")
    (tmp_path / "folder.csv").mkdir()
    yield [*(str(tmp_path / name) for name in ("pipe.csv", "s", "loop.csv", "gone.csv", "to_pipe.csv", "folder.csv", "missing.csv")),
           "/dev/zero", "/dev/null", "/dev/tty", "nowhere", "~nobody_is_called_so/x", "a\0b", "x" * 300, "x/" * 5000, " ", "\n",
           "/proc/self/mem/x"]
    server.close()


@pytest.mark.parametrize("source", own_sources(), ids=".".join)
def test_a_path_that_is_no_file(source, oddities, capsys):
    for path in oddities:
        refused([*TINY, f"--data={source[0]}", f"--data.{source[1]}={path}"], capsys)


@pytest.mark.parametrize("source", own_sources(), ids=".".join)
@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file(source, name, tmp_path, capsys):
    (tmp_path / name).write_bytes(DAMAGED[name])
    refused([*TINY, f"--data={source[0]}", f"--data.{source[1]}={tmp_path / name}"], capsys)


@pytest.mark.parametrize("source", own_sources(), ids=".".join)
@pytest.mark.parametrize("ending", ["png", "jpg", "gif", "tif", "webp", "csv"])
def test_a_folder_in_which_nothing_can_be_read(source, ending, tmp_path, capsys):
    for name, content in PICTURES.items():
        (tmp_path / f"{name}.{ending}").write_bytes(content)
    os.mkfifo(tmp_path / f"pipe.{ending}")
    refused([*TINY, f"--data={source[0]}", f"--data.{source[1]}={tmp_path}"], capsys)


@pytest.mark.parametrize("content", RECIPES.values(), ids=RECIPES)
def test_a_damaged_recipe(content, tmp_path, capsys):
    path = tmp_path / "recipe.json"
    path.write_bytes(content)
    refused([*TINY, "--recipe", str(path)], capsys)
    refused([*TINY, "--recipe", share(content)], capsys)
    assert str(tmp_path)[:20] in refused(["resume", str(tmp_path)], capsys)
    if main(["show", str(tmp_path)]):  # a recipe may name what another process listed: that is no damage
        assert capsys.readouterr().err.count("\n") == 1


def test_a_recipe_that_is_no_file(oddities, capsys):
    for path in oddities:
        refused([*TINY, "--recipe", path], capsys)


def test_a_share_string_that_unpacks_to_gigabytes(capsys):
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b" " * 2**24) for _ in range(4)) + packer.flush()
    held = tracemalloc_peak(lambda: refused(["train", "--recipe", "ssl1." + base64.urlsafe_b64encode(packed).decode()], capsys))
    assert held < 2**20, "64 MiB of blanks are not unpacked to be refused"


def tracemalloc_peak(act) -> int:
    """The most memory that Python's objects take while act() runs."""
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", [*sorted(DAMAGED)[:3], "nowhere"])
@pytest.mark.parametrize("verb", ["show", "resume"])
def test_a_folder_that_is_no_run(verb, name, tmp_path, capsys):
    if name in DAMAGED:
        (tmp_path / name).write_bytes(DAMAGED[name])
    refused([verb, str(tmp_path / name)], capsys)
    refused([verb, str(tmp_path)], capsys)


@pytest.mark.parametrize("error", [KeyError("x"), TypeError("x"), MemoryError(), RecursionError("deep"), zipfile.BadZipFile("no zip"),
                                   ZeroDivisionError("by zero"), AssertionError(), StopIteration(), ImportError("no x"),
                                   UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), RuntimeError("a\nb\nc\nd\ne"),
                                   ValueError("x" * 10**6), Exception("\x1b[31m\r\n\u2028"), AttributeError("x"), IndexError("x"),
                                   np.linalg.LinAlgError("svd")], ids=lambda e: type(e).__name__)
def test_whatever_goes_wrong_is_one_line_and_a_traceback_only_when_asked_for(error, capsys, monkeypatch):
    def fails(argv):
        raise error

    monkeypatch.setattr("sslbench.__main__.list_catalog", fails)
    refused(["catalog"], capsys)
    assert main(["catalog", "--traceback"]) == 2
    said = capsys.readouterr().err
    assert "Traceback" in said and "in fails" in said and said.splitlines()[-1].startswith("sslbench: ")


@pytest.mark.parametrize("words", [["train", "--data.no=1"], ["show", "nowhere"], ["--traceback"]])
def test_a_traceback_may_be_asked_for_anywhere(words, capsys):
    for at in range(len(words) + 1):
        with pytest.raises(SystemExit) if words == ["--traceback"] else pytest.MonkeyPatch.context():
            assert main([*words[:at], "--traceback", *words[at:]]) == 2
            assert "Traceback (most recent call last)" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["train", "--recipe=/dev/stdin", "--data.file=/dev/zero"]], ids=shortened)
def test_as_a_program_too(words):
    done = subprocess.run([sys.executable, "-m", "sslbench", *words], capture_output=True, text=True, timeout=60, stdin=subprocess.PIPE)
    assert done.returncode == 2 and done.stderr.startswith("sslbench: ") and done.stderr.count("\n") == 1, done.stderr


def test_a_reader_who_has_seen_enough_is_left_in_peace():
    code = "import sslbench.__main__ as m; m.catalog = lambda kind: 'x\\n' * 10**6; exit(m.main(['catalog']))"
    job = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert job.stdout.readline() == "x\n"
    job.stdout.close()
    assert job.stderr.read() == "" and job.wait(60) == 141
