"""A machine without a network, whose files lie where a test puts them."""

import socket

import pytest

from sslbench.data import locations


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder of SSLBENCH_DATA, which may only be read, an empty cache and no network."""
    def refuse(*_, **__):
        raise OSError("no network")
    for folder in ("cache", "mine"):
        (tmp_path / folder).mkdir()
    monkeypatch.setattr(locations, "cache", lambda: tmp_path / "cache")
    monkeypatch.setattr(locations, "project", lambda: None)
    monkeypatch.setenv("SSLBENCH_DATA", str(tmp_path / "mine"))
    for name in ("create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)
    return tmp_path / "mine"
