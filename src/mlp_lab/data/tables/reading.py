"""A file of rows and columns -> a frame, whole or in pieces."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, TypedDict

import pandas as pd

from mlp_lab.data.config import FileSettings
from mlp_lab.data.mapped import Workspace
from mlp_lab.data.tables.arrow import arrow_pieces, arrow_types
from mlp_lab.data.tables.cells import MISSING_WORDS, MissingRange, cell_text
from mlp_lab.data.tables.column_files import ColumnFile, ParquetColumns, TextColumns
from mlp_lab.data.tables.config import EXCEL, FEATHER, PARQUET, SPSS, STATA, TEXT, suffix_of
from mlp_lab.data.tables.damaged import one_line_of
from mlp_lab.data.tables.dialect import NAMELESS, Dialect, dialect_of
from mlp_lab.data.tables.excel import read_sheet
from mlp_lab.data.tables.header import column_names
from mlp_lab.data.tables.layout import headless_names
from mlp_lab.data.tables.limits import require_cells, require_columns, require_filled, rows_at_once
from mlp_lab.data.tables.numbers import PRECISION
from mlp_lab.data.tables.parquet_folders import ParquetFiles, parquet_folder
from mlp_lab.data.tables.spss import Labels, code_texts, read_spss
from mlp_lab.data.tables.text_files import open_text
from mlp_lab.errors import UserError, nearest, require_extra
from mlp_lab.formatting import counted

if TYPE_CHECKING:
    from mlp_lab.data.tables.arrow import ArrowTypes

ROWS = 1 << 20
"""Read at once where a file is read whole."""

TEXT_ROWS = 1 << 17
"""Rows of a text table that are parsed at once where its columns are kept on disk."""

MissingRanges = Mapping[str, Sequence[MissingRange]]


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file's cells, how it was read, and what it says of its codes.

    `labels` are the value labels of each column, `missing_ranges` the codes (they stand in the
    cells) that it declares to be no answer, `decimal` the decimal sign of cells that are text.
    """

    frame: pd.DataFrame
    labels: dict[str, Labels]
    note: str
    decimal: str = "."
    missing_ranges: MissingRanges = field(default_factory=dict)


def _text_names(path: Path, form: Dialect) -> list[str]:
    """The header as pandas finds it, but before it renames the second of two equal names."""
    with open_text(path, form.encoding) as file:
        lines = (line for place, line in enumerate(file) if place not in form.skipped)
        require_columns(path.name, 1 + next(lines, "").count(form.delimiter))
    with open_text(path, form.encoding) as file:
        head = pd.read_csv(file, **form.parsing, header=None, nrows=1, dtype=str, na_filter=False)
    require_filled(path.name, form.lines, len(head.columns), form.letters)
    if form.headless:
        return headless_names(len(head.columns))
    return column_names(path, form.named(head.iloc[0].tolist()))


def _read_text(path: Path, settings: FileSettings, as_text: Collection[str]) -> TableFile:
    form = dialect_of(path, settings)
    names = _text_names(path, form)
    require_cells(path.name, form.lines, len(names))

    def read(
        texts: Collection[str], *, by_pieces: bool, only: list[str] | None = None
    ) -> pd.DataFrame:
        with open_text(path, form.encoding, form.repeated) as file:
            return pd.read_csv(
                file,
                **form.parsing,
                **PRECISION,
                **_cells_read(names, texts, form),
                usecols=only,
                low_memory=by_pieces,
            )

    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.DtypeWarning)
        try:
            frame = read(as_text, by_pieces=True)  # in half the time and memory
        except pd.errors.DtypeWarning:  # a column is numbers in one piece and text in another
            frame = read(as_text, by_pieces=False)
        frame = _without_nameless(path, frame)
        unclear = [name for name in names if name not in as_text and may_hold_words(frame[name])]
        if unclear:
            frame[unclear] = read(unclear, by_pieces=True, only=unclear)
    return TableFile(frame, {}, f"CSV, {form}", form.decimal)


class _CellsRead(TypedDict):
    names: list[str]
    header: int | None
    decimal: str
    index_col: Literal[False]
    dtype: dict[Hashable, type]
    na_values: dict[str, list[str]]
    keep_default_na: bool


