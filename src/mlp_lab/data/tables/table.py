"""A file -> numbers: reading, understanding and parsing its columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from mlp_lab.data.columns import Column, Dropped
from mlp_lab.data.raw import Floats, Index, PartName, RawData, Source, Ties
from mlp_lab.data.tables.cells import cell_text
from mlp_lab.data.tables.config import TableConfig
from mlp_lab.data.tables.dialect import FileSettings
from mlp_lab.data.tables.frames import Mask, Rows, class_values, weight_values
from mlp_lab.data.tables.inference import infer, infer_target, infer_time, missing_codes
from mlp_lab.data.tables.parsing import Cells, missing_rows, retyped
from mlp_lab.data.tables.reading import read_table
from mlp_lab.data.tables.warnings import (
    doubtful_dates,
    labelled_numbers,
    remarks_on,
    unused_codes,
    words_among_numbers,
)
from mlp_lab.errors import UserError, nearest
from mlp_lab.formatting import counted

PARTS = {
    **dict.fromkeys(("train", "training"), PartName.FREE),
    **dict.fromkeys(("val", "valid", "validation", "dev"), PartName.VAL),
    **dict.fromkeys(("test", "testing", "holdout"), PartName.TEST),
}
"""What a column that names the part may say, in any case."""

UNNAMED = -1
"""Part of a row of which that column says nothing of the kind."""


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of `data.path`, then those of `data.test_path`; each has a target.

    `parts` is a `PartName` of each row, (N,). Where `data.part` keeps rows for testing, `learnt`
    marks the others: columns are understood from them alone.
    """

    files: list[Rows]
    note: str
    remarks: list[str]
    parts: Index | None
    learnt: Mask | None

    def __len__(self) -> int:
        return sum(map(len, self.files))

    @property
    def first(self) -> Rows:
        """Those of `data.path`."""
        return self.files[0]

    def understood(self, cells: Cells, config: TableConfig) -> Cells:
        """Cells of `data.path` without those of test rows, which decide nothing."""
        if self.learnt is None:
            return cells
        known = Cells(cells.series[self.learnt], cells.decimal)
        name = str(known.series.name)
        declared = name in config.types or name in config.levels
        return known if declared else retyped(known)

    def values(self, column: Column, cells: Cells | None = None) -> Floats:
        """A column's numbers, (N,); `cells` are those of `data.path`, if they are at hand."""
        found = [self.first.values(column, cells)]
        found += [rows.values(column) for rows in self.files[1:]]
        return found[0] if len(found) == 1 else np.concatenate(found)

    def row(self, place: int) -> str:
        """How messages call a row."""
        rows = self.first
        return rows.row(place) if place < len(rows) else self.files[1].row(place - len(rows))


def load_table(config: TableConfig) -> RawData:
    """Read the file of `data.path` (and `data.test_path`).

    Raises:
        UserError: the file or a column cannot be used.
    """
    table = _read(config)
    target, target_column, of_target = _target(table, config)
    inputs, columns, dropped, remarks = _features(table, config)
    weights, weight_column = _weights(table, config)
    ties, of_times = _ties(table, config)
    said = dict.fromkeys([*of_target, *of_times, *remarks, *table.remarks])
    return RawData(
        inputs,
        target,
        columns,
        target_column,
        target_column.levels or None,
        weights,
        weight_column,
        ties,
        Source(file_settings(config), table.note, dropped, list(said)),
    )


def file_settings(config: TableConfig) -> FileSettings:
    """How the file is written, as far as the settings say."""
    return FileSettings(
        delimiter=config.delimiter,
        quote=config.quote,
        encoding=config.encoding,
        decimal=config.decimal,
        sheet=config.sheet,
    )


