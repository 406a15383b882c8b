"""The course: each notebook says what it is for, lets you try, and fails when the code it explains does
something else."""

import re
from pathlib import Path

import nbformat
import pytest

from sslbench import Data, exercises
from sslbench.exercises import check
from sslbench.pretexts import Pretext

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))
LESSONS = [path for path in NOTEBOOKS if not path.stem.startswith("00")]
DERIVED = [("01_two_views", "simclr"), ("01_two_views", "byol"), ("01_two_views", "vicreg"),
           ("02_fill_the_gap", "autoencoder"), ("02_fill_the_gap", "masked"),
           ("03_what_comes_next", "next_token"), ("04_what_was_done", "rotation"),
           ("06_without_negatives", "barlow_twins"), ("07_predict_embeddings", "jepa")]
HEADER = ("**The question: ", "You will be able to\n- ",
          "mybinder.org/v2/gh/sslbench/sslbench/main?urlpath=lab/tree/notebooks/{}",
          "colab.research.google.com/github/sslbench/sslbench/blob/main/notebooks/{}")
MEASURED = re.compile(r"\d\.\d|\d\s?(%|percent|per cent)|\b\d+ (seconds|s|ms|nats|bits|points)\b")
# code, addresses, formulas
NO_PROSE = re.compile(r"```.*?```|`[^`]*`|\]\([^)]*\)|\$[^$]*\$|https?://\S+", re.S)
EXERCISE = re.compile(r"^answer = \.\.\..*\n+exercises\.(check_\w+)\(answer\)$")


def cells(path: Path, kind: str) -> list:
    return [cell for cell in nbformat.read(str(path), as_version=4).cells if cell.cell_type == kind]


def measured(prose: str) -> list[str]:
    """What reads like a measured number typed by hand; it would go stale unseen."""
    return [found.group() for found in MEASURED.finditer(NO_PROSE.sub(" ", prose))]


def test_there_are_a_bench_and_three_lessons():
    assert ([path.stem for path in NOTEBOOKS][:4] == ["00_bench", "01_two_views", "02_fill_the_gap",
                                                      "03_what_comes_next"])


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_says_what_it_asks_what_you_learn_and_how_long_it_takes(path):
    header = cells(path, "markdown")[0].source
    assert header.startswith(f"# {path.stem[:2]} · ")
    assert [part for part in HEADER if part.format(path.name) not in header] == []
    assert re.search(r"\*About (one|two|three) minutes? on two CPU cores", header)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_prose_states_no_number_that_the_notebook_has_not_computed(path):
    assert [found for cell in cells(path, "markdown") for found in measured(cell.source)] == []


@pytest.mark.parametrize("prose",
    ["the probe reads 0.88", "right 93% of the time", "after 12 seconds", "chance is 5 nats"])
def test_a_number_typed_into_prose_would_be_seen(prose):
    assert measured(prose)


def test_settings_formulas_and_papers_are_no_measurements():
    assert not measured("`temperature=0.05`, $x = 0.5$, [the paper](https://arxiv.org/abs/2002.05709), 28 "
                        "pixels wide")


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_has_two_exercises_that_wait_for_an_answer(path):
    waiting = []
    for cell in cells(path, "code"):
        if found := EXERCISE.match(cell.source):
            assert isinstance(getattr(exercises, found[1]), check.Check)
            waiting += [output.data["text/plain"] for output in cell.outputs]
    assert len(waiting) >= 2 and set(waiting) == {"… waiting for your answer"}


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_the_first_cell_installs_on_colab_only(path):
    first = cells(path, "code")[0].source
    assert '"google.colab" in sys.modules and importlib.util.find_spec("sslbench") is None' in first
    assert all("pip" not in cell.source for cell in cells(path, "code")[1:])


@pytest.fixture(scope="module")
def derivations():
    """Notebook -> its cells that derive the shipped losses, each with what was defined before it; played
    once."""
    Data.all()
    kept, Data.catalogue = Data.catalogue, dict(Data.catalogue)  # sources typed in a notebook stay in it
    played = {}

    def play(name: str) -> list[tuple[str, dict]]:
        if name not in played:
            path, names, played[name] = next(path
                for path in LESSONS if path.stem == name), {"__name__": "__main__"}, []
            for source in [c.source for c in cells(path, "code")
                           if "derivation" in c.metadata.get("tags", [])]:
                played[name].append((source, dict(names)))
                run(source, names)
        return played[name]

    yield play
    Data.catalogue = kept


def run(source: str, names: dict):
    exec(compile(source, "<cell>", "exec"), names)


@pytest.mark.slow
@pytest.mark.parametrize("name, pretext", DERIVED)
def test_a_loss_with_its_sign_turned_fails_its_notebook(name, pretext, derivations, monkeypatch):
    # as shipped, all pass
    checks = [(source, before) for source, before in derivations(name) if "assert_close" in source]
    forward = (task := Pretext.find(pretext)).forward
    monkeypatch.setattr(task, "forward",
                        lambda self, inputs: {k: -v for k, v in forward(self, inputs).items()})
    failed = []
    for source, before in checks:
        try:
            run(source, dict(before))
        except AssertionError as error:
            failed.append(str(error))
    assert failed and all("not close" in words for words in failed)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({name for name, _ in DERIVED}))
def test_a_derivation_needs_no_training(name, derivations):
    assert not [source for source, _ in derivations(name) if re.search(r"\bfit\(", source)]
