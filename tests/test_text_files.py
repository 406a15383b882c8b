"""Text of the user's own: tables, FASTA, lines with labels, folders and running text are recognised, and it
is said how they were read."""

import csv
import json
import re

import numpy as np
import pytest
import torch
from real_data import real

from sslbench.data import SPLITS, Data
from sslbench.data.text import as_bytes
from sslbench.probes.regression import linear

WORDS = (
    "drizzle showers clouds puddles umbrella thunder wet grey bright sunshine warm blue heat clear dry golden"
).split()


def text(file, **given):
    return Data.find("text")(file=str(file), **given)


def everything(data):
    """The rows and the labels over all three splits."""
    loaded = [data.loaded(split) for split in SPLITS]
    return (torch.cat([rows["text"] for rows, _ in loaded]),
            {key: torch.cat([labels[key] for _, labels in loaded]) for key in loaded[0][1]})


def sizes(data):
    return [len(data.loaded(split)[0]["text"]) for split in SPLITS]


def spelled(data) -> list[str]:
    return [data.spell(row.long().masked_fill(row == 256, -1)) for row in everything(data)[0]]


def sentence(i: int) -> str:
    return " ".join(WORDS[(i * k + k) % len(WORDS)] for k in range(1, 6)) + f" {i}"


def write_csv(path, rows, delimiter=","):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="", encoding="utf-8") as f:
        csv.writer(f, delimiter=delimiter).writerows(rows)
    return path


def table(rows=40, **columns):
    """Lines of a table with a header; a column is a function of the row."""
    return [list(columns), *([make(i) for make in columns.values()] for i in range(rows))]


def one_line(error) -> str:
    assert "\n" not in str(error.value) and len(str(error.value)) < 400
    return str(error.value)


# Tables

@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_of_texts_with_any_delimiter(tmp_path, delimiter):
    rows = [["label", "text"]] + [[f"{'ab'[i % 2]}", f"Größe {i}, ünd möre\nlines"] for i in range(40)]
    data = text(write_csv(tmp_path / "t.csv", rows, delimiter), length=32)
    x, labels = everything(data)
    assert (x.shape == (40, 32) and labels["label"].bincount().tolist() == [20, 20]
            and data.fields["text"].gaps)
    assert "Größe" in data.picture({"text": x[0].long()}).value


