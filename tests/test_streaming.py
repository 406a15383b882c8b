"""Data larger than memory: a map stays on the disk, a large folder is decoded as it is needed, and no number
changes."""

import gc
import os
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from toys import catalogue  # noqa: F401  fixture

from sslbench import Recipe, arrays
from sslbench.data import SPLITS, Data, Labelled
from sslbench.data.image import decoding
from sslbench.data.image.folder import Folder
from sslbench.data.image.to_square import Form
from sslbench.data.rows import Picked, in_memory
from sslbench.field import Field
from sslbench.machine import hardware
from sslbench.machine.hardware import Hardware
from sslbench.training import evaluate, some_rows
from sslbench.training.loop import Checkpoint, Evaluation, train
from sslbench.training.read_ahead import DEPTH, ReadAhead
from sslbench.training.step import Training

pytestmark = pytest.mark.usefixtures("catalogue")  # what is listed here is gone afterwards


@pytest.fixture
def pictures(tmp_path):
    """Sixty pictures of noise in two sub-folders."""
    rng = np.random.default_rng(0)
    for i in range(60):
        place = tmp_path / "ab"[i % 2]
        place.mkdir(exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (40, 44, 3), np.uint8)).save(place / f"{i:02}.png")
    return tmp_path


@pytest.fixture
def mapped(tmp_path):
    """Write an array and open it as a memory map."""
    def write(x) -> np.memmap:
        np.save(tmp_path / "x.npy", x)
        return np.load(tmp_path / "x.npy", mmap_mode="r")
    return write


def images(place, **given) -> Data:
    return Data.find("images")(folder=str(place), **given)


def recipe(place, memory: float, **given) -> Recipe:
    hyperparameters = {"data.folder": str(place), "data.memory": memory}
    return Recipe("images", steps=4, batch_size=16, hyperparameters=hyperparameters, **given)


def learned(events) -> tuple[list, dict, list]:
    """Losses, the last weights and the scores of every evaluation."""
    losses, scores = [], []
    for event in events:
        if isinstance(event, Checkpoint):
            weights = {name: x.clone() for name, x in event.state["task"].items()}
        elif isinstance(event, Evaluation):
            scores.append(event.scores)
        else:
            losses.append(getattr(event, "scalars", None))
    return losses, weights, scores


def same(a: tuple, b: tuple) -> bool:
    return (a[0] == b[0] and str(a[2]) == str(b[2])
            and all(torch.equal(x, b[1][name]) for name, x in a[1].items()))


# Memory maps

@pytest.mark.parametrize(("x", "kind"), [
    (np.random.default_rng(0).integers(0, 255, (64, 16, 20, 4), np.uint8), None),
    (np.random.default_rng(0).random((64, 3, 16, 16)), None),
    (np.random.default_rng(0).random((64, 3, 40)), "series"),
    (np.random.default_rng(0).integers(-1, 9, (64, 30)), "symbols")])
def test_a_memory_map_is_not_copied_and_reads_as_the_array_does(mapped, x, kind):
    on_disk, here = mapped(x), Data.find(arrays(x, kind=kind, name="array"))()
    data = Data.find(arrays(on_disk, kind=kind, name="map"))()
    assert np.shares_memory(data.x[0].numpy(), on_disk) and not np.shares_memory(here.x[0].numpy(), on_disk)
    assert np.shares_memory(here.x[0].numpy(), x)  # nor is what is in memory
    assert data.fields == here.fields
    for split in SPLITS:
        (rows,), (others,) = (d.load(split)[0].values() for d in (data, here))
        assert isinstance(rows, Picked) and not in_memory(rows) and in_memory(others)
        assert torch.equal(rows[:], others[:]) and torch.equal(rows[torch.tensor([2, 0])], others[:][[2, 0]])


