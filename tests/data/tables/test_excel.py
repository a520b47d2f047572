"""Sheets as pandas reads them, and what a sheet must not be."""

from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import Workbook

from mlp_lab.data.tables.cells import MISSING_WORDS
from mlp_lab.data.tables.excel import read_sheet
from mlp_lab.errors import UserError


def test_cells_are_those_of_pandas(tmp_path: Path) -> None:
    """Numbers, truth values, dates, errors, merged cells, and empty rows between."""
    path, book = tmp_path / "t.xlsx", Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["i", "f", "b", "d", "text", "error", "merged", None])
    for k in range(30):
        day = datetime(2020, 1, 1 + k)
        sheet.append([k, k / 4, k % 2 == 0, day, f" x{k} " * (k % 7 > 0), "#DIV/0!", "m", k])
    sheet.merge_cells("G3:H4")
    sheet.cell(5000, 1, 7)
    book.save(path)
    name, header, frame = read_sheet(path, None, ["text"])
    assert (name, header[0], header[-1]) == ("Sheet", "i", "")
    expected = pd.read_excel(
        path, dtype={"text": str}, na_values=MISSING_WORDS, keep_default_na=False
    )
    pd.testing.assert_frame_equal(frame, expected)
    assert len(frame) == 4999


def test_a_sheet_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    Workbook().save(path)
    with pytest.raises(UserError, match=r"no sheet 'sheet' in t.xlsx: did you mean 'Sheet'"):
        read_sheet(path, "sheet", None)
    with pytest.raises(UserError, match="is empty"):
        read_sheet(path, 0, None)
