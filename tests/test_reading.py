"""What was read is said, and what is unlabelled, a quantity or several answers at once reaches probes and
supervision as it is."""

import re

import numpy as np
import pytest
import torch
from PIL import Image
from toys import source

from sslbench.data import SPLITS, Data, Field, Labelled
from sslbench.data.reading import begun
from sslbench.field import decode
from sslbench.machine.hardware import Hardware
from sslbench.recipe import Recipe
from sslbench.training import evaluate


class Told(Data, listed=False):
    """120 pairs of numbers whose label is what a test gives."""

    unit, splits_from, notes = "pairs", "as they come", ["3 of them were too short"]

    def __init__(self, y, classes=()):
        self.fields, self.y = {"x": Field((2,), (1,), 1)}, y
        self.classes = {"kind": list(classes)} if classes else {}

    def load(self, split):
        part = slice(40 * SPLITS.index(split), 40 * SPLITS.index(split) + 40)
        x = torch.randn(120, 1, 2, generator=torch.Generator().manual_seed(0))
        # it can be told
        x[:, 0, 0] += 8 * ((self.y if self.y.ndim == 1 else self.y[:, 0]).float().nan_to_num() > 0.6)
        return {"x": x[part]}, {"kind": self.y[part]}


half = torch.arange(120) % 2
KINDS = {"classes": half, "unlabelled": torch.where(torch.arange(120) % 3 == 0, -1, half),
         "quantity": half.float() + 0.5,
         "absent": torch.where(torch.arange(120) % 3 == 0, torch.nan, half.float() + 0.5),
         "answers": torch.stack([half, 1 - half, torch.arange(120) // 2 % 2], 1)}


@pytest.mark.parametrize("kind, words", [
    ("classes", "'kind': 2 classes (no, yes)."),
    ("unlabelled", "'kind': 2 classes (no, yes), 40 unlabelled."),
    ("quantity", "'kind': a quantity from 0.5 to 1.5."), ("absent", "from 0.5 to 1.5, 40 unlabelled."),
    ("answers", "'kind': 3 yes-or-no answers")])
def test_a_reading_says_samples_splits_label_and_what_was_left_out(kind, words):
    said = Told(KINDS[kind], ["no", "yes"]).reading()
    assert said.startswith("120 pairs: 40 for training, 40 for validation, 40 for testing (as they come). "
                           "Label ")
    assert words in said and said.endswith("3 of them were too short.") and "\n" not in said


@pytest.mark.parametrize("name", [
    pytest.param(n, marks=pytest.mark.slow) if n == "shapes" else n
    for n in sorted(set(Data.all()) - {"mnist", "cifar10", "fashion_mnist", "medmnist"})])
def test_every_source_says_what_it_read(name):
    said = source(name).reading()
    assert (re.match(r"[\d,]+ \w+: [\d,]+ for training, [\d,]+ for validation, [\d,]+ for testing", said)
            and "abel " in said)


@pytest.mark.parametrize("kind", KINDS)
def test_probes_leave_the_unlabelled_out(kind):
    data = Told(KINDS[kind])
    parts = {split: evaluate.read(data, split, 100) for split in SPLITS}
    z = {split: part.rows["x"].flatten(1) for split, part in parts.items()}
    labels = {split: part.labels for split, part in parts.items()}
    scores = evaluate.probe(z["train"], labels["train"], z["test"], labels["test"], z["validation"],
                            labels["validation"])
    chance = evaluate.chance(parts["train"], parts["test"])
    assert scores.keys() == chance.keys()
    enough = 0.9 if kind in ("classes", "unlabelled") else 0.75  # the third of three answers cannot be told
    assert scores.get("linear", scores.get("ridge")) > enough
    # the same as if the unlabelled rows were not there: chance is that of two classes, not three
    if kind == "unlabelled":
        assert 0.5 <= chance["linear"] < 0.6


def test_a_label_that_nobody_has_in_a_split_has_no_score():
    y = torch.where(torch.arange(120) < 80, half, -1)
    data = Told(y)
    train, test = evaluate.read(data, "train", 100), evaluate.read(data, "test", 100)
    z = torch.randn(40, 3)
    assert evaluate.probe(z, train.labels, z, test.labels) == {} == evaluate.chance(train, test)


@pytest.mark.parametrize("kind", KINDS)
def test_supervision_learns_from_every_kind_of_label(kind):
    data = Labelled(Told(KINDS[kind], ["a", "b"] if KINDS[kind].ndim == 1 else ["a", "b", "c"]))
    rows, labels = data.loaded("train")
    assert len(rows["x"]) == len(labels["kind"]) == (26 if kind in ("unlabelled", "absent") else 40)
    _, task = Recipe(data="waves", pretext="supervised", backbone="mlp", labels=1.0).build(data)
    batch = decode(data.fields, rows)
    before = task(batch)["loss"].item()
    optimiser = torch.optim.Adam(task.parameters(), 0.01)
    for _ in range(60):
        optimiser.zero_grad()
        loss = task(batch)["loss"]
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.75 * min(before, task.chance(batch) if kind != "answers" else before)
    few = decode(data.fields, data.loaded("validation")[0], torch.arange(6))  # unlabelled ones among them
    _, (said, right, *_) = task.show(few)
    assert len(said) == 6 and all("guess" in line for line in said)
    assert ("unlabelled" in " ".join(said)) == (kind == "unlabelled")
    assert ([r is None for r in right] == ["unlabelled" in line or kind in ("quantity", "absent")
                                           for line in said])


def test_sensors_that_are_read_in_turn_are_there():
    field = Field((4,), (1,), 2, gaps=True)
    x = torch.tensor([[[1.0, torch.nan, 3.0, torch.nan], [torch.nan, 2.0, torch.nan, torch.nan]]])
    assert field.present(x).tolist() == [[True, True, True, False]]
    error = field.error(torch.zeros(1, 2, 4), x)
    assert error.tolist() == [[1.0, 4.0, 9.0, 0.0]]  # each channel counts where it is there


def test_quick_scores_know_the_unlabelled():
    data = Told(KINDS["unlabelled"])
    _, task = Recipe(data="waves", pretext="simclr", backbone="mlp").build(data)
    scores, _ = evaluate.quick(task, data, Hardware("cpu"), torch.Generator().manual_seed(0))
    assert {"knn", "linear", "rankme"} <= scores.keys()


class Repeated(Data, listed=False):
    """Numbers of which some come again in other splits."""

    def __init__(self):
        self.fields = {"x": Field((4,), (1,), 1), "y": Field((1,), (1,), vocab=5)}

    def load(self, split):
        x = torch.arange(400.).reshape(100, 1, 4)
        rows = {"train": range(60), "validation": [*range(60, 70), 3],
                "test": [*range(70, 100), 5, 6, 7]}[split]
        y = torch.arange(100)[:, None] % 5
        y[7] += split == "test"  # another in one of its fields
        return {"x": x[list(rows)], "y": y[list(rows)]}, {}


def test_samples_that_are_in_two_splits_are_counted():
    assert ("1 of 11 validation samples and 2 of 33 test samples are in training too, number by number"
            in Repeated().reading())


def test_pictures_that_are_copies_of_others_are_counted(tmp_path):
    generator = np.random.default_rng(0)
    for i in range(60):
        x = generator.integers(0, 255, (40, 40, 3), np.uint8)
        for name in ("x", "y"):
            path = tmp_path / "ab"[i % 2] / f"{i}_{name}.png"
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(x).save(path)
    data = Data.find("images")(folder=str(tmp_path))
    trained = {name[:-6] for name in data.sample_names("train")}
    both = {split: sum(name[:-6] in trained for name in data.sample_names(split)) for split in SPLITS[1:]}
    assert any(both.values())
    for split, n in both.items():
        assert (f"{n} of {len(data.sample_names(split))} {split} samples" in data.reading()) == bool(n)
    apart = Data.find("images")(folder=str(tmp_path), group="{group}_{copy}")
    assert "in training too" not in apart.reading()


def test_names_of_labels_and_classes_reach_nobody_as_characters_that_a_terminal_obeys():
    class Escapes(Told, listed=False):
        def load(self, split):
            rows, labels = super().load(split)
            self.classes, self.notes = {"\x1b[1mkind": ["\x1b[2J", "b\n"]}, ["seen: \x1b]0;x\x07"]
            return rows, {"\x1b[1mkind": labels["kind"]}

    data = Escapes(half)
    said = data.reading()
    assert said.isprintable()
    assert "Label '\\x1b[1mkind': 2 classes (\\x1b[2J, b\\n)" in said.replace("\\\\", "\\")
    assert list(data.loaded("test")[1]) == list(data.classes) == ["\\x1b[1mkind"]


@pytest.mark.parametrize("note, sentence", [
    ("left out: 3", "Left out: 3"), ("c.csv: latin-1", "c.csv: latin-1"), ("a/b holds 3", "a/b holds 3"),
    ("my_file: 3", "my_file: 3"), ("data.group keeps", "data.group keeps"), ("", ""),
    ("decimals: values from 0", "Decimals: values from 0")])
def test_a_sentence_begins_with_a_capital_letter_and_the_name_of_a_file_does_not(note, sentence):
    assert begun(note) == sentence
