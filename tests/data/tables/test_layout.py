"""Rows that are none of a table: titles above, types below, footers, and files without names."""

from gzip import compress
from itertools import zip_longest
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from surveys import pasted, raw_of

from mlp_lab.data.rows import RawData
from mlp_lab.data.tables.layout import rows_aside
from mlp_lab.errors import UserError

ROWS = [f"{i * 7 % 13},{i * 1.5},{'pq'[i % 2]}" for i in range(40)]
HEADER = "a,x,y"


def raw_of_lines(folder: Path, suffix: str, lines: list[str], *words: str) -> RawData:
    """The rows of a file that holds lines."""
    path = folder / f"t{suffix}"
    if suffix == ".xlsx":
        rows = zip_longest(*zip_longest(*(line.split(",") for line in lines), fillvalue=""))
        cells = [[_cell(cell) for cell in row] for row in rows]
        pd.DataFrame(cells).to_excel(path, header=False, index=False)
    else:
        sign = {".tsv": "\t", ".txt": ";"}.get(suffix, ",")
        path.write_text("\n".join(lines).replace(",", sign) + "\n")
    return raw_of(path, *words)


def _cell(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return text or None


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".txt", ".xlsx"])
@pytest.mark.parametrize(
    ("above", "below"),
    [
        (["My survey of 2020,,"], []),
        (["My survey of 2020,,", ",,", "second line,,"], []),
        ([], ["int,float,str"]),
        (["Title,,"], ["(years),(kg),"]),
        (["Source,World Data,", ",,", "Updated,2020-01-01,", ",,"], []),
        (["Persons,,", "Made by,an office,", ",,"], []),
        ([], ["How many?,How long?,Which?"]),
        (["Title,,"], ["How many?,How long?,Which?", "Question 1,Question 2,Question 3"]),
    ],
    ids=["title", "titles", "types", "units", "pairs", "a pair", "questions", "twice"],
)
def test_titles_and_types(above: list[str], below: list[str], suffix: str, tmp_path: Path) -> None:
    """Are recognised, in any format, and the note says so."""
    plain = raw_of_lines(tmp_path, suffix, [HEADER, *ROWS])
    raw = raw_of_lines(tmp_path, suffix, [*above, HEADER, *below, *ROWS])
    assert raw.columns == plain.columns
    assert (raw.inputs == plain.inputs).all()
    assert raw.source is not None
    assert ", without line" in raw.source.note


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["bla,k,z", "1,2,3", HEADER, *ROWS], ["data.header=3"]),
        (["bla,k,z", "1,2,3", HEADER, *ROWS], ["data.skip_rows=2"]),
        ([HEADER, "9,9,z", *ROWS], ["data.skip_rows=[2]"]),
        ([HEADER, *ROWS, "Total,9,9", "Source: us,,"], ["data.skip_rows=[-1,-2]"]),
        (ROWS, ["data.header=none", "data.target=c3"]),
    ],
)
def test_settings(lines: list[str], words: list[str], suffix: str, tmp_path: Path) -> None:
    """Rows are left out by their number, and names are not needed."""
    plain = raw_of_lines(tmp_path, suffix, [HEADER, *ROWS])
    raw = raw_of_lines(tmp_path, suffix, lines, *words)
    assert (raw.inputs == plain.inputs).all()
    assert (raw.target == plain.target).all()


def test_a_footer_is_named(tmp_path: Path) -> None:
    """With the setting that leaves it out."""
    with pytest.raises(UserError, match="is the last row a footer") as error:
        raw_of_lines(tmp_path, ".csv", [HEADER, *ROWS, "Source: an office,,"])
    (setting,) = (word for word in pasted(str(error.value)) if word.startswith("data.skip_rows"))
    raw = raw_of_lines(tmp_path, ".csv", [HEADER, *ROWS, "Source: an office,,"], setting)
    assert len(raw.target) == len(ROWS)


def test_remarks_and_blanks(tmp_path: Path) -> None:
    """A sign begins what is no part of a line; blanks stand between cells."""
    plain = raw_of_lines(tmp_path, ".csv", [HEADER, *ROWS])
    path = tmp_path / "t.txt"
    lines = [line.replace(",", "   ") for line in (HEADER, *ROWS)]
    path.write_text("\n".join(lines))
    assert (raw_of(path).inputs == plain.inputs).all()
    path.write_text("# made by hand\n" + "\n".join(f"{line} # so" for line in lines))
    words = ("data.delimiter=whitespace", "data.comment='#'")
    assert (raw_of(path, *words).inputs == plain.inputs).all()


