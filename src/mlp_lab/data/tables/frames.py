"""New rows as a frame -> the values of a schema's columns."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from mlp_lab.data.columns import UNSEEN, Column
from mlp_lab.data.raw import Floats
from mlp_lab.data.schema import LEAST, Schema, Target
from mlp_lab.data.tables.cells import cell_text
from mlp_lab.data.tables.parsing import Cells, parse
from mlp_lab.errors import UserError, nearest

Labels = Mapping[str, Mapping[str, str]]
"""Column -> code in a file -> what its own value labels call it."""


class Rows:
    """Some rows of a file or a frame, and what is needed to read them.

    `decimal` is the decimal sign of cells that are text, `first_row` the number of the first row.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        *,
        decimal: str = ".",
        first_row: int = 1,
        labels: Labels | None = None,
    ) -> None:
        """Look at the names of the columns once."""
        self.frame = frame
        self.decimal = decimal
        self.first_row = first_row
        self.labels = labels or {}
        self._places: dict[str, list[int]] = {}
        for place, name in enumerate(map(str, frame.columns)):
            self._places.setdefault(name, []).append(place)

    def values(self, column: Column) -> Floats:
        """A column's numbers, (N,).

        Raises:
            UserError: it is missing, or there twice, or holds what it cannot.
        """
        return parse(self._cells(column), column, decimal=self.decimal, first_row=self.first_row)

    def _cells(self, column: Column) -> Cells:
        places = self._places.get(column.name, [])
        if len(places) != 1:
            names = list(self._places)
            what = "is there twice" if places else "is missing"
            hint = nearest(column.name, names)
            raise UserError(
                f"column {column.name!r} {what}{hint} (columns: {', '.join(names[:30])})"
            )
        series = self.frame.iloc[:, places[0]]
        if column.labels and self.labels.get(column.name):  # the same code may mean another thing
            series = relabelled(series, self.labels[column.name], {})
        return Cells(series)


def relabelled(series: pd.Series, own: Mapping[str, str], codes: Mapping[str, str]) -> pd.Series:
    """Codes as what they mean in their own file; then as another file's code for it, if any."""
    spelled = {value: cell_text(value) for value in series.dropna().unique()}
    known = {value: own[text] for value, text in spelled.items() if text in own}
    meant = {value: codes.get(label, label) for value, label in known.items()}
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


def target_values(rows: Rows, target: Target) -> Floats:
    """The target of every row, (N,).

    Raises:
        UserError: a row has none, or a class that the training rows did not have.
    """
    # An ordinal column refuses values that are none of its levels.
    column = target.column
    values = rows.values(replace(column, kind="ordinal") if column.levels else column)
    missing = np.flatnonzero(np.isnan(values))
    if len(missing):
        more = f" and in {len(missing) - 1} more" if len(missing) > 1 else ""
        raise UserError(
            f"column {column.name!r}, the target, has no value in row"
            f" {rows.first_row + int(missing[0])}{more}: leave them out"
        )
    least = LEAST[target.transform]
    low = np.flatnonzero(values <= least)
    if len(low):
        raise UserError(
            f"column {column.name!r}, the target, must be above {least:g} for its"
            f" {target.transform}, got {values[low[0]]:g} in row {rows.first_row + int(low[0])}"
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
        row = int(bad[0])
        shown = "nothing" if np.isnan(weights[row]) else f"{weights[row]:g}"
        raise UserError(
            f"weights in column {column.name!r} must be 0 or more, got {shown} in row"
            f" {rows.first_row + row}"
        )
    return weights
