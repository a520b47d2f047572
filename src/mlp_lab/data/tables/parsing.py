"""Cells of a column -> numbers, as its `Column` says; the same for training and for new rows."""

import math
from collections.abc import Callable, Collection, Mapping
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlp_lab.data.columns import RARE, UNSEEN, Column
from mlp_lab.data.raw import Floats, Index
from mlp_lab.data.tables.cells import as_number, canonical, cell_text, missing_among, pointed
from mlp_lab.data.tables.dates import as_days, wanted
from mlp_lab.errors import UserError
from mlp_lab.formatting import in_a_list

TRUTH_VALUES = {"True": 1.0, "False": 0.0}
"""Numbers of truth values, as a column of them alone is read."""

RowName = Callable[[int], str]
"""How messages call a row, given its place among those that are parsed."""


def numbered(place: int) -> str:
    """The number of a row of a file or frame that is parsed as a whole."""
    return f"row {place + 1}"


class Cells:
    """A column's cells. Their distinct values are looked for once, by whoever asks first.

    `decimal` is the decimal sign of those that are text.
    """

    def __init__(self, series: pd.Series, decimal: str = ".") -> None:
        self.series = series
        self.decimal = decimal

    @cached_property
    def distinct(self) -> tuple[Index, list[object]]:
        """Index of each cell's value among the distinct ones, -1 if missing, and those."""
        try:
            codes, values = pd.factorize(self.series)
        except TypeError as error:  # what cannot be compared
            raise UserError(
                f"column {self.series.name!r} holds lists or other collections, not single values:"
                f" data.drop=[{in_a_list(str(self.series.name))}] leaves it out"
            ) from error
        return codes.astype(np.int64, copy=False), list(values)

    @cached_property
    def texts(self) -> list[str]:
        """Of the distinct values; numbers among them have a decimal point."""
        return [pointed(cell_text(value), self.decimal) for value in self.distinct[1]]

    def missing(self, codes: Collection[str]) -> list[bool]:
        """Which of the distinct values mean no value."""
        return missing_among(self.texts, codes)

    @property
    def numeric(self) -> bool:
        """Whether they were read as numbers."""
        dtype = self.series.dtype
        return pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype)


def parse(cells: Cells, column: Column, *, row: RowName = numbered) -> Floats:
    """The values of a column, (N,), NaN where missing.

    Raises:
        UserError: a cell that cannot be of the column's kind; its column, row and value.
    """
    if column.kind == "numeric":
        values = _numbers(cells, column, row)
    elif column.kind == "date":
        values = _days(cells, column, row)
    else:
        values = _levels(cells, column, row)
    return values


def _numbers(cells: Cells, column: Column, row: RowName) -> Floats:
    if pd.api.types.is_numeric_dtype(cells.series.dtype):
        values = cells.series.to_numpy(np.float64, na_value=np.nan)
    else:
        values = _numbers_in_text(cells, column, row)
    numbers = [number for code in column.missing if (number := as_number(code)) is not None]
    if numbers:
        values = np.where(np.isin(values, numbers), np.nan, values)
    infinite = np.flatnonzero(np.isinf(values))
    if len(infinite):
        raise _refused(column, "a finite number", cells.series, infinite[0], row)
    return values


def _numbers_in_text(cells: Cells, column: Column, row: RowName) -> Floats:
    numbers = pd.to_numeric(_with_points(cells), errors="coerce")
    values = numbers.to_numpy(np.float64, na_value=np.nan)
    unread = np.isnan(values)  # few, as a rule
    others = Cells(cells.series[unread], cells.decimal)
    codes, _ = others.distinct
    known = [
        math.nan if gone else TRUTH_VALUES.get(canonical(text))
        for text, gone in zip(others.texts, others.missing(column.missing), strict=True)
    ]
    place = _first_bad(codes, known)
    if place is not None:
        raise _refused(column, "a number", cells.series, int(np.flatnonzero(unread)[place]), row)
    read: Floats = values.copy()  # pandas' own are not to be written to
    read[unread] = _spread(codes, known)
    return read


def _with_points(cells: Cells) -> pd.Series:
    """Texts as numbers are written everywhere."""
    if cells.decimal == ".":
        return cells.series
    return cells.series.astype("str").str.replace(cells.decimal, ".", regex=False)


def _days(cells: Cells, column: Column, row: RowName) -> Floats:
    codes, _ = cells.distinct
    known = as_days(cells.texts, column)
    place = _first_bad(codes, known)
    if place is not None:
        rule = wanted(cells.texts[codes[place]], column)
        raise _refused(column, rule, cells.series, place, row)
    return _spread(codes, known)


def _levels(cells: Cells, column: Column, row: RowName) -> Floats:
    codes, _ = cells.distinct
    exact = level_index(column)
    loose = spelled_alike(exact)
    known: list[float | None] = []
    for text, gone in zip(cells.texts, cells.missing(column.missing), strict=True):
        if gone:
            known.append(math.nan)
        else:
            level = exact.get(text, loose.get(canonical(text)))
            known.append(UNSEEN if level is None else float(level))
    if column.kind == "ordinal":
        place = _first_bad(codes, [None if value == UNSEEN else value for value in known])
        if place is not None:
            raise _refused(column, f"one of {', '.join(column.levels)}", cells.series, place, row)
    return _spread(codes, known)


def level_index(column: Column) -> Mapping[str, int]:
    """Index of the level that a cell's text stands for: the level itself, or a code for it."""
    index = dict.fromkeys(column.others, int(RARE))
    index |= {level: i for i, level in enumerate(column.levels)}
    coded = {code: index[label] for code, label in column.labels.items() if label in index}
    return {**coded, **index}


def spelled_alike(index: Mapping[str, int]) -> Mapping[str, int]:
    """By canonical spelling, where that leaves no doubt: 01 and 1 may be two levels."""
    found: dict[str, set[int]] = {}
    for text, level in index.items():
        found.setdefault(canonical(text), set()).add(level)
    return {text: levels.pop() for text, levels in found.items() if len(levels) == 1}


def retyped(cells: Cells) -> Cells:
    """Some cells of a column that is text, as numbers if all of them are."""
    dtype = cells.series.dtype
    if pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_datetime64_any_dtype(dtype):
        return cells
    try:
        return Cells(pd.to_numeric(_with_points(cells)))
    except (ValueError, TypeError):
        return cells


def missing_rows(cells: Cells, missing: Collection[str]) -> NDArray[np.bool_]:
    """Where there is no value, (N,)."""
    codes, _ = cells.distinct
    gone: NDArray[np.bool_] = np.array([*cells.missing(missing), True], dtype=bool)[codes]
    return gone


def _first_bad(codes: Index, known: list[float | None]) -> int | None:
    """The first row whose value is None."""
    bad = [i for i, value in enumerate(known) if value is None]
    return int(np.flatnonzero(np.isin(codes, bad))[0]) if bad else None


def _refused(column: Column, rule: str, cells: pd.Series, place: int, row: RowName) -> UserError:
    cell = cells.iloc[place]
    shown = cell_text(cell) if isinstance(cell, (int, float, np.number)) else repr(str(cell))
    return UserError(f"column {column.name!r} must hold {rule}, got {shown} in {row(place)}")


def _spread(codes: Index, values: list[float | None]) -> Floats:
    """Values of the distinct cells -> of all; code -1 is missing."""
    table = np.array([*values, math.nan], dtype=np.float64)
    spread: Floats = table[codes]
    return spread