def _cells_read(names: list[str], texts: Collection[str], form: Dialect) -> _CellsRead:
    """Arguments of `pandas.read_csv`: which cells are text, and which mean no value.

    A word such as None may be a level where it stands among words; there it stays.
    """
    words = list(MISSING_WORDS)
    return {
        "names": form.with_empty(names),
        "header": None if form.headless else 0,
        "decimal": form.decimal,
        "index_col": False,
        "dtype": {name: str for name in names if name in texts},
        "na_values": {name: [""] if name in texts else words for name in names},
        "keep_default_na": False,
    }


def may_hold_words(cells: pd.Series) -> bool:
    """Whether words that mean no value may have been taken away among other words."""
    if pd.api.types.is_numeric_dtype(cells.dtype) or not bool(cells.isna().any()):
        return False
    return not cells.isna().all() and pd.api.types.infer_dtype(cells, skipna=True) != "boolean"


def _text_pieces(
    path: Path, settings: FileSettings, rows: int, form: Dialect | None
) -> Iterator[pd.DataFrame]:
    form = form or dialect_of(path, settings)
    names = _text_names(path, form)
    with open_text(path, form.encoding, form.repeated) as file:
        for piece in pd.read_csv(
            file,
            **form.parsing,
            names=form.with_empty(names),
            header=None if form.headless else 0,
            index_col=False,
            dtype=str,
            na_filter=False,
            chunksize=rows_at_once(rows, len(names)),
        ):
            yield _without_nameless(path, piece)


def _without_nameless(path: Path, frame: pd.DataFrame) -> pd.DataFrame:
    """Cells of a text without the columns that have no name; none may have a value."""
    nameless = [name for name in frame.columns if str(name).startswith(NAMELESS)]
    for name in nameless:
        cells = frame[name].dropna().astype(str)
        if (filled := cells[cells.str.strip() != ""]).size:
            place = str(name).removeprefix(NAMELESS)
            raise UserError(
                f"{path.name}: column {place} has no name, but {filled.iloc[0]!r} in it"
            )
    return frame.drop(columns=nameless) if nameless else frame


def _read_excel(path: Path, settings: FileSettings, as_text: Collection[str] | None) -> TableFile:
    name, header, frame, said = read_sheet(path, settings, as_text)
    frame = frame.set_axis(column_names(path, header), axis=1)
    return TableFile(frame, {}, f"Excel, sheet {name!r}{said}")


def _excel_pieces(
    path: Path, settings: FileSettings, rows: int, _: Dialect | None
) -> Iterator[pd.DataFrame]:
    frame = _read_excel(path, settings, None).frame
    for first in range(0, len(frame), rows):
        yield frame.iloc[first : first + rows]


def _arrow_pieces(
    path: Path, _: FileSettings, rows: int, __: Dialect | None
) -> Iterator[pd.DataFrame]:
    return arrow_pieces(path, rows, kept=False)


def _read_arrow(path: Path, _: FileSettings, __: Collection[str]) -> TableFile:
    frame = pd.concat(arrow_pieces(path, ROWS, kept=True), ignore_index=True)
    return TableFile(frame, {}, "Parquet" if suffix_of(path) in PARQUET else "Feather")


def _read_stata(path: Path, _: FileSettings, __: Collection[str]) -> TableFile:
    frame, sets = pd.read_stata(path, convert_categoricals=False), _label_sets(path)
    # pandas tells the sets of labels, but not which column has which
    labels = {name: sets[name] for name in frame.columns.tolist() if name in sets}
    if sets:
        labelled = _labelled(path, frame.select_dtypes("number").columns.tolist())
        labels |= {str(name): _label_set(frame[name], labelled[name], sets) for name in labelled}
    return TableFile(frame, {name: found for name, found in labels.items() if found}, "Stata")


def _label_sets(path: Path) -> dict[str, Labels]:
    with pd.read_stata(path, iterator=True) as reader:
        return {name: code_texts(labels) for name, labels in reader.value_labels().items()}


def _labelled(path: Path, names: list[str]) -> pd.DataFrame:
    """The columns that have labels, with them, but for columns with two codes of one label."""
    try:
        return pd.read_stata(path, columns=names).select_dtypes("category")
    except ValueError:  # pandas refuses all columns for one
        half = len(names) // 2
        parts = [_labelled(path, part) for part in (names[:half], names[half:]) if half]
        return pd.concat([pd.DataFrame(), *parts], axis=1)