@pytest.mark.parametrize(("n", "T"), [(40, 12), (5000, 12)])
def test_what_is_rare_in_a_map_is_found(mapped, n, T, monkeypatch):
    """Absent values and the largest symbol are looked for in every sample, however many pieces they are read
    in."""
    monkeypatch.setattr("sslbench.data.arrays.scaled.NUMBERS", 1024)
    x = np.random.default_rng(0).normal(size=(n, T)).astype(np.float32)
    assert not Data.find(arrays(mapped(x), kind="series", name="whole"))().fields["signal"].gaps
    x[n - 3, 2] = np.nan
    assert Data.find(arrays(mapped(x), kind="series", name="gap"))().fields["signal"].gaps
    y = np.zeros((n, T), np.int16)
    y[n // 2 + 1, 3] = 77
    assert Data.find(arrays(mapped(y), name="ids"))().fields["symbols"].vocab == 78


def test_a_share_of_the_labels_of_a_map_is_still_a_map(mapped):
    data = Data.find(arrays(mapped(np.zeros((64, 3, 16, 16), np.uint8)), np.arange(64) % 2,
                            name="labelled_map"))()
    rows, _ = Labelled(data, 0.5).load("train")
    assert len(rows["image"]) == len(rows["label"]) == 22 and not in_memory(rows["image"])


# Folders

@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.int64])
def test_whole_numbers_of_every_kind_are_symbols(mapped, dtype):
    x = (np.arange(24 * 8).reshape(24, 8) % 5).astype(dtype)
    data = Data.find(arrays(mapped(x), name="symbols of a kind", kind="symbols"))()
    rows = data.loaded("train")[0]["symbols"]
    assert (data.fields["symbols"].vocab == 5 and rows[:].dtype == torch.int64
            and set(rows[:].flatten().tolist()) == set(range(5)))


class Numbers(Data, listed=False):
    """Rows that are a NumPy array, as the contract allows."""

    name = "numbers"

    def __init__(self):
        self.fields = {"signal": Field((16,), (4,), 2)}

    def load(self, split):
        x = np.random.default_rng(SPLITS.index(split)).normal(size=(40, 2, 16)).astype(np.float32)
        return {"signal": x}, {"label": torch.arange(40) % 2}


def test_rows_may_be_numpy_arrays(monkeypatch):
    monkeypatch.setattr(Data, "catalogue", {**Data.all(), "numbers": Numbers})
    recipe = Recipe("numbers", "autoencoder", "mlp", steps=2, batch_size=8)
    assert ("linear" in next(e
        for e in train(recipe, device="cpu") if isinstance(e, Evaluation) and e.split == "test").scores)
    few = Labelled(Numbers(), share=0.5).loaded("train")[0]["signal"]
    assert len(few) == 20 and few[torch.arange(3)].shape == (3, 2, 16)


def test_a_folder_is_held_where_it_fits_and_streamed_where_it_does_not(pictures, monkeypatch):
    assert in_memory(images(pictures).load("train")[0]["image"])
    assert isinstance(images(pictures, memory=0).load("train")[0]["image"], Folder)
    monkeypatch.setattr("sslbench.data.image.pictures.memory_limit", lambda: 4 * 60 * 3 * 32 ** 2)
    assert in_memory(images(pictures).load("train")[0]["image"])
    monkeypatch.setattr("sslbench.data.image.pictures.memory_limit", lambda: 4 * 60 * 3 * 32 ** 2 - 4)
    assert isinstance(images(pictures).load("train")[0]["image"], Folder)


def test_streaming_decodes_nothing_before_it_is_asked(pictures, monkeypatch):
    decoded = []
    real = decoding.made
    monkeypatch.setattr(decoding, "made", lambda found, form: decoded.append(found) or real(found, form))
    rows = images(pictures, memory=0).load("train")[0]["image"]
    assert decoded == [] and len(rows) == 42
    assert rows[torch.tensor([3, 5])].shape == (2, 3, 32, 32) and len(decoded) == 2
    images(pictures).load("train")
    assert len(decoded) == 62  # the control: held pictures are all decoded


@pytest.mark.slow
def test_streamed_and_held_pictures_train_to_the_same_bits(pictures):
    held, streamed = (learned(train(recipe(pictures, memory), device="cpu", evaluations=2, test=False))
                      for memory in (1.0, 0.0))
    assert same(held, streamed)
    assert not same(held, learned(train(recipe(pictures, 0.0, seed=1), device="cpu", evaluations=2,
                                        test=False)))


def test_a_streamed_run_goes_on_bit_for_bit_after_it_was_interrupted(pictures):
    streamed = recipe(pictures, 0.0)
    whole = learned(train(streamed, device="cpu", evaluations=1, test=False))
    for event in train(streamed, device="cpu", evaluations=1, test=False, checkpoint_every=2):
        if isinstance(event, Checkpoint) and event.step == 2:
            state = event.state
            break
    rest = learned(train(streamed, resume=state, device="cpu", evaluations=1, test=False))
    assert same((whole[0][2:], *whole[1:2], whole[2][1:]), rest)


