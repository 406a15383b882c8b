"""Tables of any origin: every row is kept, and what had to be decided is said."""

import codecs
import json
import subprocess
import sys

import numpy as np
import pytest

from sslbench.data.tables import reading, rectangle

NUMBERS = [[0.5 * i, -i, i * i] for i in range(1, 41)]


def table(tmp_path, contents, name="t.csv", encoding="utf-8"):
    file = tmp_path / name
    file.write_bytes(contents if isinstance(contents, bytes) else contents.encode(encoding))
    return reading.read(file)


def lines(rows, delimiter=",", first=(), last=""):
    return "".join(delimiter.join(map(str, row)) + last + "\n" for row in [*first, *rows])


def values(t):
    return np.stack([t.numbers(name).values for name in t.names], 1)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "  ", " "])
@pytest.mark.parametrize("first", [[["a", "b", "c"]], []])
def test_any_delimiter_with_and_without_names(tmp_path, delimiter, first):
    t = table(tmp_path, lines(NUMBERS, delimiter, first), "t.dat")
    assert np.array_equal(values(t), NUMBERS) and t.headed == bool(first)
    assert t.names == (["a", "b", "c"] if first else ["column 1", "column 2", "column 3"])
    assert t.notes == ([] if first else ["no line of column names"])


@pytest.mark.parametrize("encoding",
                         ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_any_encoding(tmp_path, encoding):
    t = table(tmp_path, lines([[f"Größe {i}", i] for i in range(40)], ";", [["grün", "n"]]),
              encoding=encoding)
    assert t.names == ["grün", "n"] and t.words("grün")[3] == "Größe 3"
    assert (bool(t.notes) == (not encoding.startswith("utf-8"))
            and ("1252" in str(t.notes)) == (encoding == "cp1252"))


def test_big_endian_with_its_mark(tmp_path):
    assert values(table(tmp_path, codecs.BOM_UTF16_BE + lines(NUMBERS).encode("utf-16-be"))).shape == (40, 3)


@pytest.mark.parametrize(("first", "rows", "headed"), [
    ("kind,0,1,2,3,4", ["up,3,1,4,1,5", "down,2,7,1,8,2"], True),  # names of steps that are numbers
    (",0,1,2,3", ["0,.3,.1,.4,.1", "1,.2,.7,.1,.8"], True),  # what pandas writes
    (",0,1", ["0,.3,.1", "1,.2,.7"], True),
    ("0.0,0.1,0.2,0.3", ["5,1,2,9", "4,4,1,1"], True),
    ("1,0.3,0.1,0.4,0.1", ["2,0.2,0.7,0.1,0.8", "1,0.3,0.3,0.1,0.2"], False),
    ("sit,0.3,0.1", ["sit,0.3,0.7", "walk,0.1,0.1"], False),
    ("0.3,0.1,sit", ["0.3,0.7,sit", "0.1,0.1,walk"], False),
    ("label,2001,2005,2006", ["a,3,4,5", "b,2,2,2"], True),
    ("EI,ATRINS,CCAGC", ["EI,ATRINT,CCAGA", "IE,BABAP,GGAC"] * 9, False),
    ("phrase,mood", ["so nice,good", "so bad,poor"] * 9, True),
    ("2016-07-01 00:00:00,5.8,2.0", ["2016-07-01 01:00:00,5.6,2.1", "2016-07-01 02:00:00,5.1,1.7"], False),
    ("date,a", ["2016-07-01,5.6", "2016-07-02,5.1"], True),
    ("3.5", ["4.5", "1.5"], False),
    ("value", ["4.5", "1.5"], True),
    ("text", ["good day", "bad night"], True),
])
def test_whether_the_first_line_holds_names(tmp_path, first, rows, headed):
    t = table(tmp_path, "\n".join([first, *rows]) + "\n")
    assert (t.headed, len(t)) == (headed, len(rows) + (not headed))


@pytest.mark.parametrize("delimiter", [";", "\t", ","])
def test_decimal_commas(tmp_path, delimiter):
    quote = '"' if delimiter == "," else ""
    rows = [[f"{quote}{x:.3f}{quote}".replace(".", ",") for x in row] for row in NUMBERS]
    t = table(tmp_path, lines(rows, delimiter, [["a", "b", "c"]]))
    assert np.allclose(values(t), NUMBERS) and t.notes == ["decimal commas read as points"]


@pytest.mark.parametrize(("cells", "wanted"), [
    (['"1,234.5"', '"12,345"', "7"], [1234.5, 12345, 7]),
    (['"1,234"', '"2,345,678"', "7"], [1234, 2345678, 7]),
    (['"1,5"', '"2,25"', "7"], [1.5, 2.25, 7]),
    (['"1.234,5"', '"2,25"', "7"], [1234.5, 2.25, 7]),
])
def test_what_a_comma_in_a_number_means(tmp_path, cells, wanted):
    t = table(tmp_path, lines([[c, 1] for c in cells], first=[["a", "b"]]))
    assert t.numbers("a").values.tolist() == wanted and len(t.notes) == 1


def test_quotes_that_do_not_balance_swallow_nothing(tmp_path):
    texts = [f"note {i} is here" for i in range(40)]
    texts[5], texts[20], texts[30] = '"note 5', '"note 20 he said', 'an inch is 1"'
    for delimiter, name in (("\t", "t.tsv"), (",", "u.csv")):
        t = table(tmp_path, lines([[x, "ab"[i % 2]] for i, x in enumerate(texts)], delimiter,
                                  [["text", "label"]]), name)
        assert t.words("text") == texts and t.words("label") == ["a", "b"] * 20
        assert t.notes == ["2 lines with quotes that do not balance read as they stand"]


def test_quoted_cells_of_several_lines_are_one_cell(tmp_path):
    rows = ([[f'"two lines,\nand ""{i}"""', i] for i in range(10)]
            + [['"a, b"', 10], [r'"he said \"no\", twice"', 11]])
    t = table(tmp_path, lines(rows, first=[["text", "n"]]))
    assert (len(t) == 12 and t.words("text")[3] == 'two lines,\nand "3"'
            and t.words("text")[10:] == ["a, b", 'he said "no", twice'])
    assert t.notes == ["10 cells of several lines"]


def test_a_text_with_line_separators_of_unicode_is_one_line(tmp_path):
    t = table(tmp_path, lines([["one\u2028two\x0cthree\x85", i] for i in range(5)], first=[["text", "n"]]))
    assert len(t) == 5 and t.notes == []


@pytest.mark.parametrize("first", [[["a", "b", "c"]], [["a", "b", "c", ""]], []])
def test_a_delimiter_at_the_end_of_each_line_is_no_column(tmp_path, first):
    t = table(tmp_path, lines(NUMBERS, ";", first, last=";").replace(";;", ";"))
    assert np.array_equal(values(t), NUMBERS)


@pytest.mark.parametrize(("first", "row"),
                         [("label,text", "sad,oh, no, {}"), ("text,label", "oh, no, {},sad")])
def test_commas_inside_a_text_without_quotes(tmp_path, first, row):
    rows = [row.format(i) if i % 3 == 0 else row.replace(", no,", " no").format(i) for i in range(30)]
    t = table(tmp_path, "\n".join([first, *rows]))
    assert (t.words("text")[0] == "oh, no, 0" and t.words("label") == ["sad"] * 30
            and t.notes[0].startswith("10 rows with delimiters"))
    t = table(tmp_path, "\n".join([first, *(row.format(i) for i in range(30))]), "all.csv")
    assert (t.words("text")[7] == "oh, no, 7" and set(t.words("label")) == {"sad"}
            and t.notes[0].startswith("30 rows"))


@pytest.mark.parametrize("at_once", [40, 2**18])
@pytest.mark.parametrize("words",
    [["1.0"] * 50 + ["2.0"] * 49 + ["x"], ["1.1", "1.10", "1e2", "100"] * 25, ["007", "7"] * 50,
                                   ["1"] * 60 + ["12345678901234567890"] * 40,
                                   ["+1", "1", "1_000", ".5", "0.50"] * 20,
                                   ["1.0", "caf\u00e9"] * 50, ["1.50", "a longer word than those that are "
                                                                       "packed"] * 50])
def test_a_column_keeps_its_words_wherever_it_is_cut(tmp_path, monkeypatch, words, at_once):
    monkeypatch.setattr(rectangle, "CELLS", at_once)
    t = table(tmp_path, lines([[w, i] for i, w in enumerate(words)], first=[["word", "i"]]))
    assert t.words("word") == words and len(t) == 100 and t.numbers("i").values.tolist() == list(range(100))


@pytest.mark.parametrize("at_once", [40, 2**18])
def test_what_is_missing_among_numbers_is_an_empty_word_wherever_the_column_is_cut(tmp_path, monkeypatch,
    at_once):
    monkeypatch.setattr(rectangle, "CELLS", at_once)
    numbers, words = ["1.0", "2.0"] * 40 + ["-", "NA"] * 10, ["yes", "no"] * 40 + ["-", "NA"] * 10
    t = table(tmp_path, lines(zip(numbers, words), first=[["n", "w"]]))
    assert t.words("n") == ["1.0", "2.0"] * 40 + [""] * 20 and t.words("w") == words


def test_rows_of_unequal_length_are_kept(tmp_path):
    t = table(tmp_path, lines([range(n) for n in range(11, 41)], first=[[f"t{i}" for i in range(38)]]))
    assert len(t) == 30 and len(t.names) == 40 and t.notes == ["27 rows shorter than the others (missing "
                                                               "there)",
                                                               "2 rows longer than the others (further "
                                                               "columns made)"]
    assert np.isnan(values(t)).sum() == sum(40 - n for n in range(11, 41))


def test_names_of_rows_without_a_name_of_their_own(tmp_path):
    t = table(tmp_path, lines([[i, *row] for i, row in enumerate(NUMBERS, 1)], " ", [["a", "b", "c"]]))
    assert t.names == ["column 1", "a", "b", "c"] and np.array_equal(values(t)[:, 1:], NUMBERS)


def test_names_that_are_empty_or_there_twice(tmp_path):
    t = table(tmp_path, lines(NUMBERS, first=[["a", "", "a"]]))
    assert (t.names == ["a", "column 2", "a (2)"] and t.made == {"column 2"}
            and t.notes == ["2 columns are called 'a'"])


def test_comments_titles_blank_and_empty_rows_are_counted(tmp_path):
    text = ("# made today\n\nMeasured in May\n" + lines(NUMBERS[:20], first=[["a", "b", "c"]])
            + "# a break\n\n" + lines(NUMBERS[20:]))
    t = table(tmp_path, text + ",,\n,,\n\n\n")
    assert np.array_equal(values(t), NUMBERS)
    assert t.notes == ["2 comment lines left out", "1 line above the table left out", "1 blank line left out",
                       "2 empty rows at the end left out"]
    t = table(tmp_path, "# first\n# a b c\n" + lines(NUMBERS, " "), "numpy.txt")
    assert t.names == ["a", "b", "c"]


def test_the_line_above_a_table_that_names_its_delimiter_for_excel(tmp_path):
    t = table(tmp_path, "sep=;\n" + lines(NUMBERS, ";", [["a", "b", "c"]]))
    assert np.array_equal(values(t), NUMBERS) and t.notes == ["1 line above the table left out"]


def test_decimal_commas_without_names_and_with_words(tmp_path):
    t = table(tmp_path, lines([[*(f"{x:.3f}".replace(".", ",") for x in row), "ab"[i % 2]]
                               for i, row in enumerate(NUMBERS)], ";"))
    assert (len(t) == 40 and not t.headed
            and np.allclose(t.numbers("column 1").values, np.array(NUMBERS)[:, 0]))


def test_an_empty_row_inside_is_missing_time_not_less_time(tmp_path):
    t = table(tmp_path, lines([*NUMBERS[:5], ["", "", ""], *NUMBERS[5:]], first=[["a", "b", "c"]]))
    assert len(t) == 41 and np.isnan(values(t)[5]).all()


def test_hashtags_are_no_comments(tmp_path):
    t = table(tmp_path, lines([[f"#{i} love", "ab"[i % 2]] for i in range(20)], first=[["text", "label"]]))
    assert len(t) == 20


@pytest.mark.parametrize("bad", ["err", "#N/A", "-", "oops", "inf", "1_2"])
def test_one_bad_cell_leaves_a_column_of_numbers(tmp_path, bad):
    rows = [row[:] for row in NUMBERS]
    rows[7][1] = bad
    found = table(tmp_path, lines(rows, first=[["a", "b", "c"]])).numbers("b")
    assert np.isnan(found.values).tolist() == [i == 7 for i in range(40)]
    assert found.bad == ([bad] if bad in ("oops", "1_2") else []) and found.infinite == (bad == "inf")


def test_words_are_no_numbers_and_are_kept_exactly(tmp_path):
    rows = [[f"00{i}", 10**17 + i, "+-"[i % 2], "1_0"] for i in range(40)]
    t = table(tmp_path, lines(rows, first=[["id", "tweet", "sign", "word"]]))
    assert t.words("id")[4] == "004" and t.words("tweet")[4] == str(10**17 + 4) and t.words("sign")[1] == "-"
    assert t.numbers("sign") is None and t.numbers("word") is None


def test_nul_bytes_are_left_out_with_a_word(tmp_path):
    t = table(tmp_path, lines(NUMBERS, first=[["a", "b", "c"]]).replace("-3,", "-3\0,"))
    assert np.array_equal(values(t), NUMBERS) and t.notes == ["NUL bytes left out of 1 line"]


@pytest.mark.parametrize(("contents", "words"),
                         [("", "no first line"), ("\n\n", "no first line"), ("a,b\n", "no lines below")])
def test_files_without_a_table_are_named(tmp_path, contents, words):
    with pytest.raises(ValueError, match=words):
        table(tmp_path, contents)


def test_a_missing_column_lists_those_there_are(tmp_path):
    with pytest.raises(ValueError, match=r"no column 'd'; set data.label to one of: a, b, c"):
        table(tmp_path, lines(NUMBERS, first=[["a", "b", "c"]])).column("d", "data.label")


def test_json_lines_with_vectors(tmp_path):
    rows = [{"id": i, "x": [i, 2 * i], "label": None if i == 3 else "ab"[i % 2], "more": {"a": 1}}
            for i in range(20)]
    for contents in ("\n".join(map(json.dumps, rows)), json.dumps(rows)):
        t = table(tmp_path, contents, "t.jsonl")
        assert (t.names == ["id", "x.0", "x.1", "label"] and t.numbers("x.1").values[4] == 8
                and t.words("label")[2:5] == ["a", "", "a"])
        assert t.notes == ["column 'more' left out: its cells are no numbers or words"]


@pytest.mark.parametrize("ending", ["parquet", "feather", "xlsx"])
def test_other_kinds_of_tables_are_read_or_name_the_extra(tmp_path, ending):
    try:
        import pandas
        frame = pandas.DataFrame({"a": [1.5, None, 3], "label": ["x", "y", None]})
        if ending == "xlsx":
            frame.to_excel(tmp_path / "t.xlsx", index=False)
        else:
            getattr(frame, f"to_{ending}")(tmp_path / f"t.{ending}")
    except ImportError:
        with pytest.raises(ValueError, match=r"pip install 'sslbench\[tables\]'"):
            table(tmp_path, b"PAR1", f"t.{ending}")
        return
    t = reading.read(tmp_path / f"t.{ending}")
    assert (t.names == ["a", "label"] and t.words("a") == ["1.5", "", "3"]
            and t.words("label") == ["x", "y", ""])
    with pytest.raises(ValueError, match="cannot be read"):
        table(tmp_path, b"no such file", f"u.{ending}")


MEASURE = """
import resource, sys, time
from pathlib import Path
from sslbench.data.tables import reading, rectangle
before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.time()
t = reading.read(Path(sys.argv[1]))
x = [t.numbers(name).values for name in t.names]
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024, time.time() - start)
"""


@pytest.mark.slow
def test_a_large_table_takes_little_memory(tmp_path):
    rng = np.random.default_rng(0)
    np.savetxt(tmp_path / "t.csv", rng.normal(size=(100_000, 20)), "%.6f", ",",
               header=",".join(map(str, range(20))), comments="")
    done = subprocess.run([sys.executable, "-c", MEASURE, tmp_path / "t.csv"], check=True,
                          capture_output=True, text=True)
    peak, seconds = map(float, done.stdout.split())
    assert peak < 5 * (tmp_path / "t.csv").stat().st_size and seconds < 20
