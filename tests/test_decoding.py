"""Pictures of nearly every kind become the square that a person would see; none takes the process down with
it."""

import os
import struct
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageCms, features

from sslbench.data import SPLITS, Data
from sslbench.data.arrays import shapes
from sslbench.data.image import bands, decoding, to_square
from sslbench.data.image.augment import color
from sslbench.data.image.decoding import begun, square
from sslbench.data.image.opening import Header
from sslbench.data.image.to_square import Form

SIDE = 40
RAMP = np.linspace(0, 1, SIDE)[None].repeat(SIDE, 0)


def images(folder, **given) -> Data:
    return Data.find("images")(folder=str(folder), **given)


def everything(data) -> torch.Tensor:
    """All pictures in the order of their names."""
    found = {}
    for split in SPLITS:
        x = data.loaded(split)[0]["image"]
        found |= dict(zip(data.found.metadata.splits.rows[split], x[torch.arange(len(x))]))
    return torch.stack([found[i] for i in sorted(found)])


def picture(mode: str, side: int = SIDE) -> Image.Image:
    ramp = np.linspace(0, 1, side)[None].repeat(side, 0)
    if mode == "I;16":
        return Image.fromarray((65535 * ramp).astype(np.uint16))
    if mode == "F":
        return Image.fromarray(ramp.astype(np.float32))
    return Image.fromarray((255 * ramp).astype(np.uint8)).convert("RGB").convert(mode)


def png(x: np.ndarray, clear: tuple = ()) -> bytes:
    """A PNG with 16 bits a colour: grey, grey and transparency, RGB or RGBA; clear: the colour that is
    transparent."""
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[x.shape[2]]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in x)
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", x.shape[1], x.shape[0], 16, kind, 0, 0, 0)),
              *[(b"tRNS", struct.pack(f">{len(clear)}H", *clear))] * bool(clear),
              (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return (b"\x89PNG\r\n\x1a\n"
            + b"".join(struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d))
                       for t, d in chunks))


def tiff(x: np.ndarray, order="<", deflate=False, planar=False, tile=0, predictor=False,
         **more: int) -> bytes:
    """A TIFF of [H, W, C] numbers of any kind, with strips of 7 rows or with tiles."""
    H, W, C = x.shape
    h, w = (tile, tile) if tile else (7, W)
    blocks = []
    for plane in ([x[..., i:i + 1] for i in range(C)] if planar else [x]):
        for top in range(0, H, h):
            for left in range(0, W, w):
                block = plane[top:top + h, left:left + w]
                if tile:
                    block = np.pad(block, ((0, h - block.shape[0]), (0, w - block.shape[1]), (0, 0)))
                block = np.diff(block, axis=1, prepend=block.dtype.type(0)) if predictor else block
                data = np.ascontiguousarray(block).astype(x.dtype.newbyteorder(order)).tobytes()
                blocks.append(zlib.compress(data) if deflate else data)
    offsets = np.cumsum([8] + [len(b) + len(b) % 2 for b in blocks]).tolist()
    form = {"u": 1, "i": 2, "f": 3}[x.dtype.kind]
    tags = {256: W, 257: H, 258: [8 * x.itemsize] * C, 259: 8 if deflate else 1, 262: 2 if C == 3 else 1,
            277: C, 284: 2 if planar else 1, 317: 2 if predictor else 1, 339: [form] * C,
            **{int(tag[1:]): value for tag, value in more.items()}}
    lengths = list(map(len, blocks))
    tags |= ({322: w, 323: h, 324: offsets[:-1], 325: lengths}
             if tile else {273: offsets[:-1], 278: h, 279: lengths})
    if C > 3:
        tags.setdefault(338, [0] * (C - 1))
    end = offsets[-1]
    table, extra = struct.pack(order + "H", len(tags)), b""
    after = end + 2 + 12 * len(tags) + 4
    for tag, value in sorted(tags.items()):
        if isinstance(value, bytes):
            kind, count, data = 2, len(value), value
        else:
            value = value if isinstance(value, list) else [value]
            kind, count, data = 4, len(value), struct.pack(f"{order}{len(value)}I", *value)
        if len(data) > 4:
            data, extra = struct.pack(order + "I", after + len(extra)), extra + data + b"\0" * (len(data) % 2)
        table += struct.pack(order + "HHI", tag, kind, count) + data.ljust(4, b"\0")
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, end)
    return (head + b"".join(b + b"\0" * (len(b) % 2) for b in blocks) + table + struct.pack(order + "I", 0)
            + extra)