def _read(config: TableConfig) -> Table:
    """All rows that have a target, and what is settled about their parts."""
    assert config.path is not None  # load() has seen to it
    train, note = _rows(config, config.path, "data.path")
    _require_columns(config, train)
    read, parts = [train], None
    if config.test_path is not None:
        test, _ = _rows(config, config.test_path, "data.test_path")
        _require_same_columns(config, train, test)
        read.append(test)
    files = [_with_target(rows, config) for rows in read]
    if config.test_path is not None:
        sizes = [len(rows) for rows in files]
        parts = np.repeat([PartName.FREE, PartName.TEST], sizes).astype(np.int64)
    remarks = unused_codes(read, config)
    if config.part is None:
        return Table(files, note, remarks, parts, None)
    parts = _parts(files[0], config.part, config)
    if not (parts == PartName.FREE).any():
        raise UserError(f"data.part={config.part} keeps no row for training: some must say train")
    learnt = parts != PartName.TEST
    return Table(files, note, remarks, parts, learnt if not learnt.all() else None)


def _rows(config: TableConfig, path: str, key: str) -> tuple[Rows, str]:
    """The rows of a file, and how it was read."""
    kept = [name for name, kind in config.types.items() if kind in ("category", "text", "binary")]
    file = read_table(Path(path), file_settings(config), [*kept, *config.levels], key)
    if len(file.frame) == 0:
        raise UserError(
            f"{key}: {path} has {counted(len(file.frame.columns), 'column')}, but no row"
        )
    name = "" if key == "data.path" else Path(path).name
    rows = Rows(file.frame, decimal=file.decimal, labels=file.labels, spans=file.spans, name=name)
    return rows, file.note


def _require_same_columns(config: TableConfig, train: Rows, test: Rows) -> None:
    lacking = [name for name in map(str, train.frame.columns) if name not in test]
    if lacking:
        raise UserError(f"data.test_path: {config.test_path} has no column {lacking[0]!r}")


def _require_columns(config: TableConfig, rows: Rows) -> None:
    """Raise for a setting that names a column which the file does not have."""
    names = [str(name) for name in rows.frame.columns]
    if config.target is None:
        raise UserError(f"data.target is missing: choose a column of {config.path}: {_list(names)}")
    single = {
        "target": config.target,
        "weight": config.weight,
        "group": config.group,
        "time": config.time,
        "part": config.part,
    }
    asked = [(f"data.{key}={name}", name) for key, name in single.items() if name is not None]
    asked += [(f"data.features: {name}", name) for name in config.features or []]
    asked += [(f"data.drop: {name}", name) for name in config.drop]
    for key, columns in (("types", config.types), ("levels", config.levels)):
        asked += [(f"data.{key}.{name}", name) for name in columns]
    asked += [(f"data.missing_in.{name}", name) for name in config.missing_in]
    for what, name in asked:
        if name not in names:
            raise UserError(
                f"{what}: no such column in {config.path}{nearest(name, names)} ({_list(names)})"
            )


def _list(names: Sequence[str], most: int = 30) -> str:
    more = f", and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _with_target(rows: Rows, config: TableConfig) -> Rows:
    """Those that have a target.

    Raises:
        UserError: some have none, and `data.drop_missing_target` is not set.
    """
    assert config.target is not None
    codes = missing_codes(config, config.target, rows.codes(config.target))
    gone = missing_rows(rows.cells(config.target), codes)
    count = int(gone.sum())
    if count == 0:
        return rows
    if not config.drop_missing_target:
        raise UserError(
            f"data.target={config.target} is missing in {count} of"
            f" {counted(len(rows), 'row')}{rows.of}: data.drop_missing_target=true leaves them out"
        )
    if count == len(rows):
        raise UserError(f"data.target={config.target} is missing in every row{rows.of}")
    return rows.only(~gone)


def _target(table: Table, config: TableConfig) -> tuple[Floats, Column, list[str]]:
    """Its values, how it is read, and remarks."""
    assert config.target is not None
    rows = table.first
    cells = table.understood(rows.cells(config.target), config)
    column = infer_target(cells, config, rows.codes(config.target))
    values = np.concatenate([class_values(some, column) for some in table.files])
    remarks = labelled_numbers(cells, column, config) + words_among_numbers(cells, column, config)
    return values, column, remarks