def _label_set(codes: pd.Series, values: pd.Series, sets: Mapping[str, Labels]) -> Labels:
    """The set of labels that gives a column's values; if unsure, of the codes that occur."""
    first = ~codes.duplicated()
    pairs = {
        cell_text(code): value
        for code, value in zip(codes[first], values[first], strict=True)
        if isinstance(value, str)
    }
    fitting = [found for found in sets.values() if pairs.items() <= found.items()]
    own = sets.get(str(codes.name))
    if own in fitting:
        return own
    return fitting[0] if all(found == fitting[0] for found in fitting) else pairs


def _stata_pieces(
    path: Path, _: FileSettings, rows: int, __: Dialect | None
) -> Iterator[pd.DataFrame]:
    with pd.read_stata(path, convert_categoricals=False, chunksize=rows) as reader:
        yield from reader


def _read_spss(
    path: Path, settings: FileSettings, _: Collection[str], first: int = 0, rows: int = 0
) -> TableFile:
    """From row `first`, at most `rows`; 0 for all."""
    encoding = None if settings.encoding == "auto" else settings.encoding
    frame, labels, ranges = read_spss(path, encoding, first, rows)
    return TableFile(frame, labels, "SPSS", missing_ranges=ranges)


def _spss_pieces(
    path: Path, settings: FileSettings, rows: int, _: Dialect | None
) -> Iterator[pd.DataFrame]:
    first = 0
    while len(piece := _read_spss(path, settings, (), first, rows).frame):
        yield piece
        first += rows


class _Format(NamedTuple):
    """What reads a file whole, what in pieces, and the library that both need."""

    whole: Callable[[Path, FileSettings, Collection[str]], TableFile]
    pieces: Callable[[Path, FileSettings, int, Dialect | None], Iterator[pd.DataFrame]]
    library: str


FORMATS: dict[str, _Format] = {
    **dict.fromkeys(TEXT, _Format(_read_text, _text_pieces, "pandas")),
    **dict.fromkeys((*PARQUET, *FEATHER), _Format(_read_arrow, _arrow_pieces, "pyarrow")),
    **dict.fromkeys(EXCEL, _Format(_read_excel, _excel_pieces, "openpyxl")),
    **dict.fromkeys(STATA, _Format(_read_stata, _stata_pieces, "pandas")),
    **dict.fromkeys(SPSS, _Format(_read_spss, _spss_pieces, "pyreadstat")),
}


def _format(path: Path, key: str) -> _Format:
    """What reads the file, if it is there, of a known format, and the library is, too."""
    if path.is_dir():
        raise UserError(f"{key}: a folder, not a file: {str(path)!r}")
    if path.exists() and not path.is_file():
        raise UserError(f"{key}: neither a file nor a folder: {str(path)!r}")
    if not path.is_file():
        beside = (entry.name for entry in path.parent.iterdir()) if path.parent.is_dir() else ()
        raise UserError(f"{key}: no such file: {str(path)!r}{nearest(path.name, beside)}")
    suffix = suffix_of(path)
    if suffix not in FORMATS:
        raise UserError(f"{key}: unknown suffix {suffix!r} of {path.name} ({', '.join(FORMATS)})")
    if path.stat().st_size == 0:
        raise UserError(f"{path.name} is empty")
    require_extra("formats", f"reading {suffix} files", FORMATS[suffix].library)
    return FORMATS[suffix]


def detect(path: Path, settings: FileSettings, key: str = "data.path") -> Dialect:
    """How a text table is written: what the settings say, the rest from its beginning.

    Raises:
        UserError: the file is not there, is no text, or is out of all proportion; of a folder,
            its files are not of one table.
    """
    if path.is_dir():
        _ = parquet_folder(path, key)
        return dialect_of(path / "part.parquet", settings)
    with one_line_of(path):
        _format(path, key)
        return dialect_of(path, settings)


def read_table(
    path: Path, settings: FileSettings, as_text: Collection[str] = (), key: str = "data.path"
) -> TableFile:
    """The whole file; columns in `as_text` keep leading zeros, in text tables and Excel.

    Raises:
        UserError: it is not there, is no table, names a column twice, or is too large.
    """
    with one_line_of(path):
        file = _format(path, key).whole(path, settings, as_text)
    return replace(file, decimal=",") if settings.decimal == "," else file


