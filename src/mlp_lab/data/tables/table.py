"""A file -> numbers: reading, understanding and parsing its columns."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from mlp_lab.data.columns import Column, Dropped
from mlp_lab.data.raw import Floats, Index, PartName, RawData, Source, Ties
from mlp_lab.data.tables.cells import cell_text
from mlp_lab.data.tables.config import TableConfig
from mlp_lab.data.tables.dialect import FileSettings
from mlp_lab.data.tables.frames import Rows, relabelled, weight_values
from mlp_lab.data.tables.inference import infer, infer_target, infer_time, missing_codes
from mlp_lab.data.tables.parsing import Cells, missing_rows, parse
from mlp_lab.data.tables.reading import TableFile, read_table
from mlp_lab.errors import UserError, nearest

PARTS = {
    **dict.fromkeys(("train", "training"), PartName.FREE),
    **dict.fromkeys(("val", "valid", "validation", "dev"), PartName.VAL),
    **dict.fromkeys(("test", "testing", "holdout"), PartName.TEST),
}
"""What a column that names the part may say, in any case."""


def load_table(config: TableConfig) -> RawData:
    """Read the file of `data.path` (and `data.test_path`).

    Raises:
        UserError: the file or a column cannot be used.
    """
    assert config.path is not None  # load() has seen to it
    file = _read(config, config.path, "data.path")
    frame, ties = file.frame, None
    if config.test_path is not None:
        test_file = _read(config, config.test_path, "data.test_path")
        _require_same_columns(config, frame, test_file.frame)
        test = _coded_alike(test_file, file)
        ties = np.repeat([PartName.FREE, PartName.TEST], [len(frame), len(test)]).astype(np.int64)
        frame = pd.concat([frame, test[frame.columns]], ignore_index=True)
    _require_columns(config, frame)
    frame, ties = _with_target(frame, ties, config)
    target, target_column = _target(frame, config, file)
    inputs, columns, dropped = _features(frame, config, file)
    weights, weight_column = _weights(frame, config, file.decimal)
    return RawData(
        inputs,
        target,
        columns,
        target_column,
        target_column.levels or None,
        weights,
        weight_column,
        _ties(frame, config, ties),
        Source(file.note, dropped),
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


def _read(config: TableConfig, path: str, key: str) -> TableFile:
    kept = [name for name, kind in config.types.items() if kind in ("category", "text", "binary")]
    file = read_table(Path(path), file_settings(config), [*kept, *config.levels], key)
    if len(file.frame) == 0:
        raise UserError(f"{key}: {path} has {len(file.frame.columns)} columns, but no row")
    return file


def _require_same_columns(config: TableConfig, frame: pd.DataFrame, test: pd.DataFrame) -> None:
    lacking = [name for name in frame.columns if name not in test.columns]
    if lacking:
        raise UserError(f"data.test_path: {config.test_path} has no column {lacking[0]!r}")


def _coded_alike(test: TableFile, train: TableFile) -> pd.DataFrame:
    """Test rows with the training file's codes, where both files label theirs, and differ."""
    frame = test.frame.copy()
    for name, labels in test.labels.items():
        known = train.labels.get(name)
        if known and labels != known:
            codes = {label: code for code, label in known.items()}
            frame[name] = relabelled(frame[name], labels, codes)
    return frame


def _require_columns(config: TableConfig, frame: pd.DataFrame) -> None:
    """Raise for a setting that names a column which the file does not have."""
    names = [str(name) for name in frame.columns]
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


def _with_target(
    frame: pd.DataFrame, ties: Index | None, config: TableConfig
) -> tuple[pd.DataFrame, Index | None]:
    """Rows that have a target.

    Raises:
        UserError: some have none, and `data.drop_missing_target` is not set.
    """
    assert config.target is not None
    gone = missing_rows(Cells(frame[config.target]), missing_codes(config, config.target))
    count = int(gone.sum())
    if count == 0:
        return frame, ties
    if not config.drop_missing_target:
        raise UserError(
            f"data.target={config.target} is missing in {count} of {len(frame)} rows:"
            " data.drop_missing_target=true leaves them out"
        )
    kept = frame[~gone].reset_index(drop=True)
    if len(kept) == 0:
        raise UserError(f"data.target={config.target} is missing in every row")
    return kept, None if ties is None else ties[~gone]