@pytest.fixture
def folder(tmp_path):
    """Twelve readable images of every mode and many sizes, in no sub-folder."""
    for i, mode in enumerate(("L", "RGB", "RGBA", "P", "LA", "I;16", "F", "1", "CMYK", "L", "RGB", "P")):
        ending = {"F": "tif", "CMYK": "jpg"}.get(mode, "png")
        picture(mode, 30 + 7 * i).save(tmp_path / f"{i:02}.{ending}")
    return tmp_path


# Kinds of files

def test_images_of_every_mode_show_the_same_ramp(folder):
    x = everything(images(folder))
    assert x.shape == (12, 3, 32, 32) and x.dtype == torch.uint8
    x = x.float().mean((1, 2))  # [12, 32] the ramp from dark to light
    assert (x[:, :3].mean(1) < 40).all() and (x[:, -3:].mean(1) > 215).all()


KINDS = {"jfif": "JPEG", "jpe": "JPEG", "jp2": "JPEG2000", "webp": "WEBP", "gif": "GIF", "bmp": "BMP",
         "dib": "DIB", "ppm": "PPM",
         "tga": "TGA", "tiff": "TIFF", "avif": "AVIF", "apng": "PNG"}


@pytest.mark.parametrize("ending", KINDS)
def test_files_of_every_kind_are_read(tmp_path, ending):
    if ending == "avif" and not ("avif" in features.modules and features.check("avif")):
        # this Pillow reads none, which the listing says
        assert begun(tmp_path / "x.avif", Form(8), True)[0] == decoding.CLOSED
        return
    for i in range(10):
        picture("RGB").save(tmp_path / f"{i}.{ending}", KINDS[ending])
    x = everything(images(tmp_path)).float().mean((1, 2))
    assert len(x) == 10 and (x[:, :3].mean(1) < 40).all() and (x[:, -3:].mean(1) > 215).all()


def test_a_wrong_ending_does_no_harm(tmp_path):
    picture("RGB").save(tmp_path / "x.jpg", "PNG")
    assert square(tmp_path / "x.jpg", Form(16)).shape == (3, 16, 16)


@pytest.mark.parametrize("kind", ["RGB", "L", "P", "1", "I;16", "RGBA", "LA", "RGB;16", "RGBA;16"])
def test_transparent_is_white(tmp_path, kind):
    file = tmp_path / "x.png"
    black = Image.new(kind if ";" not in kind else "RGB", (20, 20))
    if kind.endswith(";16"):
        x = np.zeros((20, 20, {"I;16": 1, "RGB;16": 3, "RGBA;16": 4}[kind]), np.uint16)
        file.write_bytes(png(x, () if kind == "RGBA;16" else (0,) * x.shape[2]))
    else:
        black.save(file, **({} if "A" in kind else {"transparency": (0, 0, 0) if kind == "RGB" else 0}))
    if "A" in kind and ";" not in kind:
        Image.new(kind, (20, 20), 0).save(file)
    form = Form(8, 3, {"16 bits": (np.zeros(1), np.full(1, 4095.0), 0)})
    assert (square(file, form) == 255).all()


def test_lab_is_converted(tmp_path):
    red = Image.new("RGB", (16, 16), (255, 0, 0))
    ImageCms.profileToProfile(red, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"),
                              outputMode="LAB").save(tmp_path / "x.tif")
    x = square(tmp_path / "x.tif", Form(8))[:, 4, 4]
    assert x[0] > 240 and max(x[1:]) < 15


@pytest.mark.parametrize("ending", ["jpg", "png", "tif"])
def test_a_picture_stands_as_its_camera_says(tmp_path, ending):
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    picture("RGB").save(tmp_path / f"x.{ending}", exif=exif)
    x = square(tmp_path / f"x.{ending}", Form(32))[0].astype(int)
    assert x[0].mean() < 20 and x[-1].mean() > 235 and abs(x[:, 0].mean() - x[:, -1].mean()) < 10


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data:UserWarning")  # Pillow's own words
def test_a_damaged_note_of_the_camera_costs_no_picture(tmp_path):
    picture("RGB").save(tmp_path / "x.jpg", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + bytes(range(60)))
    assert square(tmp_path / "x.jpg", Form(16)) is not None


