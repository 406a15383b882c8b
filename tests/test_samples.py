"""The small samples that ship: made anew where the repository is not, the same bytes, small."""

import pytest

from sslbench.data import SPLITS, Data, locations
from sslbench.data.small_samples import NAMES, make


@pytest.mark.parametrize("name", sorted(NAMES))
def test_samples_are_made_where_the_project_is_not(name, tmp_path, monkeypatch):
    monkeypatch.setattr(locations, "PROJECT", tmp_path / "site-packages")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = locations.sample(name)
    assert made.startswith(str(tmp_path / "cache")) and locations.sample(name) == made
    source = {"shapes": "images", "gestures.csv": "series", "sentences.csv": "text"}[name]
    assert sum(len(next(iter(Data.find(source)().load(split)[0].values()))) for split in SPLITS) >= 400


@pytest.mark.parametrize("name", sorted(NAMES - {"shapes"}))
def test_samples_that_ship_are_those_the_script_makes(name, tmp_path):
    shipped = locations.PROJECT / "data" / name
    assert make(name, tmp_path).read_bytes() == shipped.read_bytes() and shipped.stat().st_size < 200_000


def test_the_image_sample_is_small():
    assert sum(f.stat().st_size for f in (locations.PROJECT / "data" / "shapes").rglob("*.png")) < 200_000