def test_numbers_for_names(tmp_path: Path) -> None:
    """Are said to be a row, perhaps; years beside other names are names."""
    with pytest.raises(UserError, match=r"data\.header=none calls columns without names c1, c2"):
        raw_of_lines(tmp_path, ".csv", ["1,2,3", *ROWS])
    raw = raw_of_lines(tmp_path, ".csv", ["land,2019,2020", *ROWS], "data.target=2020")
    assert [column.name for column in raw.columns] == ["land", "2019"]


def test_rows_of_a_survey_service(tmp_path: Path) -> None:
    """Questions, and numbers of the service below them, are none of the answers."""
    asked = '"When?","How old, in years?","Why?"'
    numbers = ",".join(f'"{{""ImportId"":""QID{k}""}}"' for k in range(3))
    rows = [f"2021-03-{k % 28 + 1:02d} 12:00,{20 + k % 9},{'yn'[k % 2]}" for k in range(40)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["StartDate,Q1,y", asked, numbers, *rows]))
    raw = raw_of(path)
    assert [column.kind for column in raw.columns] == ["date", "numeric"]
    assert len(raw.target) == len(rows)
    few = [row.split(",") for row in rows[:2]]
    imported = [f'{{"ImportId":"QID{k}"}}' for k in range(3)]
    assert rows_aside([["When", "Q1", "y"], ["When?", "How old?", "Why?"], imported, *few]) == [
        1,
        2,
    ]


def test_groups_of_columns(tmp_path: Path) -> None:
    """Names of groups above the names of columns are a title."""
    plain = raw_of_lines(tmp_path, ".csv", ["a,x,w,y", *(f"{row[:-1]}7,{row[-1]}" for row in ROWS)])
    lines = ["Person,,Views,", "a,x,w,y", *(f"{row[:-1]}7,{row[-1]}" for row in ROWS)]
    raw = raw_of_lines(tmp_path, ".csv", lines)
    assert raw.columns == plain.columns


def test_what_describes_no_columns() -> None:
    """Stray words among numbers, levels that come again, names, and few rows."""
    rows = [[str(k), "mf"[k % 2], f"name{k}"] for k in range(9)]
    header = ["age", "sex", "name"]
    assert rows_aside([header, ["years", "of what?", "of whom?"], *rows]) == [1]
    assert rows_aside([header, ["refused", "m", "Ann"], *rows]) == []
    assert (
        rows_aside([header[::2], *([age, name] for age, _, name in [["old", "", "A"], *rows])])
        == []
    )
    assert rows_aside([header, ["12 kg", "of what?", "of whom?"], *rows]) == []
    assert rows_aside([header, ["years", "of what?", "of whom?"], *rows[:4]]) == []
    assert rows_aside([header, ["NA", "of what?", "of whom?"], *rows]) == []


def test_what_is_no_title() -> None:
    """A saved index, an empty name, one column, words as values."""
    assert rows_aside([["", "b"], ["0", "1"], ["1", "1"]]) == []
    assert rows_aside([["a"], ["title"], ["b"]]) == []
    assert rows_aside([["a", ""], ["1", "2"], ["3", "4"]]) == []
    assert rows_aside([["a", "b"], ["int", "no"], ["3", "4"]]) == []
    assert rows_aside([["a", "b"], ["text", "text"]]) == []
    assert rows_aside([]) == []


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".txt", ".xlsx"])
@pytest.mark.parametrize("stream", ["never", "always"])
@pytest.mark.parametrize(
    "written",
    [
        (HEADER, ",", []),
        (HEADER + ",", ",", []),
        (HEADER + ",,,", ",,,", []),
        (HEADER + ",,", ",", []),
        (HEADER + ",", "", []),
        (HEADER + ",", ",", ["Data Source,World Data,", ",", "Updated,2020-01-01,", ","]),
    ],
    ids=["rows alone", "header too", "three", "more above", "header alone", "titles"],
)
def test_signs_at_the_end_of_lines(
    suffix: str, stream: str, tmp_path: Path, written: tuple[str, str, list[str]]
) -> None:
    """They make no column, in any format; the note says so."""
    header, end, above = written
    if suffix == ".xlsx" and stream == "always":
        return
    words = (f"data.stream={stream}",)
    plain = raw_of_lines(tmp_path, suffix, [HEADER, *ROWS], *words)
    rows = [row + end for row in ROWS]
    raw = raw_of_lines(tmp_path, suffix, [*above, header, *rows], *words)
    assert raw.columns == plain.columns
    assert np.array_equal(raw.inputs, plain.inputs)
    assert raw.source is not None
    assert ", without the empty column" in raw.source.note or suffix == ".xlsx"


