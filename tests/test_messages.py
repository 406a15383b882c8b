"""What somebody gave stands in a message short and on one line, whatever it is; what an exception says,
too."""

import csv
import time
import zipfile

import numpy as np
import pytest
import torch

from sslbench.catalog import nearest
from sslbench.messages import in_words, named, one_line, quoted


class Broken:
    def __repr__(self):
        raise RuntimeError("a\nb")


class Chatty:
    def __repr__(self):
        return "line\n" * 10**5


VALUES = ["x" * 10**8, "a\nb\r\x1b[31m\u2028\ud800\0", 10**100_000, -(10**5000), [1] * 10**6,
          {str(i): [[[[i]]]] for i in range(10**5)},
          b"\0" * 10**8, np.zeros((300, 300)), np.arange(3), torch.zeros(3, 4), torch.tensor(2.0), None,
          object(), 3j, {1, 2},
          Broken(), Chatty()]


@pytest.mark.parametrize("value", VALUES, ids=lambda v: type(v).__name__)
def test_any_value_is_short_and_on_one_line(value):
    began = time.perf_counter()
    text = quoted(value)
    assert text.isprintable() and len(text) <= 160 and time.perf_counter() - began < 10
    assert (nearest("thing", value, ["a", "b"]).isprintable()
            and len(nearest("thing", value, ["a", "b"])) < 250)


@pytest.mark.parametrize("value, text", [
    ("it's", '"it\'s"'), ("a", "'a'"), (3, "3"), (0.5, "0.5"), (None, "None"), ("ü", "'ü'"),
    ([1, "b"], "[1, 'b']"),
    (torch.ones(2, 3), "an array of shape (2, 3)"), (10**5000, "a whole number of 16610 bits"),
], ids=lambda v: type(v).__name__)
def test_plain_values_are_shown_as_they_are(value, text):
    assert quoted(value) == text


def test_a_long_line_keeps_its_ends():
    text = one_line("begin " + "x" * 10**6 + " end", 60)
    assert text.startswith("begin ") and text.endswith(" end") and len(text) <= 60
    assert one_line("a\n b\t c") == "a b c" and one_line("a\x1bb") == "a\\x1bb"


def test_many_names_are_counted():
    assert (named("abc") == "a, b, c" and named([]) == "none"
            and named(map(str, range(100)), 2) == "0, 1 and 98 more")


@pytest.mark.parametrize("error, text", [
    (ValueError("plain words"), "plain words"), (ValueError("first\nsecond"), "first"),
    (ValueError(), "ValueError"),
    (KeyError("x"), "KeyError: 'x'"), (csv.Error("line contains NUL"), "csv.Error: line contains NUL"),
    (zipfile.BadZipFile("File is not a zip file"), "BadZipFile: File is not a zip file"),
    (RuntimeError("a\nb"), "a"),
    (FileNotFoundError(2, "No such file or directory", "a\nb"), "No such file or directory: 'a\\nb'"),
    (OSError(28, "No space left on device"), "No space left on device"),
    (MemoryError(), "there is not enough memory; take less data, a smaller batch or network"),
    (RecursionError("maximum"), "something is nested too deeply to be read (RecursionError)"),
    (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
     "this is no text that can be read ('utf-8' codec can't decode byte 0xff in position 0: invalid start "
     "byte)"),
], ids=lambda e: type(e).__name__)
def test_an_exception_is_one_readable_line(error, text):
    assert in_words(error) == text


def test_no_memory_is_said_in_the_words_of_whoever_runs_out():
    with pytest.raises(RuntimeError) as error:
        torch.empty(2**58, dtype=torch.uint8)
    assert (in_words(error.value).startswith("there is not enough memory (")
            and "smaller batch" in in_words(error.value))