def _features(
    table: Table, config: TableConfig
) -> tuple[Floats, list[Column], list[Dropped], list[str]]:
    """Values that the network reads, (N, D), their columns, those that it does not, and remarks.

    Raises:
        UserError: there is none to read.
    """
    roles = (config.target, config.weight, config.group, config.time, config.part)
    asked, rows = config.features, table.first
    names = list(map(str, rows.frame.columns))
    values = np.empty((len(table), len(names)), order="F")  # what is not written to is not used
    columns: list[Column] = []
    dropped: list[Dropped] = []
    remarks: list[str] = []
    for name in names:
        if name in config.drop:
            dropped.append(Dropped(name, "data.drop"))
        elif name in roles and (asked is None or name not in asked):
            continue
        elif asked is not None and name not in asked:
            dropped.append(Dropped(name, "not in data.features"))
        else:
            cells = rows.cells(name)
            known = table.understood(cells, config)
            found = infer(known, config, rows.codes(name))
            if isinstance(found, Column):
                values[:, len(columns)] = table.values(found, cells)
                columns.append(found)
                remarks += remarks_on(known, found, config)
            else:
                dropped.append(found)
    if not columns:
        reasons = _list([f"{column.name}: {column.reason}" for column in dropped], 5)
        raise UserError(f"no column of {config.path} is left to learn from ({reasons})")
    return values[:, : len(columns)], columns, dropped, remarks


def _weights(table: Table, config: TableConfig) -> tuple[Floats | None, Column | None]:
    """Row weights.

    Raises:
        UserError: one is missing or negative, or all are zero.
    """
    if config.weight is None:
        return None, None
    codes = missing_codes(config, config.weight, table.first.codes(config.weight))
    column = Column(name=config.weight, missing=codes)
    weights = np.concatenate([weight_values(rows, column) for rows in table.files])
    if not weights.any():
        raise UserError(f"data.weight={config.weight} is 0 in every row")
    return weights, column


def _ties(table: Table, config: TableConfig) -> tuple[Ties, list[str]]:
    """What binds rows to parts, and remarks."""
    if config.group is not None:
        return Ties(parts=table.parts, groups=_groups(table, config.group, config)), []
    if config.time is not None:
        times, remarks = _times(table, config, config.time)
        return Ties(parts=table.parts, times=times), remarks
    return Ties(parts=table.parts), []


def _parts(rows: Rows, name: str, config: TableConfig) -> Index:
    """The part that each row is kept for."""
    cells, said = rows.cells(name), rows.codes(name)
    codes, _ = cells.distinct
    gone = cells.missing(missing_codes(config, name, said))
    texts = [
        "" if no else said.labels.get(text, text)
        for text, no in zip(cells.texts, gone, strict=True)
    ]
    parts = [PARTS.get(text.lower(), UNNAMED) for text in texts]
    found: Index = np.array([*parts, UNNAMED], dtype=np.int64)[codes]
    bad = np.flatnonzero(found == UNNAMED)
    if len(bad):
        text = texts[codes[bad[0]]] if codes[bad[0]] >= 0 else ""
        shown = repr(text) if text else "nothing"
        raise UserError(
            f"data.part={name} must say train, val or test, got {shown} in {rows.row(bad[0])}"
        )
    return found


def _groups(table: Table, name: str, config: TableConfig) -> Index:
    series = [rows.cells(name).series for rows in table.files]
    spelled = Cells(pd.concat([some.map(cell_text).where(some.notna()) for some in series]))
    missing = missing_codes(config, name, table.first.codes(name))
    _require_present(table, missing_rows(spelled, missing), f"data.group={name}")
    codes, _ = spelled.distinct
    return codes.astype(np.int64)


def _times(table: Table, config: TableConfig, name: str) -> tuple[Floats, list[str]]:
    """Numbers, or days since 1970, and remarks."""
    cells = table.first.cells(name)
    known = table.understood(cells, config)
    column = infer_time(known, config, table.first.codes(name))
    times = table.values(column, cells)
    _require_present(table, np.isnan(times), f"data.time={name}")
    return times, doubtful_dates(known, column, config)


def _require_present(table: Table, missing: Mask, key: str) -> None:
    places = np.flatnonzero(missing)
    if len(places):
        raise UserError(f"{key} is missing in {table.row(int(places[0]))}: every row needs one")
