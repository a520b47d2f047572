"""A file of rows and columns -> a frame, whole or in pieces."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from mlp_lab.data.config import FileSettings
from mlp_lab.data.tables.cells import MISSING_WORDS, MissingRange, cell_text
from mlp_lab.data.tables.config import EXCEL, FEATHER, PARQUET, SPSS, STATA, TEXT, suffix_of
from mlp_lab.data.tables.dialect import Dialect, dialect_of, open_text
from mlp_lab.errors import UserError, nearest

if TYPE_CHECKING:
    from pyarrow import Schema

ROWS = 1 << 20
"""Read at once where a file is read whole."""

MESSAGE = 200
"""Letters of a library's message that are shown."""

Labels = dict[str, str]
"""The value labels of a column: code -> what it stands for."""

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


def _names(path: Path, header: Iterable[object]) -> list[str]:
    """Names of columns, all different; the first may have none, as a saved index."""
    names = [str(name) for name in header]
    if names and not names[0]:
        names[0] = "Unnamed: 0"
    seen: set[str] = set()
    for number, name in enumerate(names, 1):
        if not name.strip():
            raise UserError(f"{path.name}: column {number} has no name")
        if name in seen:
            raise UserError(f"{path.name}: column {name!r} appears twice")
        seen.add(name)
    return names


def _text_names(path: Path, form: Dialect) -> list[str]:
    """The header as pandas finds it, but before it renames the second of two equal names."""
    with open_text(path, form.encoding) as file:
        head = pd.read_csv(file, **form.parsing, header=None, nrows=1, dtype=str, na_filter=False)
    return _names(path, head.iloc[0])


def _read_text(path: Path, settings: FileSettings, as_text: Collection[str]) -> TableFile:
    form = dialect_of(path, settings)
    names = _text_names(path, form)

    def read(*, by_pieces: bool) -> pd.DataFrame:
        with open_text(path, form.encoding) as file:
            return pd.read_csv(
                file,
                **form.parsing,
                decimal=form.decimal,
                index_col=False,
                dtype={name: str for name in names if name in as_text},
                na_values=list(MISSING_WORDS),
                keep_default_na=False,
                low_memory=by_pieces,
            )

    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.DtypeWarning)
        try:
            frame = read(by_pieces=True)  # in half the time and memory
        except pd.errors.DtypeWarning:  # a column is numbers in one piece and text in another
            frame = read(by_pieces=False)
    return TableFile(frame, {}, f"CSV, {form}", form.decimal)


def _text_pieces(path: Path, settings: FileSettings, rows: int) -> Iterator[pd.DataFrame]:
    form = dialect_of(path, settings)
    _text_names(path, form)
    with open_text(path, form.encoding) as file:
        yield from pd.read_csv(
            file, **form.parsing, index_col=False, dtype=str, na_filter=False, chunksize=rows
        )


def _read_excel(path: Path, settings: FileSettings, as_text: Collection[str] | None) -> TableFile:
    """A sheet; with `as_text` None every cell is text, and none is missing."""
    with pd.ExcelFile(path, engine="openpyxl") as book:
        name = _sheet_name(path, settings.sheet, [str(found) for found in book.sheet_names])
        head = book.parse(name, header=None, nrows=1, dtype=object, na_filter=False)
        if len(head) == 0:
            raise UserError(f"{path.name}, sheet {name!r}, is empty")
        header = head.iloc[0].tolist()
        frame = book.parse(
            name,
            dtype=str if as_text is None else {key: str for key in header if str(key) in as_text},
            na_filter=as_text is not None,
            na_values=MISSING_WORDS,
            keep_default_na=False,
        )
    beyond = [""] * (len(frame.columns) - len(header))
    frame.columns = pd.Index(_names(path, [*header, *beyond]))
    return TableFile(frame, {}, f"Excel, sheet {name!r}")


def _sheet_name(path: Path, wanted: str | int | None, names: list[str]) -> str:
    if isinstance(wanted, str) and wanted in names:
        return wanted
    if not isinstance(wanted, str) and 0 <= (wanted or 0) < len(names):
        return names[wanted or 0]
    hint = nearest(str(wanted), names)
    raise UserError(f"data.sheet: no sheet {wanted!r} in {path.name}{hint} ({', '.join(names)})")


