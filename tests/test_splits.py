"""Who trains and who tests: nothing is lost, nothing is in two splits, no split is empty, nobody is on both
sides."""

import numpy as np
import pytest
import torch

from sslbench.data.column_names import split_name
from sslbench.data.metadata import metadata_of
from sslbench.data.splits import SPLITS, divide


def keys(n):
    return [f"file{i}.png" for i in range(n)]


def whole(splits, n):
    rows = [i for split in SPLITS for i in splits.rows[split]]
    assert sorted(rows) == list(range(n)), "lost or in two splits"
    return {split: len(splits.rows[split]) for split in SPLITS}


@pytest.mark.parametrize("n", [10, 11, 24, 100, 1001])
@pytest.mark.parametrize("per_class", [1, 2, 3, 4, 5, 8, 9, 1000])
def test_no_split_is_empty_and_no_sample_lost(n, per_class):
    label = torch.arange(n) // per_class
    sizes = whole(divide(keys(n), label), n)
    assert min(sizes.values()) >= 1 and 0.55 * n <= sizes["train"] <= 0.8 * n


def test_every_class_is_learned_from_where_it_has_two_samples():
    for per_class in (2, 3, 4, 5, 8):
        label = torch.arange(20 * per_class) // per_class
        assert len(label[divide(keys(len(label)), label).rows["train"]].unique()) == 20


def test_a_split_depends_on_the_keys_alone():
    n, order = 60, torch.randperm(60, generator=torch.Generator().manual_seed(1)).tolist()
    first, other = divide(keys(n)), divide([keys(n)[i] for i in order])
    for split in SPLITS:
        assert [keys(n)[i] for i in first.rows[split]] == [keys(n)[order[i]] for i in other.rows[split]]


@pytest.mark.parametrize("groups", [3, 4, 10, 40])
def test_nobody_is_in_two_splits(groups):
    n = 10 * groups
    who = [f"p{i % groups}" for i in range(n)]
    splits = divide(keys(n), torch.arange(n) % 2, who)
    assert min(whole(splits, n).values()) > 0
    people = [{who[i] for i in splits.rows[split]} for split in SPLITS]
    assert not people[0] & people[1] and not people[0] & people[2] and not people[1] & people[2]


def test_groups_that_carry_the_label_are_spread_over_the_splits():
    who = [f"p{i // 5}" for i in range(200)]
    label = torch.tensor([int(w[1:]) % 2 for w in who])
    rows = divide(keys(200), label, who).rows
    assert all(len(label[rows[split]].unique()) == 2 for split in SPLITS)


def test_two_groups_leave_the_test_apart_and_say_so():
    splits = divide(keys(40), None, ["a", "b"] * 20)
    assert min(whole(splits, 40).values()) > 0 and "too few" in splits.origin
    groups = {split: {i % 2 for i in splits.rows[split]} for split in SPLITS}
    assert not groups["train"] & groups["test"]


@pytest.mark.parametrize("given, missing",
                         [(("train", "test"), "validation"), (("train", "validation"), "test")])
def test_given_splits_are_kept_and_the_missing_one_is_cut_from_train(given, missing):
    own = [given[i % 2] for i in range(60)]
    splits = divide(keys(60), torch.arange(60) % 3, given=own)
    assert min(whole(splits, 60).values()) > 0 and missing in splits.origin
    other = given[1]
    assert sorted(splits.rows[other]) == [i for i in range(60) if own[i] == other]


def test_given_splits_with_groups_keep_groups_together_in_what_is_cut():
    own = ["test" if i >= 80 else "train" for i in range(100)]
    who = [f"p{i // 4}" for i in range(100)]
    splits = divide(keys(100), None, who, own)
    assert not {who[i] for i in splits.rows["train"]} & {who[i] for i in splits.rows["validation"]}