@pytest.mark.parametrize("ending", ["gif", "webp", "tif", "png"])
def test_of_several_pictures_in_a_file_the_first_is_read_and_it_is_said(tmp_path, ending):
    first, second = Image.new("RGB", (20, 20), "white"), Image.new("RGB", (20, 20), "black")
    for i in range(10):
        first.save(tmp_path / f"{i}.{ending}", save_all=True, append_images=[second])
    data = images(tmp_path)
    assert everything(data).min() > 250 and "10 files with several pictures or pages" in data.reading()


# One range for a folder

DEPTHS = {"12 bits": lambda x: (4095 * x).astype(np.uint16), "dark": lambda x: (300 * x).astype(np.uint16),
          "colour": lambda x: (900 * x).astype(np.uint16),
          "colour TIFF": lambda x: (900 * x).astype(np.uint16),
          "PGM": lambda x: (1000 * x).astype(np.uint16), "32 bits": lambda x: (1e6 * x).astype(np.int32),
          "negative": lambda x: (5000 * x - 2500).astype(np.int32),
          "heights": lambda x: (2000 * x).astype(np.float32)}


@pytest.mark.parametrize("kind", DEPTHS)
def test_numbers_beyond_eight_bits_are_spread_alike_over_the_whole_folder(tmp_path, kind):
    """The first picture has half of the range of the last."""
    for i in range(12):
        x = DEPTHS[kind](RAMP * (0.5 + 0.5 * i / 11))
        if kind.startswith("colour"):
            colours = np.repeat(x[..., None], 3, 2)
            (tmp_path / f"{i:02}.{'tif' if 'TIFF' in kind else 'png'}").write_bytes(tiff(colours)
                if "TIFF" in kind else png(colours))
        else:
            Image.fromarray(x).save(
                tmp_path / f"{i:02}.{'pgm' if kind == 'PGM' else 'png' if x.dtype == np.uint16 else 'tif'}")
    data = images(tmp_path)
    held, streamed = everything(data), everything(images(tmp_path, memory=0))
    assert torch.equal(held, streamed) and len(held[-1].unique()) > 28
    low = held.float().amin((1, 2, 3))
    # alike: half as bright stays half as bright
    assert low.max() < 12 and held[-1].max() > 250 and abs(int(held[0].max()) - 127) < 8
    assert "alike for all pictures" in data.reading()


def test_a_few_hot_pixels_do_not_darken_a_folder(tmp_path):
    for i in range(10):
        x = (400 * RAMP).astype(np.uint16)
        x[i, i] = 65535
        Image.fromarray(x).save(tmp_path / f"{i}.png")
    assert (everything(images(tmp_path)).float().amax((1, 2, 3)).min() > 250
            and len(everything(images(tmp_path))[0].unique()) > 25)


@pytest.mark.parametrize("missing", [np.nan, np.inf, -np.inf])
def test_a_missing_pixel_changes_nothing_but_itself(tmp_path, missing):
    for i in range(10):
        x = (100 + 1900 * np.random.default_rng(i).random((32, 32))).astype(np.float32)
        (tmp_path / "whole").mkdir(exist_ok=True)
        Image.fromarray(x).save(tmp_path / "whole" / f"{i}.tif")
        x[5, 6] = missing
        (tmp_path / "holed").mkdir(exist_ok=True)
        Image.fromarray(x).save(tmp_path / "holed" / f"{i}.tif")
    whole, holed = (everything(images(tmp_path / kind)) for kind in ("whole", "holed"))
    assert (holed[:, :, 5, 6] == 0).all() and (whole[:, :, 5, 6] > 0).any()
    changed = ((whole.int() - holed.int()).abs() > 2).nonzero()
    assert set(map(tuple, changed[:, 2:].tolist())) == {(5, 6)}


def test_a_value_that_stands_for_no_measurement_is_missing(tmp_path):
    for i in range(10):
        x = (2000 * RAMP).astype(np.float32)
        x[:20] = -9999
        (tmp_path / f"{i}.tif").write_bytes(tiff(x[..., None], t42113=b"-9999\0"))
    x = everything(images(tmp_path))
    assert (x[:, :, :14] == 0).all() and len(x[0].unique()) > 28


