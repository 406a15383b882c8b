"""What a column of labels means: nothing that is unlabelled becomes a class, and nothing is cut to whole
numbers."""

import numpy as np
import pytest
import torch

from sslbench.data.labels import label_of, labelled, phrase

nan = float("nan")


@pytest.mark.parametrize("values, classes, expected", [
    (["cat", "dog", "cat"], ["cat", "dog"], [0, 1, 0]),
    (["cat", "", None, "dog"], ["cat", "dog"], [0, -1, -1, 1]),
    (["cat", "NaN", "?", "dog"], ["cat", "dog"], [0, -1, -1, 1]),
    (["none", "scratch", "none"], ["none", "scratch"], [0, 1, 0]),  # a class of its own
    (["10", "9", "10"], ["9", "10"], [1, 0, 1]),
    (["1.0", "", "2.0"], ["1", "2"], [0, -1, 1]),  # how a table writes whole numbers when some are missing
    ([0, 1, None, 0], ["0", "1"], [0, 1, -1, 0]),
    (np.array([0, 1, -1, 0]), ["0", "1"], [0, 1, -1, 0]),
    (["0", "-1", "1", "0"], ["0", "1"], [0, -1, 1, 0]),
    (np.array([-1, 1, 1]), ["-1", "1"], [0, 1, 1]),  # two classes, as half of the UCR archive writes them
    (np.array([-2, -1, 0]), ["-2", "-1", "0"], [0, 1, 2]),
    (np.array([0.0, nan, 1.0]), ["0", "1"], [0, -1, 1]),
    (np.array([True, False]), ["0", "1"], [1, 0]),
    (np.ma.array([3, 4, 4], mask=[0, 0, 1]), ["3", "4"], [0, 1, -1]),
    (np.array([[1, 0], [0, 1], [0, 1]]), ["0", "1"], [0, 1, 1]),
    (np.array([[1, 0], [0, 0], [0, 1]]), ["0", "1"], [0, -1, 1]),
    (torch.tensor([[2], [5]]), ["2", "5"], [0, 1]),
])
def test_classes(values, classes, expected):
    label, why = label_of(values)
    assert (label.names, label.values.tolist(), why) == (classes, expected, "")
    assert label.values.dtype == torch.int64 and labelled(label.values).tolist() == [v >= 0 for v in expected]


@pytest.mark.parametrize("values",
    [np.array([0.5, 1.0, 2.25]), ["0.5", "1", "2.25"], np.array([1.0, 2.0, 3.0], np.float32)])
def test_numbers_with_decimals_are_a_quantity(values):
    label, _ = label_of(values)
    assert label.names == [] and label.values.dtype == torch.float32
    assert torch.allclose(label.values, torch.tensor([float(v) for v in values]))


def test_absent_and_infinite_quantities_are_unlabelled():
    label, _ = label_of(["0.5", "", "inf", "1.5"])
    assert labelled(label.values).tolist() == [True, False, False, True]
    assert phrase(label.values, []) == "a quantity from 0.5 to 1.5, 2 unlabelled"


def test_several_answers_at_once():
    label, _ = label_of(np.array([[1, 1, 0], [0, 0, 1], [-1, -1, -1]]))
    assert label.values.tolist() == [[1, 1, 0], [0, 0, 1], [-1, -1, -1]]
    assert (labelled(label.values).tolist() == [True, True, False]
            and "3 yes-or-no answers" in phrase(label.values, None))


@pytest.mark.parametrize("values", [[f"id{i}" for i in range(12)], [str(i) for i in range(12)]])
def test_a_value_of_its_own_in_every_row_is_no_label_unless_it_was_chosen(values):
    assert label_of(values, chosen=False) == (None, "has a value of its own in every row")
    assert label_of(values, chosen=True)[0] is not None


@pytest.mark.parametrize("values",
                         [["a", "a"], ["", None], [nan, nan], np.array([1.0, 1.0]), np.array([-1, -1])])
def test_what_says_nothing_is_no_label(values):
    label, why = label_of(values)
    assert label is None and why


def test_many_whole_numbers_in_words_are_a_quantity():
    years = [str(1900 + i % 90) for i in range(200)]
    assert label_of(years)[0].values.is_floating_point()
    # forty people, ten pictures each
    assert not label_of([str(i % 40) for i in range(400)])[0].values.is_floating_point()


def test_labels_that_cannot_be_read_are_one_line():
    for values in (np.zeros((4, 3, 2)), np.array([[3, 4], [5, 6]]), np.array([1j, 2j])):
        with pytest.raises(ValueError, match="labels") as error:
            label_of(values)
        assert "\n" not in str(error.value)