def damaged(file) -> None:
    """Its first bytes stay, so its header looks well."""
    file.write_bytes(file.read_bytes()[:2000])


def test_damage_in_a_streamed_folder_is_said_once_and_another_picture_of_the_same_label_takes_the_place(
    pictures):
    (pictures / "a" / "text.png").write_text("no picture")
    data = images(pictures, memory=0)
    rows = data.load("train")[0]["image"]
    assert "left out: 1 of 61 pictures (cannot be read): a/text.png" in data.notes
    everything = torch.arange(len(rows))
    before = rows[everything]
    i = next(i for i, name in enumerate(rows.names) if name.startswith("b/"))
    damaged(pictures / rows.names[i])
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        after, again = rows[everything], rows[everything]
    (message,) = [str(w.message) for w in said]
    assert message.startswith(rows.names[i]) and torch.equal(after, again)
    j = rows.instead[i]
    assert (rows.names[j].startswith("b/") and torch.equal(after[i], before[j])
            and not torch.equal(after[i], before[i]))
    assert torch.equal(after[everything != i], before[everything != i])


def test_what_the_system_says_of_a_file_is_no_damage(pictures):
    images = Folder(pictures, ["a/00.png", "a/gone.png"], Form(16))
    with pytest.raises(FileNotFoundError, match=r"gone\.png"):
        images[torch.tensor([1])]
    assert not images.instead and images[torch.tensor([0])].shape == (1, 3, 16, 16)


def test_a_folder_that_went_away_is_an_error_of_the_step(pictures):
    events = train(recipe(pictures, 0.0), device="cpu", evaluations=1, test=False)
    while not isinstance(next(events), Checkpoint):
        pass
    for file in pictures.rglob("*.png"):
        file.unlink()
    with pytest.raises(FileNotFoundError, match=r"\.png"):
        list(events)


def test_evaluated_pictures_are_decoded_once_where_there_is_room(pictures, monkeypatch):
    data, decoded = images(pictures, memory=0), []
    real = decoding.made
    monkeypatch.setattr(decoding, "made", lambda found, form: decoded.append(found) or real(found, form))
    def read():
        split = evaluate.read(data, "validation", 4)
        return torch.cat([batch["image"] for batch in evaluate.batches(data, split)])
    one, counted = read(), len(decoded)
    assert torch.equal(one, read()) and len(decoded) == counted
    monkeypatch.setattr(some_rows, "KEPT", 0)
    some_rows._kept.clear()
    # the control
    assert torch.equal(one, read()) and torch.equal(one, read()) and len(decoded) >= counted + 8


# Reading ahead

def test_reading_ahead_gives_what_reading_gives():
    asked = []
    ahead = ReadAhead(lambda step: asked.append(step) or step ** 2, steps=9)
    assert [ahead(step) for step in range(9)] == [step ** 2 for step in range(9)] and asked == list(range(9))
    assert [ahead(4), ahead(5), ahead(2)] == [16, 25, 4]  # wherever a run begins
    assert ahead(20) == 400 and len(ahead.waiting) == 0  # none behind the last step


def test_the_next_steps_are_read_while_this_one_computes():
    read = []
    ahead = ReadAhead(lambda step: read.append(step), steps=100)
    ahead(0)
    for _ in range(200):
        if len(read) == 1 + DEPTH:
            break
        time.sleep(0.01)
    time.sleep(0.05)
    assert read == list(range(1 + DEPTH))  # and a pause does not read on


