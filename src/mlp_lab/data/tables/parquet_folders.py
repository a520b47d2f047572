"""A folder of Parquet files: one table, file after file in the order of their names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from mlp_lab.data.tables.arrow import (
    arrow_pieces,
    arrow_types,
    kind_of_cells,
    parquet_header,
    wider_type,
)
from mlp_lab.data.tables.config import PARQUET, SUFFIXES, suffix_of
from mlp_lab.data.tables.damaged import one_line_of
from mlp_lab.errors import UserError, require_extra

if TYPE_CHECKING:
    from mlp_lab.data.tables.arrow import ArrowTypes

NOTES = (".txt", ".txt.gz")
"""Suffixes of tables that may as well be words about a folder."""


def parquet_files(folder: Path, key: str) -> list[Path]:
    """The Parquet files of a folder by name; those of its own folders are not among them.

    As elsewhere, a name that begins with `_` or a dot is that of no part of the table.

    Raises:
        UserError: it has none, or another table lies beside them; `key` names the setting.
    """
    entries = sorted(path for path in folder.iterdir() if path.name[0] not in "_.")
    files = [path for path in entries if path.is_file()]
    found = [path for path in files if suffix_of(path) in PARQUET]
    if not found:
        inner = next((path.name for path in entries if path.is_dir()), None)
        hint = "" if inner is None else f"; folders in it, as {inner!r}, are not read"
        raise UserError(f"{key}: a folder without a .parquet file: {str(folder)!r}{hint}")
    for path in files:
        if suffix_of(path) in {*SUFFIXES} - {*PARQUET, *NOTES}:
            raise UserError(
                f"{key}: {path.name} is no Parquet file, as the others of the folder"
                f" {str(folder)!r} are"
            )
    return found


def parquet_folder(folder: Path, key: str) -> ParquetFiles:
    """The table of a folder; `key` names the setting.

    Raises:
        UserError: it holds no such table, or pyarrow is missing.
    """
    files = parquet_files(folder, key)
    require_extra("formats", "reading .parquet files", "pyarrow")
    return ParquetFiles(files)


class ParquetFiles:
    """Parquet files with the same columns, in any order, as one table.

    `names` are those of its columns, `rows` how many it has, `count` its files.
    """

    def __init__(self, files: list[Path]) -> None:
        """Look at their headers.

        Raises:
            UserError: one cannot be read, or has other columns than the first, or a column of
                another kind.
        """
        self._files = files
        self.rows, self.count = 0, len(files)
        self.names: list[str] = []
        self.types: ArrowTypes = {}
        """What holds the values of every file, by column."""
        for path in files:
            with one_line_of(path):
                names, rows = parquet_header(path)
                types = arrow_types(path)
            self.names = self.names or names
            self._require_same(path, names)
            self.types = {name: self._wider(path, name, types) for name in self.names}
            self.rows += rows

    def _require_same(self, path: Path, names: list[str]) -> None:
        first = self._files[0].name
        lacking = [name for name in self.names if name not in names]
        if lacking:
            raise UserError(f"{path.name} has no column {lacking[0]!r}, as {first} has")
        more = [name for name in names if name not in self.names]
        if more:
            raise UserError(f"{path.name} has a column {more[0]!r}, and {first} has none")

    def _wider(self, path: Path, name: str, types: ArrowTypes) -> object:
        """The type of a column of the files up to this one."""
        if name not in self.types:
            return types[name]
        before, own = self.types[name], types[name]
        found = wider_type(before, own)
        if found is None:
            raise UserError(
                f"{path.name}: column {name!r} holds {kind_of_cells(own)},"
                f" and {kind_of_cells(before)} in the files before it"
            )
        return found

    def column(self, name: str, rows: int) -> Iterator[pd.Series]:
        """A column, so many rows at a time, as each file has it."""
        for path in self._files:
            with one_line_of(path):  # never around a yield: warnings there are not ours
                frames = arrow_pieces(path, rows, kept=False, only=name)
                found = [frame[name] for frame in frames]
            yield from found

    def pieces(self, rows: int) -> Iterator[tuple[str, int, pd.DataFrame]]:
        """All columns, so many rows at a time: of which file, from which row on, and the rows.

        A column has one type in all of them, as what is written of them needs it.
        """
        for path in self._files:
            first, frames = 1, arrow_pieces(path, rows, kept=False, types=self.types)
            while True:
                with one_line_of(path):
                    frame = next(frames, None)
                if frame is None:
                    break
                if len(frame):
                    yield path.name, first, frame[self.names].reset_index(drop=True)
                    first += len(frame)
