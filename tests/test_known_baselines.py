"""What simple baselines tell is reckoned once for the same data and code, and never read where it cannot be
right."""

import json

import pytest

from sslbench import Recipe
from sslbench.training import known_baselines as known
from sslbench.training.evaluate import full
from sslbench.training.some_rows import read

HELD = {"random convolutions": {"linear": 0.5}}


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """Calls of what reckons, and what asks for it on some waves."""
    calls = []
    monkeypatch.setattr(known.locations, "cache", lambda: tmp_path)
    monkeypatch.setattr(known, "simple_baselines", lambda *given: calls.append(given) or HELD)

    def ask(seed=0, most=40):
        data = Recipe("waves", hyperparameters={"data.seed": seed}).make_data()
        return known.known_baselines(data, *(read(data, split, full(most)[split])
                                             for split in ("train", "test", "validation")))
    return calls, ask, tmp_path


def test_the_same_data_is_asked_once(asked):
    calls, ask, _ = asked
    assert ask() == ask() == HELD and len(calls) == 1


def test_other_data_other_rows_and_other_code_are_asked_anew(asked, monkeypatch):
    calls, ask, _ = asked
    ask(), ask(seed=1), ask(most=50)
    monkeypatch.setattr(known, "code", lambda: "changed")
    ask()
    assert len(calls) == 4


def test_the_digest_of_the_code_knows_what_chooses_probes_and_the_libraries(monkeypatch):
    before, real = known.code.__wrapped__(), known.version
    monkeypatch.setattr(known, "version", lambda name: "0" if name == "scikit-learn" else real(name))
    assert known.code.__wrapped__() != before
    read = known.Path.read_bytes
    monkeypatch.setattr(known.Path, "read_bytes",
                        lambda path: read(path) + b"#" * (path.name == "simple_baselines.py"))
    monkeypatch.setattr(known, "version", real)
    assert known.code.__wrapped__() != before


@pytest.mark.parametrize("content", ["", "[]", "{\"a\": 3}", "{\"a\": {\"linear\": NaN}}", "\0", None])
def test_what_cannot_be_right_is_reckoned_again(asked, content):
    calls, ask, folder = asked
    ask()
    (file,) = (folder / "baselines").iterdir()
    file.unlink()
    if content is None:
        file.symlink_to("/dev/zero")
    else:
        file.write_text(content)
    assert ask() == HELD and len(calls) == 2
    if content is not None:
        assert json.loads(file.read_text()) == HELD
