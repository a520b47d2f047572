"""Sheets as pandas reads them, and what a sheet must not be."""

import re
from datetime import datetime
from pathlib import Path
from zipfile import ZipFile

import pandas as pd
import pytest
from openpyxl import Workbook

from mlp_lab.data.config import FileSettings
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
    name, header, frame, said = read_sheet(path, FileSettings(), ["text"])
    assert said == ""
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
        read_sheet(path, FileSettings(sheet="sheet"), None)
    with pytest.raises(UserError, match="is empty"):
        read_sheet(path, FileSettings(), None)


@pytest.mark.parametrize("said", ["", '<dimension ref="A1:A2"/>', '<dimension ref="A1:B900"/>'])
def test_rows_counted_from_the_end(tmp_path: Path, said: str) -> None:
    """They are those with values, whatever the file says of its size."""
    path, book = tmp_path / "t.xlsx", Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["a", "b"], [1, 2], [3, 4], ["Total", 6]):
        sheet.append(row)
    sheet.cell(9, 1).number_format = "0.00"  # a row of a style alone
    book.save(path)
    with ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = "xl/worksheets/sheet1.xml"
    changed, count = re.subn(rb"<dimension[^>]*/>", said.encode(), members[name])
    assert count == 1
    with ZipFile(path, "w") as archive:
        for member, content in (members | {name: changed}).items():
            archive.writestr(member, content)
    _, _, frame, _ = read_sheet(path, FileSettings(skip_rows=[-1]), [])
    assert frame.astype(float).to_numpy().tolist() == [[1, 2], [3, 4]]