def _excel_pieces(path: Path, settings: FileSettings, rows: int) -> Iterator[pd.DataFrame]:
    frame = _read_excel(path, settings, None).frame
    for first in range(0, len(frame), rows):
        yield frame.iloc[first : first + rows]


def _arrow_pieces(path: Path, _: FileSettings, rows: int) -> Iterator[pd.DataFrame]:
    """An empty one first; a saved index is a column like another, unless it has no name."""
    from pyarrow import Table  # noqa: PLC0415 optional
    from pyarrow.ipc import open_file  # noqa: PLC0415 optional
    from pyarrow.parquet import ParquetFile  # noqa: PLC0415 optional

    with path.open("rb") as file:
        if suffix_of(path) in PARQUET:
            source = ParquetFile(file)
            schema, batches = source.schema_arrow, source.iter_batches(rows)
        else:
            source = open_file(file)
            schema = source.schema
            batches = (source.get_batch(i) for i in range(source.num_record_batches))
        names, plain = _names(path, schema.names), _plain(schema)
        unnamed = [name for name in names if UNNAMED_INDEX.fullmatch(name)]
        for batches_of_one in chain([[]], ([batch] for batch in batches)):
            table = Table.from_batches(batches_of_one, schema).cast(plain).rename_columns(names)
            table = table.drop_columns(unnamed)
            for first in range(0, len(table) or 1, rows):
                piece = table.slice(first, rows)
                yield piece.to_pandas(ignore_metadata=True, date_as_object=False)


def _plain(schema: Schema) -> Schema:
    """Categories as their values, decimals as floats."""
    from pyarrow import float64, types  # noqa: PLC0415 optional

    for i, column in enumerate(schema):
        if types.is_dictionary(column.type):
            schema = schema.set(i, column.with_type(column.type.value_type))
        elif types.is_decimal(column.type):
            schema = schema.set(i, column.with_type(float64()))
    return schema


def _read_arrow(path: Path, settings: FileSettings, _: Collection[str]) -> TableFile:
    frame = pd.concat(_arrow_pieces(path, settings, ROWS), ignore_index=True)
    return TableFile(frame, {}, "Parquet" if suffix_of(path) in PARQUET else "Feather")


def _code_texts(labels: Mapping[float, str]) -> Labels:
    return {cell_text(code): label for code, label in labels.items()}


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
        return {name: _code_texts(labels) for name, labels in reader.value_labels().items()}


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


def _stata_pieces(path: Path, _: FileSettings, rows: int) -> Iterator[pd.DataFrame]:
    with pd.read_stata(path, convert_categoricals=False, chunksize=rows) as reader:
        yield from reader


def _read_spss(
    path: Path, settings: FileSettings, _: Collection[str], first: int = 0, rows: int = 0
) -> TableFile:
    """From row `first`, at most `rows`; 0 for all."""
    from pyreadstat import read_sav  # noqa: PLC0415 optional

    frame, meta = read_sav(
        path,
        encoding=None if settings.encoding == "auto" else settings.encoding,
        dates_as_pandas_datetime=True,
        user_missing=True,
        row_offset=first,
        row_limit=rows,
    )
    for name, form in meta.original_variable_types.items():
        if frame[name].dtype == object and (form or "").rstrip("0123456789.") in SPSS_DATES:
            frame[name] = pd.to_datetime(frame[name])  # no row of a piece has a date
    labels = {name: _code_texts(codes) for name, codes in meta.variable_value_labels.items()}
    ranges = {
        name: [(span["lo"], span["hi"]) for span in spans if isinstance(span, dict)]
        for name, spans in meta.missing_ranges.items()
    }
    return TableFile(frame, labels, "SPSS", missing_ranges=ranges)


def _spss_pieces(path: Path, settings: FileSettings, rows: int) -> Iterator[pd.DataFrame]:
    first = 0
    while len(piece := _read_spss(path, settings, (), first, rows).frame):
        yield piece
        first += rows