def test_pictures_from_0_to_1_among_far_larger_ones_keep_that_range_and_it_is_said(tmp_path):
    for i in range(12):
        Image.fromarray(((1 if i == 5 else 2000 + i)
                         * RAMP).astype(np.float32)).save(tmp_path / f"{i:02}.tif")
    data = images(tmp_path)
    assert (min(len(x.unique()) for x in everything(data)) > 28
            and "1 picture with values from 0 to 1 only" in data.reading())
    for i in range(12):
        Image.fromarray((100 + (0.5 if i == 5 else 2000 + i)
                         * RAMP).astype(np.float32)).save(tmp_path / f"{i:02}.tif")
    assert len(everything(images(tmp_path))[5].unique()) < 4  # the control: a flat landscape stays flat


def test_a_folder_of_eight_and_sixteen_bits_keeps_each_as_bright_as_it_is(tmp_path):
    for i in range(6):
        picture("L").save(tmp_path / f"a{i}.png")
        Image.fromarray((4095 * RAMP).astype(np.uint16)).save(tmp_path / f"b{i}.png")
    x = everything(images(tmp_path)).float().amax((1, 2, 3))
    assert (x > 245).all()


def test_the_range_is_found_once(tmp_path, monkeypatch):
    from sslbench.data.image import brightness
    for i in range(12):
        Image.fromarray((4095 * RAMP).astype(np.uint16)).save(tmp_path / f"{i}.png")
    looked, real = [], brightness.statistics
    monkeypatch.setattr(brightness, "statistics", lambda file: looked.append(file) or real(file))
    everything(images(tmp_path))
    everything(images(tmp_path, memory=0))
    assert len(looked) == 12


# More bands

WAYS = [{}, {"order": ">"}, {"deflate": True}, {"planar": True}, {"tile": 16},
        {"deflate": True, "tile": 32, "planar": True, "predictor": True}]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32])
@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(way) or "strips")
def test_bands_of_a_tiff_come_as_they_are(tmp_path, way, dtype):
    if way.get("predictor") and dtype == np.float32:
        dtype = np.uint32
    x = (200 * np.random.default_rng(0).random((33, 20, 5))).astype(dtype)
    (tmp_path / "x.tif").write_bytes(tiff(x, **way))
    with open(tmp_path / "x.tif", "rb") as f:
        found = bands.of_tiff(f)
        assert found.bands == 5 and (found.read() == x).all()


@pytest.mark.parametrize("C", [4, 5, 6, 13])
@pytest.mark.parametrize("kind", ["tif", "npy last", "npy first", "npz"])
def test_pictures_with_many_bands_keep_them(tmp_path, C, kind):
    rng = np.random.default_rng(0)
    scales = np.logspace(0, 3, C)  # bands of different units
    for i in range(12):
        x = (rng.random((20, 24, C)) * scales + RAMP[:20, :24, None] * scales).astype(np.float32)
        folder = tmp_path / "ab"[i % 2]
        folder.mkdir(exist_ok=True)
        if kind == "tif":
            (folder / f"{i}.tif").write_bytes(tiff(x))
        elif kind == "npz":
            np.savez(folder / f"{i}.npz", image=x)
        else:
            np.save(folder / f"{i}.npy", x if kind == "npy last" else x.transpose(2, 0, 1))
    data = images(tmp_path, color=1.0)
    assert data.fields["image"].channels == C  # known before anything is loaded
    x = everything(data)
    assert x.shape == (12, C, 32, 32) and torch.equal(x, everything(images(tmp_path, memory=0)))
    assert (x.float().std((0, 2, 3)) > 20).all()  # each has a range of its own
    assert data.loaded("train")[1]["folder"].unique().tolist() == [0, 1]
    view = data.augment({"image": data.fields["image"].decode(x)}, torch.Generator().manual_seed(0))["image"]
    assert (view.shape == x.shape and view.isfinite().all()
            and data.picture({"image": view[0]}).value.shape == (32, 32, 3))


