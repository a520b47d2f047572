"""Frames with what their files say of them -> the values of columns, in training and after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from math import inf

import numpy as np
import pandas as pd

from mlp_lab.data.answers import holds_unknown
from mlp_lab.data.arrays import Floats, Index, Mask
from mlp_lab.data.column_encoding import NumberEncoding
from mlp_lab.data.columns import MISSING, UNSEEN, Column
from mlp_lab.data.mapped import Workspace
from mlp_lab.data.schema import TRANSFORM, AnyTarget, Schema, Target
from mlp_lab.data.tables.answers import joined_lists, sets_of
from mlp_lab.data.tables.cells import (
    Cells,
    FileCodes,
    MissingRange,
    RowName,
    canonical,
    cell_text,
    column_values,
)
from mlp_lab.data.tables.column_files import ColumnFile
from mlp_lab.errors import UserError, nearest


def read_values(cells: Cells, column: Column, row: RowName) -> Floats:
    """The values of a column, (N,), NaN where missing: see `column_values`, and `sets_of`.

    Raises:
        UserError: a cell is not of the column's kind.
    """
    if column.kind != "multiple":
        return column_values(cells, column, row)
    pairs = zip(sets_of(cells, column), cells.absent, strict=True)
    known = [np.nan if gone else value for value, gone in pairs]
    return np.array([*known, np.nan])[cells.factorized[0]]


class TableFrame:
    """Some rows of a file, or a frame, and what is needed to read its cells.

    `decimal` is the decimal sign of cells that are text, `first_row` the number of the first row,
    `labels` what the file itself calls the codes of its columns, `missing_ranges` which of them it
    declares to be no answer; `name` tells the file from others in messages: `of` follows a row.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        *,
        decimal: str = ".",
        first_row: int = 1,
        labels: Mapping[str, Mapping[str, str]] | None = None,
        missing_ranges: Mapping[str, Sequence[MissingRange]] | None = None,
        name: str = "",
    ) -> None:
        self.frame = frame
        self.decimal = decimal
        self._labels = labels or {}
        self._missing_ranges = missing_ranges or {}
        self._numbers: Sequence[int] | Index = np.arange(first_row, first_row + len(frame))
        self.of = f" of {name}" if name else ""
        self._places = _places(map(str, frame.columns))

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def names(self) -> list[str]:
        """Names of the columns, in order."""
        return list(self._places)

    def some(self, kept: Mask) -> TableFrame:
        """Some of the rows, under the numbers that they have."""
        rows = copy(self)
        rows.frame = self.frame[kept]
        rows._numbers = np.asarray(self._numbers)[kept]
        return rows

    def room(self, rows: int, columns: int) -> Floats:
        """Where numbers of so many columns go, (rows, columns), each in one piece."""
        return np.empty((rows, columns), order="F")

    def row(self, place: int) -> str:
        """How messages call a row."""
        return f"row {self._numbers[place]}{self.of}"

    def cells(self, name: str, missing: Sequence[str] = (), column: Column | None = None) -> Cells:
        """Cells of a column that is there, once; codes in `missing` are no value.

        `column`: what is known of it; its levels are values, whatever words they are.
        """
        places = self._places.get(name) or self._blank_places(name)
        if len(places) != 1:
            what = "appears twice" if places else f"is missing{nearest(name, self.names)}"
            raise UserError(f"column {name!r} {what} (columns: {', '.join(self.names[:30])})")
        series = joined_lists(self._series(places[0]), "" if column is None else column.separator)
        if column is None:
            return Cells(series, self.decimal, missing)
        known = {*column.levels, *column.others}
        return Cells(series, self.decimal, missing, column.missing_words, known)

    def _blank_places(self, name: str) -> list[int]:
        """Where a column stands whose name has other blanks around it."""
        found = [places for own, places in self._places.items() if own.strip() == name.strip()]
        return found[0] if len(found) == 1 else []

    def _series(self, place: int) -> pd.Series:
        return self.frame.iloc[:, place]

    def codes(self, name: str) -> FileCodes:
        """What the file says of a column's codes; of those that mean no answer, what occurs."""
        ranges = self._missing_ranges.get(name, ())
        if not ranges:
            return FileCodes(self._labels.get(name, {}), [])
        series = self.cells(name).series
        found = [series[series.between(low, high)].unique() for low, high in ranges]
        missing = [cell_text(value) for values in found for value in values]
        return FileCodes(self._labels.get(name, {}), missing)

    def values(self, column: Column) -> Floats:
        """A column's numbers, (N,); refuses one that is not there once, or holds what it cannot."""
        own = self.codes(column.name)
        cells = self.cells(column.name, [*column.missing, *own.missing], column)
        if own.labels and own.labels != column.labels:  # the same code may mean another thing
            cells = cells.like(_relabelled(cells, own, column))
        return read_values(cells, column, self.row)