def _target(frame: pd.DataFrame, config: TableConfig, file: TableFile) -> tuple[Floats, Column]:
    assert config.target is not None
    cells = Cells(frame[config.target])
    column = infer_target(cells, config, file.labels.get(config.target, {}), file.decimal)
    return parse(cells, column, decimal=file.decimal), column


def _features(
    frame: pd.DataFrame, config: TableConfig, file: TableFile
) -> tuple[Floats, list[Column], list[Dropped]]:
    """Values that the network reads, (N, D), their columns, and the columns that it does not.

    Raises:
        UserError: there is none to read.
    """
    roles = (config.target, config.weight, config.group, config.time, config.part)
    asked = config.features
    if asked is not None and config.target in asked:
        raise UserError(f"data.features names the target, {config.target}")
    values = np.empty(frame.shape, order="F")  # memory that is not written to is not used
    columns: list[Column] = []
    dropped: list[Dropped] = []
    for name in map(str, frame.columns):
        if name in config.drop:
            dropped.append(Dropped(name, "data.drop"))
        elif asked is not None and name not in asked:
            dropped.append(Dropped(name, "not in data.features"))
        elif asked is not None or name not in roles:
            cells = Cells(frame[name])
            found = infer(cells, config, file.labels.get(name, {}), file.decimal)
            if isinstance(found, Column):
                values[:, len(columns)] = parse(cells, found, decimal=file.decimal)
                columns.append(found)
            else:
                dropped.append(found)
    if not columns:
        reasons = _list([f"{column.name}: {column.reason}" for column in dropped], 5)
        raise UserError(f"no column of {config.path} is left to learn from ({reasons})")
    return values[:, : len(columns)], columns, dropped


def _weights(
    frame: pd.DataFrame, config: TableConfig, decimal: str
) -> tuple[Floats | None, Column | None]:
    """Row weights.

    Raises:
        UserError: one is missing or negative, or all are zero.
    """
    if config.weight is None:
        return None, None
    column = Column(name=config.weight, missing=missing_codes(config, config.weight))
    weights = weight_values(Rows(frame, decimal=decimal), column)
    if not weights.any():
        raise UserError(f"data.weight={config.weight} is 0 in every row")
    return weights, column


def _ties(frame: pd.DataFrame, config: TableConfig, parts: Index | None) -> Ties:
    """What binds rows to parts."""
    if config.part is not None:
        return Ties(parts=_parts(frame[config.part], config.part))
    if config.group is not None:
        return Ties(parts=parts, groups=_groups(frame[config.group], config.group))
    if config.time is not None:
        return Ties(parts=parts, times=_times(frame[config.time], config))
    return Ties(parts=parts)


def _parts(cells: pd.Series, name: str) -> Index:
    found = np.empty(len(cells), dtype=np.int64)
    for row, cell in enumerate(cells):
        part = PARTS.get(cell_text(cell).lower())
        if part is None:
            raise UserError(
                f"data.part={name} must say train, val or test, got {cell_text(cell)!r} in row"
                f" {row + 1}"
            )
        found[row] = part
    return found


def _groups(cells: pd.Series, name: str) -> Index:
    spelled = Cells(cells.map(cell_text).where(cells.notna()))
    _require_present(missing_rows(spelled, ()), f"data.group={name}")
    codes, _ = spelled.distinct
    return codes.astype(np.int64)


def _times(series: pd.Series, config: TableConfig) -> Floats:
    """Numbers, or days since 1970."""
    cells = Cells(series)
    times = parse(cells, infer_time(cells, config))
    _require_present(np.isnan(times), f"data.time={config.time}")
    return times


def _require_present(missing: np.ndarray[tuple[int], np.dtype[np.bool_]], key: str) -> None:
    rows = np.flatnonzero(missing)
    if len(rows):
        raise UserError(f"{key} is missing in row {rows[0] + 1}: every row needs one")
