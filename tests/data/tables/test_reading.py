"""Files of every format, as they come and as they must not."""

import gzip
import os
import string
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyreadstat
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pyarrow import feather, parquet, table
from pyarrow import parquet as pq

from mlp_lab.data.config import FileSettings
from mlp_lab.data.tables.cells import MISSING_WORDS
from mlp_lab.data.tables.reading import FORMATS, detect, read_chunks, read_table
from mlp_lab.errors import UserError

AUTO = FileSettings()

FRAME = pd.DataFrame(
    {
        "age": [31.0, np.nan, 58.5, 1.25, 7.0],
        "kids": [0, 2, 1, 3, 12],
        "town": ["Köln", 'the "old", one', "Paris", "x", "Žilina"],
    }
)

TEXT_DTYPE = pd.Series(dtype="str").dtype
"""Objects, before pandas 3."""


def write(frame: pd.DataFrame, path: Path) -> Path:
    """In the format that the suffix says."""
    suffix = path.name[path.name.index(".") :]
    writers: dict[str, Callable[[], object]] = {
        ".parquet": lambda: frame.to_parquet(path),
        ".pq": lambda: frame.to_parquet(path),
        ".feather": lambda: frame.to_feather(path),
        ".arrow": lambda: frame.to_feather(path),
        ".xlsx": lambda: frame.to_excel(path, index=False),
        ".xlsm": lambda: frame.to_excel(path, index=False),
        ".dta": lambda: frame.to_stata(path, write_index=False, version=118),
        ".sav": lambda: pyreadstat.write_sav(frame, path),
        ".zsav": lambda: pyreadstat.write_sav(frame, path, compress=True),
    }
    separator = "\t" if suffix.startswith(".t") and "x" not in suffix else ","
    writers.get(suffix, lambda: frame.to_csv(path, index=False, sep=separator))()
    return path


def text(path: Path, content: str, encoding: str = "utf-8") -> Path:
    """A file with this content."""
    path.write_bytes(content.encode(encoding))
    return path


each_suffix = pytest.mark.parametrize("suffix", FORMATS)


@each_suffix
def test_every_format(tmp_path: Path, suffix: str) -> None:
    file = read_table(write(FRAME, tmp_path / f"table{suffix}"), AUTO)
    pd.testing.assert_frame_equal(file.frame, FRAME, check_dtype=False)
    assert file.frame.kids.dtype.kind in "if"
    assert file.labels == {}
    assert file.note
    assert file.decimal == "."


@each_suffix
@pytest.mark.parametrize("rows", [1, 2, 5, 99])
def test_pieces_are_the_whole(tmp_path: Path, suffix: str, rows: int) -> None:
    path = write(FRAME, tmp_path / f"table{suffix}")
    pieces = list(read_chunks(path, AUTO, rows))
    assert max(map(len, pieces)) == min(rows, 5)
    assert all(piece.index[0] == 0 for piece in pieces)
    joined = pd.concat(pieces, ignore_index=True)
    if suffix in (".xlsx", ".xlsm") or suffix.startswith((".c", ".t")):
        assert all(joined.dtypes == TEXT_DTYPE)
        assert joined.kids.tolist() == ["0", "2", "1", "3", "12"]
        joined = joined.assign(age=pd.to_numeric(joined.age), kids=joined.kids.astype(int))
    pd.testing.assert_frame_equal(joined, FRAME, check_dtype=False)


@each_suffix
def test_no_row(tmp_path: Path, suffix: str) -> None:
    path = write(FRAME.iloc[:0], tmp_path / f"table{suffix}")
    assert read_table(path, AUTO).frame.shape == (0, 3)
    (piece,) = read_chunks(path, AUTO, 2)
    assert piece.shape == (0, 3)
    assert list(piece.columns) == list(FRAME.columns)


def test_a_late_word_makes_the_whole_column_text(tmp_path: Path) -> None:
    """Also where the file is parsed in pieces of which the first hold numbers alone."""
    codes = ["007"] * 400_000 + ["x"]
    path = text(tmp_path / "long.csv", "code,n\n" + "".join(f"{code},1\n" for code in codes))
    frame = read_table(path, AUTO).frame
    assert frame["code"].tolist() == codes
    assert frame["n"].dtype == np.int64


def test_embedded_newlines(tmp_path: Path) -> None:
    path = text(tmp_path / "table.csv", 'a,b\n1,"two\nlines"\n2,"one\r\ntwo, three"\n')
    assert read_table(path, AUTO).frame.b.tolist() == ["two\nlines", "one\r\ntwo, three"]
    assert pd.concat(read_chunks(path, AUTO, 1)).b.tolist() == ["two\nlines", "one\r\ntwo, three"]