def own_codes(path: Path, settings: FileSettings) -> tuple[dict[str, Labels], MissingRanges]:
    """What a file itself says of its codes: value labels, and what is no answer, by column.

    Raises:
        UserError: the file cannot be read.
    """
    with one_line_of(path):
        suffix = "" if path.is_dir() else suffix_of(path)
        if suffix in SPSS:
            file = _read_spss(path, settings, (), 0, 1)
            return file.labels, file.missing_ranges
        if suffix in STATA and _label_sets(path):
            return _read_stata(path, settings, ()).labels, {}
    return {}, {}


def own_types(path: Path) -> ArrowTypes:
    """Types that a file itself says its columns have, by name; nothing where it says none.

    Raises:
        UserError: the file cannot be read.
    """
    if path.is_dir():
        return parquet_folder(path, "data.path").types
    with one_line_of(path):
        return arrow_types(path) if suffix_of(path) in (*PARQUET, *FEATHER) else {}


def open_columns(
    path: Path,
    settings: FileSettings,
    as_text: Collection[str] = (),
    key: str = "data.path",
    *,
    chosen: Callable[[list[str]], list[str]],
    workspace: Workspace,
) -> tuple[ColumnFile, str]:
    """A Parquet file, a folder of them or a text table, to be read by columns; how it is written.

    `chosen` are those of its columns that will be asked for; cells of a text go to `workspace`.

    Raises:
        UserError: it is not there, is no table, or names a column twice.
    """
    if path.is_dir():
        found = parquet_folder(path, key)
        return ParquetColumns(found), f"Parquet, {counted(found.count, 'file')}"
    with one_line_of(path):
        _format(path, key)
        if suffix_of(path) in PARQUET:
            return ParquetColumns(ParquetFiles([path])), "Parquet"
        form = dialect_of(path, settings)
        names = _text_names(path, form)

    def pieces(read: Collection[str], text: Collection[str]) -> Iterator[pd.DataFrame]:
        return _text_columns(path, form, read, {*as_text, *text}, names)

    return TextColumns(names, chosen(names), pieces, workspace, form.decimal), f"CSV, {form}"


def _text_columns(
    path: Path, form: Dialect, read: Collection[str], as_text: Collection[str], names: list[str]
) -> Iterator[pd.DataFrame]:
    """Some columns in pieces, each parsed as the whole would be."""
    with open_text(path, form.encoding, form.repeated) as file:
        with one_line_of(path):
            pieces = pd.read_csv(
                file,
                **form.parsing,
                **PRECISION,
                **_cells_read(names, as_text, form),
                usecols=[*read, *set(form.with_empty(names)).difference(names)],
                low_memory=False,
                chunksize=rows_at_once(TEXT_ROWS, len(names)),
            )
        while True:
            with one_line_of(path):
                piece = next(pieces, None)
                if piece is not None:
                    piece = _without_nameless(path, piece)
            if piece is None:
                return
            yield piece


def read_parts(
    path: Path,
    settings: FileSettings,
    rows: int,
    key: str = "data.path",
    *,
    form: Dialect | None = None,
) -> Iterator[tuple[str, int, pd.DataFrame]]:
    """`read_chunks`, also of a folder of Parquet files, and where each piece stands.

    That is the name of a folder's file, else nothing, and the number of the first row in the file.

    Raises:
        UserError: as there, or the files of a folder are not of one table.
    """
    if path.is_dir():
        yield from parquet_folder(path, key).pieces(rows)
        return
    first = 1
    for frame in read_chunks(path, settings, rows, key, form=form):
        yield "", first, frame
        first += len(frame)


def read_chunks(
    path: Path,
    settings: FileSettings,
    rows: int,
    key: str = "data.path",
    *,
    form: Dialect | None = None,
) -> Iterator[pd.DataFrame]:
    """The file in pieces of at most `rows` rows; without a row, one empty piece.

    `form`: how it is written, where that is known: it takes a pass over the file to find out.
    Cells of text tables and of Excel are text exactly as written, missing words too: they pass
    through into another file. The memory needed does not grow with the file, but for Excel.

    Raises:
        UserError: it is not there, is no table, names a column twice, or is too large.
    """
    with one_line_of(path):
        pieces = _format(path, key).pieces(path, settings, rows, form)
    empty = True
    while True:
        with one_line_of(path):  # never around a yield: the caller's warnings are not ours
            piece = next(pieces, None)
        if piece is None:
            break
        if len(piece):
            empty = False
            yield piece.reset_index(drop=True)
    if empty:
        yield read_table(path, settings, key=key).frame
