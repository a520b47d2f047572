"""Columns from disk are the columns of the frame that holds all."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from surveys import survey

from mlp_lab.data.config import FileSettings
from mlp_lab.data.mapped import Workspace
from mlp_lab.data.tables import column_files, reading
from mlp_lab.data.tables.reading import open_columns, read_table
from mlp_lab.errors import UserError

AUTO = FileSettings()


@pytest.fixture(autouse=True)
def _small_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(reading, "TEXT_ROWS", 3)
    monkeypatch.setattr(column_files, "PIECE_ROWS", 3)


def difficult() -> pd.DataFrame:
    """Columns whose pieces are of several kinds."""
    rows = 12
    return pd.DataFrame(
        {
            "whole": np.arange(rows),
            "large": 2**53 + np.arange(rows),
            "late": [None] * 7 + list(range(5)),
            "mixed": ["1", "2.50", "3"] * 3 + ["a", "2", None],
            "truth": [True, False] * 6,
            "doubt": [True, False, None] * 4,
            "late truth": [None] * 4 + [True] * 4 + [False] * 4,
            "truth and words": [True, False, True] * 2 + ["perhaps"] * 6,
            "truth and numbers": [True] * 6 + [1, 0, 3] * 2,
            "empty": [None] * rows,
            "words": ["ab", "cd, e", None, "f\ng"] * 3,
            "zip": ["01067", "00001", "20095"] * 4,
            "float": np.linspace(0, 1, rows) / 3,
        }
    )


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".tsv"])
def test_a_text_table(suffix: str, tmp_path: Path) -> None:
    """Pieces of numbers, of words, and of nothing."""
    path = tmp_path / f"table{suffix}"
    difficult().to_csv(path, index=False, sep="\t" if suffix == ".tsv" else ",")
    whole = read_table(path, AUTO, ["zip"]).frame
    file, note = open_columns(path, AUTO, ["zip"], chosen=list, workspace=Workspace())
    assert (file.names, file.rows) == (list(whole.columns), len(whole))
    assert note == read_table(path, AUTO).note
    for name in file.names:
        pd.testing.assert_series_equal(file.series(name), whole[name])


@pytest.mark.parametrize("files", [0, 1, 4])
def test_parquet(files: int, tmp_path: Path) -> None:
    """A file, and a folder of files whose columns come in another order."""
    frame = survey().assign(day=pd.Timestamp("2020-01-01"), level=survey()["region"])
    frame["level"] = frame["level"].astype("category")
    path = tmp_path / "whole.parquet"
    frame.to_parquet(path)
    whole = read_table(path, AUTO).frame
    if files:
        path = tmp_path / "folder"
        path.mkdir()
        (path / "readme.txt").write_text("of no use")
        for number, places in enumerate(np.array_split(np.arange(len(frame)), files)):
            names = list(frame.columns)[:: -1 if number else 1]
            frame.iloc[places][names].to_parquet(path / f"{number}.parquet", index=False)
    file, _ = open_columns(path, AUTO, chosen=list, workspace=Workspace())
    assert (file.names, file.rows) == (list(whole.columns), len(whole))
    for name in file.names:
        pd.testing.assert_series_equal(file.series(name), whole[name])


def test_files_that_differ(tmp_path: Path) -> None:
    """One without a column of the first; a folder without a file."""
    pd.DataFrame({"a": [1], "b": [2]}).to_parquet(tmp_path / "1.parquet")
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "2.parquet")
    with pytest.raises(UserError, match=r"2\.parquet has no column 'b', as 1\.parquet has"):
        open_columns(tmp_path, AUTO, chosen=list, workspace=Workspace())
    (tmp_path / "none").mkdir()
    with pytest.raises(UserError, match=r"data\.path: a folder without a \.parquet file"):
        open_columns(tmp_path / "none", AUTO, chosen=list, workspace=Workspace())


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_too_many_texts(suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They would all be in memory; the line says how to leave the column out."""
    monkeypatch.setattr(column_files, "MOST_TEXTS", 50)
    path, frame = tmp_path / f"table{suffix}", survey()
    frame.to_csv(path, index=False) if suffix == ".csv" else frame.to_parquet(path)
    with pytest.raises(UserError, match=r"column 'remark' holds more .*: data\.drop=\[remark\] le"):
        open_columns(path, AUTO, chosen=list, workspace=Workspace())[0].series("remark")


def test_only_chosen_columns_are_copied(tmp_path: Path) -> None:
    """Of a text table the others are not kept."""
    path = tmp_path / "table.csv"
    survey().to_csv(path, index=False)
    file, _ = open_columns(path, AUTO, chosen=lambda _: ["age"], workspace=Workspace())
    assert file.names == list(survey().columns)
    assert file.series("age").tolist() == survey()["age"].tolist()
    with pytest.raises(KeyError):
        file.series("remark")
