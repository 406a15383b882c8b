"""Series from files of any kind: what is label, group and split is right, nothing is lost, and the reading
says what was done."""

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from real_data import real

from sslbench.data import SPLITS, Data
from sslbench.data.arrays import shapes
from sslbench.data.folders import layout
from sslbench.data.series import augment


def everything(data):
    """The series and the labels over all three splits."""
    loaded = [data.loaded(split) for split in SPLITS]
    return torch.cat([rows["signal"][:] for rows, _ in loaded]), {key: torch.cat([y[key] for _, y in loaded])
        for key in loaded[0][1]}


def one_line(error) -> str:
    message = str(error.value)
    assert "\n" not in message and len(message) < 400
    return message


def write_csv(path, rows, delimiter=","):
    with open(path, "w", newline="", encoding="utf-8") as f:
        csv.writer(f, delimiter=delimiter).writerows(rows)
    return str(path)


def series(file, **given):
    return Data.find("series")(file=str(file), **given)


def test_a_csv_with_one_series_per_row(tmp_path):
    rng = np.random.default_rng(0)
    rows = ([["kind", *range(50)]]
            + [[["up", "down"][i % 2], *rng.normal(5, 3, 50).round(3)] for i in range(60)])
    x, labels = everything(series(write_csv(tmp_path / "s.csv", rows)))
    assert x.shape == (60, 1, 50) and labels["kind"].bincount().tolist() == [30, 30]
    assert abs(x.mean()) < 0.1 and abs(x.std() - 1) < 0.1


def steps(data, split, channel=0) -> set:
    """The different numbers that a channel shows in a split, as they are in the file."""
    scaling = data.samples().scaling
    x = data.loaded(split)[0]["signal"][:][:, channel] * scaling.deviation[channel] + scaling.mean[channel]
    return set(x[x.isfinite()].round().int().tolist())


def test_windows_of_a_long_table_never_reach_over_the_border_of_two_splits(tmp_path):
    rows = [["date", "a", "b"]] + [[f"day {t}", t, -t] for t in range(2000)]
    data = series(write_csv(tmp_path / "s.csv", rows), length=64)
    shown = [steps(data, split) for split in SPLITS]
    assert data.fields["signal"].channels == 2 and not shown[0] & shown[1] and not shown[1] & shown[2]
    assert max(shown[0]) < min(shown[1]) < min(shown[2])
    assert ("14 windows that reach over the border" in data.reading()
            and "'date' (2,000 values)" in data.reading())


def test_missing_values_and_padding_are_absent(tmp_path):
    rows = [[f"t{i}" for i in range(40)]] + [[*range(n), *[""] * (40 - n)] for n in range(11, 41)]
    rows[5][3] = "NaN"
    data = series(write_csv(tmp_path / "s.csv", rows))
    x, _ = everything(data)
    assert data.fields["signal"].gaps and x.isnan().any() and x[:, :, :3].isfinite().all()
    view = data.augment({"signal": x}, torch.Generator().manual_seed(0))["signal"]
    assert torch.equal(view[:, :, -1].isnan(), x[:, :, -1].isnan())  # what ended early still ends early
    assert view.isfinite().any((1, 2)).all()


def test_channels_that_are_read_in_turn_stay_half_full_in_every_view():
    x = torch.randn(16, 2, 60)
    x[:, 0, ::2] = x[:, 1, 1::2] = torch.nan
    view = augment.excerpt(x, torch.Generator().manual_seed(0), 0.5)
    there = view.isfinite().float().mean(2)
    assert (there > 0.3).all() and (there < 0.7).all() and view.isfinite().any(1).float().mean() > 0.8
    full = augment.excerpt(torch.randn(16, 2, 60), torch.Generator().manual_seed(0), 0.5)
    assert full.isfinite().all()  # and what has no gap gets none


@pytest.mark.parametrize("kind", ["npy", "npz"])
def test_arrays_in_files(tmp_path, kind):
    x = np.random.default_rng(0).normal(size=(30, 2, 24))
    file = tmp_path / f"s.{kind}"
    np.save(file, x) if kind == "npy" else np.savez(file, X=x, y=np.array(["a", "b", "c"] * 10))
    x, labels = everything(series(file))
    assert (x.shape == (30, 2, 24)
            and (labels == {} if kind == "npy" else labels["label"].bincount().tolist() == [10] * 3))


TS = "@problemName Own\n@classLabel true a b\n@data\n"


def test_ts_files_with_unequal_lengths_and_their_own_test_split(tmp_path):
    def lines(n):
        channels = [",".join(["1.5"] * (8 + i % 9)) for i in range(n)]
        return "".join(f"{c}:{c}:{'ab'[i % 2]}\n" for i, c in enumerate(channels))
    (tmp_path / "Own_TRAIN.ts").write_text(TS + lines(30))
    (tmp_path / "Own_TEST.ts").write_text(TS + lines(14))
    data = series(tmp_path / "Own_TRAIN.ts")
    sizes = [len(data.loaded(split)[0]["signal"]) for split in SPLITS]
    assert sum(sizes) == 44 and sizes[2] == 14 and sizes[0] > 5 * sizes[1]
    assert (data.fields["signal"].channels == 2 and data.fields["signal"].gaps
            and data.classes == {"class": ["a", "b"]})


@pytest.mark.parametrize(("name", "contents", "words"), [
    ("broken.ts", TS + "1,2,x:a\n" * 20, "line 4"),
    ("nothing.ts", "@data\n", "no series"),
    ("words.csv", "a,b\n" + "x,y\n" * 20, "no column of numbers"),
    ("target.csv", "sequence_id, class_label\n" + "".join(f"{i},{i % 2}\n" for i in range(20)),
     "holds no series: its columns are 'sequence_id' (counts the rows), 'class_label' (a label or a name)"),
    ("bark.ogg", "OggS", "bark.ogg is a sound file (.ogg): sound is not read yet, so save each as an array"),
    ("cat.jpg", "JFIF", "cat.jpg is a picture (.jpg): the source images reads those"),
    ("short.csv", "a,b\n" + "1,2\n" * 20, "20 rows"),
    ("few.csv", ",".join(map(str, range(30))) + "\n" + (",".join("1" * 30) + "\n") * 4, "4 series"),
    ("broken.npy", "not numpy", "numpy.save"),
    ("song.mid", "la", ".csv"),
    ("head.csv", "a,b\n", "no lines"),
])
def test_series_that_cannot_be_read_are_named(tmp_path, name, contents, words):
    (tmp_path / name).write_text(contents)
    with pytest.raises(ValueError) as error:
        series(tmp_path / name).load("train")
    assert words in one_line(error)


@pytest.mark.parametrize("parameter", ["label", "group", "split"])
def test_a_missing_column_names_those_there_are(tmp_path, parameter):
    file = write_csv(tmp_path / "s.csv", [["a", "b"]] + [[1, 2]] * 2000)
    with pytest.raises(ValueError, match=rf"data.{parameter}: no column is called 'kind'.*a, b"):
        series(file, **{parameter: "kind"})


