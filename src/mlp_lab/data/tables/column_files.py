"""Tables that are read column by column: what a file holds is never in memory at once.

A column is the same series of cells as one of the whole file in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlp_lab.data.mapped import Workspace, room_in_cache
from mlp_lab.data.tables.parquet_folders import ParquetFiles
from mlp_lab.errors import UserError
from mlp_lab.files import created
from mlp_lab.formatting import typed

PIECE_ROWS = 1 << 20
"""Rows of a Parquet file that are read at once."""

MOST_TEXTS = 1 << 20
"""Distinct texts of a column: each of them is in memory."""

Values = NDArray[Any]

Pieces = Callable[[Collection[str], Collection[str]], Iterator[pd.DataFrame]]
"""Pieces of a text table: of which columns, and those whose cells stay text."""


class ColumnFile(Protocol):
    """A table on disk; a column of it is read at once."""

    names: list[str]
    rows: int
    decimal: str

    def series(self, name: str) -> pd.Series:
        """All cells of a column.

        Raises:
            UserError: the file cannot be read, or the column holds too many different texts.
        """


def too_many_texts(name: str) -> UserError:
    """What is said of a column of which nothing could be held but its texts."""
    return UserError(
        f"column {name!r} holds more than {MOST_TEXTS:,} different texts, too many to be read in"
        f" pieces: {typed('data.drop', name)} leaves it out"
    )


class ParquetColumns:
    """Parquet files with the same columns, one after the other."""

    def __init__(self, files: ParquetFiles) -> None:
        self._files, self.decimal = files, "."
        self.names, self.rows = files.names, files.rows

    def series(self, name: str) -> pd.Series:
        """All cells of a column."""
        whole = pd.concat(list(self._files.column(name, PIECE_ROWS)), ignore_index=True)
        if not pd.api.types.is_numeric_dtype(whole.dtype) and _distinct(whole) > MOST_TEXTS:
            raise too_many_texts(name)
        return whole


def _distinct(cells: pd.Series) -> int:
    try:
        return int(cells.nunique())
    except TypeError:  # lists: refused in words by those who read them
        return 0


class TextColumns:
    """A text table whose cells were copied to a file of their own, column by column in pieces."""

    def __init__(
        self, names: list[str], read: list[str], pieces: Pieces, workspace: Workspace, decimal: str
    ) -> None:
        """Copy the columns `read` to a file in the workspace.

        A column of numbers in some pieces and of words in others is text, as it is when the file
        is parsed as a whole; those are read once more.

        Raises:
            UserError: the file cannot be read, there is no room, or there are too many texts.
        """
        self.names, self.decimal = names, decimal
        self._workspace = workspace  # its files go with it
        self._columns: dict[str, _Column] = {}
        self.rows = self._copy(read, (), pieces, workspace.path())
        mixed = [name for name in read if self._columns[name].unclear]
        if mixed:
            self._copy(mixed, mixed, pieces, workspace.path())

    def _copy(self, names: list[str], as_text: Collection[str], pieces: Pieces, path: Path) -> int:
        """Copy some columns to a file; how many rows there are."""
        rows = 0
        self._columns |= {name: _Column(name, path) for name in names}
        with room_in_cache():
            file = created(path)
        with file:
            for frame in pieces(names, as_text):
                rows += len(frame)
                for name in names:
                    values = self._columns[name].encoded(frame[name], file.tell())
                    with room_in_cache():
                        file.write(values.data)
            with room_in_cache():
                file.flush()
        return rows

    def series(self, name: str) -> pd.Series:
        """All cells of a column."""
        return self._columns[name].series()


class _Column:
    """Where the pieces of a column lie in a file, and what kind of cells they hold."""

    def __init__(self, name: str, path: Path) -> None:
        self._name, self._path = name, path
        self._pieces: list[tuple[int, np.dtype[Any], int]] = []
        self._kinds: set[str] = set()
        self._missing = False
        self._places: dict[str, int] = {}
        self._dtype: Any = object

    @property
    def unclear(self) -> bool:
        """Whether pieces are of several kinds, some without a value aside, or words are missing."""
        several = len(self._kinds - {"none"}) > 1
        return several or ("text" in self._kinds and self._missing)

    def encoded(self, cells: pd.Series, place: int) -> Values:
        """A piece as it is written at a place: numbers, or codes of truth values or of texts."""
        kind = _kind(cells)
        self._kinds.add(kind)
        self._missing = self._missing or bool(cells.isna().any())
        if kind == "numbers":
            values = cells.to_numpy()
        elif kind == "truth":
            values = cells.map({True: 1, False: 0}).fillna(-1).to_numpy(np.int8)
        elif kind == "text":
            values = self._codes(cells)
        else:
            values = np.empty(0, np.int8)
        values = np.ascontiguousarray(values)
        self._pieces.append((place if len(values) else -len(cells), values.dtype, len(values)))
        return values

    def _codes(self, cells: pd.Series) -> Values:
        own, texts = pd.factorize(cells)
        self._dtype = cells.dtype
        places = np.full(len(texts) + 1, -1, np.int32)
        for i, text in enumerate(texts):
            places[i] = self._places.setdefault(str(text), len(self._places))
        if len(self._places) > MOST_TEXTS:
            raise too_many_texts(self._name)
        return places[own]

    def series(self) -> pd.Series:
        """All cells, as they are where the file is parsed as a whole."""
        (kind,) = self._kinds - {"none"} or {"none"}
        if kind == "numbers":
            return pd.Series(np.concatenate(list(self._read(np.nan))), name=self._name)
        if kind == "none":
            rows = sum(-place for place, _, _ in self._pieces)
            return pd.Series(np.full(rows, np.nan), name=self._name)
        codes = np.concatenate(list(self._read(-1)))
        if kind == "text":
            texts = np.array([*self._places, np.nan], dtype=object)
            words: pd.Series = pd.Series(texts[codes], dtype=self._dtype, name=self._name)
            return words
        if (codes >= 0).all():
            return pd.Series(codes.astype(bool), name=self._name)
        return pd.Series(np.array([False, True, np.nan], object)[codes], name=self._name)

    def _read(self, missing: float) -> Iterator[Values]:
        """The pieces; `missing` stands for each cell of those without a value."""
        for place, dtype, rows in self._pieces:
            if rows:
                yield np.fromfile(self._path, dtype, rows, offset=place)
            elif place:
                yield np.full(-place, missing, np.float64 if np.isnan(missing) else np.int8)


def _kind(cells: pd.Series) -> str:
    """numbers, truth values or text; none where no cell has a value."""
    if pd.api.types.is_bool_dtype(cells.dtype):
        return "truth"
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return "none" if bool(cells.isna().all()) else "numbers"
    if bool(cells.isna().all()):
        return "none"
    return "truth" if pd.api.types.infer_dtype(cells, skipna=True) == "boolean" else "text"
