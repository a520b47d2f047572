"""Rows in memory, as arrays or DataFrames -> the rows of a data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mlp_lab.data.arrays import Floats, Index
from mlp_lab.data.columns import Column, classified, numeric
from mlp_lab.data.rows import PartName, RawData, SplitConstraints
from mlp_lab.data.schema import Schema
from mlp_lab.data.survey_design import SurveyDesign
from mlp_lab.data.tables.config import TableConfig
from mlp_lab.data.tables.frames import Table, TableFrame, feature_values
from mlp_lab.data.tables.table import read_features
from mlp_lab.errors import UserError, nearest
from mlp_lab.formatting import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Rows to learn from: `features` (N, columns), and for each row the rest.

    `target` holds numbers, or indices into the `classes` of each target: (N,), or (N, T) of several
    targets, which have `target_names`. Rows after the first `training` are validated on. `groups`:
    rows of one number stay in one part, and are a cluster of a sample; `strata`: rows of one number
    are a stratum, within which it was drawn.
    """

    features: Floats | pd.DataFrame
    target: Floats
    classes: Sequence[Sequence[str]] | None
    target_names: Sequence[str]
    weights: Floats | None
    groups: Index | None
    strata: Index | None
    training: int


def raw_data(rows: Rows, config: TableConfig, schema: Schema | None = None) -> RawData:
    """Rows as a data set has them before they are cut.

    `schema`: what the columns hold, where that was settled before.

    Raises:
        UserError: a column cannot be used.
    """
    count = len(rows.target)
    parts = None
    if rows.training < count:
        parts = np.full(count, int(PartName.FREE))
        parts[rows.training :] = int(PartName.VAL)
    own = {name: levels for name, levels in config.levels.items() if name in rows.target_names}
    of_inputs = {name: given for name, given in config.levels.items() if name not in own}
    read = replace(config, levels=of_inputs) if own else config
    values, columns = _features(rows.features, read, schema)
    if schema is not None and len(schema.target.each) != len(rows.target_names):
        before, now = len(schema.target.each), len(rows.target_names)
        raise UserError(f"y must have {counted(before, 'column')}, as in the first fit, got {now}")
    names = rows.target_names
    if rows.classes is None:
        targets = [Column(name=name) for name in names]
    else:
        pairs = zip(names, rows.classes, strict=True)
        targets = [classified(name, list(classes)) for name, classes in pairs]
    return RawData(
        values,
        rows.target,
        columns,
        targets,
        weights=rows.weights,
        constraints=SplitConstraints(parts=parts, groups=rows.groups),
        design=_design(rows),
    )


def _design(rows: Rows) -> SurveyDesign | None:
    """How rows were sampled, if somebody has said it."""
    if rows.groups is None and rows.strata is None:
        return None
    names = ("groups", rows.groups), ("strata", rows.strata)
    cluster, stratum = (None if own is None else name for name, own in names)
    return SurveyDesign(rows.groups, rows.strata, cluster, stratum)


def _features(
    given: Floats | pd.DataFrame, config: TableConfig, schema: Schema | None
) -> tuple[Floats, list[Column]]:
    if not isinstance(given, pd.DataFrame):
        return given, numeric(array_names(given.shape[1]))
    if schema is not None:
        return feature_values(TableFrame(given), schema), [e.column for e in schema.inputs]
    for key in ("types", "levels", "separators"):
        for name in getattr(config, key):
            if name not in given:
                close = nearest(name, map(str, given.columns))
                raise UserError(f"{key} names {name!r}: no such column{close}")
    values, columns, _, _ = read_features(Table([TableFrame(given)]), config)
    return values, columns


def array_names(count: int) -> list[str]:
    """Names of the columns of an array, as scikit-learn has them: x0, x1, ..."""
    return [f"x{i}" for i in range(count)]


def frame_of(array: object, names: Sequence[str] | None = None) -> pd.DataFrame:
    """An array of anything, (N, columns), as a frame whose columns have names: x0, x1, ... if none.

    A column of numbers that came as objects is one of numbers again.
    """
    values = np.asarray(array, dtype=object)
    names = array_names(values.shape[1]) if names is None else list(names)
    frame = pd.DataFrame(values, columns=names)
    return frame.infer_objects()


def separate(
    frame: object, target: str | Sequence[str]
) -> tuple[pd.DataFrame, pd.Series | pd.DataFrame]:
    """A frame without its target, or several, and the target.

    Raises:
        UserError: it is no frame, has no such column, or one is named twice.
    """
    names = [target] if isinstance(target, str) else list(target)
    if not isinstance(frame, pd.DataFrame):
        raise UserError(f"target={target!r} names a column, so that rows must be a DataFrame")
    if not names:
        raise UserError("target must name a column or several, got none")
    for name in names:
        if name not in frame:
            known = ", ".join(map(str, frame.columns[:30]))
            raise UserError(f"target={name!r}: no such column in the DataFrame ({known})")
        if names.count(name) > 1:
            raise UserError(f"target names {name!r} twice")
    return frame.drop(columns=names), frame[names[0]] if len(names) == 1 else frame[names]
