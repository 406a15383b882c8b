"""A path that is not there: where was looked, what is like it, and what comes along when a path is copied."""

import pytest

from sslbench.data import Data
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


@pytest.mark.parametrize("typed", ["photos/1.png", "photos/9.png/", "photos/9.png/more"])
def test_a_file_in_the_place_of_a_folder_is_said_with_its_folder(here, typed):
    (here / "photos" / "9.png").touch()
    with pytest.raises((OSError, ValueError)) as error:
        Data.find("images")(folder=typed)
    said = str(error.value)
    place = str(here / "photos")[-25:]  # of a long path the middle is left out
    assert "\n" not in said and place in said and "did you mean '9.png'" not in said
    assert {"photos/1.png": f"{place}', which holds '9.png'?",
            "photos/9.png/": f"{place}', or an .npz file",
            "photos/9.png/more": f"{place}' is a file"}[typed] in said
    assert {"photos/1.png": "did you mean the folder '",
            "photos/9.png/": "is a file; data.folder must be the folder that holds the images, such as '",
            "photos/9.png/more": ": not a directory, '9.png' in '"}[typed] in said


def test_an_array_that_is_like_the_name_is_still_offered_where_a_folder_is_meant(here):
    (here / "photos" / "set.npz").touch()
    with pytest.raises(FileNotFoundError, match=r"did you mean 'set\.npz'\?"):
        existing("photos/sets.npz", "folder", "data.folder")