def test_settings_are_obeyed(tmp_path: Path) -> None:
    path = text(tmp_path / "table.csv", "a:b\n'x:y':1,5\n", "cp1250")
    chosen = FileSettings(delimiter=":", quote="'", decimal=",", encoding="cp1250")
    file = read_table(path, chosen)
    assert file.frame.to_dict("list") == {"a": ["x:y"], "b": [1.5]}
    assert file.note == "CSV, delimiter ':', decimal comma, encoding cp1250"
    assert next(read_chunks(path, chosen, 9)).to_dict("list") == {"a": ["x:y"], "b": ["1,5"]}
    unquoted = text(tmp_path / "unquoted.csv", 'a,b\n"x,1\n')
    assert read_table(unquoted, FileSettings(quote="")).frame.a.tolist() == ['"x']


def test_missing_words(tmp_path: Path) -> None:
    """Are none among numbers; among other words they stay, since they may be levels."""
    cells = [*MISSING_WORDS, "x"]
    content = "a,b,c\n" + "".join(f"{cell},{cell},1\n" for cell in cells).replace(",x,", ",1.5,")
    path = text(tmp_path / "table.csv", content)
    frame = read_table(path, AUTO).frame
    assert frame.a.fillna("").tolist() == cells
    assert frame.b.isna().tolist() == [True] * len(MISSING_WORDS) + [False]
    assert next(read_chunks(path, AUTO, 99)).a.tolist() == cells


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_as_text_keeps_zeros(tmp_path: Path, suffix: str) -> None:
    path = write(pd.DataFrame({"zip": ["01234", None], "n": [1, 2]}), tmp_path / f"t{suffix}")
    frame = read_table(path, AUTO, as_text=["zip", "absent"]).frame
    assert frame.zip.iloc[0] == "01234"
    assert frame.zip.isna().tolist() == [False, True]
    assert frame.n.dtype.kind == "i"


def test_a_saved_index_has_no_name(tmp_path: Path) -> None:
    path = text(tmp_path / "table.csv", ",a\n0,5\n1,6\n")
    assert read_table(path, AUTO).frame.columns.tolist() == ["Unnamed: 0", "a"]
    assert next(read_chunks(path, AUTO, 9)).columns.tolist() == ["Unnamed: 0", "a"]


@pytest.mark.parametrize("suffix", [".parquet", ".feather"])
def test_a_saved_index_is_a_column_if_it_has_a_name(suffix: str, tmp_path: Path) -> None:
    """Row labels of a frame of which some rows were taken are none."""
    path = tmp_path / f"table{suffix}"
    frame = pd.DataFrame({"a": [1.0, 2, 3]}, index=[7, 8, 9])
    for index, columns in ((frame.index, ["a"]), (frame.index.rename("id"), ["a", "id"])):
        table = pa.Table.from_pandas(frame.set_axis(index), preserve_index=True)
        if suffix == ".parquet":
            pq.write_table(table, path)
        else:
            feather.write_feather(table, path)
        assert list(read_table(path, AUTO).frame) == columns


def test_parquet_values_are_plain(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "c": pd.Categorical(["x", None, "y"]),
            "i": pd.array([1, None, 3], dtype="Int64"),
            "d": pd.to_datetime(pd.Series(["2020-01-02", None, "2021-03-04"])).array,
        },
        index=pd.Index([7, 8, 9], name="id"),
    )
    for suffix in (".parquet", ".feather"):
        kept = frame if suffix == ".parquet" else frame.reset_index()
        path = write(kept, tmp_path / f"t{suffix}")
        found = read_table(path, AUTO).frame
        assert sorted(found.columns) == ["c", "d", "i", "id"]
        assert found.c.dtype == TEXT_DTYPE
        assert found.i.dtype == float
        assert found.d.dtype.kind == "M"
        assert found.id.tolist() == [7, 8, 9]
        assert [len(piece) for piece in read_chunks(path, AUTO, 2)] == [2, 1]


def test_excel_sheets(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"a": [1]}).to_excel(book, sheet_name="one", index=False)
        pd.DataFrame({2020: ["x", "NA"]}).to_excel(book, sheet_name="two", index=False)
    assert read_table(path, AUTO).note == "Excel, sheet 'one'"
    assert read_table(path, FileSettings(sheet="two")).frame.columns.tolist() == ["2020"]
    assert read_table(path, FileSettings(sheet=1)).frame["2020"].tolist() == ["x", "NA"]
    assert next(read_chunks(path, FileSettings(sheet=1), 9))["2020"].tolist() == ["x", "NA"]
    for wanted, hint in (("twoo", ": did you mean 'two'?"), (2, ""), (-1, "")):
        with pytest.raises(UserError) as caught:
            read_table(path, FileSettings(sheet=wanted))
        assert str(caught.value) == f"data.sheet: no sheet {wanted!r} in book.xlsx{hint} (one, two)"


