"""The user's own folders, files and arrays: whatever they look like they are read, or one line says what to do."""


import pytest
import torch
from real_data import real

from sslbench.data import SPLITS, Data, places
from sslbench.data.samples import NAMES, make


def everything(data):
    """The rows of the first field and the labels over all three splits."""
    loaded = [data.loaded(split) for split in SPLITS]
    rows = torch.cat([next(iter(rows.values()))[:] for rows, _ in loaded])
    return rows, {key: torch.cat([labels[key] for _, labels in loaded]) for key in loaded[0][1]}


def one_line(error) -> str:
    message = str(error.value)
    assert "\n" not in message and len(message) < 400
    return message



@pytest.mark.parametrize("name", sorted(NAMES))
def test_samples_are_made_where_the_project_is_not(name, tmp_path, monkeypatch):
    monkeypatch.setattr(places, "PROJECT", tmp_path / "site-packages")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = places.sample(name)
    assert made.startswith(str(tmp_path / "cache")) and places.sample(name) == made
    source = {"shapes": "images", "gestures.csv": "series", "sentences.csv": "text"}[name]
    assert len(everything(Data.find(source)())[0]) >= 400


@pytest.mark.parametrize("name", sorted(NAMES - {"shapes"}))
def test_samples_that_ship_are_those_the_script_makes(name, tmp_path):
    shipped = places.PROJECT / "data" / name
    assert make(name, tmp_path).read_bytes() == shipped.read_bytes() and shipped.stat().st_size < 200_000


def test_the_image_sample_is_small():
    assert sum(f.stat().st_size for f in (places.PROJECT / "data" / "shapes").rglob("*.png")) < 200_000
