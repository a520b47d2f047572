"""Sheets of Excel workbooks, whose cells are counted while they are read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pandas as pd

from mlp_lab.data.tables.cells import MISSING_WORDS
from mlp_lab.data.tables.limits import FILLED, MANY, require_expansion, require_memory
from mlp_lab.errors import UserError, nearest

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell

    Rows = Iterator[Sequence[Cell]]

ROWS = 1 << 20
"""Of a sheet, as Excel has them."""

BYTES = 40
"""That a cell takes at least while its sheet is read."""


def read_sheet(
    path: Path, wanted: str | int | None, as_text: Collection[str] | None
) -> tuple[str, list[object], pd.DataFrame]:
    """A sheet: its name, its header, and its rows under names that pandas has made different.

    With `as_text` None every cell is text, and none is missing; else the columns it names are text.

    Raises:
        UserError: there is no such sheet, it is empty, or a few cells make it enormous.
    """
    with ZipFile(path) as archive:
        require_expansion(path, sum(entry.file_size for entry in archive.infolist()))
    with pd.ExcelFile(path, engine="openpyxl") as book:  # in openpyxl's read-only mode
        name = _sheet_name(path, wanted, [str(found) for found in book.sheet_names])
        sheet = book.book[name]
        sheet.iter_rows = _counted(sheet.iter_rows, f"{path.name}, sheet {name!r},")
        head = pd.read_excel(
            book, sheet_name=name, header=None, nrows=1, dtype=object, na_filter=False
        )
        if len(head) == 0:
            raise UserError(f"{path.name}, sheet {name!r}, is empty")
        header = head.iloc[0].tolist()
        frame = pd.read_excel(
            book,
            sheet_name=name,
            dtype=str if as_text is None else {key: str for key in header if str(key) in as_text},
            na_filter=as_text is not None,
            na_values=MISSING_WORDS,
            keep_default_na=False,
        )
    return name, header, frame


def _sheet_name(path: Path, wanted: str | int | None, names: list[str]) -> str:
    if isinstance(wanted, str) and wanted in names:
        return wanted
    if not isinstance(wanted, str) and 0 <= (wanted or 0) < len(names):
        return names[wanted or 0]
    hint = nearest(str(wanted), names)
    raise UserError(f"data.sheet: no sheet {wanted!r} in {path.name}{hint} ({', '.join(names)})")


def _counted(rows: Callable[[], Rows], what: str) -> Callable[[], Rows]:
    """The rows of a sheet as they come, as long as they fit in memory and are worth it.

    Every row will be as wide as the widest: one cell far to the right and below makes billions.
    """

    def counted() -> Rows:
        from openpyxl.cell.read_only import EMPTY_CELL  # noqa: PLC0415 optional

        widest, at, letter, filled, letters = 0, 1, "A", 0, 0
        for number, row in enumerate(rows(), 1):
            present = [cell for cell in row if cell is not EMPTY_CELL and cell.value is not None]
            if present and len(row) > widest and present[-1].column > widest:
                widest, at, letter = present[-1].column, number, present[-1].column_letter
            filled += len(present)
            letters += sum(len(cell.value) for cell in present if isinstance(cell.value, str))
            if number > ROWS:
                raise UserError(f"{what} has a row beyond {ROWS:,}, the last of Excel: delete it")
            if number * widest > MANY and filled < FILLED * number * widest:
                found = f"of whose {number * widest:,} cells {filled:,} are filled"
                raise UserError(
                    f"{what} reaches to row {at}, column {letter}: {number:,} rows of"
                    f" {widest:,} columns, {found}; beyond {MANY:,} cells, {FILLED:.0%} must be:"
                    " delete the far cell"
                )
            if number % 4096 == 0:
                cells = f"{number:,} rows of {widest:,} columns"
                require_memory(what, cells, BYTES * number * widest + letters)
            yield row

    return counted