def test_a_column_without_a_name_that_has_a_value(tmp_path: Path) -> None:
    """It is no empty one, however late the value comes."""
    rows = [f"{row}," for row in ROWS * 400]
    path = tmp_path / "t.csv"
    for header in (HEADER, HEADER + ","):
        for stream in ("never", "always"):
            path.write_text("\n".join([header, *rows, "1,2,p,late"]))
            with pytest.raises(UserError, match="column 4 has no name, but 'late' in it"):
                raw_of(path, f"data.stream={stream}")


def test_an_empty_column_between_others(tmp_path: Path) -> None:
    """It is left out where it has no name; with one it has no value."""
    plain = raw_of_lines(tmp_path, ".csv", [HEADER, *ROWS])
    rows = [row.replace(",", ",,", 1) for row in ROWS]
    for suffix in (".csv", ".xlsx"):
        raw = raw_of_lines(tmp_path, suffix, ["a,,x,y", *rows])
        assert np.array_equal(raw.inputs, plain.inputs)
        assert raw.source is not None
        assert ", without the empty column 2" in raw.source.note


@pytest.mark.parametrize("sign", [",", ";", "\t", "  "])
@pytest.mark.parametrize("stream", ["never", "always"])
def test_names_of_rows(sign: str, stream: str, tmp_path: Path) -> None:
    """R writes them without a name above: no column is shifted."""
    plain = raw_of_lines(tmp_path, ".csv", [HEADER, *ROWS])
    lines = [HEADER, *(f"r{i},{row}" for i, row in enumerate(ROWS))]
    path = tmp_path / "t.txt"
    path.write_text("\n".join(lines).replace(",", sign))
    raw = raw_of(path, f"data.stream={stream}")
    assert [column.name for column in raw.columns] == ["a", "x"]
    assert np.array_equal(raw.inputs, plain.inputs)
    assert raw.source is not None
    assert "whose first column has no name" in raw.source.note
    assert [column.name for column in raw.source.dropped] == ["Unnamed: 0"]
    alike = [HEADER, *(f"r{i % 3},{row}" for i, row in enumerate(ROWS))]
    path.write_text("\n".join(alike).replace(",", ";"))
    with pytest.raises(UserError, match="more fields than the header"):
        raw_of(path, "data.delimiter=';'")


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".txt", ".csv.gz", ".xlsx"])
@pytest.mark.parametrize("stream", ["never", "always"])
@pytest.mark.parametrize("above", [[], ["My survey,,"]], ids=["plain", "title"])
def test_headers_that_stand_again(
    above: list[str], stream: str, suffix: str, tmp_path: Path
) -> None:
    """As where exports were joined: they are no rows, and the note counts them."""
    if suffix == ".xlsx" and stream == "always":
        return
    words = (f"data.stream={stream}",)
    plain = raw_of_lines(tmp_path, ".csv", [HEADER, *ROWS])
    blank = [""] * (suffix != ".xlsx")
    lines = [*above, HEADER, *ROWS[:15], HEADER, *ROWS[15:30], *blank, HEADER, *ROWS[30:]]
    if suffix == ".csv.gz":
        (tmp_path / "t.csv.gz").write_bytes(compress("\r\n".join(lines).encode()))
        raw = raw_of(tmp_path / "t.csv.gz", *words)
    else:
        raw = raw_of_lines(tmp_path, suffix, lines, *words)
    assert raw.columns == plain.columns
    assert np.array_equal(raw.inputs, plain.inputs)
    assert raw.source is not None
    assert ", without 2 more headers" in raw.source.note


def test_footers_behind_empty_rows(tmp_path: Path) -> None:
    """The hint leaves out both."""
    lines = [HEADER, *ROWS, ",,", ",,", "Data from a database,,", "Updated: 2024,,"]
    with pytest.raises(UserError, match="are the last 4 rows a footer") as error:
        raw_of_lines(tmp_path, ".csv", lines)
    (words,) = (said for said in pasted(str(error.value)) if "skip_rows" in said)
    plain = raw_of_lines(tmp_path, ".csv", [HEADER, *ROWS])
    assert np.array_equal(raw_of_lines(tmp_path, ".csv", lines, words).inputs, plain.inputs)