def test_an_error_is_raised_by_the_step_that_needs_the_rows():
    ahead = ReadAhead(lambda step: 1 // (3 - step), steps=10)
    assert [ahead(step) for step in range(3)] == [0, 0, 1]
    with pytest.raises(ZeroDivisionError):
        ahead(3)
    assert ahead(4) == -1


@pytest.mark.slow
def test_the_thread_ends_with_the_run(pictures):
    def running():
        return [t for t in threading.enumerate() if t.name.startswith("sslbench-read-ahead")]
    gc.collect()
    before = len(running())
    events = train(recipe(pictures, 0.0), device="cpu", evaluations=1, test=False)
    while not isinstance(next(events), Checkpoint):
        pass
    next(events)
    assert len(running()) == before + 1
    events.close()
    del events
    gc.collect()
    for _ in range(200):
        if len(running()) == before:
            break
        time.sleep(0.01)
    assert len(running()) == before


def test_only_rows_that_have_to_be_fetched_are_read_ahead(pictures):
    assert isinstance(Training(recipe(pictures, 0.0), Hardware("cpu")).stored, ReadAhead)
    assert not isinstance(Training(recipe(pictures, 1.0), Hardware("cpu")).stored, ReadAhead)


def test_every_process_reads_its_own_share(pictures):
    two = [Hardware("cpu"), Hardware("cpu")]
    parts = []
    for rank, part in enumerate(two):
        part.wrap = lambda task: task
        part.rank, part.world = rank, 2
        parts.append(Training(recipe(pictures, 0.0), part).stored(1)["image"])
    whole = Training(recipe(pictures, 0.0), Hardware("cpu")).stored(1)["image"]
    assert torch.equal(torch.cat(parts), whole)


def test_a_limit_of_the_process_counts_as_memory(monkeypatch):
    resource = pytest.importorskip("resource")
    whole = hardware.memory_limit()
    monkeypatch.setattr(resource, "getrlimit",
        lambda kind: (10 ** 8 if kind == resource.RLIMIT_DATA else resource.RLIM_INFINITY, -1))
    assert hardware.memory_limit() == 10 ** 8 < whole


def test_the_memory_is_known_where_there_is_no_sysconf(monkeypatch):
    psutil, known = pytest.importorskip("psutil"), hardware._physical()
    monkeypatch.delattr("os.sysconf")  # Windows
    assert abs(hardware._physical() - known) < 2**20 < psutil.virtual_memory().total


UNDER_A_LIMIT = """
import os, resource, sys, torch
from pathlib import Path
from sslbench.data import Data
from sslbench.data.image import folder, listing
from sslbench.data.image.to_square import Form
torch.ones(64, 64) @ torch.ones(64, 64)  # threads have their memory before the limit
held = next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmData"))
resource.setrlimit(resource.RLIMIT_DATA, (held + 150 * 2 ** 20, resource.RLIM_INFINITY))
data = Data.find("images")(folder=sys.argv[1], size=224, memory=0.2)
rows = data.load("train")[0]["image"]
assert isinstance(rows, folder.Folder) and len(rows) == 4200, len(rows)
assert all(rows[index].float().std() > 1 for index in torch.arange(0, 4200, 7)[:300].split(50))
try:
    folder.held(data.root, listing.listed(data.root).names, Form(224))
except MemoryError:
    print("held they do not fit")
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_DATA counts mapped memory on Linux only")
def test_a_folder_larger_than_the_memory_given_is_streamed_by_itself(pictures):
    """6,000 pictures are 860 MB when they are decoded; the process may take 150 MB. Names are linked, so the
    folder is small."""
    first = sorted(pictures.rglob("*.png"))
    for i in range(60, 6000):
        os.link(first[i % 60], pictures / "ab"[i % 2] / f"{i}.png")
    done = subprocess.run([sys.executable, "-c", UNDER_A_LIMIT, str(pictures)], capture_output=True,
                          text=True, cwd=Path(__file__).parents[1], timeout=60,
                          env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.returncode == 0 and done.stdout.split("\n")[-2] == "held they do not fit", done.stderr[-2000:]


IN_PIECES = """
import resource, numpy as np, torch
from sslbench.data import Data
from sslbench.data.arrays.arrays import arrays
torch.ones(64, 64) @ torch.ones(64, 64)
x = np.random.default_rng(0).random((1000, 3, 160, 160), np.float32)
held = next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmData"))
resource.setrlimit(resource.RLIMIT_DATA, (held + 150 * 2 ** 20, resource.RLIM_INFINITY))
rows = Data.find(arrays(x))().load("train")[0]["image"]
assert rows[:10].float().std() > 1
try:
    rows[:]
except (MemoryError, RuntimeError):
    print("all of them do not fit")
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_DATA counts mapped memory on Linux only")
def test_what_is_in_memory_is_looked_at_in_pieces():
    """Of arrays of 307 MB a source is made with 150 MB more."""
    done = subprocess.run([sys.executable, "-c", IN_PIECES], capture_output=True, text=True, timeout=60,
                          cwd=Path(__file__).parents[1], env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.stdout == "all of them do not fit\n", done.stderr[-2000:]