class StoredFrame(TableFrame):
    """All rows of a file that is read by columns, each when it is asked for.

    The numbers of its columns go to a file, too.
    """

    def __init__(self, file: ColumnFile, workspace: Workspace, *, decimal: str, name: str) -> None:
        super().__init__(pd.DataFrame(), decimal=decimal, name=name)
        self._file, self._workspace = file, workspace
        self._names = file.names
        self._places = _places(file.names)
        self._numbers = range(1, file.rows + 1)
        self._kept: Index | None = None

    def __len__(self) -> int:
        return len(self._numbers)

    def some(self, kept: Mask) -> StoredFrame:
        """Some of the rows, under the numbers that they have."""
        rows = copy(self)
        places = np.flatnonzero(kept)
        rows._kept = places if self._kept is None else self._kept[places]
        rows._numbers = rows._kept + 1
        return rows

    def room(self, rows: int, columns: int) -> Floats:
        """Where numbers of so many columns go, (rows, columns), each in one piece."""
        return self._workspace.columns((rows, columns))

    def _series(self, place: int) -> pd.Series:
        cells = self._file.series(self._names[place])
        return cells if self._kept is None else cells.iloc[self._kept]


def _places(names: Iterable[str]) -> dict[str, list[int]]:
    """Where columns of a name stand."""
    places: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        places.setdefault(name, []).append(place)
    return places


def _relabelled(cells: Cells, own: FileCodes, column: Column) -> pd.Series:
    """Codes as what their own file's labels say that they mean; what is no answer is no value.

    Codes of numbers are the numbers; codes of levels are what their labels say, if the training's
    codes had labels too, or its levels are labels.
    """
    meant: dict[object, str | None] = {}
    series, words = cells.series, {*cells.words}.difference(cells.known)
    for value in series.dropna().unique():
        code = cell_text(value)
        label = own.labels.get(code)
        no_level = bool(column.levels) and not column.labels and label in words
        if code in own.missing or label in column.missing or no_level:
            meant[value] = None
        elif label in column.others or (
            label is not None and column.levels and (column.labels or label in column.levels)
        ):
            meant[value] = label
    return series.map(lambda cell: meant.get(cell, cell)) if meant else series


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of `data.path`, then those of `data.test_path`; each has a target.

    `parts` is a `PartName` of each row, (N,). Where `data.part` keeps rows for testing, `learnt`
    marks the others: how a column is read follows from them alone.
    """

    frames: list[TableFrame]
    parts: Index | None = None
    learnt: Mask | None = None

    def __len__(self) -> int:
        return sum(map(len, self.frames))

    @property
    def first(self) -> TableFrame:
        """The rows of `data.path`."""
        return self.frames[0]

    def values(self, column: Column, cells: Cells) -> Floats:
        """A column's numbers, (N,); `cells` are those of `data.path`."""
        found = [read_values(cells, column, self.first.row)]
        found += [frame.values(column) for frame in self.frames[1:]]
        return found[0] if len(found) == 1 else np.concatenate(found)

    def row(self, place: int) -> str:
        """How messages call a row."""
        frame, start = self.holding(place)
        return frame.row(place - start)

    def holding(self, place: int) -> tuple[TableFrame, int]:
        """The frame that holds a row, and where its rows begin."""
        beyond = place >= len(self.first)
        return (self.frames[1], len(self.first)) if beyond else (self.first, 0)


def feature_values(frame: TableFrame, schema: Schema) -> Floats:
    """Values of the schema's columns, (N, columns), wherever they stand in the frame.

    Raises:
        UserError: a column is missing or there twice, or holds what it cannot.
    """
    values = np.empty((len(frame), len(schema.inputs)), order="F")
    for i, entry in enumerate(schema.inputs):
        values[:, i] = frame.values(entry.column)
    return values


def unseen_levels(values: Floats, schema: Schema) -> dict[str, int]:
    """Rows of each column of levels that hold one, or an answer, that no training row had."""
    counts = {}
    for i, entry in enumerate(schema.inputs):
        if entry.column.kind == "multiple":
            counts[entry.column.name] = int(holds_unknown(values[:, i]).sum())
        elif entry.column.kind in ("binary", "category"):
            counts[entry.column.name] = int((values[:, i] == UNSEEN).sum())
    return {name: count for name, count in counts.items() if count}


