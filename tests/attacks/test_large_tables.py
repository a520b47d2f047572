"""Small files that ask for large memory are refused in one line, before it is taken."""

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from openpyxl import Workbook
from pyarrow import parquet
from surveys import problem_of

from mlp_lab.data import preprocessing
from mlp_lab.data.config import FileSettings
from mlp_lab.data.tables import limits
from mlp_lab.data.tables.reading import detect, read_chunks, read_table
from mlp_lab.errors import UserError

AUTO = FileSettings()


def refusal(path: Path) -> str:
    """What training and prediction say of a file: one line each, which names it."""
    said = []
    for read in (read_table, lambda path, settings: list(read_chunks(path, settings, 1 << 15))):
        with pytest.raises(UserError) as caught:
            read(path, AUTO)
        said.append(str(caught.value))
        assert path.name in said[-1]
        assert "\n" not in said[-1]
    return said[0]


def workbook(path: Path, *far: tuple[int, int]) -> Path:
    """Sixty rows, and a cell far away."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["a", "b", "y"])
    for i in range(60):
        sheet.append([i * 7 % 11, i, "no" if i % 2 else "yes"])
    for row, column in far:
        sheet.cell(row, column, 1)
    book.save(path)
    return path


def test_a_cell_far_away(tmp_path: Path) -> None:
    """A workbook of 6 kB; the message says where the cell is."""
    said = refusal(workbook(tmp_path / "far.xlsx", (1048576, 16384)))
    assert "row 1048576, column XFD: 1,048,576 rows of 16,384 columns" in said


def test_a_wide_row_and_a_low_one(tmp_path: Path) -> None:
    """Neither is far away on both counts."""
    path = workbook(tmp_path / "corner.xlsx", (5, 16384), (30000, 1))
    assert "row 5, column XFD" in refusal(path)


def test_compressed_text_that_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ALWAYS", 1 << 20)
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(gzip.compress(b"a,b,y\n" + b"1,2,no\n" * 500_000))
    assert "over 200 times its size: unpack it first" in refusal(path)
    with pytest.raises(UserError, match="unpack it first"):
        detect(path, AUTO)


def test_an_ordinary_compressed_text_is_read(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(gzip.compress(b"a,b,y\n" + b"1,2,no\n" * 50_000))
    assert len(read_table(path, AUTO).frame) == 50_000


def test_a_line_without_end(tmp_path: Path) -> None:
    path = tmp_path / "line.csv"
    path.write_bytes(b"a,b,y\n1,2,no\n" + b"x" * (20 << 20))
    assert "line 3 has more than 16,777,216 characters" in refusal(path)


def test_rows_much_shorter_than_the_header(tmp_path: Path) -> None:
    """A million short rows, each of which would become as wide as the header."""
    path = tmp_path / "ragged.csv"
    path.write_text(",".join(f"c{i}" for i in range(20_000)) + "\n" + "1\n" * 300_000)
    assert "its header has 20,000 names" in refusal(path)


def test_a_header_longer_than_the_sample_is_understood(tmp_path: Path) -> None:
    """More columns than the beginning of a file holds: its delimiter is found all the same."""
    path = tmp_path / "wide.csv"
    names = [f"column{i}" for i in range(9_000)]
    path.write_text(";".join(names) + "\n" + 3 * (";".join(["1,5"] * 9_000) + "\n"))
    form = detect(path, AUTO)
    assert (form.delimiter, form.decimal) == (";", ",")
    assert read_table(path, AUTO).frame.shape == (3, 9_000)


def test_more_rows_than_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of every kind of file whose size is known before it is read."""
    monkeypatch.setattr(limits, "free_memory", lambda: 1e5)
    path = tmp_path / "rows.csv"
    path.write_text("a,b,y\n" + "1,2,no\n" * 5_000)
    with pytest.raises(UserError, match="5,002 rows of 3 columns, which take at least 240 kB"):
        read_table(path, AUTO)
    path = tmp_path / "rows.parquet"
    parquet.write_table(pa.table({"a": np.zeros(20_000), "y": np.zeros(20_000)}), path)
    with pytest.raises(UserError, match="20,000 rows of 2 columns"):
        read_table(path, AUTO)
    assert sum(map(len, read_chunks(path, AUTO, 1000))) == 20_000


def test_texts_that_stand_once_and_are_meant_often(tmp_path: Path) -> None:
    """84 kB of Parquet: 2 TB of text."""
    codes = pa.array(np.zeros(2_000_000, np.int32))
    texts = pa.DictionaryArray.from_arrays(codes, ["x" * 1_000_000])
    path = tmp_path / "texts.parquet"
    parquet.write_table(pa.table({"a": texts}), path, row_group_size=2_000_000)
    assert path.stat().st_size < 1e6
    assert "texts that repeat" in refusal(path)


@pytest.mark.parametrize("target", ["a", "y"])
def test_more_levels_than_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    """Of a category, each of which is an input, and of the target, each of which is an output."""
    rows = [f"v{i // 3},{i % 2}" for i in range(3_000)]
    path = tmp_path / "levels.csv"
    path.write_text("\n".join(["a,y", *rows]))
    monkeypatch.setattr(preprocessing, "free_memory", lambda: 1e6)
    words = (f"data.target={target}", "data.types={a: category}", "data.min_frequency=0")
    with pytest.raises(UserError, match="more than the free 900 kB"):
        problem_of(path, *words)


def test_headers_of_a_million_columns_and_of_enormous_names(tmp_path: Path) -> None:
    """Neither is parsed, nor printed, whole."""
    wide = tmp_path / "wide.csv"
    wide.write_text(",".join(f"c{i}" for i in range(1_000_000)) + "\n")
    assert refusal(wide) == "wide.csv has 1,000,000 columns: at most 100,000 can be read"
    long = tmp_path / "long.csv"
    long.write_text("a" * 10_000_000 + ",y\n" + "1,2\n" * 30)
    said = refusal(long)
    assert said.startswith("long.csv: column 1 has a name of 10,000,00")
    assert said.endswith(" characters: at most 2,000 can be read")