@pytest.mark.parametrize(("columns", "column", "label"), [
    ({"text": sentence, "label": lambda i: "ab"[i % 2]}, None, "label"),
    ({"id": str, "review": sentence, "sentiment": lambda i: i % 2}, "review", "sentiment"),
    ({"id": str, "words of it": sentence, "n": lambda i: i % 7}, "words of it", None),
    ({"id": str, "text": sentence}, None, None),  # a value of its own in every row is no label
    ({"image": lambda i: i // 5, "caption": sentence}, "caption", None),
    ({"weather": lambda i: "ab"[i % 2], "said": sentence}, "said", "weather"),
    ({"text": sentence, "split": lambda i: "val" if i > 30 else "train"}, None, None),
])
def test_the_columns_of_text_and_label_are_found_and_said(tmp_path, columns, column, label):
    data = text(write_csv(tmp_path / "t.csv", table(**columns)))
    assert (sorted(spelled(data)) == sorted(map(sentence, range(40)))
            and list(everything(data)[1]) == [label] * bool(label))
    assert ((f"{column!r}" in data.reading()) == bool(column)
            and f"{label or 'no label'}" in data.reading().lower())


@pytest.mark.parametrize(("label", "words"),
                         [("kind", "4 classes"), ("n", "7 classes"), ("mark", "a quantity from 0 to 9.75"),
                                              ("none", "no label"), ("kind,n", "factors: n")])
def test_a_label_that_was_chosen_wins(tmp_path, label, words):
    rows = table(text=sentence, label=lambda i: "ab"[i % 2], kind=lambda i: "wxyz"[i % 4], n=lambda i: i % 7,
                 mark=lambda i: i / 4)
    assert words in text(write_csv(tmp_path / "t.csv", rows), label=label).reading().lower()


def test_unlabelled_and_empty_texts_are_counted(tmp_path):
    rows = table(text=lambda i: "" if i % 8 == 7 else sentence(i),
                 label=lambda i: "cat dog".split()[i % 2] if i % 4 < 2 else "")
    data = text(write_csv(tmp_path / "t.csv", rows))
    _, labels = everything(data)
    assert (data.classes == {"label": ["cat", "dog"]} and (labels["label"] == -1).sum() == 15
            and len(labels["label"]) == 35)
    # the fifth ends the file: an empty row
    assert "15 unlabelled" in data.reading() and "4 empty texts left out" in data.reading()


def test_texts_that_are_cut_are_counted(tmp_path):
    file = write_csv(tmp_path / "t.csv", table(text=lambda i: "x" * (i + 1) + " y"))
    assert "10 texts are longer than 32 bytes and cut" in text(file, length=32).reading()
    assert "cut" not in text(file, length=64).reading()


def test_a_group_stays_in_one_split(tmp_path):
    file = write_csv(tmp_path / "t.csv",
                     table(60, text=sentence, author=lambda i: f"p{i // 5}", label=lambda i: i % 2))
    data = text(file, group="author", label="author")
    seen = [set(data.loaded(split)[1]["author"].tolist()) for split in SPLITS]
    assert sum(map(len, seen)) == len(set().union(*seen)) == 12 and "12 groups" in data.reading()


def test_a_column_of_splits_is_kept(tmp_path):
    rows = table(text=sentence, part=lambda i: "train" if i < 20 else "dev" if i < 30 else "test",
                 label=lambda i: i % 2)
    assert sizes(text(write_csv(tmp_path / "t.csv", rows), split="part")) == [20, 10, 10]


@pytest.mark.parametrize(("given", "words"), [
    ({"text_column": "stars"}, "no column 'stars'"), ({"label": "stars"}, "'stars'"),
    ({"group": "stars"}, "'stars'"),
    ({"split": "stars"}, "'stars'"), ({"split": "review"}, "data.split"), ({"label": "{x}-{y}"}, "fits no"),
    ({"label": "{"}, "data.label"),
])
def test_a_missing_column_names_those_there_are(tmp_path, given, words):
    file = write_csv(tmp_path / "t.csv", table(20, id=str, review=sentence))
    with pytest.raises(ValueError) as error:
        text(file, **given).load("train")
    assert words in one_line(error)


def test_json_lines_and_a_list_of_objects(tmp_path):
    lines = [json.dumps({"text": sentence(i), "label": "ab"[i % 2]}) for i in range(40)]
    (tmp_path / "t.jsonl").write_text("\n".join(lines))
    assert "2 classes (a, b)" in text(tmp_path / "t.jsonl").reading()
    (tmp_path / "t.json").write_text(f"[{','.join(lines)}]")
    assert "2 classes (a, b)" in text(tmp_path / "t.json").reading()


# Several files

def three_files(folder, names=("train", "test", "unsup"), ending=".csv"):
    for start, name in zip(range(0, 90, 30), names):
        rows = [[sentence(start + i), "" if name == "unsup" else i % 2] for i in range(30)]
        write_csv(folder / f"{name}{ending}", [["text", "label"], *rows])
    return folder


@pytest.mark.parametrize("how", ["folder", "commas", "pattern", "wrapped"])
def test_files_called_like_splits_are_the_splits(tmp_path, how):
    three_files(tmp_path / "deep" if how == "wrapped" else tmp_path)
    (tmp_path / "README.md").write_text("about this")
    file = {"folder": tmp_path, "wrapped": tmp_path, "pattern": tmp_path / "*.csv"}.get(how) or ",".join(
        str(tmp_path / f"{name}.csv") for name in ("train", "test", "unsup"))
    data = text(file)
    assert (sizes(data)[2] == 30 and sum(sizes(data)) == 90 and "30 unlabelled" in data.reading()
            and "given" in data.reading())
    test = data.load("test")[0]["text"].long()
    assert ({data.spell(row).split()[-1]
             for row in test.masked_fill(test == 256, -1)} == set(map(str, range(30, 60))))


def test_a_file_beside_that_holds_another_split_is_mentioned(tmp_path):
    three_files(tmp_path)
    reading = text(tmp_path / "train.csv").reading()
    assert "test.csv" in reading and "not read" in reading


def test_tables_with_different_columns_are_not_mixed(tmp_path):
    write_csv(tmp_path / "a.csv", table(20, text=sentence))
    write_csv(tmp_path / "b.csv", table(20, words=sentence, label=lambda i: i % 2))
    with pytest.raises(ValueError, match=r"different columns.*a\.csv, b\.csv") as error:
        text(tmp_path)
    one_line(error)


# FASTA

def write_fasta(path, n=30, letters="ACGT", header="{i}", width=20):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as f:
        for i in range(n):
            s = "".join(letters[(i * k + k // 3) % len(letters)] for k in range(50))
            f.write(f">{header.format(i=i, kind='ab'[i % 2], who=i // 5)}\n"
                    + "".join(s[k:k + width] + "\n" for k in range(0, 50, width)))
    return path


@pytest.mark.parametrize("name", ["s.fa", "s.fasta", "s.faa", "s.txt", "s"])
def test_fasta_is_one_sample_for_each_record(tmp_path, name):
    data = text(write_fasta(tmp_path / name), length=64)
    assert (all(set(s) <= set("ACGT") and len(s) == 50 for s in spelled(data)) and sizes(data) == [21, 3, 6]
            and "FASTA" in data.reading())


def test_files_of_fasta_are_labels_and_splits(tmp_path):
    for kind in ("prom", "non_prom"):
        for split in ("train", "test"):
            write_fasta(tmp_path / f"ecoli_{kind}_{split}.fa", letters="ACGT" if kind == "prom" else "TGCA",
                        header=kind + split + "{i}")
    data = text(tmp_path)
    assert (sizes(data)[2] == 60 and data.classes == {"file": ["non_prom", "prom"]}
            and "given" in data.reading())
    assert (text(tmp_path, label="ecoli_{what}_t{rest}.fa",
                 split="none").reading().count("'what': 2 classes") == 1)
    assert "no label" in text(tmp_path, label="none").reading().lower()


def test_the_header_of_fasta_gives_labels_and_groups(tmp_path):
    data = text(write_fasta(tmp_path / "s.fa", header="{i}|{kind}|p{who}"), label="{id}|{label}|{who}",
                group="{id}|{label}|{who}")
    assert data.reading() and data.classes == {"label": ["a", "b"]}
    data = text(tmp_path / "s.fa", label="{id}|{label}|{group}", group="{id}|{label}|{group}")
    assert "6 groups" in data.reading()


# Lines

def test_a_table_that_is_called_txt_is_a_table(tmp_path):
    (tmp_path / "t.txt").write_text("".join(f"{i}\t{'ham spam'.split()[i % 2]}\t{sentence(i)}\n"
                                            for i in range(40)))
    assert ("2 classes (ham, spam)" in text(tmp_path / "t.txt").reading()
            and "windows" in text(tmp_path / "t.txt", label="none").reading())
    write_csv(tmp_path / "named.txt", table(text=sentence, label=lambda i: i % 2))
    assert "2 classes (0, 1)" in text(tmp_path / "named.txt").reading()


@pytest.mark.parametrize("line",
    ["{0}\t{1}", "{1}\t{0}", "__label__{0} {1}", "{0} {1}", "{0},{1}", "{0}: {1}", "{0} , {1}"])
def test_lines_with_a_label_are_samples(tmp_path, line):
    (tmp_path / "t.txt").write_text("\n".join(line.format("pos neg".split()[i % 2], sentence(i))
                                              for i in range(60)))
    data = text(tmp_path / "t.txt")
    assert "read as labels and texts" in data.reading() and data.classes == {"label": ["neg", "pos"]}
    assert sorted(spelled(data)) == sorted(map(sentence, range(60)))
    assert "windows" in text(tmp_path / "t.txt", label="none").reading()


PROSE = """First Citizen:\nBefore we proceed any further, hear me speak.\n\nAll:\nSpeak, speak.

The first of them said so, and then the other went away with it. And so it was.
And then came the next one, and they went.\n"""


@pytest.mark.parametrize("prose",
                         [PROSE * 30, "\n".join(f"{WORDS[i % 16]}{i // 3} {sentence(i)}" for i in range(300)),
                                   "- one item\n- another of them\n" * 50,
                                   "the same line again and again\n" * 99])
def test_running_text_stays_running_text(tmp_path, prose):
    (tmp_path / "t.txt").write_text(prose)
    assert "windows" in text(tmp_path / "t.txt", length=32).reading()


# Folders of texts

def write_texts(folder, n, start=0):
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(n):
        (folder / f"{i}.txt").write_text(sentence(start + i))


def test_a_folder_of_texts_has_labels_and_splits_in_its_names(tmp_path):
    for i, split in enumerate(("train", "test")):
        for j, kind in enumerate(("pos", "neg")):
            write_texts(tmp_path / "reviews" / split / kind, 12, 100 * i + 50 * j)
    write_texts(tmp_path / "reviews" / "train" / "unsup", 10, 300)
    data = text(tmp_path)
    assert sizes(data)[2] == 24 and sum(sizes(data)) == 58 and data.classes == {"folder": ["neg", "pos"]}
    assert "10 unlabelled" in data.reading() and "texts" in data.reading() and "picture" not in data.reading()
    assert "'folder 1'" in text(tmp_path / "reviews", label="1").reading()


def test_texts_of_two_folders_are_two_classes(tmp_path):
    for kind in ("ham", "spam"):
        write_texts(tmp_path / kind, 12, 40 * (kind == "spam"))
    assert text(tmp_path).reading().count("2 classes (ham, spam)") == 1


def test_two_books_are_two_labels_and_stretches_of_each_are_splits(tmp_path):
    for name in ("austen", "melville"):
        (tmp_path / f"{name}.txt").write_text(" ".join(f"{name}{i:04d}" for i in range(500)))
    data = text(tmp_path, length=32)
    assert "each file" in data.reading() and data.classes == {"file": ["austen", "melville"]}
    last = [max(int(w[-4:]) for s in map(data.spell, data.load(split)[0]["text"])
                for w in s.split() if w[-4:].isdigit() and len(w) > 9)
            for split in SPLITS]
    assert last[0] < last[1] < last[2]


def people(tmp_path, *names):
    for name in names:
        (tmp_path / name).write_text(" ".join(f"{name}{i:04d}" for i in range(300)))
    return {"file": tmp_path, "length": 64}


def of_person(data, split):
    return {re.search("anna|bert|carl|dora", data.spell(row))[0] for row in data.load(split)[0]["text"]}


def test_persons_that_are_asked_for_stay_together_in_running_text(tmp_path):
    data = text(**people(tmp_path, "anna_1.txt", "bert_1.txt", "carl_1.txt", "dora_1.txt"),
                group="{group}_{n}", label="{label}_{n}")
    persons = [of_person(data, split) for split in SPLITS]
    assert sum(map(len, persons)) == 4 == len(set.union(*persons)) and min(map(len, persons)) == 1
    assert "4 groups, none in two splits" in data.reading() and "given" not in data.reading()


@pytest.mark.parametrize("more", [{}, {"group": "none"}, {"split": "none"}, {"label": "{label}_{n}"}],
                         ids=str)
def test_stretches_of_each_file_are_not_said_to_be_given(tmp_path, more):
    data = text(**people(tmp_path, "anna_1.txt", "bert_1.txt", "carl_1.txt", "dora_1.txt"), **more)
    assert all(len(of_person(data, split)) == 4 for split in SPLITS)
    assert "stretches of each file" in data.reading() and "given" not in data.reading()


def test_splits_that_names_of_running_texts_give_and_those_that_they_do_not(tmp_path):
    where = people(tmp_path, "anna_train.txt", "bert_train.txt", "bert_test.txt", "carl_train.txt")
    data = text(**where)
    words = "train and test given by the files, validation stretches of the files for training"
    assert words in data.reading()
    data = text(**where, group="{group}_{split}")
    train, validation, test = (of_person(data, split) for split in SPLITS)
    assert not train & validation and test == {"bert"}
    assert "1 of 3 groups are in several splits" in data.reading()


def test_running_text_in_files_called_like_splits(tmp_path):
    for name, n in (("train", 800), ("valid", 100), ("test", 200)):
        (tmp_path / f"wiki.{name}.txt").write_text(" ".join(f"{name}{i:04d}" for i in range(n)))
    data = text(tmp_path, length=32)
    for split, name in zip(SPLITS, ("train", "valid", "test")):
        assert all(name in data.spell(row) for row in data.load(split)[0]["text"])


# Running text

def test_a_text_file_becomes_consecutive_windows(tmp_path):
    prose = "".join(f"{i:05d}." for i in range(2000))
    (tmp_path / "t.txt").write_text(prose)
    data = text(tmp_path / "t.txt", length=60)
    x, labels = everything(data)
    assert ("".join(map(data.spell, x)) == prose and labels == {} and not data.fields["text"].gaps
            and sizes(data) == [140, 20, 40])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_text_in_other_encodings(tmp_path, encoding):
    (tmp_path / "t.txt").write_bytes(("Größe und Übermut. " * 200).encode(encoding))
    data = text(tmp_path / "t.txt", length=32)
    assert data.spell(data.load("train")[0]["text"][0]).startswith("Größe und Übermut.")
    assert ("read as" in data.reading()) == (not encoding.startswith("utf-8"))


@pytest.mark.parametrize(("name", "contents", "given", "words"), [
    ("short.txt", b"short", {}, "0 windows"), ("some.txt", b"words " * 100, {}, "data.length to 60"),
    ("empty.txt", b"", {}, "0 windows"),
    ("empty.csv", b"", {}, "no first line"), ("nope.txt", None, {}, "nope.txt"),
    ("a.txt,b.txt", None, {}, "a.txt"),
    ("binary.txt", bytes(range(256)) * 20, {}, "no text"),
    ("doc.pdf", b"%PDF-1.4" + bytes(range(256)) * 9, {}, "no text"),
    ("numbers.csv", b"a,b\n" + b"1,2\n" * 20, {}, "no column of texts"),
    ("few.csv", b"text\nabc\ndef\n", {}, "2 texts"),
    ("same.csv", b"text,n\n" + b"abc,1\n" * 20, {}, "are the same"),
    ("*.nothing", None, {}, "nothing"), ("prose.txt", b"words " * 2000, {"label": "column"}, "column"),
    ("prose.txt", b"words " * 2000, {"text_column": "text"}, "no table"),
    ("prose.fa", b"words " * 2000, {}, "no FASTA record"),
])
def test_files_that_cannot_be_read_are_named(tmp_path, name, contents, given, words):
    if contents is not None:
        (tmp_path / name).write_bytes(contents)
    with pytest.raises((ValueError, OSError)) as error:
        text(tmp_path / name, **given).load("train")
    assert words in one_line(error)


def test_a_relative_path_is_found_again_from_another_folder(tmp_path, monkeypatch):
    (tmp_path / "t.txt").write_text(" ".join(map(sentence, range(200))))
    monkeypatch.chdir(tmp_path)
    data = text("t.txt", length=32)
    monkeypatch.chdir("/")
    assert sum(sizes(data)) > 100


def test_an_empty_folder_is_named(tmp_path):
    with pytest.raises(ValueError, match="no files of text"):
        text(tmp_path)


# Real sets: what to type, and what is read

SETS = [
    ("imdb-small", {}, 10_583, "2 classes (0, 1), 3,791 unlabelled", "given"),
    ("coco-mini-captions/captions.csv", {"group": "image"}, 250, "no label", "given"),
    ("emoji-captions", {}, 2_008, "'category': 10 classes", "drawn at random within each class"),
    ("moleculenet/BBBP.csv", {"label": "p_np"}, 2_050, "'p_np': 2 classes", "drawn"),
    ("moleculenet/ESOL_delaney-processed.csv", {"label": "measured log solubility in mols per litre"}, 1_128,
     "a quantity from -11.6 to 1.58", "drawn"),
    ("moleculenet/FreeSolv_SAMPL.csv", {"label": "expt"}, 642, "'expt': a quantity", "drawn"),
    ("moleculenet/Lipophilicity.csv", {"label": "exp"}, 4_200, "'exp': a quantity", "drawn"),
    ("uci-splice/splice.data", {}, 3_190, "3 classes (EI, IE, N)", "within each class"),
    ("uci-promoters/promoters.data", {}, 106, "2 classes (+, -)", "within each class"),
    ("bacillus-promoters-fasta", {}, 1_373, "2 classes (non_prom, prom)", "within each class"),
    ("amplify-peptides", {}, 8_346, "2 classes (AMP_common, non_AMP_balanced)", "train and test given"),
    ("tiny-shakespeare", {}, 8_714, "no label", "consecutive"),
]


@pytest.mark.parametrize(("path", "given", "n", "label", "splits"),
                         [(path, *rest) for name, *rest in SETS for path in real(name)])
def test_real_sets_are_read_with_two_arguments_at_most(path, given, n, label, splits):
    data = text(path, **given)
    assert (sum(sizes(data)) == n and label in data.reading().replace("No label", "no label")
            and splits in data.reading())


@pytest.mark.parametrize("text_column", ["", "text"])
def test_rows_to_be_handed_in_are_unlabelled(tmp_path, text_column):
    write_csv(tmp_path / "train.csv", table(40, id=lambda i: i, text=sentence, label=lambda i: "ab"[i % 2]))
    write_csv(tmp_path / "test.csv", table(12, id=lambda i: 100 + i, text=lambda i: sentence(100 + i)))
    data = text(tmp_path, text_column=text_column)
    assert (sizes(data)[2] == 12 and data.loaded("test")[1]["label"].tolist() == [-1] * 12
            and data.classes["label"] == ["a", "b"])
    assert ((data.loaded("train")[1]["label"] >= 0).all() and "o column 'label' in test.csv, so its 12 rows "
                                                              "have none" in data.reading())


def test_commas_and_colons_in_the_names_of_files(tmp_path):
    for name in ("a, b.csv", "c:d.csv", "e.csv"):
        write_csv(tmp_path / name,
                  table(20, text=lambda i, name=name: f"{name} {sentence(i)}", label=lambda i: "ab"[i % 2]))
    for file, n in (("a, b.csv", 20), ("c:d.csv", 20), ("a, *.csv", 20), ("c:*.csv", 20), ("*:*.csv", 20)):
        assert sum(sizes(text(tmp_path / file))) == n
    assert sum(sizes(text(f"{tmp_path / 'c:d.csv'},{tmp_path / 'e.csv'}"))) == 40
    with pytest.raises(FileNotFoundError, match=r"there is no file.*f\.csv"):
        text(f"{tmp_path / 'c:d.csv'},{tmp_path / 'f.csv'}")
    with pytest.raises(FileNotFoundError, match="no file that fits"):
        text(f"{tmp_path / 'c:d.csv'},{tmp_path / 'f*.csv'}")


def test_baselines_count_bytes_words_and_threes_and_sequences_by_place(tmp_path):
    """One place of a sequence tells its class, as in many questions about genomes."""
    random = np.random.default_rng(0)
    rows = []
    for i in range(300):
        letters = random.choice(list("acgt"), 40)
        letters[7] = "ac"[i % 2]
        rows.append(f"{'xy'[i % 2]},{''.join(letters)}")
    (tmp_path / "dna.csv").write_text("kind,sequence\n" + "\n".join(rows))
    data = Data.find("text")(file=str(tmp_path / "dna.csv"))
    (train, y), (test, y_test) = (data.loaded(split) for split in ("train", "test"))
    raw, raw_test = (data.raw({"text": data.fields["text"].decode(x["text"])}) for x in (train, test))
    assert set(raw) == {"byte histogram", "bag of words", "3-grams", "one-hot"}
    scores = {name: linear(raw[name], y["kind"], raw_test[name], y_test["kind"]) for name in raw}
    assert scores["one-hot"] == 1 and scores["3-grams"] < 0.8
    (tmp_path / "longer.csv").write_text("kind,sequence\n" + "\n".join([*rows, "x,acgtacgt"]))
    data = Data.find("text")(file=str(tmp_path / "longer.csv"))
    assert "one-hot" not in data.raw({"text": torch.zeros(2, 128, dtype=torch.long)})


def test_threes_are_counted_and_what_is_no_byte_is_not():
    ids = torch.tensor([[97, 98, 99, 97, 98, 99], [97, 98, 99, 256, 256, 256], [97, 256, 99, 257, 98, 97]])
    counts = as_bytes.trigrams(ids).expm1()
    assert counts.sum(1).round().tolist() == [4, 1, 0] and counts.max() == pytest.approx(2)
    assert as_bytes.trigrams(ids[:, :2]).sum() == 0


def captions(path, n=30, each=5, name="image", split=False):
    """Some texts of each thing, side by side in the file."""
    with open(path, "w", newline="") as f:
        writer = csv.writer(f)
        writer.writerow([name, "caption"] + ["split"] * split)
        for i in range(n * each):
            words = [WORDS[(i * k) % len(WORDS)] for k in (1, 3, 5)]
            writer.writerow([f"{i // each:04}.jpg", f"{' '.join(words)} number {i}"]
                            + [("train", "val", "test")[i % 3]] * split)
    return path


@pytest.mark.parametrize("name", ["image", "image_id", "Photo_ID", "filename"])
def test_several_texts_of_one_thing_are_said_with_the_way_to_keep_them_together(tmp_path, name):
    file = captions(tmp_path / "captions.csv", name=name)
    said = text(file).reading()
    assert f"Column '{name}' repeats, 150 rows of 30: data.group {name} keeps them together" in said
    together = text(file, group=name)
    assert "30 groups, none in two splits" in together.reading() and "repeats" not in together.reading()


@pytest.mark.parametrize("given", [{"each": 1, "n": 60}, {"n": 4, "each": 20}, {"split": True},
                                   {"name": "weather"}])
def test_where_nothing_repeats_or_splits_are_given_nothing_is_said(tmp_path, given):
    assert "repeats" not in text(captions(tmp_path / "captions.csv", **given)).reading()
    assert "repeats" not in text(captions(tmp_path / "captions.csv"), group="none").reading()
