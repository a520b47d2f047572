"""Cells of a column -> numbers, as its `Column` says; the same for training and for new rows."""

import math
from collections.abc import Collection, Mapping
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlp_lab.data.columns import UNSEEN, Column
from mlp_lab.data.raw import Floats, Index
from mlp_lab.data.tables.cells import as_number, canonical, cell_text, is_missing
from mlp_lab.errors import UserError

DAY = np.timedelta64(1, "D")


class Cells:
    """A column's cells. Their distinct values are looked for once, by whoever asks first."""

    def __init__(self, series: pd.Series) -> None:
        self.series = series

    @cached_property
    def distinct(self) -> tuple[Index, list[object]]:
        """Index of each cell's value among the distinct ones, -1 if missing, and those."""
        try:
            codes, values = pd.factorize(self.series)
        except TypeError as error:  # what cannot be compared
            raise UserError(
                f"column {self.series.name!r} holds lists or other collections, not single values:"
                f" data.drop=[{self.series.name}] leaves it out"
            ) from error
        return codes.astype(np.int64, copy=False), list(values)


def parse(cells: Cells, column: Column, *, decimal: str = ".", first_row: int = 1) -> Floats:
    """The values of a column, (N,), NaN where missing.

    `decimal` is the decimal sign of cells that are text; `first_row` the number of the first.

    Raises:
        UserError: a cell that cannot be of the column's kind; its column, row and value.
    """
    if column.kind == "numeric":
        values = _numbers(cells, column, decimal, first_row)
    elif column.kind == "date":
        values = _days(cells, column, first_row)
    else:
        values = _levels(cells, column, decimal, first_row)
    return values


def _numbers(given: Cells, column: Column, decimal: str, first_row: int) -> Floats:
    cells = given.series
    if pd.api.types.is_numeric_dtype(cells.dtype):
        values = cells.to_numpy(np.float64, na_value=np.nan)
    else:
        values = _numbers_in_text(cells, column, decimal, first_row)
    numbers = [number for code in column.missing if (number := as_number(code)) is not None]
    if numbers:
        values = np.where(np.isin(values, numbers), np.nan, values)
    infinite = np.flatnonzero(np.isinf(values))
    if len(infinite):
        row = int(infinite[0])
        raise _refused(column, "a finite number", cells.iloc[row], first_row + row)
    return values


def _numbers_in_text(cells: pd.Series, column: Column, decimal: str, first_row: int) -> Floats:
    pointed = cells.astype("str").str.replace(",", ".", regex=False) if decimal == "," else cells
    values = pd.to_numeric(pointed, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    unread = np.isnan(values)  # few, as a rule
    codes, found = Cells(cells[unread]).distinct
    bad = [
        i for i, text in enumerate(map(cell_text, found)) if not is_missing(text, column.missing)
    ]
    if bad:
        row = int(np.flatnonzero(unread)[np.isin(codes, bad)][0])
        raise _refused(column, "a number", cells.iloc[row], first_row + row)
    return values


def _days(cells: Cells, column: Column, first_row: int) -> Floats:
    codes, values = cells.distinct
    known = as_days(values, column)
    row = _first_bad(codes, known)
    if row is not None:
        raise _refused(column, "a date", cells.series.iloc[row], first_row + row)
    return _spread(codes, known)


def as_days(values: list[object], column: Column) -> list[float | None]:
    """Days since 1970 of distinct cells; NaN if missing, None for what is no date."""
    texts = [cell_text(value) for value in values]  # 20240229, also where it came as 20240229.0
    missing = [is_missing(text, column.missing) for text in texts]
    dates = pd.to_datetime(
        pd.Series(texts, dtype="str").where(~np.array(missing, dtype=bool)),
        format="mixed",
        dayfirst=column.day_first,
        errors="coerce",
        utc=True,
    ).dt.tz_localize(None)
    days = (dates.to_numpy("datetime64[us]") - np.datetime64(0, "us")) / DAY
    return [
        math.nan if gone else (None if math.isnan(day) else day)
        for gone, day in zip(missing, days.tolist(), strict=True)
    ]


def _levels(cells: Cells, column: Column, decimal: str, first_row: int) -> Floats:
    codes, values = cells.distinct
    exact = level_index(column)
    loose = spelled_alike(exact)
    known: list[float | None] = []
    for text in map(cell_text, values):
        if is_missing(text, column.missing):
            known.append(math.nan)
        else:
            level = exact.get(text, loose.get(canonical(text, decimal)))
            known.append(UNSEEN if level is None else float(level))
    if column.kind == "ordinal":
        row = _first_bad(codes, [None if value == UNSEEN else value for value in known])
        if row is not None:
            rule = f"one of {', '.join(column.levels)}"
            raise _refused(column, rule, cells.series.iloc[row], first_row + row)
    return _spread(codes, known)


def level_index(column: Column) -> Mapping[str, int]:
    """Index of the level that a cell's text stands for: the level itself, or a code for it."""
    index = {level: i for i, level in enumerate(column.levels)}
    coded = {code: index[label] for code, label in column.labels.items() if label in index}
    return {**coded, **index}


def spelled_alike(index: Mapping[str, int]) -> Mapping[str, int]:
    """By canonical spelling, where that leaves no doubt: 01 and 1 may be two levels."""
    found: dict[str, set[int]] = {}
    for text, level in index.items():
        found.setdefault(canonical(text), set()).add(level)
    return {text: levels.pop() for text, levels in found.items() if len(levels) == 1}


def missing_rows(cells: Cells, missing: Collection[str]) -> NDArray[np.bool_]:
    """Where there is no value, (N,)."""
    codes, values = cells.distinct
    nothing = [is_missing(cell_text(value), missing) for value in values]
    gone: NDArray[np.bool_] = np.array([*nothing, True], dtype=bool)[codes]
    return gone


def _first_bad(codes: Index, known: list[float | None]) -> int | None:
    """The first row whose value is None."""
    bad = [i for i, value in enumerate(known) if value is None]
    return int(np.flatnonzero(np.isin(codes, bad))[0]) if bad else None


def _refused(column: Column, rule: str, cell: object, row: int) -> UserError:
    shown = cell_text(cell) if isinstance(cell, (int, float, np.number)) else repr(str(cell))
    return UserError(f"column {column.name!r} must hold {rule}, got {shown} in row {row}")


def _spread(codes: Index, values: list[float | None]) -> Floats:
    """Values of the distinct cells -> of all; code -1 is missing."""
    table = np.array([*values, math.nan], dtype=np.float64)
    spread: Floats = table[codes]
    return spread
