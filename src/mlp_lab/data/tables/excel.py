"""Sheets of Excel workbooks, whose cells are counted while they are read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import pandas as pd

from mlp_lab.data.config import FileSettings
from mlp_lab.data.tables.cells import MISSING_WORDS
from mlp_lab.data.tables.dialect import beside_in_words, in_words, lines_skipped
from mlp_lab.data.tables.layout import headless_names, rows_aside
from mlp_lab.data.tables.limits import FILLED, MANY, require_expansion, require_memory
from mlp_lab.errors import UserError, nearest

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

    Rows = Iterator[Sequence[Cell]]

HEAD = 30
"""Rows of a sheet among which its header is looked for."""

ROWS = 1 << 20
"""Of a sheet, as Excel has them."""

BYTES = 40
"""That a cell takes at least while its sheet is read."""


def read_sheet(
    path: Path, settings: FileSettings, as_text: Collection[str] | None
) -> tuple[str, list[object], pd.DataFrame, str]:
    """A sheet: its name, its header, and its rows under names that pandas has made different.

    Then what is said of rows and columns that were found to be none of the table.
    With `as_text` None every cell is text, and none is missing; else the columns it names are text.

    Raises:
        UserError: there is no such sheet, it is empty, or a few cells make it enormous.
    """
    with ZipFile(path) as archive:
        require_expansion(path, sum(entry.file_size for entry in archive.infolist()))
    with pd.ExcelFile(path, engine="openpyxl") as book:  # in openpyxl's read-only mode
        name = _sheet_name(path, settings.sheet, [str(found) for found in book.sheet_names])
        sheet = book.book[name]
        sheet.iter_rows = _counted(sheet.iter_rows, f"{path.name}, sheet {name!r},")
        head = pd.read_excel(
            book, sheet_name=name, header=None, nrows=HEAD, dtype=object, na_filter=False
        )
        rows = [[str(cell) for cell in row] for row in head.to_numpy().tolist()]
        said = lines_skipped(settings, _last_row(sheet, settings))
        aside = rows_aside(rows, said) if settings.header == "auto" else []
        skipped = sorted({*said, *aside})
        kept = [place for place in range(len(head)) if place not in skipped]
        if not kept:
            raise UserError(f"{path.name}, sheet {name!r}, is empty")
        headless = settings.header == "none"
        names = headless_names(len(head.columns))
        header: list[object] = [*names] if headless else head.iloc[kept[0]].tolist()
        texts = {str(key) for key in header}.intersection(as_text or ())
        frame = pd.read_excel(
            book,
            sheet_name=name,
            header=None if headless else 0,
            skiprows=skipped,
            dtype=str if as_text is None else _text_types(header, texts),
            na_filter=as_text is not None,
            na_values=[""],
            keep_default_na=False,
        )
    header += [""] * (len(frame.columns) - len(header))
    whole, frame = len(frame), _without_repeats(frame, header)
    for place, name_of_column in enumerate(header) if as_text is not None else ():
        if frame.dtypes.iloc[place].kind == "O" and str(name_of_column) not in texts:
            frame.isetitem(place, _without_words(frame.iloc[:, place]).array)
    empty = _empty_columns(frame, header)
    kept = [place for place in range(len(header)) if place not in empty]
    note = in_words(aside) + beside_in_words(empty, whole - len(frame))
    return name, [header[place] for place in kept], frame.iloc[:, kept], note


def _without_repeats(frame: pd.DataFrame, header: Sequence[object]) -> pd.DataFrame:
    """Rows without headers that stand again among them, as where sheets were joined."""
    if len(header) < 2 or any(dtype.kind not in "OUT" for dtype in frame.dtypes):
        return frame
    again = pd.Series(data=True, index=frame.index)
    for place, name in enumerate(header):
        cells = frame.iloc[:, place]
        again &= (cells.isna() | (cells == "")) if name == "" else cells == name
    return frame[~again].reset_index(drop=True).infer_objects() if again.any() else frame


def _empty_columns(frame: pd.DataFrame, header: Sequence[object]) -> list[int]:
    """Places of columns that have neither a name nor a value."""
    nameless = [place for place, name in enumerate(header) if not str(name).strip()]
    empty = [
        (frame.iloc[:, place].isna() | (frame.iloc[:, place] == "")).all() for place in nameless
    ]
    return [place for place, none in zip(nameless, empty, strict=True) if none]


def _last_row(sheet: ReadOnlyWorksheet, settings: FileSettings) -> int:
    """The place of the last row with a value, if settings count from there; a pass over the sheet.

    What the file itself says of its size may be missing, and is not always true.
    """
    if isinstance(settings.skip_rows, int) or min(settings.skip_rows, default=0) >= 0:
        return 0
    sheet.reset_dimensions()
    filled = (any(cell.value is not None for cell in row) for row in sheet.iter_rows())
    return max((place for place, has_value in enumerate(filled) if has_value), default=0)


def _text_types(header: Sequence[object], texts: Collection[str]) -> dict[Any, type[str]]:
    """For pandas: which columns are text."""
    return {key: str for key in header if isinstance(key, Hashable) and str(key) in texts}


def _without_words(cells: pd.Series) -> pd.Series:
    """Numbers, or dates, where nothing but words that mean no value stands beside them."""
    words = cells.isin(MISSING_WORDS)
    rest = cells[~words & cells.notna()]
    if not words.any() or rest.empty or any(isinstance(cell, str) for cell in rest):
        return cells
    return cells.mask(words).infer_objects()


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