@pytest.mark.parametrize("C", [1, 2, 3, 4, 13])
def test_colours_of_any_number_of_bands_are_changed(C):
    x = torch.randn(6, C, 8, 8)
    one, two = (color(x, torch.Generator().manual_seed(s), 0.7) for s in (0, 1))
    assert (one.shape == x.shape and not torch.allclose(one, two)
            and torch.equal(color(x, torch.Generator().manual_seed(0), 0.0), x))


def test_pictures_with_other_numbers_of_bands_are_left_out_and_said(tmp_path):
    for i in range(12):
        np.save(tmp_path / f"{i:02}.npy", np.zeros((8, 9, 5 if i else 3), np.uint8))
    data = images(tmp_path)
    assert len(everything(data)) == 11 and "1 of 12 pictures (3 bands, not 5): 00.npy" in data.reading()


def test_arrays_beside_pictures_are_not_read(tmp_path):
    for i in range(10):
        picture("RGB").save(tmp_path / f"{i}.png")
        np.save(tmp_path / f"{i}.npy", np.zeros(7))
    data = images(tmp_path)
    assert len(everything(data)) == 10 and "10 .npy" in data.reading()


def test_a_tiff_that_needs_another_reader_says_so(tmp_path, monkeypatch):
    for i in range(12):
        picture("RGB").save(tmp_path / f"{i:02}.png")
    (tmp_path / "x.tif").write_bytes(tiff(np.zeros((16, 16, 6), np.uint8)))
    assert "6 bands, not 3" in images(tmp_path).reading()  # the control: with it the file is read
    monkeypatch.setitem(sys.modules, "tifffile", None)
    assert "pip install tifffile imagecodecs): x.tif" in images(tmp_path).reading()


# Hostile files

def test_unreadable_images_are_listed_once_and_skipped(folder, recwarn):
    (folder / "text.png").write_text("no picture")
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 40, 3),
                                                      np.uint8)).save(folder / "half.png")
    (folder / "half.png").write_bytes((folder / "half.png").read_bytes()[:2000])
    (folder / "empty.jpg").touch()
    (folder / "notes.txt").write_text("is no image and needs no mention")
    data = images(folder)
    assert len(everything(data)) == 12 and len(recwarn) == 0
    (said,) = [note for note in data.notes if note.startswith("left out")]
    assert said == "left out: 3 of 15 pictures (cannot be read): empty.jpg, half.png, text.png"


@pytest.mark.parametrize("kind",
                         ["png", "jpg", "gif", "tif", "webp", "bmp", "ppm", "jp2", "npy", "npz", "bands"])