@pytest.mark.parametrize("torn, words", [(5, "5 of 6 groups are in several splits as given"), (0, "")])
def test_groups_that_given_splits_tear_apart_are_counted(torn, words):
    who = [f"p{i % 6}" for i in range(60)]
    own = [SPLITS[i // 6 % 3 if i % 6 < torn else i % 3] for i in range(60)]
    splits = divide(keys(60), None, who, own)
    assert all({own[i] for i in splits.rows[s]} == {s} for s in SPLITS), "what is given is kept"
    assert words in splits.origin and ("several" in splits.origin) == bool(words)


def test_groups_too_few_to_cut_a_missing_split_by_them_are_counted():
    splits = divide(keys(60), None, ["a"] * 50 + ["b"] * 10, ["train"] * 40 + ["test"] * 20)
    assert (splits.origin == "train and test given, validation cut from train, 1 of 2 groups are in several "
                             "splits")


def test_windows_are_divided_by_time_and_what_reaches_over_a_border_is_said():
    time = np.stack([np.arange(0, 90, 1), np.arange(10, 100, 1)], 1) / 100
    splits = divide(keys(90), time=time)
    assert time[splits.rows["train"], 1].max() <= 0.7 + 1e-6 <= time[splits.rows["test"], 0].min()
    lost = 90 - sum(map(len, splits.rows.values()))
    assert lost and splits.left_out.startswith(str(lost))


@pytest.mark.parametrize("word, name",
    [("Train", "train"), ("val", "validation"), ("dev", "validation"), ("TEST", "test"), ("cat", None)])
def test_usual_names_of_splits(word, name):
    assert split_name(word) == name


# What is asked for

PATHS = [f"{s}/{k}/7_{who}_{i}.wav" for s in ("x", "y") for k in ("cat", "dog")
         for who in ("ann", "bob", "cy") for i in range(5)]


def labels_of(**asked):
    found = metadata_of(PATHS, {"note": ["a", "b"] * 30, "speaker": [p.split("_")[1] for p in PATHS]},
                      paths=True, **asked)
    return found, {name: [found.classes[name][v] if v >= 0 else None for v in y.tolist()]
                   for name, y in found.labels.items()}


def test_a_folder_level_a_pattern_and_a_column_are_labels():
    assert labels_of(label="2")[1]["folder 2"] == [p.split("/")[1] for p in PATHS]
    assert labels_of(label="-1")[1]["folder -1"] == [p.split("/")[1] for p in PATHS]
    assert labels_of(label="{kind}_{label}_{take}.wav")[1] == {"label": [p.split("_")[1] for p in PATHS]}
    assert labels_of(label="{digit}_{who}_{take}", group="speaker")[1] == {}  # the digit is 7 everywhere
    assert list(labels_of(label="note,speaker")[1]) == ["note", "speaker"]
    assert (labels_of(likely="note")[1]["note"][:2] == ["a", "b"]
            and labels_of(likely="note", label="none")[1] == {})


def test_a_group_by_pattern_keeps_a_speaker_on_one_side():
    found, _ = labels_of(label="2", group="{digit}_{group}_{take}.wav")
    who = [{PATHS[i].split("_")[1] for i in found.splits.rows[split]} for split in SPLITS]
    assert not who[0] & who[1] and not who[0] & who[2] and all(who)


def test_a_column_called_split_is_the_split():
    own = ["train"] * 40 + ["test"] * 20
    found = metadata_of(keys(60), {"split": own, "kind": ["a", "b"] * 30}, likely="kind")
    assert (sorted(found.splits.rows["test"]) == list(range(40, 60))
            and any("split" in line for line in found.said))
    assert (sorted(metadata_of(keys(60), {"split": own}, split="none").splits.rows["test"]) != list(range(40,
        60)))


@pytest.mark.parametrize("asked, word",
    [({"label": "kin"}, "note"), ({"group": "nope"}, "speaker"), ({"label": "9"}, "level 9"),
                                         ({"label": "{a}_{a}"}, "once"), ({"label": "{}"}, "name"),
                                         ({"label": "{a}+{b}"}, "fits no"),
                                         ({"split": "note"}, "train"),
                                         ({"group": "{digit}_{x}_{y}.wav"}, "one group")])
def test_what_is_not_there_is_one_line_that_says_what_is(asked, word):
    with pytest.raises(ValueError, match=word) as error:
        labels_of(**asked)
    assert "\n" not in str(error.value) and len(str(error.value)) < 300


def test_a_label_of_several_words_stays_whole_and_other_ways_to_cut_a_name_are_said():
    names = [f"{kind}_{i}.jpg" for kind in ("great_pyrenees", "shiba_inu", "beagle") for i in range(10)]
    found = metadata_of(names, {}, label="{label}_{n}", paths=True)
    assert (found.classes["label"] == ["beagle", "great_pyrenees", "shiba_inu"]
            and any("20 names fit" in line for line in found.said))
    plain = metadata_of([f"{d}_jackson_{i}.wav" for d in range(2) for i in range(10)], {},
                      label="{label}_{who}_{take}.wav", paths=True)
    assert plain.classes["label"] == ["0", "1"] and not any("several ways" in line for line in plain.said)


def test_columns_of_0_and_1_are_answers_at_once_or_one_hot():
    columns = {"rain": ["1", "0"] * 20, "wind": ["1", "1", "0", "0"] * 10, "sun": ["0", "1"] * 20,
               "no": list("abcd") * 10}
    found = metadata_of(keys(40), columns, label="rain+wind")
    assert found.labels["rain+wind"].shape == (40, 2) and found.classes["rain+wind"] == ["rain", "wind"]
    assert metadata_of(keys(40), columns, label="rain+sun").classes == {"rain+sun": ["rain", "sun"]}
    assert list(metadata_of(keys(40), columns, label="rain,wind").labels) == ["rain", "wind"]
    with pytest.raises(ValueError, match="0 and 1"):
        metadata_of(keys(40), columns, label="rain+no")


def test_what_has_no_group_stands_alone_and_classes_that_training_never_shows_are_said():
    who = ["ann", "bob", "cy", "dan"] * 10 + [""] * 20
    found = metadata_of(keys(60), {"who": who}, group="who")
    assert any("20 samples without one stand alone" in line for line in found.said)
    assert all(i >= 40 for split in SPLITS for i in found.splits.rows[split] if who[i] == "")
    persons = {"person": [f"p{i % 8}" for i in range(40)]}
    apart = metadata_of(keys(40), persons, label="person", group="person")
    assert any("no training sample has" in line for line in apart.said)
    assert not any("no training sample" in line
                   for line in metadata_of(keys(40), {"k": ["a", "b"] * 20}, label="k").said)


def test_unlabelled_samples_train():
    label = torch.where(torch.arange(60) % 3 == 0, -1, torch.arange(60) % 2)
    rows = divide(keys(60), label).rows
    assert (all((label[rows[split]] >= 0).all() for split in ("validation", "test"))
            and (label[rows["train"]] < 0).sum() == 20)