# Labels

RNG = np.random.default_rng(0)
WAVES = np.sin(np.arange(30) / (2 + np.arange(60)[:, None] % 2)).round(3)  # [60, 30]
KIND = ["up", "down"] * 30


@pytest.mark.parametrize(("columns", "label", "classes"), [
    ("activity,x,y,z", "activity", ["sit", "walk"]),
    ("x,y,z,activity", "activity", ["sit", "walk"]),
    ("time,x,y,z,label", "label", ["sit", "walk"]),
    ("timestamp,acc_x,acc_y,acc_z,behaviour_name", "behaviour_name", ["sit", "walk"]),
    ("x,y,z,activity_id", "activity_id", ["0", "1"]),
    ("index,x,y,z,Class", "Class", ["0", "1"]),
    ("date,x,y,z,mode", "mode", ["sit", "walk"]),
    ("x,y,z,target_speed", None, None),
    ("a,b,y", "y", ["0", "1"]),
    ("x,y", None, None),
])
def test_labels_of_a_table_with_a_channel_per_column(tmp_path, columns, label, classes):
    names = columns.split(",")
    def cell(name, t):
        if name == label:
            return classes[t // 50 % 2]
        if name == "date":
            return f"2024-01-{1 + t % 28:02} 10:00"
        return t if name in ("time", "timestamp", "index") else round(np.sin(t / 7 + len(name)), 3)
    data = series(write_csv(tmp_path / "s.csv",
                            [names] + [[cell(name, t) for name in names] for t in range(800)]), length=24)
    assert data.classes == ({label: classes} if label else {})
    assert (data.fields["signal"].channels == len([n
        for n in names if n not in (label, "time", "timestamp", "index", "date")]))
    assert all(repr(n) in data.reading() for n in names if n in ("time", "timestamp", "index", "date"))


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("kinds", [["up", "down"], ["1", "2"], ["-1", "1"]])
@pytest.mark.parametrize(("ending", "T"), [("csv", 30), ("tsv", 30), ("txt", 30), ("csv", 12)])
def test_a_label_first_or_last_without_names(tmp_path, first, kinds, ending, T):
    rows = [[kinds[i % 2], *x] if first else [*x, kinds[i % 2]]
            for i, x in enumerate([*WAVES[:, :T], *WAVES[:, :T]])]
    data = series(write_csv(tmp_path / f"s.{ending}", rows, {"csv": ",", "tsv": "\t", "txt": " "}[ending]))
    x, labels = everything(data)
    (values,) = labels.values()
    assert (x.shape[:2] == (120, 1) and values.bincount().tolist() == [60, 60]
            and "no line of column names" in data.reading().lower())


def test_an_archive_of_training_and_test_files_without_names(tmp_path):
    for name, n in (("TRAIN", 20), ("TEST", 40)):
        write_csv(tmp_path / f"Toy_{name}.tsv", [[1 + i % 2, *x[:12]] for i, x in enumerate(WAVES[:n])], "\t")
    data = series(tmp_path / "Toy_TRAIN.tsv")
    assert ([len(data.loaded(split)[0]["signal"]) for split in SPLITS] == [17, 3, 40]
            or len(data.loaded("test")[0]["signal"]) == 40)
    assert (data.fields["signal"].size == (12,) and data.classes == {"column 1": ["1", "2"]}
            and "Toy_TEST.tsv" in data.reading())


def test_a_label_with_decimals_is_a_quantity(tmp_path):
    rows = [["label", *(f"t{t}" for t in range(30))]] + [[round(i / 7, 3), *x] for i, x in enumerate(WAVES)]
    data = series(write_csv(tmp_path / "s.csv", rows))
    assert (data.loaded("train")[1]["label"].dtype == torch.float32
            and "quantity from 0 to 8.43" in data.reading())
    rows = [["a", "b", "load"]] + [[np.sin(t), np.cos(t), t / 8] for t in range(800)]
    y = series(write_csv(tmp_path / "long.csv", rows), label="load", length=16).loaded("train")[1]["load"]
    assert torch.allclose(y.sort()[0][:3], torch.tensor([7.5, 9.5, 11.5]) / 8)  # the mean over a window


def test_what_is_chosen_wins(tmp_path):
    rows = ([["kind", "colour", "size", *(f"t{t}" for t in range(30))]]
            + [[KIND[i], "rgb"[i % 3], i, *x] for i, x in enumerate(WAVES)])
    file = write_csv(tmp_path / "s.csv", rows)
    labels = {label: list(series(file, label=label).loaded("train")[1])
              for label in ("", "colour", "colour,size", "none")}
    assert (labels == {"": ["kind", "colour"], "colour": ["colour"], "colour,size": ["colour", "size"],
                       "none": []})
    assert series(file).fields["signal"].size == (30,)  # the size is no time step


def test_a_value_of_its_own_in_every_row_is_no_label(tmp_path):
    rows = [["name", *(f"t{t}" for t in range(30))]] + [[f"n{i}", *x] for i, x in enumerate(WAVES)]
    data = series(write_csv(tmp_path / "s.csv", rows))
    assert data.loaded("train")[1] == {} and "'name' (60 values)" in data.reading()


@pytest.mark.parametrize("each", [2, 3, 5])
def test_few_series_of_each_class_leave_no_split_empty(tmp_path, each):
    rows = ([["label", *(f"t{t}" for t in range(30))]]
            + [[f"k{i // each}", *WAVES[i]] for i in range(6 * each)])
    data = series(write_csv(tmp_path / "s.csv", rows))
    assert (len(data.classes["label"]) == 6
            and min(len(data.loaded(split)[0]["signal"]) for split in SPLITS) > 0)


# Groups and splits

def wrist(n=6, each=200, column="subject", order=None):
    rows = [[column, "activity", "x", "y", "z"]]
    body = [[s, ["sit", "walk"][t // 25 % 2], t + 1000 * s, *RNG.normal(size=2).round(3)] for s in range(n)
            for t in range(each)]
    return rows + (sorted(body, key=order) if order else body)


@pytest.mark.parametrize("column", ["subject", "Patient_ID", "session"])
@pytest.mark.parametrize("together", [True, False])
def test_persons_and_recordings_stay_in_one_split(tmp_path, column, together):
    # several recordings at the same time, side by side
    order = None if together else lambda row: row[2] % 1000
    data = series(write_csv(tmp_path / "s.csv", wrist(column=column, order=order)), length=20)
    shown = [{step // 1000 for step in steps(data, split)} for split in SPLITS]
    assert (sorted(s for split in shown for s in split) == list(range(6))
            and data.classes == {"activity": ["sit", "walk"]})
    x = data.samples().x[data.samples().rows][:, 0]
    # no window holds two persons
    assert (x // 1000 == x[:, :1] // 1000).all() and repr(column) in data.reading()


def test_a_chosen_group_ends_windows_and_none_keeps_nothing_together(tmp_path):
    rows = wrist(column="place")
    rows = [rows[0]] + [[f"p{row[0]}", *row[1:]] for row in rows[1:]]
    data = series(write_csv(tmp_path / "s.csv", rows), group="place", length=20, label="activity")
    x = data.samples().x[data.samples().rows][:, 0]
    assert (x // 1000 == x[:, :1] // 1000).all() and "6 groups" in data.reading()
    data = series(write_csv(tmp_path / "s.csv", wrist()), group="none", length=20)
    assert "group" not in data.reading().replace("data.group", "") and "in order of time" in data.reading()


def test_a_table_sorted_by_its_label_shows_every_class_in_every_split(tmp_path):
    rows = ([["name", "open", "close"]]
        + [[kind, t, np.sin(t)] for k, kind in enumerate("abcd") for t in range(1000 * k, 1000 * k + 300)])
    data = series(write_csv(tmp_path / "s.csv", rows))
    assert (all(len(data.loaded(split)[1]["name"].unique()) == 4 for split in SPLITS)
            and "each stretch of 'name'" in data.reading().lower())
    shown = [steps(data, split) for split in SPLITS]
    assert not shown[0] & shown[1] and not shown[1] & shown[2]


@pytest.mark.parametrize("names", [["id", "time", "a", "b"], ["time", "a", "b"], []])
def test_recordings_one_after_the_other_in_one_table(tmp_path, names):
    rows = [[s, t, t + 1000 * s, np.sin(t) + 0.5] for s in range(12) for t in range(15)]
    if names and len(names) < 4:
        rows = [row[1:] for row in rows]
    data = series(write_csv(tmp_path / "s.csv", [names] * bool(names) + rows))
    x = data.samples().x[data.samples().rows][:, -2]
    assert ((x // 1000 == x[:, :1] // 1000).all() and "12 groups" in data.reading()
            and data.fields["signal"].channels == 2)


def test_lines_of_persons_without_names_that_end_in_a_second_delimiter(tmp_path):
    kinds = ["sit", "walk"]
    lines = [f"{3 + i // 200},{kinds[i // 50 % 2]},{49105962326000 + 50 * i},{np.sin(i):.3f},{np.cos(i):.3f};"
             for i in range(1200)]
    (tmp_path / "s.txt").write_text("\n".join(lines))
    data = series(tmp_path / "s.txt")
    assert (data.classes == {"column 2": ["sit", "walk"]} and data.fields["signal"].channels == 2
            and "6 groups" in data.reading())


def test_groups_of_series_in_rows(tmp_path):
    rows = ([["speaker", "word", *(f"t{t}" for t in range(30))]]
            + [[f"s{i // 10}", KIND[i], *x] for i, x in enumerate(WAVES)])
    data = series(write_csv(tmp_path / "s.csv", rows))
    assert "6 groups" in data.reading() and next(iter(data.classes)) == "word"
    assert "6 groups" not in series(write_csv(tmp_path / "s.csv", rows), group="none").reading()
    assert list(series(write_csv(tmp_path / "s.csv", rows), label="speaker").classes) == ["speaker"]


def counted(column, n=12, each=60, clock=False):
    """Rows of noise in n recordings, with a column of whole numbers for each; "a" tells the recording of each
    step."""
    value = {"in order": lambda r: r, "down": lambda r: 40 - r, "of each person": lambda r: r % 3,
             "in pairs": lambda r: r // 2,
             "persons come back": lambda r: r * 5 % 4, "two kinds": lambda r: r % 2,
             "days": lambda r: 20240101 + r}[column]
    rows = [["pid", *["time"] * clock, "a", "b"]]
    return (rows + [[value(r), *[t] * clock, t + 1000 * r, round(RNG.normal(), 3)] for r in range(n)
                    for t in range(each)])


# alone without names it could be a label
@pytest.mark.parametrize(("named", "clock"), [(True, True), (True, False), (False, True)])
@pytest.mark.parametrize("column",
                         ["in order", "down", "days", "of each person", "persons come back", "in pairs"])
def test_whole_numbers_that_count_recordings_are_no_channel_and_stay_in_one_split(tmp_path, column, named,
    clock):
    rows = counted(column, clock=clock)
    data = series(write_csv(tmp_path / "s.csv", rows if named else rows[1:]), length=20)
    name = "pid" if named else "column 1"
    assert (data.fields["signal"].channels == 2 and f"{name!r}" in data.reading()
            and "no channel" in data.reading())
    assert f"each {name!r} is kept in one split" in data.reading().lower()
    x = data.samples().x[data.samples().rows][:, 0]
    value = [{row[-2] // 1000: row[0] for row in rows[1:]}[r] for r in range(12)]
    if clock or column != "in pairs":
        assert (x // 1000 == x[:, :1] // 1000).all()  # no window holds two recordings
    shown = [{value[step // 1000] for step in steps(data, split)} for split in SPLITS]
    assert not shown[0] & shown[1] and not shown[0] & shown[2] and not shown[1] & shown[2]


def test_two_kinds_of_recordings_are_no_channel_and_no_group(tmp_path):
    data = series(write_csv(tmp_path / "s.csv", counted("two kinds", clock=True)), length=20)
    assert data.fields["signal"].channels == 2 and "each 'recording' is kept" in data.reading().lower()
    assert "'pid' is the same within each recording: no channel" in data.reading()


def test_states_of_a_sensor_stay_channels_and_what_looks_like_recordings_can_be_one_again(tmp_path):
    gear = np.repeat(np.abs(np.cumsum(RNG.choice([-1, 1], 40))) % 5, RNG.integers(11, 40, 40))
    valve = np.repeat(np.arange(len(gear) // 25 + 1) % 2, 25)[:len(gear)]
    rows = [["gear", "valve", "a"]] + [[int(g), int(v), round(RNG.normal(), 3)] for g, v in zip(gear, valve)]
    data = series(write_csv(tmp_path / "s.csv", rows), length=20)
    assert data.fields["signal"].channels == 3 and "no channel" not in data.reading()
    file = write_csv(tmp_path / "c.csv", counted("in order"))
    assert "A channel per column: a, b (" in series(file, length=20).reading()
    assert ("'pid' counts recordings: no channel (data.group none: it is one)" in series(file,
        length=20).reading())
    assert series(file, length=20, group="none").fields["signal"].channels == 3
    file = write_csv(tmp_path / "t.csv", counted("in order", clock=True))
    # within a recording it can tell nothing
    assert series(file, length=20, group="none").fields["signal"].channels == 2


@pytest.mark.parametrize(("value", "group", "channels"), [
    (lambda s, t: s // 2, "'pid'", 2), (lambda s, t: t // 25, "'file'", 2),
    (lambda s, t: t // 25 if s else 3, "'file'", 2),
    (lambda s, t: 3, "'file'", 3), (lambda s, t: t % 7, "'file'", 3)])
def test_whole_numbers_that_count_files_are_no_channel(tmp_path, value, group, channels):
    for s in range(8):
        write_csv(tmp_path / f"r{s}.csv",
                  [["pid", "a", "b"]] + [[value(s, t), t + 1000 * s, np.sin(t)] for t in range(100)])
    data = series(tmp_path, length=20)
    assert (data.fields["signal"].channels == channels
            and f"each {group} is kept in one split" in data.reading().lower())


@pytest.mark.parametrize("layout", ["rows", "columns"])
def test_a_column_of_given_splits(tmp_path, layout):
    if layout == "rows":
        part = ["train", "train", "valid", "TEST"]
        rows = ([["split", "kind", *(f"t{t}" for t in range(30))]]
                + [[part[i % 4], KIND[i // 4], *x] for i, x in enumerate(WAVES)])
        sizes = [30, 15, 15]
    else:
        rows = [["set", "a", "b"]] + [["train" if t < 400 else "test", t, np.sin(t)] for t in range(600)]
        sizes = None
    data = series(write_csv(tmp_path / "s.csv", rows), length=0 if layout == "rows" else 20)
    found = [len(data.loaded(split)[0]["signal"]) for split in SPLITS]
    assert min(found) > 0 and (sizes is None or found == sizes) and "given" in data.reading()
    if layout == "columns":
        shown = [steps(data, split) for split in SPLITS]
        assert not shown[0] & shown[1] and max(shown[0] | shown[1]) == 399 and min(shown[2]) == 400


@pytest.mark.parametrize("more", [{}, {"group": "who"}], ids=["no group", "two persons"])
def test_a_split_cut_in_order_of_time_is_not_said_to_be_given(tmp_path, more):
    rows = ([["set", "who", "a", "b"]]
            + [["train" if t < 800 else "test", "p" + str(t // 750), t, np.sin(t)] for t in range(1200)])
    reading = series(write_csv(tmp_path / "s.csv", rows), length=20, label="none",
                     **{"group": "none", **more}).reading()
    assert "train and test given, validation cut from train" in reading and "validation given" not in reading
    assert ("in several splits" in reading) == bool(more)


def test_files_whose_names_are_splits(tmp_path):
    for name, n in (("train", 30), ("val", 12), ("test", 15)):
        write_csv(tmp_path / f"{name}.csv",
                  [["kind", *(f"t{t}" for t in range(30))]] + [[KIND[i], *WAVES[i]] for i in range(n)])
    for file in (tmp_path, tmp_path / "train.csv",
                 f"{tmp_path}/train.csv,{tmp_path}/val.csv,{tmp_path}/test.csv", f"{tmp_path}/*.csv"):
        data = series(file)
        assert ([len(data.loaded(split)[0]["signal"]) for split in SPLITS] == [30, 12, 15]
                and data.classes == {"kind": ["down", "up"]})


def test_splits_that_names_give_can_be_refused(tmp_path):
    for name, n in (("train", 30), ("test", 15)):
        write_csv(tmp_path / f"{name}.csv",
                  [["kind", *(f"t{t}" for t in range(30))]] + [[KIND[i], *WAVES[i]] for i in range(n)])
        write_csv(tmp_path / f"long_{name}.csv", [["a", "b"]] + [[t, np.sin(t)] for t in range(10 * n)])
    assert len(series(tmp_path / "train.csv").loaded("test")[0]["signal"]) == 15
    assert len(series(tmp_path / "train.csv", split="none").loaded("test")[0]["signal"]) != 15
    data = series(f"{tmp_path}/long_train.csv", split="none", length=10)
    assert "in order of time" in data.reading() and max(steps(data, "validation")) < 299
    data = series(f"{tmp_path}/long_train.csv", length=10)
    shown = [steps(data, split) for split in SPLITS]
    assert (not shown[0] & shown[1] and max(shown[1]) == 299 and max(shown[2]) == 149
            and "test given" in data.reading())


def test_a_folder_of_recordings(tmp_path):
    for s in range(6):
        (tmp_path / f"run_{s}").mkdir()
        write_csv(tmp_path / f"run_{s}" / "log.csv",
                  [["t", "a", "b"]] + [[t / 10, t + 1000 * s, np.sin(t)] for t in range(100 + s)])
    for file in (tmp_path, tmp_path / "run_*" / "log.csv"):
        data = series(file, length=20)
        shown = [{step // 1000 for step in steps(data, split)} for split in SPLITS]
        assert (sorted(s for split in shown for s in split) == list(range(6))
                and data.fields["signal"].channels == 2)
        assert "each 'file' is kept in one split" in data.reading().lower()
    write_csv(tmp_path / "run_0" / "torque.csv", [["c"], *[[np.cos(t)] for t in range(100)]])
    with pytest.raises(ValueError, match=r"log\.csv"):
        series(tmp_path)


def test_folders_and_names_of_files_are_labels(tmp_path):
    for s in range(12):
        (tmp_path / KIND[s]).mkdir(exist_ok=True)
        write_csv(tmp_path / KIND[s] / f"{'abc'[s % 3]}_{s}.csv",
                  [["a", "b"]] + [[t, np.sin(t * (1 + s % 2))] for t in range(60)])
    assert series(tmp_path).classes == {"folder": ["down", "up"]}
    data = series(tmp_path, label="{label}_{take}.csv", group="-1")
    assert data.classes == {"label": ["a", "b", "c"]}
    assert "2 groups" in data.reading()


def recordings(root, *folders, n=4, header=True, T=100, C=2, ending="csv"):
    """n recordings of noise in each of these folders."""
    for folder in folders:
        (root / folder).mkdir(parents=True)
        for i in range(n):
            body = RNG.normal(size=(T, C)).round(3).tolist()
            write_csv(root / folder / f"r{i}.{ending}", [[f"c{k}x" for k in range(C)]] * header + body)


@pytest.mark.parametrize(("folders", "classes"), [
    (["bus", "car", "train"], ["bus", "car", "train"]), (["a/x", "a/y", "b/x", "b/y"], ["a", "b"]),
    (["w/a", "w/b"], ["a", "b"]),
    (["train/a", "train/b", "test/a", "test/b"], ["a", "b"]),
    (["a/train", "a/test", "b/train", "b/test"], ["a", "b"]),
    (["a", "b", "unlabeled"], ["a", "b"]), (["train/a", "train/b", "unsup", "test/a", "test/b"], ["a", "b"]),
])
def test_folders_mean_the_same_for_series_texts_and_pictures(tmp_path, folders, classes):
    n = 6
    recordings(tmp_path, *folders, n=n)  # 12 files or more: fewer texts would be running texts
    names = [f"{folder}/r{i}.csv" for folder in folders for i in range(n)]
    data, known = series(tmp_path, length=20), layout(names)
    assert data.classes == {"folder": classes} and sorted(set(known.words()) - {None}) == classes
    assert ("given" in data.reading()) == bool(known.given)
    for name in names:
        text = tmp_path / "texts" / name.replace(".csv", ".txt")
        text.parent.mkdir(parents=True, exist_ok=True)
        text.write_text(f"words of {name}")
    texts = Data.find("text")(file=str(tmp_path / "texts"))
    texts.load("train")
    assert texts.classes == {"folder": classes}


@pytest.mark.parametrize("folders",
    [["a", "b", "unlabelled"], ["train/a", "train/b", "train/unsup", "test/a", "test/b"]])
def test_recordings_in_a_folder_of_unlabelled_ones_train_without_a_label(tmp_path, folders):
    recordings(tmp_path, *folders, n=6)
    data = series(tmp_path, length=20)
    unlabelled = [int((data.loaded(split)[1]["folder"] < 0).sum()) for split in SPLITS]
    assert unlabelled[0] > 0 and unlabelled[1:] == [0, 0]
    assert "6 files lie in a folder of unlabelled ones" in data.reading()


def test_one_table_of_series_in_each_folder_is_a_class_but_one_recording_is_a_run(tmp_path):
    for k, kind in enumerate(["bus", "car", "train"]):
        (tmp_path / "rows" / kind).mkdir(parents=True)
        write_csv(tmp_path / "rows" / kind / "s.csv",
                  [[f"t{t}" for t in range(30)]] + WAVES[20 * k:20 * k + 20].tolist())
    assert series(tmp_path / "rows").classes == {"folder": ["bus", "car", "train"]}
    recordings(tmp_path / "runs", "bus", "car", "train", n=1)
    assert series(tmp_path / "runs", length=20).classes == {}
    assert series(tmp_path / "runs", length=20, label="folder").classes == {"folder": ["bus", "car", "train"]}


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("C", [1, 6, 12])
@pytest.mark.parametrize("folders",
    [["a", "b"], ["train/a", "train/b", "test/a", "test/b"], ["train", "test"], ["runs"]])
def test_split_folders_do_not_change_what_a_recording_is(tmp_path, folders, C, header):
    recordings(tmp_path, *folders, header=header, C=C)
    data = series(tmp_path, length=20)
    assert data.unit == "windows" and data.samples().x.shape[1:] == (C, 20)
    assert ("test given" in data.reading()) == ("test" in folders[-1])


def test_recordings_in_files_called_train_and_test_are_no_series_in_rows(tmp_path):
    recordings(tmp_path, "data", n=12, header=False, C=6)
    for i in range(12):
        (tmp_path / "data" / f"r{i}.csv").rename(
            tmp_path / "data" / f"{['train', 'train', 'test'][i % 3]}_{i}.csv")
    assert series(tmp_path / "data", length=20).samples().x.shape[1:] == (6, 20)
    (tmp_path / "smooth").mkdir()
    for name in ("train", "test"):
        write_csv(tmp_path / "smooth" / f"{name}.csv",
                  np.cumsum(RNG.normal(size=(400, 6)), 0)[:, RNG.permutation(6)].round(3).tolist())
    assert series(tmp_path / "smooth", length=20).samples().x.shape[1:] == (6, 20)


def test_files_of_one_folder_are_read_alike(tmp_path):
    # by itself a wide table of few rows would be series in rows
    for i, T in enumerate((100, 120, 60, 90, 50, 110)):
        write_csv(tmp_path / f"r{i}.csv",
                  [[f"{c}x" for c in "abcdefghijkl"]] + RNG.normal(size=(T, 12)).round(3).tolist())
    data = series(tmp_path, length=20)
    assert data.unit == "windows" and data.fields["signal"].channels == 12


def test_short_recordings_are_padded_not_lost(tmp_path):
    for s in range(12):
        write_csv(tmp_path / f"r{s}.csv", [["a", "b"]] + [[t, np.sin(t)] for t in range(20 + 2 * s)])
    data = series(tmp_path)
    x, _ = everything(data)
    assert (x.shape[2] >= 42 and data.fields["signal"].gaps and "11 recordings shorter" in data.reading()
            and len(x) >= 12)


# Lengths and numbers

@pytest.mark.parametrize(("steps_there", "length", "wanted"),
                         [(427, 0, 427), (3000, 0, 2048), (427, 100, 100)])
def test_the_length_is_that_of_the_file_up_to_a_limit_that_is_said(tmp_path, steps_there, length, wanted):
    rows = ([["label", *range(steps_there)]]
            + [[KIND[i], *RNG.normal(size=steps_there).round(2)] for i in range(12)])
    data = series(write_csv(tmp_path / "s.csv", rows), length=length)
    assert (data.samples().x.shape[2] == wanted
            and (f"longer than {wanted:,} steps" in data.reading()) == (wanted < steps_there))


@pytest.mark.parametrize(("rows", "wanted"), [(5000, 128), (800, 40), (200, 10)])
def test_windows_of_a_short_table_are_short(tmp_path, rows, wanted):
    data = series(write_csv(tmp_path / "s.csv", [["a", "b"]] + [[t, np.sin(t)] for t in range(rows)]))
    assert data.samples().x.shape[2] == wanted and f"windows of {wanted} steps" in data.reading().lower()


@pytest.mark.parametrize(("names", "layout"), [
    ([f"t{t}" for t in range(12)], "rows"), (range(24), "rows"),
    ([f"{w}{i}" for w in ("q", "qd", "qdd", "tau") for i in range(7)], "columns"),
    (["left", "right", "up"], "columns"), ([f"acc{i}" for i in range(3)], "columns"),
])
def test_which_layout_is_taken_is_said(tmp_path, names, layout):
    data = series(write_csv(tmp_path / "s.csv",
                            [list(names)] + RNG.normal(size=(200, len(names))).round(3).tolist()))
    assert (data.unit == "series") == (layout == "rows")
    assert {"rows": "a series per row", "columns": "a channel per column"}[layout] in data.reading().lower()


@pytest.mark.parametrize("names", [[f"s{i}" for i in range(26)], []])
@pytest.mark.parametrize("turned", [False, True])
def test_many_columns_are_channels_where_the_numbers_go_on_from_row_to_row(tmp_path, names, turned):
    x = np.cumsum(RNG.normal(size=(26, 400)), 1)
    x = (x.T[:, RNG.permutation(26)] if not turned else np.cumsum(RNG.normal(size=(400, 26)), 1)).round(3)
    data = series(write_csv(tmp_path / "s.csv", [names] * bool(names) + x.tolist()))
    assert (data.unit, data.fields["signal"].channels) == (("series", 1) if turned else ("windows", 26))


def test_each_channel_is_scaled_by_itself(tmp_path):
    rows = [["a", "b", "c", "d"]] + [[1000 * np.sin(t / 5), np.cos(t / 5) / 1000, 7, ""] for t in range(1000)]
    data = series(write_csv(tmp_path / "s.csv", rows))
    x = data.loaded("train")[0]["signal"][:]
    assert torch.allclose(x[:, :2].std((0, 2)), torch.ones(2), atol=0.1) and (x[:, 2] == 0).all()
    assert x.shape[1] == 3 and "channel 'c'" in data.reading() and "'d'" in data.reading()


@pytest.mark.parametrize("bad", ["inf", "-Infinity", "1e39", "oops"])
def test_what_is_no_number_is_absent_with_a_word(tmp_path, bad):
    body = WAVES.tolist()
    body[4][7] = bad
    rows = [["label", *(f"t{t}" for t in range(30))]] + [[KIND[i], *x] for i, x in enumerate(body)]
    data = series(write_csv(tmp_path / "s.csv", rows))
    x, _ = everything(data)
    assert (x.isnan().sum() == 1 and not x.isinf().any() and "counted as missing" in data.reading()
            and data.fields["signal"].gaps)


@pytest.mark.parametrize("ending", [",", ",,"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_tables_as_spreadsheets_write_them(tmp_path, ending, encoding):
    rows = [["größe", *(f"t{t}" for t in range(30))]] + [[KIND[i], *x] for i, x in enumerate(WAVES)]
    lines = [",".join(map(str, row)) + ending for row in rows]
    (tmp_path / "s.csv").write_bytes("\r\n".join(lines).encode(encoding))
    data = series(tmp_path / "s.csv")
    assert (everything(data)[0].shape == (60, 1, 30) and data.classes == {"größe": ["down", "up"]}
            and not data.fields["signal"].gaps)


# Arrays

@pytest.mark.parametrize(("shape", "wanted", "word"), [
    ((30, 2, 24), (2, 24), ""), ((30, 24), (1, 24), ""), ((30, 128, 9), (9, 128), "channels last"),
    ((2000,), (1, 100), "one recording"),
    ((2000, 3), (3, 100), "one recording"), ((30, 12, 7), (7, 12), "channels last"),
])
@pytest.mark.parametrize("dtype", ["<f4", ">f8", "i2", "f2", "u2"])
def test_arrays_of_any_shape_and_number(tmp_path, shape, wanted, word, dtype):
    np.save(tmp_path / "s.npy", (100 * RNG.random(shape)).astype(dtype))
    data = series(tmp_path / "s.npy")
    x, _ = everything(data)
    assert (data.samples().x.shape[1:] == wanted and word in data.reading().lower()
            and x.dtype == torch.float32)
    assert abs(float(x.nanmean())) < 0.2


ONE_HOT = np.eye(3)[np.arange(30) % 3]


@pytest.mark.parametrize(("y", "classes", "counts"), [
    (np.arange(30) % 3, ["0", "1", "2"], [10] * 3),
    (np.array(["a", "b", "c"] * 10), ["a", "b", "c"], [10] * 3),
    (ONE_HOT, ["0", "1", "2"], [10] * 3), (np.arange(30) % 3 - 1, ["0", "1"], [10, 10]),
    ((np.arange(30) % 3)[:, None], ["0", "1", "2"], [10] * 3),
])
def test_labels_of_arrays(tmp_path, y, classes, counts):
    np.savez(tmp_path / "s.npz", x=RNG.random((30, 2, 24)), y=y)
    data = series(tmp_path / "s.npz")
    _, labels = everything(data)
    values = labels["label"]
    assert data.classes == {"label": classes} and values[values >= 0].bincount().tolist() == counts


def test_quantities_and_several_answers_of_arrays(tmp_path):
    np.savez(tmp_path / "q.npz", x=RNG.random((30, 2, 24)), labels=RNG.random(30))
    np.savez(tmp_path / "k.npz", x=RNG.random((30, 2, 24)), y=np.maximum(ONE_HOT, ONE_HOT[::-1]))
    assert everything(series(tmp_path / "q.npz"))[1]["label"].dtype == torch.float32
    assert everything(series(tmp_path / "k.npz"))[1]["label"].shape == (30, 3)


@pytest.mark.parametrize("names",
    [("x_train", "y_train", "x_test", "y_test"), ("train_data", "train_labels", "test_data", "test_labels")])
def test_splits_of_an_npz(tmp_path, names):
    x, y = RNG.random((30, 2, 24)), np.arange(30) % 3
    np.savez(tmp_path / "s.npz", **dict(zip(names, (x[:20], y[:20], x[20:], y[20:]))))
    data = series(tmp_path / "s.npz")
    assert len(data.loaded("test")[0]["signal"]) == 10 and len(data.loaded("validation")[0]["signal"]) > 0
    assert data.classes == {"label": ["0", "1", "2"]} and "test given" in data.reading()


def test_labels_in_a_file_beside(tmp_path):
    x, y = RNG.random((30, 2, 24)), np.arange(30) % 3
    for name, rows in (("train", slice(20)), ("test", slice(20, 30))):
        np.save(tmp_path / f"X_{name}.npy", x[rows])
        np.save(tmp_path / f"y_{name}.npy", y[rows])
    for file in (tmp_path / "X_train.npy", tmp_path):
        data = series(file)
        assert data.classes == {"label": ["0", "1", "2"]} and len(data.loaded("test")[0]["signal"]) == 10


def test_labels_in_a_table_beside(tmp_path):
    for name, n in (("train", 40), ("test", 20)):
        (tmp_path / f"X_{name}.txt").write_text("".join("  " + "  ".join(f"{v: .5e}" for v in WAVES[i]) + "\n"
                                                        for i in range(n)))
        (tmp_path / f"y_{name}.txt").write_text("".join(f"{1 + i % 3}\n" for i in range(n)))
    for file in (tmp_path / "X_train.txt", tmp_path):
        data = series(file)
        assert data.classes == {"label": ["1", "2", "3"]} and len(data.loaded("test")[0]["signal"]) == 20


def test_a_large_array_stays_on_the_disk(tmp_path):
    np.save(tmp_path / "s.npy", RNG.random((30, 2, 24)))
    assert not series(tmp_path / "s.npy").loaded("train")[0]["signal"].in_memory


@pytest.mark.parametrize(("header", "line", "words"), [
    ("@timeStamps true\n@classLabel true a b\n", "(0,1.5),(1,2.5):a", "time stamps"),
    ("@classLabel true a b\n", "1,2:3:a\n1,2:a", "different numbers of channels"),
])
def test_ts_files_that_are_not_read_say_why(tmp_path, header, line, words):
    (tmp_path / "s.ts").write_text(header + "@data\n" + line + "\n")
    with pytest.raises(ValueError, match=words):
        series(tmp_path / "s.ts")


def test_ts_with_a_quantity_missing_values_and_comments(tmp_path):
    lines = [f"{i},?,{i + 2}{',7' * (i % 3)}:1,2,3:{i / 4}" for i in range(20)]
    (tmp_path / "s.ts").write_text("# about\n@Univariate False\n@TargetLabel TRUE\n@DATA\n% more\n"
                                   + "\n".join(lines))
    data = series(tmp_path / "s.ts")
    assert (data.samples().x.shape == (20, 2, 5) and data.loaded("train")[1]["class"].dtype == torch.float32
            and data.fields["signal"].gaps)


def test_arff_with_one_and_with_several_channels(tmp_path):
    head = "@relation own\n@attribute a numeric\n@attribute b numeric\n@attribute class {up,down}\n@data\n"
    (tmp_path / "one.arff").write_text(head + "".join(f"{i},{2 * i},{KIND[i]}\n" for i in range(20)))
    (tmp_path / "many.arff").write_text(head + "".join(f"'{i},2\\n3,4\\n5,6',{KIND[i]}\n" for i in range(20)))
    for name, channels in (("one", 1), ("many", 3)):
        data = series(tmp_path / f"{name}.arff")
        assert data.samples().x.shape == (20, channels, 2) and data.classes == {"class": ["down", "up"]}


# Real files

ARCHIVE = "ucr-uea/{0}/{0}_TRAIN.ts"


@pytest.mark.parametrize("path",
    real(ARCHIVE.format("JapaneseVowels"), ARCHIVE.format("BasicMotions"), "ett/ETTh1.csv"))
def test_real_series(path):
    data = series(path)
    x, _ = everything(data)
    assert abs(x.nanmean()) < 0.5 and x.shape[1] in (6, 7, 12)
    assert data.fields["signal"].gaps == ("Vowels" in path.name) == bool(x.isnan().any())


@pytest.mark.parametrize(("folder", "rest", "given", "channels", "sizes", "classes", "words"), [
    ("ucr-uea", "BasicMotions", {}, 6, (36, 4, 40), 4, "train and test given"),
    ("ucr-uea", "ItalyPowerDemand", {}, 1, (59, 8, 1029), 2, "train and test given"),
    ("ucr-uea", "JapaneseVowels", {}, 12, None, 9, "train and test given"),
    ("ett", "", {}, 7, (754, 101, 210), 0, "in order of time"),
    ("sarcos", "", {}, 28, (187, 20, 48), 0, "in order of time"),
    ("schunk-arm", "measurement_*/trajectory.csv", {}, 12, None, 0, "30 groups"),
    ("schunk-arm", "measurement_*/trajectory.csv", {"group": "measurement_{program}{take}/trajectory"}, 12,
     None, 0, "10 groups"),
    ("g1-bottle-lerobot", "data", {}, 52, None, 0, "100 groups"),
])
def test_every_real_folder_is_read_with_two_arguments_at_most(folder, rest, given, channels, sizes, classes,
                                                              words):
    for path in real(folder):
        if folder.startswith("g1"):
            try:
                import pyarrow  # noqa: F401
            except ImportError:
                with pytest.raises(ValueError, match="sslbench"):
                    series(path / rest)
                return
        data = series(path / rest, **given)
        found = tuple(len(data.loaded(split)[0]["signal"]) for split in SPLITS)
        assert (data.fields["signal"].channels == channels and words in data.reading()
                and (sizes or found) == found and min(found) > 0)
        assert sum(map(len, data.classes.values())) == classes


def some_rows(path, n, steps=12):
    table = np.random.default_rng(n).normal(size=(n, steps)).round(3)
    path.write_text("\n".join([",".join(f"t{i}" for i in range(steps)),
                               *(",".join(map(str, row)) for row in table)]) + "\n")


@pytest.mark.parametrize("after",
    [lambda path: path.unlink(), lambda path: some_rows(path, 30, 24), lambda path: path.write_text("")])
def test_what_was_read_stays_when_the_file_is_deleted_or_written_again(tmp_path, after):
    some_rows(tmp_path / "a.csv", 40)
    data = Data.find("series")(file=str(tmp_path / "a.csv"))
    found = [data.loaded("train")[0]["signal"][:]]
    after(tmp_path / "a.csv")
    found += [data.loaded(split)[0]["signal"][:] for split in SPLITS[1:]]
    assert sum(map(len, found)) == 40 and {x.shape[1:] for x in found} == {found[0].shape[1:]}


def test_an_array_that_is_read_where_it_lies_says_that_it_has_changed(tmp_path):
    np.save(tmp_path / "a.npy", np.random.default_rng(0).normal(size=(40, 1, 12)))
    data = Data.find("series")(file=str(tmp_path / "a.npy"))
    assert len(data.loaded("train")[0]["signal"]) == 28
    np.save(tmp_path / "a.npy", np.zeros((20, 1, 8)))
    with pytest.raises(ValueError, match=r"a\.npy has changed since it was looked at"):
        data.load("test")
    assert len(Data.find("series")(file=str(tmp_path / "a.npy")).load("train")[0]["signal"]) == 14


@pytest.mark.parametrize("shape",
                         [(100, 12, 5), (100, 5, 12), (100, 30, 9), (100, 9, 30), (100, 8, 8), (100, 40, 1)])
def test_an_array_means_the_same_in_a_file_and_in_memory(tmp_path, shape):
    x = np.random.default_rng(0).normal(size=shape)
    np.save(tmp_path / "a.npy", x)
    data, handed = Data.find("series")(file=str(tmp_path / "a.npy")), shapes.understood([x], "series")[1][0]
    assert data.fields["signal"].channels == handed.shape[1] == min(shape[1:])
    said = f"{min(shape[1:])} channel{'s' * (min(shape[1:]) > 1)} of {max(shape[1:])} steps"
    data.load("train")
    assert said in data.reading() and "data.layout" in data.reading()


def test_windows_that_hold_several_activities_are_counted(tmp_path):
    file = tmp_path / "worn.csv"
    for every, words in ((30, "130 of 130 windows hold more than one 'activity'"), (400, "")):
        lines = [f"{('run', 'sit', 'walk')[i // every % 3]},w{i // 400},{i % 7},{i % 11}"
                 for i in range(2000)]
        file.write_text("\n".join(["activity,wearer,x,z", *lines]))
        said = Data.find("series")(file=str(file), label="activity", group="wearer").reading()
        assert (words in said) if words else ("hold more than one" not in said)


def labelled_rows(path, n, label=True, start=0):
    x = np.random.default_rng(n).normal(size=(n, 12)).round(3)
    head = ["id", *(f"t{i}" for i in range(12)), *["label"] * label]
    rows = [[start + i, *row, *["ab"[i % 2]] * label] for i, row in enumerate(x.tolist())]
    path.write_text("\n".join(",".join(map(str, row)) for row in [head, *rows]) + "\n")


@pytest.mark.parametrize("file", ["train.csv", "", "train.csv,test.csv"])
def test_rows_to_be_handed_in_are_unlabelled(tmp_path, file):
    labelled_rows(tmp_path / "train.csv", 40)
    labelled_rows(tmp_path / "test.csv", 12, False, 40)
    data = Data.find("series")(file=",".join(str(tmp_path / name) for name in file.split(",")))
    assert ([len(data.loaded(split)[0]["signal"]) for split in SPLITS][2] == 12
            and data.classes == {"label": ["a", "b"]})
    assert (data.loaded("test")[1]["label"].tolist() == [-1] * 12
            and (data.loaded("train")[1]["label"] >= 0).all())
    assert "o column 'label' in test.csv, so its 12 rows have none" in data.reading()


def test_commas_and_colons_in_the_names_of_files(tmp_path):
    for name in ("a, b.csv", "c:d.csv", "e.csv"):
        some_rows(tmp_path / name, 20)
    for file, n in (("a, b.csv", 20), ("c:d.csv", 20), ("c:*.csv", 20), ("a, *.csv", 20),
                    ("c:d.csv,e.csv", 40), ("e.csv, a*.csv", 40)):
        data = Data.find("series")(file=",".join(str(tmp_path / part.strip())
                                                 for part in (file.split(",") if n == 40 else [file])))
        assert sum(len(data.loaded(split)[0]["signal"]) for split in SPLITS) == n
    with pytest.raises(FileNotFoundError, match="no file that fits"):
        Data.find("series")(file=f"{tmp_path / 'e.csv'},{tmp_path / 'z*.csv'}")


def test_a_table_of_labels_among_recordings_is_named_and_so_are_the_recordings(tmp_path):
    for i in range(12):
        rows = [[f"{np.sin(t + i):.3f}", t % 7] for t in range(90)]
        write_csv(tmp_path / f"walk_{i}.csv", [["a", "b"], *rows])
    answers = [[i, i % 2] for i in range(12)]
    write_csv(tmp_path / "walk_target.csv", [["sequence_ID", "class_label"], *answers])
    with pytest.raises(ValueError, match=r"walk_target\.csv holds no series: .*'class_label'") as error:
        series(tmp_path)
    fitting = one_line(error).rpartition("such as '")[2].partition("'")[0]
    assert len(series(fitting).paths) == 12


@pytest.mark.parametrize("source", ["series", "text"])
@pytest.mark.parametrize("ending, words", [(".ogg", "12 sound files (.ogg): sound is not read yet"),
                                           (".jpg", "12 pictures (.jpg): the source images reads those")])
def test_a_folder_of_sound_or_pictures_is_called_what_it_is(tmp_path, source, ending, words):
    (tmp_path / "README.txt").write_text("These files are about rain.\n")
    (tmp_path / "notes.txt").write_text("One is loud.\n")
    for i in range(12):
        (tmp_path / f"{i}{ending}").write_bytes(b"OggS")
    with pytest.raises(ValueError) as error:
        Data.find(source)(file=str(tmp_path))
    assert words in one_line(error) and "README" not in str(error.value)


def test_a_readme_beside_recordings_is_not_read(tmp_path):
    (tmp_path / "README.csv").write_text("what,where\nsteps,here\n")
    recordings(tmp_path, "runs")
    assert everything(series(tmp_path))[0].shape[1] == 2


def weather(path, before, n=2000):
    """A table of sensors and the wind, which changes from row to row; before: column -> values."""
    wind = ["NW", "SE", "NE"]
    sensors = ["dew", "temp", "press", "rain", "snow", "sun", "fog", "dust"]
    rows = [[*(values[i] for values in before.values()), *RNG.normal(size=8).round(3), wind[i * i % 3]]
            for i in range(n)]
    return write_csv(path, [[*before, *sensors, "wind"], *rows])


@pytest.mark.parametrize("columns", [
    {"year": lambda i: 2010 + i // 8760, "month": lambda i: 1 + i // 720 % 12,
     "day": lambda i: 1 + i // 24 % 30, "Hour": lambda i: i % 24},
    {"year": lambda i: 2010 + i // 365, "day": lambda i: 1 + i % 365}, {"No": lambda i: i + 1},
    {"date": lambda i: f"2010-{1 + i // 200:02}-{1 + i // 7 % 28:02}"}], ids=" ".join)
def test_rows_in_order_of_time_are_windows_though_a_label_changes_from_row_to_row(tmp_path, columns):
    values = {name: list(map(value, range(2000))) for name, value in columns.items()}
    if "date" in values:
        values["date"].sort()
    data = series(weather(tmp_path / "s.csv", values))
    assert data.unit == "windows" and data.fields["signal"].channels == 8 and "'wind'" in data.reading()
    assert "in order of time" in data.reading() and "begins again" not in data.reading()
    order = np.random.default_rng(0).permutation(2000)
    mixed = {name: [own[i] for i in order] for name, own in values.items()}
    assert series(weather(tmp_path / "o.csv", mixed)).unit == "series", "no order of time"


def test_a_date_in_parts_begins_again_with_a_new_recording_and_one_part_alone_is_a_channel(tmp_path):
    hours = {"year": [2010] * 2000, "month": [1 + i % 500 // 100 for i in range(2000)],
             "hour": [i % 100 for i in range(2000)]}
    assert "ime begins again 3 times: 4 recordings" in series(weather(tmp_path / "s.csv", hours)).reading()
    data = series(weather(tmp_path / "o.csv", {"hour": hours["hour"]}), layout="columns")
    assert data.fields["signal"].channels == 9


def test_numbered_rows_with_a_label_are_series(tmp_path):
    path = weather(tmp_path / "s.csv", {"No": list(range(2000))})
    text = Path(path).read_text().replace("wind", "class", 1)
    Path(path).write_text(text)
    assert series(path).unit == "series"


def test_a_label_that_loses_its_values_to_the_vote_of_windows_is_not_said_to_have_one(tmp_path):
    """A third of the rows is loud, so each window is quiet, but not each row."""
    rows = [[*RNG.normal(size=3).round(3), "loud" if i % 3 == 0 else "quiet"] for i in range(2000)]
    file = write_csv(tmp_path / "s.csv", [["a", "b", "c", "noise"], *rows])
    said = series(file).reading()
    assert "Column 'noise' is no label of windows: in each of them 'quiet' is the commonest" in said
    assert "one value" not in said
    short = series(file, length=1)
    assert short.classes == {"noise": ["loud", "quiet"]} and "no label" not in short.reading()
    same = [[*row[:3], "quiet"] for row in rows]
    constant = write_csv(tmp_path / "c.csv", [["a", "b", "c", "class"], *same])
    assert "Column 'class' is no label: it has one value only" in series(constant).reading()


def test_a_file_that_is_sorted_by_its_label_in_short_blocks_is_told_in_one_remark(tmp_path):
    def table(kinds):
        return write_csv(tmp_path / "s.csv", [[*RNG.normal(size=4).round(3), kind] for kind in kinds])

    said = series(table([i // 70 for i in range(210)])).reading()
    assert said.count("The file seems sorted by 'column 5'") == 1 and "set data.layout to 'rows'" in said
    assert "in the test split" not in said and "no training sample has" not in said
    assert "seems sorted" not in series(table([i // 7 % 3 for i in range(210)])).reading()
    assert "seems sorted" not in series(table([i // 200 for i in range(600)])).reading(), "each block divided"
