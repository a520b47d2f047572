"""A folder of Parquet files is the table that its files are, one after the other."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mlp_lab.data.config import FileSettings
from mlp_lab.data.tables.parquet_folders import parquet_files, parquet_folder
from mlp_lab.data.tables.reading import detect, own_codes, own_types, read_parts
from mlp_lab.errors import UserError

DAY = pd.Timestamp("2024-02-29")


def frame(**changes: object) -> pd.DataFrame:
    """Columns of every kind."""
    columns: dict[str, object] = {
        "whole": [1, 2, 3],
        "number": [0.5, None, 1.5],
        "word": ["a", "b", None],
        "truth": [True, False, True],
        "day": [DAY, DAY, DAY],
    }
    return pd.DataFrame(columns | changes)


def folder(place: Path, *frames: pd.DataFrame) -> Path:
    """A folder of files that are called 0.parquet, 1.parquet, and so on."""
    place.mkdir(exist_ok=True)
    for number, own in enumerate(frames):
        own.to_parquet(place / f"{number}.parquet", index=False)
    return place


def test_which_files_it_has(tmp_path: Path) -> None:
    """Those of its own, by name, without what others leave beside them."""
    place = folder(tmp_path / "table.csv", frame(), frame())
    frame().to_parquet(place / "10.pq")
    frame().to_parquet(place / "_part.parquet")
    (place / ".hidden.csv").write_text("x")
    (place / "_SUCCESS").touch()
    (place / "README.txt").write_text("of no use")
    (place / "inner.parquet").mkdir()
    assert [path.name for path in parquet_files(place, "FILE")] == [
        "0.parquet",
        "1.parquet",
        "10.pq",
    ]


def test_pieces(tmp_path: Path) -> None:
    """Of each file by itself, some rows at a time; an empty one has none."""
    place = folder(tmp_path / "t", frame(), frame()[:0], frame(whole=[4, 5, 6]))
    found = list(read_parts(place, FileSettings(), 2, "FILE", form=detect(place, FileSettings())))
    assert [(name, first, len(rows)) for name, first, rows in found] == [
        ("0.parquet", 1, 2),
        ("0.parquet", 3, 1),
        ("2.parquet", 1, 2),
        ("2.parquet", 3, 1),
    ]
    whole = pd.concat([rows for *_, rows in found], ignore_index=True)
    assert whole["whole"].tolist() == [1, 2, 3, 4, 5, 6]
    assert own_codes(place, FileSettings()) == ({}, {})


def test_a_column_has_one_type(tmp_path: Path) -> None:
    """The one that holds what every file has; in which order, the first says."""
    other = frame(whole=[0.5, 1.5, 2.5], number=[1, 2, 3], word=[None] * 3)
    other["truth"] = other["truth"].astype("category")
    place = folder(tmp_path / "t", frame(), other[list(other)[::-1]])
    types = own_types(place)
    assert str(types["whole"]) == str(types["number"]) == "double"
    assert "string" in str(types["word"])
    for _, _, rows in read_parts(place, FileSettings(), 10):
        assert list(rows) == list(frame())
        assert rows["whole"].dtype == rows["number"].dtype == np.float64
        assert rows["truth"].dtype == bool
    nothing = folder(tmp_path / "n", frame(word=[None] * 3), frame(word=[None] * 3), frame())
    assert "string" in str(own_types(nothing)["word"])


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"word": [1, 2, 3]}, "1.parquet: column 'word' holds numbers, and text in the files"),
        ({"whole": ["1", "2", "x"]}, "1.parquet: column 'whole' holds text, and numbers in"),
        ({"truth": [1, 0, 1]}, "1.parquet: column 'truth' holds numbers, and truth values in"),
        ({"day": ["2024"] * 3}, "1.parquet: column 'day' holds text, and dates in the files"),
        ({"day": [[DAY]] * 3}, "1.parquet: column 'day' holds list<"),
        ({"more": [1, 2, 3]}, "1.parquet has a column 'more', and 0.parquet has none"),
        ({"word": ...}, "1.parquet has no column 'word', as 0.parquet has"),
    ],
)
def test_files_that_differ(change: dict[str, object], line: str, tmp_path: Path) -> None:
    """The file and the column are named."""
    other = frame(**change) if ... not in change.values() else frame().drop(columns=[*change])
    with pytest.raises(UserError) as caught:
        parquet_folder(folder(tmp_path / "t", frame(), other), "FILE")
    assert str(caught.value).startswith(line)


def test_what_is_no_table(tmp_path: Path) -> None:
    """Without a file, with files of several formats, and with a damaged one."""
    (tmp_path / "t" / "year=2024").mkdir(parents=True)
    with pytest.raises(UserError) as caught:
        parquet_folder(tmp_path / "t" / "year=2024", "FILE")
    assert str(caught.value).startswith("FILE: a folder without a .parquet file: ")
    with pytest.raises(UserError, match=r"; folders in it, as 'year=2024', are not read$"):
        parquet_folder(tmp_path / "t", "FILE")
    place = folder(tmp_path / "t", frame())
    (place / "1.csv").write_text("whole\n1\n")
    with pytest.raises(UserError, match=r"^FILE: 1\.csv is no Parquet file, as the others of"):
        parquet_folder(place, "FILE")
    (place / "1.csv").rename(place / "1.parquet")
    with pytest.raises(UserError, match=r"^cannot read 1\.parquet: "):
        parquet_folder(place, "FILE")
