"""New rows as a frame -> the values of a schema's columns."""

from dataclasses import replace

import numpy as np
import pandas as pd

from mlp_lab.data.columns import Column
from mlp_lab.data.raw import Floats
from mlp_lab.data.schema import Schema
from mlp_lab.data.tables.parsing import Cells, parse
from mlp_lab.errors import UserError, nearest


def frame_values(
    frame: pd.DataFrame, schema: Schema, *, decimal: str = ".", first_row: int = 1
) -> Floats:
    """Values of the schema's columns, (N, columns); other columns and their order do not matter.

    Raises:
        UserError: a column is missing, or holds what it cannot.
    """
    values = np.empty((len(frame), len(schema.inputs)), order="F")
    for i, entry in enumerate(schema.inputs):
        cells = column_of(frame, entry.column)
        values[:, i] = parse(cells, entry.column, decimal=decimal, first_row=first_row)
    return values


def column_of(frame: pd.DataFrame, column: Column) -> Cells:
    """The cells of a column.

    Raises:
        UserError: the frame does not have it, or has it twice.
    """
    names = [str(name) for name in frame.columns]
    if names.count(column.name) != 1:
        what = "is missing" if column.name not in names else "is there twice"
        hint = nearest(column.name, names)
        raise UserError(f"column {column.name!r} {what}{hint} (columns: {', '.join(names[:30])})")
    return Cells(frame.iloc[:, names.index(column.name)])


def target_values(
    frame: pd.DataFrame, column: Column, *, decimal: str = ".", first_row: int = 1
) -> Floats:
    """The target of every row, (N,).

    Raises:
        UserError: a row has none, or a class that the training rows did not have.
    """
    # An ordinal column refuses values that are none of its levels.
    known = replace(column, kind="ordinal") if column.levels else column
    values = parse(column_of(frame, column), known, decimal=decimal, first_row=first_row)
    missing = np.flatnonzero(np.isnan(values))
    if len(missing):
        raise UserError(
            f"column {column.name!r}, the target, has no value in row {first_row + int(missing[0])}"
            f" and {len(missing) - 1} others: leave them out"
        )
    return values


def weight_values(
    frame: pd.DataFrame, column: Column, *, decimal: str = ".", first_row: int = 1
) -> Floats:
    """Weights of rows, (N,), numbers of 0 or more.

    Raises:
        UserError: one is missing or negative.
    """
    weights = parse(column_of(frame, column), column, decimal=decimal, first_row=first_row)
    bad = np.flatnonzero(np.isnan(weights) | (weights < 0))
    if len(bad):
        row = int(bad[0])
        shown = "nothing" if np.isnan(weights[row]) else f"{weights[row]:g}"
        raise UserError(
            f"weights in column {column.name!r} must be 0 or more, got {shown} in row"
            f" {first_row + row}"
        )
    return weights