def test_stata_labels(tmp_path: Path) -> None:
    path = tmp_path / "t.dta"
    frame = pd.DataFrame({"age": [1.0, 2.0, -9.0, np.nan], "q": [1, 2, 1, 2], "s": list("abcd")})
    labels: dict[str, dict[float, str]] = {
        "age": {-9: "refused", 1: "low", 3: "unused"},
        "q": {1: "yes", 2: "no"},
    }
    frame.to_stata(path, write_index=False, value_labels=labels)
    file = read_table(path, AUTO)
    assert file.labels == {
        "age": {"-9": "refused", "1": "low", "3": "unused"},
        "q": {"1": "yes", "2": "no"},
    }
    pd.testing.assert_frame_equal(file.frame, frame, check_dtype=False)
    pieces = pd.concat(read_chunks(path, AUTO, 3), ignore_index=True)
    pd.testing.assert_frame_equal(pieces, frame, check_dtype=False)


def test_stata_labels_of_any_name(tmp_path: Path) -> None:
    """Stata's own sets of labels are not named as columns; two columns may share one."""
    path = tmp_path / "t.dta"
    frame = pd.DataFrame({"n": [5, 6], "a": [1, 2], "b": [2, 9], "c": [1, 2], "d": [3, 4]})
    agree: dict[int | float, str] = {1: "yes", 2: "no", 3: "maybe"}
    same: dict[int | float, str] = {1: "same", 2: "same"}
    other: dict[int | float, str] = {3: "x", 4: "y", 5: "z"}
    sets = {"a": agree, "b": agree, "c": same, "d": other}
    pyreadstat.write_dta(frame, path, variable_value_labels=sets)
    texts = {"1": "yes", "2": "no", "3": "maybe"}
    labels = read_table(path, AUTO).labels
    assert labels == {"a": texts, "b": texts, "d": {"3": "x", "4": "y", "5": "z"}}


def test_spss_labels(tmp_path: Path) -> None:
    path = tmp_path / "t.sav"
    frame = pd.DataFrame({"age": [1.0, -9.0, 2.5], "sex": ["m", "f", "m"]})
    labels: dict[str, dict[int | float, str]] = {"age": {1.0: "low", -9.0: "refused", 2.5: "half"}}
    pyreadstat.write_sav(frame, path, variable_value_labels=labels)
    file = read_table(path, AUTO)
    assert file.labels == {"age": {"1": "low", "-9": "refused", "2.5": "half"}}
    assert file.frame.age.tolist() == [1.0, -9.0, 2.5]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", "", "t.csv is empty"),
        ("t.csv", "\n\n", "t.csv is empty"),
        ("t.csv", "a,age,age\n1,2,3\n", "t.csv: column 'age' appears twice"),
        ("t.csv", "a,b,\n1,2,3\n", "t.csv: column 3 has no name"),
        ("t.csv", ",,b\n1,2,3\n", "t.csv: column 2 has no name"),
        ("t.csv", "a,b\n1,2\n1,2,3\n", "cannot read t.csv: Expected 2 fields in line 3, saw 3"),
        ("t.csv", "a,b\n1,2,3\n", "t.csv: its first row has more fields than the header"),
        ("t.csv", 'a,b\n1,"2\n', "cannot read t.csv: EOF inside string starting at row 1"),
        ("t.csv", "a,b\n1,\0\n", "t.csv is not a text table: it holds NUL characters"),
        ("t.json", "{}", f"data.path: unknown suffix '.json' of t.json ({', '.join(FORMATS)})"),
        ("t", "{}", f"data.path: unknown suffix '' of t ({', '.join(FORMATS)})"),
    ],
)
def test_refused_content(tmp_path: Path, name: str, content: str, message: str) -> None:
    path = text(tmp_path / name, content)
    for read in (lambda: read_table(path, AUTO), lambda: list(read_chunks(path, AUTO, 9))):
        with pytest.raises(UserError) as caught:
            read()
        assert str(caught.value) == message