def newly_missing(values: Floats, schema: Schema) -> dict[str, int]:
    """Rows of each column without a value, where no training row lacked one."""
    counts = {
        entry.column.name: int(np.isnan(values[:, i]).sum())
        for i, entry in enumerate(schema.inputs)
        if not entry.names[-1].endswith(f"={MISSING}")
    }
    return {name: count for name, count in counts.items() if count}


@dataclass(frozen=True, slots=True)
class Ends:
    """How many numbers, the least of them and the greatest."""

    count: int = 0
    least: float = inf
    most: float = -inf

    @classmethod
    def of(cls, numbers: Floats) -> Ends:
        """Of (N,) numbers."""
        some = len(numbers) > 0
        return cls(len(numbers), float(numbers.min()), float(numbers.max())) if some else cls()

    def __add__(self, other: Ends) -> Ends:
        """With further numbers."""
        ends = min(self.least, other.least), max(self.most, other.most)
        return Ends(self.count + other.count, *ends)


@dataclass(frozen=True, slots=True)
class Beyond:
    """Numbers of a column beyond those of its training rows, which go from `low` to `high`.

    `outside`: all of them; `far`: those beyond by more than that range is wide.
    """

    low: float
    high: float
    outside: Ends
    far: Ends

    def __add__(self, other: Beyond) -> Beyond:
        """Of further rows of the same column."""
        return replace(self, outside=self.outside + other.outside, far=self.far + other.far)


def beyond_training(values: Floats, schema: Schema) -> dict[str, Beyond]:
    """Of each column of numbers, what lies beyond those of its training rows, if any does."""
    found = {}
    for i, entry in enumerate(schema.inputs):
        encoding = entry.encoding
        if entry.column.kind != "numeric" or not isinstance(encoding, NumberEncoding):
            continue
        low, high = encoding.low, encoding.high
        if low is None or high is None:
            continue
        numbers = values[:, i]
        outside = numbers[(numbers < low) | (numbers > high)]
        if len(outside):
            with np.errstate(over="ignore"):  # the widest range is infinite, and nothing far
                far = outside[np.maximum(low - outside, outside - high) > high - low]
            found[entry.column.name] = Beyond(low, high, Ends.of(outside), Ends.of(far))
    return found


def missing_target(frame: TableFrame, target: Target) -> Mask:
    """Which rows have no value of a target, (N,)."""
    return np.isnan(frame.values(refusing_unseen(target.column)))


def refusing_unseen(column: Column) -> Column:
    """A target's column as an ordinal one, which refuses values that are none of its levels."""
    return replace(column, kind="ordinal") if column.levels else column


def target_values(frame: TableFrame, target: AnyTarget) -> Floats:
    """The target of every row, (N,), or several, (N, T).

    Raises:
        UserError: a row has no target, or one that the training could not have had.
    """
    values = [_values_of_one(frame, one) for one in target.each]
    return values[0] if isinstance(target, Target) else np.column_stack(values)


def _values_of_one(frame: TableFrame, target: Target) -> Floats:
    """One target of every row, (N,): a class of the training rows, or a number in range."""
    values = frame.values(refusing_unseen(target.column))
    what = f"column {target.name!r}, the target,"
    missing = np.flatnonzero(np.isnan(values))
    if len(missing):
        more = f" and in {len(missing) - 1} more" if len(missing) > 1 else ""
        hint = "--drop-missing-target leaves such rows out"
        raise UserError(f"{what} has no value in {frame.row(missing[0])}{more}: {hint}")
    least = TRANSFORM[target.transform].bound
    low = np.flatnonzero(values <= least)
    if len(low):
        rule = f"above {least:g} for its {target.transform}"
        raise UserError(f"{what} must be {rule}, got {values[low[0]]:g} in {frame.row(low[0])}")
    return values


def weight_values(frame: TableFrame, column: Column) -> Floats:
    """Weights of rows, (N,): a missing or negative one is refused.

    Raises:
        UserError: a weight is missing or negative.
    """
    weights = frame.values(column)
    bad = np.flatnonzero(np.isnan(weights) | (weights < 0))
    if len(bad):
        weight, what = weights[bad[0]], f"weights in column {column.name!r}"
        shown = f"{weight:g}"
        if np.isnan(weight):
            cell = cell_text(frame.cells(column.name).series.iloc[bad[0]])
            code = canonical(cell) in set(map(canonical, column.missing))
            shown = f"{cell}, declared to mean no answer," if code else "nothing"
        raise UserError(f"{what} must be 0 or more, got {shown} in {frame.row(bad[0])}")
    return weights
