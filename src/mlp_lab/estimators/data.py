"""What `mlp_lab.train` and `mlp_lab.sweep` are given as data -> the settings of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from mlp_lab.config.groups import choices, chosen
from mlp_lab.data.rows import RawData
from mlp_lab.data.tables.config import SUFFIXES, TableConfig, suffix_of
from mlp_lab.data.tables.frames import TableFrame
from mlp_lab.data.tables.table import rows_of
from mlp_lab.errors import UserError, nearest

NOTE = "a DataFrame"

Data = str | Path | pd.DataFrame
"""A data set's name, a file of rows and columns, a folder of Parquet files, or a frame."""


def data_settings(data: Data, target: str | Sequence[str] | None) -> dict[str, object]:
    """The settings of some rows, as configs/data has them.

    Raises:
        UserError: there is no such data set, and no such kind of file.
    """
    if target is not None and not isinstance(target, str):
        target = [str(name) for name in target]
    if isinstance(data, pd.DataFrame):
        return {**_group("table"), "target": target}
    named = isinstance(data, str | Path)
    names = [name for name in choices("data") if name != "table"]
    of_file = named and (suffix_of(Path(data)) in SUFFIXES or Path(data).is_dir())
    if of_file and data not in names:
        return {**_group("table"), "path": str(data), "target": target}
    if not named or data not in names:
        got = f"{str(data)!r}{nearest(str(data), names)}" if named else type(data).__name__
        raise UserError(
            f"data must be a DataFrame, a file ({', '.join(SUFFIXES)}), a folder of Parquet files,"
            f" or the name of a data set, got {got} ({', '.join(names)})"
        )
    if target is not None:
        raise UserError(f"target={target!r} is for a DataFrame or a file: {data} has its own")
    return _group(str(data))


def frame_rows(frame: pd.DataFrame, config: TableConfig) -> RawData:
    """The rows of a frame, read as those of a file are.

    Raises:
        UserError: a column cannot be used.
    """
    named = frame.set_axis([str(name) for name in frame.columns], axis=1)
    return rows_of([TableFrame(named.reset_index(drop=True))], NOTE, config)


def _group(name: str) -> dict[str, object]:
    found = chosen("data", name)["data"]
    assert isinstance(found, dict)
    return found