def test_damage_of_any_kind_is_no_traceback(tmp_path, kind):
    rng = np.random.default_rng(0)
    file = tmp_path / f"x.{'tif' if kind == 'bands' else kind}"
    if kind in ("npy", "npz"):
        x = rng.random((16, 16, 4))
        np.save(file, x) if kind == "npy" else np.savez(file, x)
    elif kind == "bands":
        file.write_bytes(tiff((99 * rng.random((16, 16, 6))).astype(np.uint16), deflate=True))
    else:
        picture("RGB").save(file)
    whole = file.read_bytes()
    for i in range(60):
        data = bytearray(whole[: rng.integers(1, len(whole))] if i % 2 else whole)
        for at in rng.integers(0, len(data), 1 + i // 6):
            data[at] = rng.integers(256)
        file.write_bytes(data)
        header, x = begun(file, Form(8), True)
        assert x is None or x.shape == (3, 8, 8)
        assert isinstance(header, (str, Header))


def test_postscript_called_png_starts_no_program(tmp_path):
    (tmp_path / "x.png").write_bytes(
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n")
    assert begun(tmp_path / "x.png", Form(8), True)[0] == decoding.DAMAGED


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_a_pipe_is_never_waited_for(tmp_path):
    os.mkfifo(tmp_path / "x.png")
    header, _ = begun(tmp_path / "x.png", Form(8), True)
    assert "pipe" in header and square(tmp_path / "x.png", Form(8)) is None


def test_files_that_went_away_or_are_closed_to_us_are_left_out(tmp_path, monkeypatch):
    assert begun(tmp_path / "gone.png", Form(8), True)[0] == decoding.CLOSED
    with pytest.raises(FileNotFoundError):
        square(tmp_path / "gone.png", Form(8))  # a run must not go on with another picture
    def refuse(*_):
        raise PermissionError(13, "no")
    monkeypatch.setattr(decoding, "regular", refuse)
    assert begun(tmp_path / "x.png", Form(8), True)[0] == decoding.CLOSED
    def too_many(*_):
        raise OSError(24, "too many open files")
    monkeypatch.setattr(decoding, "regular", too_many)
    with pytest.raises(OSError, match="too many"):
        begun(tmp_path / "x.png", Form(8), True)


def header_only(width: int, height: int) -> bytes:
    """The first bytes of a black PNG of eight bits."""
    body = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    whole = png(np.zeros((1, 1, 1), np.uint16))
    return whole[:16] + body + struct.pack(">I", zlib.crc32(b"IHDR" + body)) + whole[33:]


def test_a_picture_above_the_limit_is_refused_before_it_is_decoded(tmp_path, recwarn):
    (tmp_path / "x.png").write_bytes(header_only(60000, 60000))
    np.save(tmp_path / "x.npy", np.zeros((2, 2, 3), np.uint8))
    (tmp_path / "x.npy").write_bytes((tmp_path / "x.npy").read_bytes().replace(b"(2, 2, 3)",
        b"(99999, 99999, 3)"))
    began = time.perf_counter()
    assert ("million" in begun(tmp_path / "x.png", Form(8), True)[0]
            and "million" in begun(tmp_path / "x.npy", Form(8), True)[0])
    assert time.perf_counter() - began < 10 and len(recwarn) == 0  # decoding 3.6 billion pixels takes longer


def test_only_so_many_pixels_are_decoded_at_once(monkeypatch):
    monkeypatch.setattr(to_square, "AT_ONCE", 100)
    running, most = [], []
    def work(n):
        with to_square.room(n):
            running.append(n)
            most.append(sum(running))
            time.sleep(0.01)
            running.remove(n)
    threads = [threading.Thread(target=work, args=(n,)) for n in (60, 60, 40, 500, 30, 30, 500)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert len(most) == 7 and max(n for n in most if n < 500) <= 100 and {n for n in most if n > 100} == {500}


@pytest.mark.parametrize("mode", ["L", "RGBA", "P"])
def test_a_large_picture_is_made_smaller_strip_by_strip_and_looks_the_same(tmp_path, mode, monkeypatch):
    picture(mode, 900).resize((900, 700)).save(tmp_path / "x.png")
    whole = square(tmp_path / "x.png", Form(16)).astype(int)
    monkeypatch.setattr(to_square, "STRIPS", 1000)
    monkeypatch.setattr(to_square, "SMALL", 20000)
    assert abs(square(tmp_path / "x.png", Form(16)).astype(int) - whole).max() <= 6


LARGE = """
import resource, sys
from pathlib import Path
from sslbench.data.image.to_square import Form
from sslbench.data.image import folder, streamed
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
before = peak()
names = sorted(f.name for f in Path(sys.argv[1]).iterdir())
streamed.cpu_limit = lambda: 16
_, found, _ = folder.held(Path(sys.argv[1]), names, Form(32))
print(len(found), peak() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kilobytes on Linux")
def test_a_dozen_pictures_just_below_the_limit_take_the_memory_of_one(tmp_path):
    Image.new("L", (13000, 13000)).save(tmp_path / "0.png")
    for i in range(1, 4):
        os.link(tmp_path / "0.png", tmp_path / f"{i}.png")
    done = subprocess.run([sys.executable, "-c", LARGE, str(tmp_path)], capture_output=True, text=True,
                          check=True, timeout=200,
                          cwd=Path(__file__).parents[1])
    n, megabytes = map(int, done.stdout.split())
    assert n == 4 and megabytes < 400


@pytest.mark.parametrize("shape",
    [(12, 9, 5), (5, 9, 12), (40, 30, 3), (3, 30, 40), (64, 64, 12), (12, 64, 64), (7, 9, 5), (1, 9, 9),
                                   (2, 8, 8), (8, 9, 8), (9, 12, 5)])
def test_a_picture_in_a_file_has_the_channels_of_one_in_memory(shape):
    x = np.zeros(shape)
    alone = bands.shaped(shape, x.dtype, lambda: x).read()  # [H, W, C]
    assert alone.shape == np.moveaxis(shapes.understood([x[None]], "image")[1][0][0], 0, -1).shape