def test_equal_names_in_other_formats(tmp_path: Path) -> None:
    rows = pd.DataFrame([["a", "b", "a"], [1, 2, 3]])
    rows.to_excel(tmp_path / "t.xlsx", index=False, header=False)
    with pytest.raises(UserError, match=r"^t.xlsx: column 'a' appears twice$"):
        read_table(tmp_path / "t.xlsx", AUTO)
    parquet.write_table(table([[1], [2]], names=["a", "a"]), tmp_path / "t.parquet")
    with pytest.raises(UserError, match=r"^t.parquet: column 'a' appears twice$"):
        list(read_chunks(tmp_path / "t.parquet", AUTO, 3))


def test_paths(tmp_path: Path) -> None:
    (tmp_path / "survey.csv").write_text("a\n1\n")
    path = tmp_path / "surwey.csv"
    with pytest.raises(UserError) as caught:
        read_table(path, AUTO)
    hint = "did you mean 'survey.csv'?"
    assert str(caught.value) == f"data.path: no such file: {str(path)!r}: {hint}"
    with pytest.raises(UserError, match=r"^data.test_path: a folder, not a file: '"):
        list(read_chunks(tmp_path, AUTO, 3, key="data.test_path"))
    if os.name != "nt":
        with pytest.raises(UserError, match=r"^FILE: neither a file nor a folder: '/dev/null'$"):
            read_table(Path(os.devnull), AUTO, key="FILE")
    with pytest.raises(UserError, match=r"^data.path: no such file: '\S+'$"):
        read_table(tmp_path / "absent" / "t.csv", AUTO)


@pytest.mark.parametrize(
    ("suffix", "library"),
    [
        (".parquet", "pyarrow"),
        (".feather", "pyarrow"),
        (".xlsx", "openpyxl"),
        (".sav", "pyreadstat"),
    ],
)
def test_a_missing_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, library: str
) -> None:
    path = write(FRAME, tmp_path / f"t{suffix}")
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(UserError) as caught:
        read_table(path, AUTO)
    needed = f"reading {suffix} files needs {library}: pip install 'mlp_lab[formats]'"
    assert str(caught.value) == needed


def outcome(path: Path) -> None:
    """A table, or one line."""
    for read in (
        lambda: read_table(path, AUTO),
        lambda: list(read_chunks(path, AUTO, 2)),
        lambda: detect(path, AUTO),
    ):
        try:
            read()
        except UserError as error:
            lines = str(error).splitlines()
        else:
            lines = ["a table"]
        assert len(lines) == 1


quick = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@quick
@given(content=st.binary(max_size=200))
def test_any_bytes(tmp_path: Path, content: bytes) -> None:
    for suffix in (".csv", ".tsv.gz", ".parquet", ".feather", ".xlsx", ".dta", ".sav", ".zsav"):
        path = tmp_path / f"fuzz{suffix}"
        path.write_bytes(content)
        outcome(path)


@settings(quick, max_examples=100)
@given(content=st.text(st.sampled_from('ab1.,;\t|"\r\n é\0\ufeff\u2028'), max_size=60))
@example(content="\ufeff")
@example(content='"a",b\n"')
def test_any_text(tmp_path: Path, content: str) -> None:
    outcome(text(tmp_path / "fuzz.csv", content))
    (tmp_path / "fuzz.csv.gz").write_bytes(gzip.compress(content.encode()))
    outcome(tmp_path / "fuzz.csv.gz")


@pytest.mark.parametrize("suffix", FORMATS)
def test_damaged_files(tmp_path: Path, suffix: str) -> None:
    """The end cut, or a byte changed; but SPSS's C library may crash on the latter."""
    path = write(FRAME, tmp_path / f"t{suffix}")
    whole = path.read_bytes()
    for place in range(0, len(whole), max(1, len(whole) // 10)):
        if suffix not in (".sav", ".zsav"):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
            outcome(path)
        path.write_bytes(whole[:place])
        outcome(path)


def test_wide_tables(tmp_path: Path) -> None:
    names = [f"{letter}{i}" for letter in string.ascii_lowercase for i in range(40)]
    path = text(tmp_path / "t.csv", ",".join(names) + "\n" + ",".join("1" for _ in names) + "\n")
    assert read_table(path, AUTO).frame.shape == (1, len(names))


def test_dates_of_spss_that_come_late(tmp_path: Path) -> None:
    """A piece without one has the type of the others."""
    when = pd.to_datetime(pd.Series([None, None, "2020-01-02", "2021-03-04"]))
    path = write(pd.DataFrame({"when": when, "n": [1.0, 2, 3, 4]}), tmp_path / "t.sav")
    pieces = list(read_chunks(path, AUTO, 2))
    assert [piece["when"].dtype.kind for piece in pieces] == ["M", "M"]
    assert pd.concat(pieces)["when"].tolist()[2:] == when.tolist()[2:]
