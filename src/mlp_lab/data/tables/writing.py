"""Frames -> a file of rows and columns, written atomically: whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from gzip import GzipFile
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import pandas as pd

from mlp_lab.data.config import WHITESPACE
from mlp_lab.data.tables.answers import SEPARATORS, as_texts, free_sign, with_lists
from mlp_lab.data.tables.arrow import tells_type
from mlp_lab.data.tables.cells import cell_text
from mlp_lab.data.tables.config import suffix_of
from mlp_lab.data.tables.dialect import Dialect
from mlp_lab.data.tables.durations import clock_text
from mlp_lab.errors import UserError, require_extra
from mlp_lab.files import remove_leftovers, whole_file

if TYPE_CHECKING:
    from pyarrow import Schema
    from pyarrow.parquet import ParquetWriter

    from mlp_lab.data.tables.arrow import ArrowTypes

PLAIN = Dialect("", "", "", ".")
"""Of what is no answer to a text: commas between cells, and UTF-8."""

SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet")


@dataclass(frozen=True, slots=True)
class TextForm:
    """How cells without lists become lines of text."""

    separator: str
    decimal: str
    quote: str

    def text(self, frame: pd.DataFrame, *, header: bool = False) -> str:
        """Lines of a frame's rows, below one of its names if there is to be a `header`."""
        return frame.to_csv(
            sep=self.separator,
            decimal=self.decimal,
            quotechar=self.quote,
            header=header,
            index=False,
            lineterminator="\n",
        )


class _TextWriter:
    """CSV: floats as the shortest text that reads back the same, missing as nothing.

    Delimiter, quotes, decimal sign and encoding are as in the file that is answered, where it is a
    text. Durations are 1:30:00. Lists of texts
    are cells with one sign between the answers of a column in all frames.
    """

    def __init__(
        self,
        file: BinaryIO,
        suffix: str,
        dialect: Dialect = PLAIN,
        signs: Mapping[str, str] | None = None,
    ) -> None:
        self._compressed = GzipFile("", "wb", fileobj=file) if suffix.endswith(".gz") else None
        encoding = dialect.encoding if dialect.delimiter else "utf-8"
        encoding = "utf-8" if encoding == "utf-8-sig" else encoding
        self._file = TextIOWrapper(self._compressed or file, encoding=encoding, newline="")
        known = dialect.delimiter not in ("", WHITESPACE)
        usual = dialect.delimiter if known else ","
        separator = "\t" if suffix.startswith(".tsv") else usual
        decimal = dialect.decimal if dialect.decimal != separator else "."
        self.form = TextForm(separator, decimal, dialect.quote or '"')
        self._started = False
        self._known_signs = signs or {}
        self._signs: dict[str, str] = {}

    def write(self, frame: pd.DataFrame) -> None:
        """Append; the first frame's names are the header."""
        self.append_lines(frame.iloc[:0], self.form.text(frame.apply(self._without_lists)))

    def append_lines(self, names: pd.DataFrame, lines: str) -> None:
        """Append lines that are formatted already, of a frame with the columns of another."""
        if not self._started:
            self._file.write(self.form.text(names, header=True))
        self._started = True
        self._file.write(lines)

    def _without_lists(self, series: pd.Series) -> pd.Series:
        """A column whose lists are texts; the first list of a column decides on their sign."""
        if pd.api.types.is_timedelta64_dtype(series.dtype):
            return series.astype(object).map(clock_text, na_action="ignore")
        cells = with_lists(series)
        if cells is None:
            return series
        name = str(series.name)
        sign = self._signs.get(name) or free_sign(cells, self._known_signs.get(name, ""))
        if not sign or free_sign(cells, sign) != sign:
            held = repr(sign) if sign else ", ".join(map(repr, SEPARATORS))
            raise ValueError(
                f"column {name!r} holds lists with {held} within an answer, where it would be"
                " between answers: .parquet keeps lists"
            )
        self._signs[name] = sign
        return as_texts(series, cells, sign)

    def close(self) -> None:
        """Hand over what is still here."""
        self._file.flush()
        self._file.detach()
        if self._compressed is not None:
            self._compressed.close()


