"""What the vocabulary says of itself: every public name has an example, and the example runs."""

import inspect
import math
import re
import textwrap
from typing import Annotated

import pytest
import torch
from toys import catalogue  # noqa: F401  fixture

import sslbench
from sslbench.data.series import waves


def example(name: str) -> str:
    """The indented block at the end of a public name's docstring, or ""."""
    text = inspect.getdoc(getattr(sslbench, name)) or ""
    block = re.search(r"(?:^|\n\n)((?:    .*\n?|\n)+)\Z", text)
    return textwrap.dedent(block[1]) if block else ""


@pytest.mark.parametrize("name", sslbench.__all__)
def test_every_public_name_has_an_example(name):
    assert name in example(name)


def test_a_docstring_without_an_example_would_be_seen(monkeypatch):
    monkeypatch.setattr(sslbench.catalog, "__doc__", "What there is.\n\nkind: one of three.")
    assert example("catalog") == ""


@pytest.mark.slow
@pytest.mark.parametrize("name", sslbench.__all__)
def test_the_example_runs(name, catalogue, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    vocabulary = {word: getattr(sslbench, word) for word in sslbench.__all__}
    monkeypatch.setattr(waves, "SERIES", {"train": 300, "validation": 60, "test": 60})  # to be quick
    namespace = {"__name__": "__main__", **vocabulary, "sslbench": sslbench, "torch": torch, "math": math,
                 "Annotated": Annotated}
    exec(compile(example(name), f"<the example of {name}>", "exec"), namespace)
    for opened in filter(None, map(namespace.get, ("bench", "lab"))):
        opened.close()