class _Format(NamedTuple):
    """What reads a file whole, what in pieces, and the library that both need."""

    whole: Callable[[Path, FileSettings, Collection[str]], TableFile]
    pieces: Callable[[Path, FileSettings, int], Iterator[pd.DataFrame]]
    library: str


SPSS_DATES = ("DATE", "ADATE", "EDATE", "JDATE", "SDATE", "DATETIME", "YMDHMS")
"""Formats that pyreadstat reads as dates."""

UNNAMED_INDEX = re.compile(r"__index_level_\d+__")
"""Row labels of a frame of which some rows were taken: they say where a row stood in another."""

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
    if not path.is_file():
        beside = (entry.name for entry in path.parent.iterdir()) if path.parent.is_dir() else ()
        raise UserError(f"{key}: no such file: {str(path)!r}{nearest(path.name, beside)}")
    suffix = suffix_of(path)
    if suffix not in FORMATS:
        raise UserError(f"{key}: unknown suffix {suffix!r} of {path.name} ({', '.join(FORMATS)})")
    if path.stat().st_size == 0:
        raise UserError(f"{path.name} is empty")
    require_library(FORMATS[suffix].library, f"reading {suffix} files")
    return FORMATS[suffix]


def require_library(library: str, action: str) -> None:
    """Refuse to do what needs a library that is not installed."""
    try:
        import_module(library)
    except ImportError as error:
        raise UserError(f"{action} needs {library}: pip install 'mlp_lab[formats]'") from error


@contextmanager
def _one_line(path: Path) -> Iterator[None]:
    """What libraries raise on damaged bytes has no common base; here it becomes `UserError`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of libraries, about styles and deprecated parts
            warnings.simplefilter("error", pd.errors.ParserWarning)  # of cells that get lost
            yield
    except UserError:
        raise
    except pd.errors.EmptyDataError as error:
        raise UserError(f"{path.name} is empty") from error
    except pd.errors.ParserWarning as error:
        raise UserError(f"{path.name}: its first row has more fields than the header") from error
    except Exception as error:
        said = " ".join(str(error).split()).removeprefix("Error tokenizing data. C error: ")
        reason = said[:MESSAGE] or type(error).__name__
        raise UserError(f"cannot read {path.name}: {reason}") from error


def detect(path: Path, settings: FileSettings, key: str = "data.path") -> Dialect:
    """How a text table is written: what the settings say, the rest from its beginning."""
    with _one_line(path):
        _format(path, key)
        return dialect_of(path, settings)


def read_table(
    path: Path, settings: FileSettings, as_text: Collection[str] = (), key: str = "data.path"
) -> TableFile:
    """The whole file; columns in `as_text` keep leading zeros, in text tables and Excel.

    Raises:
        UserError: it is not there, is no table, or names a column twice.
    """
    with _one_line(path):
        file = _format(path, key).whole(path, settings, as_text)
    return replace(file, decimal=",") if settings.decimal == "," else file


def own_codes(path: Path, settings: FileSettings) -> tuple[dict[str, Labels], MissingRanges]:
    """What a file itself says of its codes: value labels, and what is no answer, by column."""
    with _one_line(path):
        suffix = suffix_of(path)
        if suffix in SPSS:
            file = _read_spss(path, settings, (), 0, 1)
            return file.labels, file.missing_ranges
        if suffix in STATA and _label_sets(path):
            return _read_stata(path, settings, ()).labels, {}
    return {}, {}


def read_chunks(
    path: Path, settings: FileSettings, rows: int, key: str = "data.path"
) -> Iterator[pd.DataFrame]:
    """The file in pieces of at most `rows` rows; without a row, one empty piece.

    Cells of text tables and of Excel are text exactly as written, missing words too: they pass
    through into another file. The memory needed does not grow with the file, but for Excel.
    """
    with _one_line(path):
        pieces = _format(path, key).pieces(path, settings, rows)
    empty = True
    while True:
        with _one_line(path):  # never around a yield: the caller's warnings are not ours
            piece = next(pieces, None)
        if piece is None:
            break
        if len(piece):
            empty = False
            yield piece.reset_index(drop=True)
    if empty:
        yield read_table(path, settings, key=key).frame
