"""Somebody's own path is found, or one line says at once what it is instead and what to check."""

import os
import socket
import stat

import pytest

from sslbench.data.locations import existing, special


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.csv").write_text("a,b\n")
    (tmp_path / "photos").mkdir()
    return tmp_path


@pytest.mark.parametrize("path",
    ["mine.csv", "./mine.csv", "~/mine.csv", "photos/../mine.csv", "photos", "~/photos", "~"])
def test_what_is_there_is_found_again_from_another_folder(path, home):
    found = existing(path, "file", "data.file")
    os.chdir("/")
    assert found.is_absolute() and found.exists() and found.is_relative_to(home)


@pytest.mark.parametrize("path, says", [
    ("nowhere.csv", "there is no file 'nowhere.csv' in "), ("mine.csv/x", "data.file cannot be "
                                                                          "'mine.csv/x': not a directory"),
    ("pipe", "'pipe' is a pipe, not a file; check data.file"), ("socket", "is a socket"),
    ("/dev/zero", "is a device"),
    ("to_pipe", "is a pipe"), ("loop", "too many levels of symbolic links"),
    ("dangling", "there is no file 'dangling'"),
    ("a\0b", "data.file cannot be 'a\\x00b'"), ("x" * 300, "file name too long"),
    ("x" * 10**6, "file name too long"), ("a\nb", "'a\\nb'"),
    ("~nobody_is_called_so/x", "data.file cannot be '~nobody_is_called_so/x'"),
    (None, "data.file cannot be None"),
    ("\udcff.csv", "there is no file '\\udcff.csv'"),
])
def test_what_is_none_is_said_at_once(path, says, home):
    os.mkfifo("pipe")
    os.symlink("pipe", "to_pipe")
    os.symlink("loop", "loop")
    os.symlink("gone", "dangling")
    with socket.socket(socket.AF_UNIX) as server, pytest.raises((OSError, ValueError)) as error:
        server.bind("socket")
        existing(path, "file", "data.file")
    assert says in str(error.value) and str(error.value).isprintable() and len(str(error.value)) < 250


def test_what_may_not_be_read_is_said(home, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # whoever tests as root may read everything
    with pytest.raises(PermissionError,
        match=r"'mine\.csv' may not be read by you; change its permissions or check data\.file"):
        existing("mine.csv", "file", "data.file")


def test_the_kinds_have_names():
    assert ([special(kind) for kind in (stat.S_IFIFO, stat.S_IFSOCK, stat.S_IFCHR, stat.S_IFBLK)] == ["pipe",
        "socket", "device", "device"])
