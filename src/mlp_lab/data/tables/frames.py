"""Rows of a file or a frame -> the values of columns; for training and for new rows alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlp_lab.data.columns import UNSEEN, Column
from mlp_lab.data.raw import Floats
from mlp_lab.data.schema import LEAST, Schema, Target
from mlp_lab.data.tables.cells import Codes, cell_text
from mlp_lab.data.tables.parsing import Cells, parse
from mlp_lab.errors import UserError, nearest

Mask = NDArray[np.bool_]

Labels = Mapping[str, Mapping[str, str]]
"""Column -> code in a file -> what its own value labels call it."""

Span = tuple[float | str | datetime, float | str | datetime]
"""From one value to another, both among them."""

Spans = Mapping[str, Sequence[Span]]
"""Column -> values that its own file declares to be no answer."""


class Rows:
    """Some rows of a file or a frame, and what is needed to read them.

    `decimal` is the decimal sign of cells that are text, `first_row` the number of the first row,
    `labels` what the file itself calls its codes, `spans` which of them it declares to be no
    answer; `name` tells the file from others in messages, where `of` follows a row.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        *,
        decimal: str = ".",
        first_row: int = 1,
        labels: Labels | None = None,
        spans: Spans | None = None,
        name: str = "",
    ) -> None:
        """Look at the names of the columns once."""
        self.frame = frame
        self.decimal = decimal
        self._labels = labels or {}
        self._spans = spans or {}
        self._numbers = np.arange(first_row, first_row + len(frame))
        self.of = f" of {name}" if name else ""
        self._places: dict[str, list[int]] = {}
        for place, column in enumerate(map(str, frame.columns)):
            self._places.setdefault(column, []).append(place)

    def __len__(self) -> int:
        return len(self.frame)

    def __contains__(self, name: str) -> bool:
        return name in self._places

    def only(self, kept: Mask) -> Rows:
        """Some of the rows, under the numbers that they have."""
        rows = copy(self)
        rows.frame = self.frame[kept]
        rows._numbers = self._numbers[kept]
        return rows

    def row(self, place: int) -> str:
        """How messages call a row."""
        return f"row {self._numbers[place]}{self.of}"

    def cells(self, name: str) -> Cells:
        """Of a column.

        Raises:
            UserError: it is missing, or there twice.
        """
        places = self._places.get(name, [])
        if len(places) != 1:
            names = list(self._places)
            what = "is there twice" if places else "is missing"
            hint = "" if places else nearest(name, names)
            raise UserError(f"column {name!r} {what}{hint} (columns: {', '.join(names[:30])})")
        return Cells(self.frame.iloc[:, places[0]], self.decimal)

    def codes(self, name: str) -> Codes:
        """What the file itself says of a column's codes; of no answers, those that occur."""
        spans = self._spans.get(name, ())
        series = self.cells(name).series if spans else pd.Series()
        found = [series[series.between(low, high)].unique() for low, high in spans]
        missing = [cell_text(value) for values in found for value in values]
        return Codes(self._labels.get(name, {}), missing)

    def values(self, column: Column, cells: Cells | None = None) -> Floats:
        """A column's numbers, (N,); `cells` are its cells, if they are at hand.

        Raises:
            UserError: it is missing, or there twice, or holds what it cannot.
        """
        found = self.cells(column.name) if cells is None else cells
        own = self.codes(column.name)
        if own.labels and own.labels != column.labels:  # the same code may mean another thing
            found = Cells(relabelled(found.series, own, column), self.decimal)
        known = replace(column, missing=[*column.missing, *own.missing])
        return parse(found, known, row=self.row)


def relabelled(series: pd.Series, own: Codes, column: Column) -> pd.Series:
    """Codes as what their own file's labels say that they mean.

    A code or a label that means no answer is no value. Else codes of numbers are the numbers; codes
    of levels are what their labels say, if the training's codes had labels too, or its levels are
    labels.
    """
    meant: dict[object, str | None] = {}
    for value in series.dropna().unique():
        code = cell_text(value)
        label = own.labels.get(code)
        if code in own.missing or label in column.missing:
            meant[value] = None
        elif label in column.others or (
            label is not None and column.levels and (column.labels or label in column.levels)
        ):
            meant[value] = label
    return series.map(lambda cell: meant.get(cell, cell)) if meant else series


def frame_values(rows: Rows, schema: Schema) -> Floats:
    """Values of the schema's columns, (N, columns); other columns and their order do not matter.

    Raises:
        UserError: a column is missing, or holds what it cannot.
    """
    values = np.empty((len(rows.frame), len(schema.inputs)), order="F")
    for i, entry in enumerate(schema.inputs):
        values[:, i] = rows.values(entry.column)
    return values


def unseen(values: Floats, schema: Schema) -> dict[str, int]:
    """Rows of each category or binary column whose value the training rows did not have."""
    counts = {
        entry.column.name: int((values[:, i] == UNSEEN).sum())
        for i, entry in enumerate(schema.inputs)
        if entry.column.kind in ("binary", "category")
    }
    return {name: count for name, count in counts.items() if count}


def class_values(rows: Rows, column: Column) -> Floats:
    """A target's numbers or classes, (N,), NaN where there is none.

    Raises:
        UserError: a class that the training rows did not have.
    """
    # An ordinal column refuses values that are none of its levels.
    return rows.values(replace(column, kind="ordinal") if column.levels else column)


def target_values(rows: Rows, target: Target) -> Floats:
    """The target of every row, (N,).

    Raises:
        UserError: a row has none, or a class that the training rows did not have.
    """
    column = target.column
    values = class_values(rows, column)
    missing = np.flatnonzero(np.isnan(values))
    if len(missing):
        more = f" and in {len(missing) - 1} more" if len(missing) > 1 else ""
        raise UserError(
            f"column {column.name!r}, the target, has no value in {rows.row(missing[0])}{more}:"
            " leave them out"
        )
    least = LEAST[target.transform]
    low = np.flatnonzero(values <= least)
    if len(low):
        raise UserError(
            f"column {column.name!r}, the target, must be above {least:g} for its"
            f" {target.transform}, got {values[low[0]]:g} in {rows.row(low[0])}"
        )
    return values


def weight_values(rows: Rows, column: Column) -> Floats:
    """Weights of rows, (N,), numbers of 0 or more.

    Raises:
        UserError: one is missing or negative.
    """
    weights = rows.values(column)
    bad = np.flatnonzero(np.isnan(weights) | (weights < 0))
    if len(bad):
        weight = weights[bad[0]]
        shown = "nothing" if np.isnan(weight) else f"{weight:g}"
        raise UserError(
            f"weights in column {column.name!r} must be 0 or more, got {shown} in"
            f" {rows.row(bad[0])}"
        )
    return weights