class _ParquetWriter:
    """Parquet: the first frame decides the types of columns, categories being their values.

    Where it has no value to tell one by, `types` of the file that is answered do; else the column
    is text, as are its later values.
    """

    def __init__(self, file: BinaryIO, types: ArrowTypes) -> None:
        self._file = file
        self._known = types
        self._texts: set[str] = set()
        self._parquet: ParquetWriter | None = None

    def write(self, frame: pd.DataFrame) -> None:
        """Append."""
        from pyarrow import Table  # noqa: PLC0415 optional
        from pyarrow.parquet import ParquetWriter  # noqa: PLC0415 optional

        if self._parquet is None:
            self._parquet = ParquetWriter(self._file, self._schema(frame))
        if self._texts:
            frame = frame.assign(**{name: _as_text(frame[name]) for name in self._texts})
        table = Table.from_pandas(frame, schema=self._parquet.schema, preserve_index=False)
        self._parquet.write_table(table)

    def _schema(self, frame: pd.DataFrame) -> Schema:
        """Types of all columns, by the first frame."""
        from pyarrow import Table, string, types  # noqa: PLC0415 optional

        schema = Table.from_pandas(frame, preserve_index=False).schema.remove_metadata()
        for i, field in enumerate(schema):
            kind = field.type
            if types.is_dictionary(kind):
                kind = kind.value_type
            elif not tells_type(kind) or frame[field.name].isna().all():
                kind = self._known.get(field.name, kind)
            if not tells_type(kind):
                self._texts.add(field.name)
                kind = string()
            schema = schema.set(i, field.with_type(kind))
        return schema

    def close(self) -> None:
        """Finish the content."""
        if self._parquet is not None:
            self._parquet.close()


def _as_text(series: pd.Series) -> pd.Series:
    """Values as text; missing ones, and what is text, as they are."""
    return series.map(lambda cell: cell if isinstance(cell, str) else cell_text(cell), "ignore")


class Writer:
    """Appends frames with the same columns to a file."""

    def __init__(self, path: Path, file: _TextWriter | _ParquetWriter) -> None:
        self._path = path
        self._file = file
        self._columns: list[str] | None = None

    def write(self, frame: pd.DataFrame) -> None:
        """Append rows.

        Raises:
            UserError: the disk has no room, or Parquet cannot hold the cells as those before.
        """
        self._require_alike(frame)
        with _one_line(self._path):
            self._file.write(frame)

    @property
    def form(self) -> TextForm | None:
        """How rows without lists become text, which somebody else may do; None of Parquet."""
        return self._file.form if isinstance(self._file, _TextWriter) else None

    def append_lines(self, names: pd.DataFrame, lines: str) -> None:
        """Append rows that `form` has made lines of; `names` has their columns, and no row.

        Raises:
            UserError: the disk has no room, or the file's encoding has no such letter.
        """
        assert isinstance(self._file, _TextWriter)
        self._require_alike(names)
        with _one_line(self._path):
            self._file.append_lines(names, lines)

    def _require_alike(self, frame: pd.DataFrame) -> None:
        columns = frame.columns.tolist()
        assert self._columns in (None, columns), "frames have the same columns"
        self._columns = columns

    def close(self) -> None:
        """Nothing can be appended any more.

        Raises:
            UserError: the disk has no room for the end of the file.
        """
        with _one_line(self._path):
            self._file.close()


@contextmanager
def _one_line(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}") from error
    except (ValueError, TypeError) as error:  # Arrow's are these
        raise UserError(f"cannot write {path}: {' '.join(str(error).split())}") from error


def dialect_of_answer(file: Path, dialect: Dialect) -> Dialect:
    """That of a file; tabs that its suffix promises are left to the suffix of the answer.

    >>> tabs = Dialect(chr(9), "", "utf-8", ".")
    >>> [dialect_of_answer(Path(name), tabs) == tabs for name in ("t.csv", "t.tsv")]
    [True, False]
    """
    tabs = dialect.delimiter == "\t" and suffix_of(file).startswith((".tsv", ".tab"))
    return replace(dialect, delimiter=",") if tabs else dialect


@contextmanager
def open_writer(
    path: Path,
    dialect: Dialect = PLAIN,
    signs: Mapping[str, str] | None = None,
    types: ArrowTypes | None = None,
) -> Iterator[Writer]:
    """A file that is at `path` once the block has ended; an error leaves what was there before.

    `dialect` is that of the file which it answers, if that is a text. `signs` by column stand
    between the answers of lists, unless an answer holds them. `types` by column are those of
    the file that is answered, if it has any.

    Raises:
        UserError: its suffix is unknown, its folder cannot be written to, or pyarrow is missing.
    """
    suffix = next((known for known in reversed(SUFFIXES) if path.name.lower().endswith(known)), "")
    if path.is_dir():
        raise UserError(f"cannot write {path}: it is a folder")
    if not suffix:
        raise UserError(f"cannot write {path}: choose one of {', '.join(SUFFIXES)}")
    if suffix == ".parquet":
        require_extra("formats", "writing .parquet files", "pyarrow")
    stack = ExitStack()
    with _one_line(path):
        place = path.resolve()  # where a link leads to
        remove_leftovers(place.parent, of=place)
        file = stack.enter_context(whole_file(place))
    with stack:
        rows: _ParquetWriter | _TextWriter
        if suffix == ".parquet":
            rows = _ParquetWriter(file, types or {})
        else:
            rows = _TextWriter(file, suffix, dialect, signs)
        with closing(Writer(path, rows)) as writer:
            yield writer
        with _one_line(path):
            stack.close()
