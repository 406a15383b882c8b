"""Bad command lines, made from the catalogue: none shows a traceback, hangs or says more than three lines."""

import base64
import os
import re
import socket
import subprocess
import sys
import time
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from bad_input import (
    DAMAGED,
    PICTURES,
    RECIPES,
    bad_entries,
    bad_hyperparameters,
    own_sources,
    picture,
    share,
)
from PIL import Image

from sslbench.commands import main


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


@pytest.mark.parametrize("words",
                         [[], ["nonsense"], ["train", "extra"], ["train", "--nonsense"], ["train", "--steps"],
                                   ["train", "--", "x"],
                                   ["show"], ["resume"], ["show", "a", "b"], ["catalog", "nonsense"],
                                   ["catalog", "x" * 10**6],
                                   ["results"], ["train", "--seeds", "many"], ["train", "--seeds=0"],
                                   ["train", "--seeds=-1"],
                                   ["train", "--log=paper"],
                                   ["train", "--seeds=2", "--log=paper"], ["compare"], ["compare", "nowhere"],
                                   ["compare", "."],
                                   ["export"], ["export", "nowhere"], ["export", "nowhere", "--out=x.npz"],
                                   ["export", ".", "--out=x.pt"], ["export", "nowhere", "--out=x.txt"],
                                   ["export", ".", "--out=x.npz", "--split=all"],
                                   ["export", ".", "--out=x.npz", "--most=0"],
                                   ["x" * 10**6], ["a\nb\nc\nd"], ["train", "--a\nb\nc\nd"],
                                   ["train", "--device=" + "x" * 10**6], ["train", "--precision=a\nb"],
                                   ["train", "--device="]],
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
    yield [*(str(tmp_path / name)
        for name in ("pipe.csv", "s", "loop.csv", "gone.csv", "to_pipe.csv", "folder.csv", "missing.csv")),
           "/dev/zero", "/dev/null", "/dev/tty", "nowhere", "~nobody_is_called_so/x", "a\0b", "x" * 300,
           "x/" * 5000, " ", "\n",
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
    held = tracemalloc_peak(lambda: refused(["train", "--recipe",
                                             "ssl2." + base64.urlsafe_b64encode(packed).decode()], capsys))
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


@pytest.mark.parametrize("error",
    [KeyError("x"), TypeError("x"), MemoryError(), RecursionError("deep"), zipfile.BadZipFile("no zip"),
                                   ZeroDivisionError("by zero"), AssertionError(), StopIteration(),
                                   ImportError("no x"), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
                                   RuntimeError("a\nb\nc\nd\ne"),
                                   ValueError("x" * 10**6), Exception("\x1b[31m\r\n\u2028"),
                                   AttributeError("x"), IndexError("x"),
                                   np.linalg.LinAlgError("svd")], ids=lambda e: type(e).__name__)
def test_whatever_goes_wrong_is_one_line_and_a_traceback_only_when_asked_for(error, capsys, monkeypatch):
    def fails(argv):
        raise error

    monkeypatch.setattr("sslbench.commands.catalog.run", fails)
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


@pytest.mark.slow
@pytest.mark.parametrize("words", [["train", "--recipe=/dev/stdin", "--data.file=/dev/zero"]], ids=shortened)
def test_as_a_program_too(words):
    done = subprocess.run([sys.executable, "-m", "sslbench", *words], capture_output=True, text=True,
                          timeout=60, stdin=subprocess.PIPE)
    assert (done.returncode == 2 and done.stderr.startswith("sslbench: ")
            and done.stderr.count("\n") == 1), done.stderr


@pytest.mark.slow
def test_a_reader_who_has_seen_enough_is_left_in_peace():
    code = (
        "from sslbench.commands import catalog, main; catalog.catalog = lambda kind: 'x\\n' * 10**6; "
        "exit(main(['catalog']))"
    )
    job = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           text=True)
    assert job.stdout.readline() == "x\n"
    job.stdout.close()
    assert job.stderr.read() == "" and job.wait(60) == 141


@pytest.mark.parametrize("flag", ["--out", "--init"])
def test_a_run_folder_that_can_be_none(flag, oddities, capsys, tmp_path):
    (tmp_path / "file").write_text("somebody's")
    for path in (*oddities, str(tmp_path / "file"), str(tmp_path / "file" / "below")):
        new = (path in ("nowhere", "~nobody_is_called_so/x", " ", "\n")
               or path.endswith(("missing.csv", "folder.csv")))
        if flag == "--init" or not new:  # a new folder is welcome as --out
            refused([*TINY, "--data=series", "--backbone=gru", "--backbone.width=16", f"{flag}={path}"],
                    capsys)
    assert (tmp_path / "file").read_text() == "somebody's"


# What a terminal obeys

ESCAPES = "\x1b[31mred", "\x1b[2J", "\x1b]0;title\x07", "a\rb", "\u202ertl", "\x9b1m", "a\nb"


def escaped_folders(root):
    """A folder of pictures for each such name."""
    for i, name in enumerate(ESCAPES):
        (root / name).mkdir(parents=True)
        for j in range(12):
            x = np.random.default_rng(100 * i + j).integers(0, 255, (32, 32, 3), np.uint8)
            Image.fromarray(x).save(root / name / f"\x1b[5m{j}.png")


def escaped_torchvision(tmp_path, monkeypatch):
    escaped_folders(tmp_path / "mine" / "eurosat" / "2750")
    monkeypatch.setenv("SSLBENCH_DATA", str(tmp_path / "mine"))
    return ["--data=torchvision:EuroSAT"]


def escaped_hub(tmp_path, monkeypatch):
    hub = pytest.importorskip("datasets")
    content = picture("PNG")
    cells = {"image": [{"bytes": content, "path": None}] * 70, ESCAPES[0]: [i % 7 for i in range(70)],
             ESCAPES[1]: ["\x1b[1m<b>"] * 70}
    features = {"image": hub.Image(), ESCAPES[0]: hub.ClassLabel(names=list(ESCAPES)),
                ESCAPES[1]: hub.Value("string")}
    hub.Dataset.from_dict(cells, features=hub.Features(features)).save_to_disk(str(tmp_path / "set"))
    return [f"--data=hub:{tmp_path}/set"]


def escaped_images(tmp_path, monkeypatch):
    escaped_folders(tmp_path / "pictures")
    return ["--data=images", f"--data.folder={tmp_path}/pictures"]


def escaped_table(tmp_path, monkeypatch):
    lines = "".join(f'word {i} and more,"{ESCAPES[i % 5]}"\n' for i in range(100))
    (tmp_path / "x.csv").write_text(f'text,"{ESCAPES[0]} label"\n{lines}')
    return ["--data=text", f"--data.file={tmp_path}/x.csv"]


@pytest.mark.slow
@pytest.mark.parametrize("make", [escaped_torchvision, escaped_hub, escaped_images, escaped_table])
def test_no_name_of_a_file_or_a_class_reaches_the_terminal_raw(tmp_path, monkeypatch, capsys, make):
    words = make(tmp_path, monkeypatch)
    capsys.readouterr()
    out = tmp_path / "run"
    line = ["train", *words, "--steps=1", "--batch-size=8", "--device=cpu", "--pretext=autoencoder"]
    assert main([*line, f"--out={out}"]) == 0
    assert main(["show", str(out)]) == 0 and main(["compare", str(out)]) == 0
    said = capsys.readouterr()
    assert [line for line in (said.out + said.err).split("\n") if not line.isprintable()] == []
    assert "\\x1b[31m" in said.out


def test_all_that_the_command_line_prints_goes_through_one_place():
    package = Path(main.__code__.co_filename).parent
    printing = {path.name for path in package.glob("*.py")
                if re.search(r"(?<![\w.])print\(", path.read_text())}
    assert printing == {"report.py", "__init__.py"}  # the latter: errors, which are one line each
