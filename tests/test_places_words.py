"""A path that is not there: where was looked, what is like it, and what comes along when a path is copied."""

import pytest

from sslbench.data.locations import existing


@pytest.fixture
def here(tmp_path, monkeypatch):
    (tmp_path / "photos").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("typed", ["photos", " photos", '"photos"', "'photos' ", "./photos"])
def test_quotation_marks_and_blanks_of_a_copied_path_are_no_part_of_it(here, typed):
    assert existing(typed, "folder", "data.folder") == here / "photos"


def test_a_file_that_is_called_so_is_meant(here):
    (here / " photos").mkdir()
    assert existing(" photos", "folder", "data.folder") == here / " photos"


@pytest.mark.parametrize("typed, hint",
                         [("photo", "did you mean 'photos'"), ("notebooks/photos", "did you mean 'photos'"),
                                         ("Photos/cats", "did you mean 'photos'"),
                                         ("zebra", "check data.folder")])
def test_what_is_not_there_says_where_was_looked_and_what_is_like_it(here, typed, hint):
    with pytest.raises(FileNotFoundError) as error:
        existing(typed, "folder", "data.folder")
    message = str(error.value)
    assert (hint in message and str(here)[-60:] in message and "\n" not in message
            and ("mean" in message) == ("mean" in hint))
