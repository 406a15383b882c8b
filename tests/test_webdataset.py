"""Tar shards of WebDataset: read by their place, never unpacked; each process reads its own; what is damaged
is left out and counted."""

import gzip
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import time
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image
from test_processes import free_port
from toys import catalogue  # noqa: F401  fixture

from sslbench.data import SPLITS, Data, Labelled, locations
from sslbench.data.image import decoding, shards
from sslbench.data.image.shard_names import expanded
from sslbench.data.image.webdataset import Samples
from sslbench.machine.hardware import Hardware
from sslbench.notes import Note
from sslbench.recipe import Recipe
from sslbench.training.batches import EveryBatch, Order, owners
from sslbench.training.loop import Checkpoint, train
from sslbench.training.read_ahead import ReadAhead
from sslbench.training.step import Training

HERE = Path(__file__).parent


def encoded(image: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    image.save(file, {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}[kind])
    return file.getvalue()


def picture(i: int, mode: str = "RGB") -> Image.Image:
    x = np.full((40, 44, 3), 40, np.uint8)
    x[:, : 4 + i % 37] = 200  # tells which it is
    return Image.fromarray(x).convert(mode)


def write(file: Path, members: list[tuple[str, bytes]]) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(file, "w") as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return file


def sample(i: int, label: str = "cls") -> list[tuple[str, bytes]]:
    said = {"cls": ("cls", str(i % 3).encode()),
            "json": ("json", json.dumps({"animal": ["cat", "dog"][i % 2], "age": i, "tags": [1]}).encode())}
    kind = ("jpg", "png", "webp")[i % 3]
    return [(f"./{i:05}.{kind}", encoded(picture(i), kind)), (f"./{i:05}.{said[label][0]}", said[label][1])]


def sharded(folder: Path, n: int = 6, each: int = 10, label: str = "cls", name="part") -> Path:
    for s in range(n):
        write(folder / f"{name}-{s:06}.tar",
              [file for i in range(s * each, (s + 1) * each) for file in sample(i, label)])
    return folder


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of its own."""
    folder = tmp_path / "cache"
    folder.mkdir()
    monkeypatch.setattr(locations, "cache", lambda: folder)
    return folder


def source(file, **given) -> Data:
    return Data.find("webdataset")(file=str(file), **given)


def test_samples_have_their_pictures_and_labels(tmp_path):
    data = source(sharded(tmp_path / "s"))
    seen = []
    for split in SPLITS:
        rows, labels = data.load(split)
        x, names = rows["image"][torch.arange(len(rows["image"]))], data.sample_names(split)
        for image, name, y in zip(x, names, labels["cls"].tolist()):
            i = int(name.rpartition("/")[2])
            seen.append(i)
            alone = decoding.Form(32)
            expected = decoding.begun(sample(i)[0][1], alone, True)[1]
            assert np.array_equal(image.numpy(), expected) and y == i % 3
    assert sorted(seen) == list(range(60)) and data.classes["cls"] == ["0", "1", "2"]


def test_the_last_shards_are_for_testing_and_validation(tmp_path):
    data = source(sharded(tmp_path / "s", 10, 4))
    of = {split: {name.partition("/")[0] for name in data.sample_names(split)} for split in SPLITS}
    assert of["test"] == {"part-000008", "part-000009"} and of["validation"] == {"part-000007"}
    assert len(of["train"]) == 7
    assert ("(the last 2 shards of 10 for testing, 1 shard before them for validation)" in data.reading()
            and "10 shards" in data.reading())


def test_names_of_shards_or_folders_say_the_splits(tmp_path):
    for word, n in (("train", 3), ("val", 1), ("test", 2)):
        sharded(tmp_path / "names", n, 5, name=f"set-{word}")
        sharded(tmp_path / "folders" / word, n, 5)
    for file in (tmp_path / "names", f"{tmp_path}/folders/*/*.tar"):
        data = source(file)
        assert [len(data.loaded(split)[0]["image"]) for split in SPLITS] == [15, 5, 10]
        assert "train and validation and test given" in data.reading()


def test_a_range_a_pattern_and_a_list_name_shards(tmp_path):
    sharded(tmp_path / "s", 12, 2)
    assert expanded("a-{08..11}{0..1}.tar")[:3] == ["a-080.tar", "a-081.tar", "a-090.tar"]
    every = source(f"{tmp_path}/s/part-{{000000..000011}}.tar").paths
    assert len(every) == 12 and source(f"{tmp_path}/s/*.tar").paths == every
    part = f"{tmp_path}/s/part-00000[0-3].tar,{tmp_path}/s/part-{{000008..000009}}.tar"
    assert source(part).paths == [*every[:4], *every[8:10]]


@pytest.mark.parametrize("label, classes", [("", None), ("animal", ["cat", "dog"])])
def test_entries_of_json_are_labels(tmp_path, label, classes):
    data = source(sharded(tmp_path / "s", label="json"), label=label)
    labels = data.loaded("train")[1]
    if not label:
        assert labels == {} and "No label" in data.reading()
        assert "Entries of .json for data.label: age, animal." in data.reading()
        return
    assert data.classes["animal"] == classes
    number = [int(name.rpartition("/")[2]) % 2 for name in data.sample_names("train")]
    assert labels["animal"].tolist() == number
    with pytest.raises(ValueError, match=r"data.label: no column is called 'aminal'; did you mean"):
        source(tmp_path / "s", label="aminal").load("train")


def test_labels_are_known_without_decoding_and_the_index_is_kept(tmp_path, monkeypatch, cache):
    folder = sharded(tmp_path / "s")
    source(folder).load("train")
    assert len(list((cache / "shards").iterdir())) == 6

    def never(*_):
        raise AssertionError("read again")

    monkeypatch.setattr(shards, "read_through", never)
    monkeypatch.setattr(Samples, "picture", never)
    data = source(folder)
    assert data.load("test")[1]["cls"].unique().tolist() == [0, 1, 2]
    with pytest.raises(AssertionError, match="read again"):
        data.load("test")[0]["image"][torch.tensor([0])]
    write(folder / "part-000000.tar", sample(7) * 2)  # another file of that name
    with pytest.raises(AssertionError, match="read again"):
        source(folder)


def test_a_damaged_index_is_made_again(tmp_path, cache):
    folder = sharded(tmp_path / "s")
    expected = source(folder).reading()
    for file in (cache / "shards").iterdir():
        file.write_bytes(file.read_bytes()[:50])
    assert source(folder).reading() == expected


def test_what_is_damaged_is_left_out_and_counted(tmp_path):
    folder = sharded(tmp_path / "s", 4, 20)
    write(folder / "part-000001.tar", [*sample(1), ("2.jpg", b"no picture"), ("3.cls", b"1"), *sample(4),
          ("5.png", encoded(Image.fromarray(np.zeros((20, 20), np.uint16)), "png")),
          ("._6.jpg", b"x")])
    data = source(folder)
    assert ("Left out: 1 of 65 samples (cannot be read): part-000001/2. Left out: 1 of 65 samples (no "
            "picture in the sample): part-000001/3. Left out: 1 of 65 samples (more than 8 bits a colour"
            in data.reading())
    assert sum(len(data.loaded(split)[0]["image"]) for split in SPLITS) == 62


@pytest.mark.parametrize("alike, taken", [(range(3, 20, 3), "part-000000"), ([], "part-000001")])
def test_a_picture_that_is_damaged_is_replaced_by_one_of_its_label_and_then_of_its_shard(tmp_path, alike,
                                                                                          taken):
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    whole = encoded(Image.fromarray(noise), "jpg")
    folder = sharded(tmp_path / "s", 4, 20)
    label = {i: b"0" if i in alike else b"1" for i in range(1, 20)}
    write(folder / "part-000000.tar", [("0.jpg", whole[:len(whole) // 2]), ("0.cls", b"0"),
          *(file for i in range(1, 20) for file in (sample(i)[0], (f"{i:05}.cls", label[i])))])
    data = source(folder)
    row = data.sample_names("train").index("part-000000/0")
    with pytest.warns(Note, match=f"part-000000/0 cannot be read; {taken}/.* takes its place"):
        x = data.loaded("train")[0]["image"][torch.tensor([row])]
    other = data.loaded("train")[0]["image"].instead[row]
    assert x.shape == (1, 3, 32, 32) and data.loaded("train")[1]["cls"][other] == 0


def test_what_stands_beside_the_pictures_and_is_not_read_is_said(tmp_path):
    folder = sharded(tmp_path / "s", 3)
    more = [file for i in range(10) for file in (*sample(i), (f"{i:05}.txt", b"A"),
                                                 (f"{i:05}.seg.png", sample(0)[0][1]))]
    write(folder / "part-000000.tar", [*more, ("10.json", b"{broken"), sample(11)[0], ("00011.npy", b"")])
    said = source(folder).reading()
    assert "Not read of the samples: 10 .txt, 10 .seg.png, 1 .json, 1 .npy." in said
    assert "Left out: 1 of 32 samples (no picture in the sample): part-000000/10." in said
    for i in range(3):
        write(folder / f"part-{i:06}.tar", [(f"{j}.npy", b"x") for j in range(9)])
    with pytest.raises(ValueError, match=r"no picture in the .*: 27 \.npy\) has 0 readable pic") as error:
        source(folder).load("train")
    assert "\n" not in str(error.value)
    assert "Not read" not in source(sharded(tmp_path / "whole", 3)).reading()


def test_of_pages_and_of_16_bits_what_is_not_read_is_said(tmp_path):
    folder, pages = sharded(tmp_path / "s", 3), io.BytesIO()
    picture(1).save(pages, "GIF", save_all=True, append_images=[picture(30)])
    write(folder / "part-000000.tar", [*sample(1), ("2.gif", pages.getvalue()), ("2.cls", b"0")])
    assert "1 file with several pictures or pages: the first of each is read" in source(folder).reading()


def test_the_first_shard_that_can_be_read_says_how_many_bands_there_are(tmp_path):
    folder, file = tmp_path / "s", io.BytesIO()
    tifffile.imwrite(file, np.zeros((20, 20, 5), np.uint8), photometric="minisblack", planarconfig="contig")
    for s in range(4):
        write(folder / f"part-{s}.tar", [*((f"{i}.tif", file.getvalue()) for i in range(10)), *sample(77)])
    (folder / "part-0.tar").write_bytes(b"no archive" * 100)
    data = source(folder)
    assert data.fields["image"].channels == 5 and data.loaded("test")[0]["image"][:2].shape == (2, 5, 32, 32)
    assert "Left out: 3 of 33 samples (other than 5 bands): part-1/00077" in data.reading()


@pytest.mark.parametrize("where", ["in a picture", "in the first one", "between two samples"])
def test_a_shard_that_is_cut_is_said_in_one_line(tmp_path, where):
    folder = sharded(tmp_path / "s", 4)
    file = folder / "part-000002.tar"
    with tarfile.open(file) as tar:
        third = tar.getmembers()[6]
    at = {"in a picture": third.offset_data + 10, "in the first one": 522,
          "between two samples": third.offset}
    file.write_bytes(file.read_bytes()[:at[where]])
    left = 0 if where == "in the first one" else 3
    assert f"Shard part-000002 is cut: it ends after {left} pictures." in source(folder).reading()
    assert "cut" not in source(sharded(tmp_path / "whole", 4)).reading()


def test_shards_that_are_missing_or_no_archives_are_said_in_one_line(tmp_path):
    folder = sharded(tmp_path / "s", 6)
    (folder / "part-000003.tar").unlink()
    (folder / "part-000004.tar").write_bytes(b"no archive" * 100)
    (folder / "part-000005.tar").write_bytes(gzip.compress(b"packed"))
    said = source(f"{folder}/part-{{000000..000005}}.tar").reading()
    assert "Missing: 1 shard: " in said and "part-000003.tar" in said
    assert "left out: 1 shard (no tar archive): part-000004" in said.lower()
    assert "left out: 1 shard (compressed; unpack it once): part-000005" in said.lower()
    for file, what in ((f"{folder}/no-{{0..3}}.tar", "there is no file"),
                       (f"{folder}/x*.tar", "no file that fits"),
                       (tmp_path / "cache", "there is no .tar in")):
        with pytest.raises((OSError, ValueError), match=what) as error:
            source(file)
        assert "\n" not in str(error.value)


NEGATIVE = b"\xff" * 10 + b"\xfe\x00"  # -512 in base 256


def header(name: str, size: bytes | int, kind: bytes = tarfile.REGTYPE) -> bytes:
    """A header of a tar archive with a right checksum and any size."""
    info = tarfile.TarInfo(name)
    info.type = kind
    block = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    block[124:136] = size if isinstance(size, bytes) else b"%011o\0" % size
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def padded(content: bytes) -> bytes:
    return content + b"\0" * (-len(content) % 512)


def pax(*words: str) -> bytes:
    body = b""
    for word in words:
        size = len(word) + 2
        size += len(str(size + len(str(size))))
        body += f"{size} {word}\n".encode()
    return header("pax", len(body), tarfile.XHDTYPE) + padded(body)


PICTURE = header("9.png", len(sample(1)[0][1])) + padded(sample(1)[0][1])
LIES = {
    "a negative size": header("9.png", NEGATIVE),
    "a long name of negative size": header("././@LongLink", NEGATIVE, tarfile.GNUTYPE_LONGNAME) + PICTURE,
    "a pax header of negative size": header("pax", NEGATIVE, tarfile.XHDTYPE) + PICTURE,
    "a long name of 8 GB": header("././@LongLink", 2**33 - 1, tarfile.GNUTYPE_LONGNAME) + PICTURE,
    "a negative size in pax": pax("size=-1000000") + PICTURE,
    "a size in pax that is no number": pax("size=x") + PICTURE,
    "a sparse map that is none": pax("GNU.sparse.map=a,b,c", "GNU.sparse.size=x") + PICTURE,
    "a sparse size that is none": pax("GNU.sparse.size=x", "GNU.sparse.offset=y") + PICTURE,
    "a sparse file without a map": pax("GNU.sparse.major=1", "GNU.sparse.minor=0") + PICTURE,
    "3,000 pax headers": pax("path=x") * 3000 + PICTURE,
    "3,000 long names": 3000 * (header("././@LongLink", 2, tarfile.GNUTYPE_LONGNAME)
                                + padded(b"x\0")) + PICTURE,
    "an old sparse file that goes on": header("9.png", 512, tarfile.GNUTYPE_SPARSE)[:482] + b"\1" * 30,
}


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("good", [0, 3])
def test_a_shard_whose_headers_lie_is_named_and_the_others_are_read(tmp_path, lie, good):
    folder = sharded(tmp_path / "s", 3)
    write(folder / "bad.tar", [file for i in range(good) for file in sample(i)])
    whole = (folder / "bad.tar").read_bytes()
    with tarfile.open(folder / "bad.tar") as tar:
        end = max((m.offset_data + (m.size + 511) // 512 * 512 for m in tar.getmembers()), default=0)
    (folder / "bad.tar").write_bytes(whole[:end] + LIES[lie] + b"\0" * 10240)
    began = time.perf_counter()
    data = source(folder)
    said = data.reading().lower()
    assert time.perf_counter() - began < 20
    assert ("shard bad is damaged: it cannot be read after 3 pictures" in said if good else
            re.search(r"left out: 1 shard \((a damaged tar archive|no tar archive)\): bad", said)), said
    assert sum(len(data.loaded(split)[0]["image"]) for split in SPLITS) == 30 + good


def test_the_same_shard_without_a_lie_is_read_whole(tmp_path):
    folder = sharded(tmp_path / "s", 3)
    (folder / "bad.tar").write_bytes(pax("path=8.png") + PICTURE + PICTURE + b"\0" * 10240)
    said = source(folder).reading()
    assert "32 pictures" in said and "damaged" not in said and "cut" not in said


def test_what_is_called_like_a_shard_and_is_none_is_named(tmp_path):
    folder = sharded(tmp_path / "s", 3)
    os.mkfifo(folder / "pipe.tar")
    (folder / "place.tar").mkdir()
    (folder / "gone.tar").symlink_to("nowhere")
    (folder / "zeros.tar").symlink_to("/dev/zero")
    said = source(folder).reading()
    assert "30 pictures" in said
    assert "Left out: 3 shards (no file but a pipe, a device or a folder): pipe, place, zeros" in said
    assert "Left out: 1 shard (cannot be opened): gone" in said


def test_braces_stand_for_a_number_of_shards_that_can_be_looked_for(tmp_path):
    assert len(expanded("x-{0..199999}.tar")) == 200_000
    for file, n in (("x-{0..10000000}.tar", "10,000,001"), ("{000..999}{000..999}.tar", "1,000,000")):
        began = time.perf_counter()
        with pytest.raises(ValueError, match=f"stands for {n} shards, more than 200,000; give") as error:
            source(file)
        assert time.perf_counter() - began < 2 and "\n" not in str(error.value)


@pytest.mark.parametrize("content", ["{}", "[]", "null", "3", '{"names": [1], "files": 3}', "\n{}", "x\n{}"])
def test_an_index_that_is_json_of_something_else_is_made_again(tmp_path, cache, content):
    folder = sharded(tmp_path / "s")
    expected = source(folder).reading()
    for file in (cache / "shards").iterdir():
        file.write_text(content)
    assert source(folder).reading() == expected


def test_a_shard_that_goes_away_while_it_is_read_is_named(tmp_path):
    rows = source(sharded(tmp_path / "s")).loaded("train")[0]["image"]
    (tmp_path / "s" / "part-000000.tar").unlink()
    with pytest.raises(FileNotFoundError, match=r"part-000000.tar"):
        rows[torch.arange(len(rows))]


# The order of rows that lie in blocks

def of_rank(rank: int, world: int) -> Hardware:
    where = Hardware("cpu", "float32")
    where.rank, where.world = rank, world
    return where


MIXED = torch.randperm(420, generator=torch.Generator().manual_seed(1))
BLOCKS = torch.arange(40).repeat_interleave(torch.arange(40) % 4 + 9)[MIXED].int()  # 9 to 12 rows each


@pytest.mark.parametrize("world", [1, 2, 3])
def test_each_process_reads_blocks_of_its_own_and_all_rows_of_an_epoch_once(world):
    n, batch = len(BLOCKS), 12
    blocks, seen = [], []
    for rank in range(world):
        order = Order(n, batch, 5, of_rank(rank, world), BLOCKS)
        rows = torch.cat([order(step) for step in range(n // batch)])
        assert len(rows) == n // batch * batch // world
        blocks.append(set(BLOCKS[rows].tolist()))
        seen += rows.tolist()
        assert torch.equal(order(3), Order(n, batch, 5, of_rank(rank, world), BLOCKS)(3))  # of the step alone
        later = torch.cat([order(step) for step in range(n // batch, 2 * (n // batch))])
        assert not torch.equal(later, rows) and set(BLOCKS[later].tolist()) <= blocks[-1] | set(
            BLOCKS[order.rows].tolist())
    assert sum(map(len, blocks)) == len(set().union(*blocks))  # nobody reads another's
    assert len(seen) - len(set(seen)) <= 2 * world  # blocks are not quite of the same size


def test_few_blocks_are_open_at_a_time_and_their_rows_are_mixed():
    order = Order(len(BLOCKS), 12, 5, of_rank(0, 1), BLOCKS).of_epoch(0)
    assert sorted(order.tolist()) == list(range(len(BLOCKS)))
    first = BLOCKS[order[:60]]
    assert len(first.unique()) == 8 and len(BLOCKS[order[:12]].unique()) > 4
    whole = Order(len(BLOCKS), 12, 5, of_rank(0, 1))
    assert len(BLOCKS[torch.cat([whole(step) for step in range(5)])].unique()) > 25


def test_blocks_are_dealt_so_that_processes_have_alike_many_rows():
    sizes = torch.tensor([50, 1, 1, 30, 20, 0, 2])
    held = torch.zeros(2).index_add(0, owners(sizes, 2), sizes.float())
    assert held.tolist() == [52, 52]


def test_blocks_of_very_different_sizes_are_said():
    blocks = torch.tensor([0] * 90 + [1] * 10)
    with pytest.warns(Note, match="one of 2 processes has 10, which it reads again and again"):
        order = Order(100, 40, 0, of_rank(1, 2), blocks)
    assert all(set(blocks[order(step)].tolist()) == {1} and len(order(step)) == 20 for step in range(5))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Order(100, 40, 0, of_rank(1, 2), torch.tensor([0] * 55 + [1] * 45))


def test_fewer_blocks_than_processes_are_read_by_all_and_said():
    with pytest.warns(Note, match="in 1 shard, fewer than there are processes") as said:
        order = Order(20, 4, 0, of_rank(1, 2), torch.zeros(20, dtype=torch.int32))
    assert len(said) == 1 and len(order(0)) == 2


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_labelled_rows_keep_their_blocks(tmp_path, share):
    data = source(sharded(tmp_path / "s"))
    part = Labelled(data, share)
    names = part.sample_names("train")
    assert [int(name[5:11]) for name in names] == part.blocks("train").tolist()
    assert len(names) == len(part.loaded("train")[0]["image"])


def test_a_pass_over_all_rows_is_over_its_own_shards(tmp_path):
    data = source(sharded(tmp_path / "s"))
    rows, _ = data.loaded("train")
    counts = []
    for rank in range(2):
        where = of_rank(rank, 2)
        shard = data.blocks("train")
        order = Order(len(shard), 4, 0, where, shard)
        counts.append(sum(len(b["image"]) for b in EveryBatch(data, rows, where, order=order)))
        assert set(shard[order.every()].tolist()) == set(shard[order.rows].tolist())
    assert counts == [20, 20]


# Runs

@pytest.fixture
def recipe(tmp_path, catalogue):
    file = sharded(tmp_path / "s")
    return Recipe("webdataset", "rotation", "small_cnn", steps=8, batch_size=8,
                  hyperparameters={"data.file": str(file), "backbone.width": 8})


def losses(events) -> tuple[dict, dict]:
    found, kept = {}, {}
    for event in events:
        if isinstance(event, Checkpoint):
            kept[event.step] = {"recipe": event.state["recipe"], "about": event.about(),
                                **torch.load(io.BytesIO(saved(event.state)), weights_only=False)}
        elif hasattr(event, "scalars"):
            found[event.step] = event.scalars["loss"]
    return found, kept


def saved(state) -> bytes:
    file = io.BytesIO()
    torch.save(state, file)
    return file.getvalue()


def test_a_run_is_read_ahead_and_goes_on_bit_for_bit(recipe):
    assert isinstance(Training(recipe, Hardware("cpu")).stored, ReadAhead)
    whole, kept = losses(train(recipe, device="cpu", evaluations=0, test=False, checkpoint_every=3))
    on, _ = losses(train(recipe, kept[6], device="cpu", evaluations=0, test=False))
    assert len(whole) == 8 and on == {step: loss for step, loss in whole.items() if step > 6}
    other, _ = losses(train(replace(recipe, seed=1), device="cpu", evaluations=0, test=False))
    assert other != whole


WATCHED = '''
import builtins, json, sys
from pathlib import Path
from sslbench.recipe import Recipe
from sslbench.data import Data, locations
from sslbench.data.image.webdataset import Samples
from sslbench.machine.hardware import Hardware
from sslbench.training.step import Training

recipe, folder = Recipe.from_json(Path(sys.argv[1]).read_text()), Path(sys.argv[2])
locations.cache = lambda: folder / "cache"
run, names = Training(recipe, Hardware("cpu", "float32")), []
picture = Samples.picture
Samples.picture = lambda self, row: names.append(self.names[row]) or picture(self, row)
run.task.train()
steps = int(sys.argv[3])
assert all(run.step(step)["loss"].isfinite() for step in range(steps))
(folder / f"{run.hardware.rank}.json").write_text(json.dumps(names[:4 * steps]))
run.hardware.close()
'''


@pytest.mark.slow
def test_two_processes_read_their_own_shards(recipe, tmp_path):
    (tmp_path / "recipe.json").write_text(recipe.to_json())
    (tmp_path / "watched.py").write_text(WATCHED)
    data = source(tmp_path / "s")
    data.load("train")  # the index

    env = {**os.environ, "OMP_NUM_THREADS": "1", "MASTER_ADDR": "127.0.0.1", "WORLD_SIZE": "2",
           "MASTER_PORT": str(free_port()), "PYTHONPATH": str(HERE.parent)}
    running = [subprocess.Popen([sys.executable, "watched.py", "recipe.json", str(tmp_path), "6"],
                                cwd=tmp_path, env={**env, "RANK": str(rank)}, stderr=subprocess.PIPE,
                                text=True) for rank in range(2)]
    errors = [process.communicate(timeout=200)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0], errors[0][-2000:]
    first = [json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(2)]
    mine, theirs = ({name.partition("/")[0] for name in names} for names in first)
    assert len(mine) == len(theirs) == 2 and not mine & theirs  # four of the six shards are for training
    every, blocks = data.sample_names("train"), data.blocks("train")
    for rank, names in enumerate(first):  # what is read is a function of the seed and the step
        order = Order(len(every), 8, recipe.seed, of_rank(rank, 2), blocks)
        for step in range(6):
            assert sorted(names[4 * step:4 * step + 4]) == sorted(every[i] for i in order(step).tolist())


def test_the_sample_is_made_in_the_cache_and_read(cache):
    data = Data.find("webdataset")()
    assert data.paths[0].is_relative_to(cache) and len(data.paths) == 8
    assert data.reading().startswith("400 pictures: 250 for training, 50 for validation, 100 for testing")
    assert data.classes["cls"] == ["crosses", "rings"]
