"""Rows of a data set before they are split and encoded."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from mlp_lab.data.arrays import Floats, Index
from mlp_lab.data.columns import Column, Dropped
from mlp_lab.data.config import FileSettings
from mlp_lab.data.survey_design import SurveyDesign


class PartName(IntEnum):
    """Where a row must go; `FREE` rows are for training, and for parts that no row is kept for."""

    FREE = 0
    VAL = 1
    TEST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitConstraints:
    """What keeps rows in a part, or together; each of shape (N,) or absent.

    `parts`: a `PartName` for each row. `groups`: rows with one number stay together. `times`: the
    latest rows are tested on, those before them validated on.
    """

    parts: Index | None = None
    groups: Index | None = None
    times: Floats | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """Where rows lie that are not in memory, as long as they are used.

    `content` is a hash of the files that they were read from.
    """

    workspace: object
    content: str


@dataclass(frozen=True, slots=True)
class Source:
    """How a file was read, which columns are not used, and what to warn of in the data report.

    `held` where its columns of numbers lie on disk.
    """

    file: FileSettings
    note: str
    dropped: list[Dropped]
    warnings: list[str]
    held: Held | None = None


@dataclass(frozen=True, slots=True)
class RawData:
    """Inputs (N, D), each column as its `Column` says, NaN where a value is missing; the target.

    `target` (N,) is in its own units, or the class of each row as an index into the levels of its
    column; of several targets (N, T), a column for each. `weights` (N,) say how much each row
    counts, where that differs. `design`: in which clusters and strata rows were sampled, if those
    are known, of the columns that say so.
    """

    inputs: Floats
    target: Floats
    columns: list[Column]
    target_columns: list[Column]
    weights: Floats | None = None
    weight_column: Column | None = None
    constraints: SplitConstraints = SplitConstraints()
    source: Source | None = None
    design: SurveyDesign | None = None
    group_column: Column | None = None
    strata_column: Column | None = None

    @property
    def nbytes(self) -> int:
        """Bytes of its inputs, where they are in memory, and of its target."""
        return self.target.nbytes + (0 if self.on_disk else self.inputs.nbytes)

    @property
    def on_disk(self) -> bool:
        """Whether its inputs lie in a file."""
        return self.source is not None and self.source.held is not None

    @property
    def fingerprint(self) -> str:
        """How its values are read, as text that is hashed with them: see `Column.fingerprint`."""
        columns = ", ".join(column.fingerprint for column in self.columns)
        if len(self.target_columns) > 1:
            return f"([{columns}], {[column.fingerprint for column in self.target_columns]})"
        (target,) = self.target_columns
        return f"([{columns}], {target.fingerprint}, {target.levels or None!r})"

    @property
    def targets(self) -> list[tuple[Column, Floats]]:
        """Each target by itself, as a view: its column and its values, (N,)."""
        return list(zip(self.target_columns, by_target(self.target).T, strict=True))

    @property
    def task(self) -> str:
        """regression, binary, multiclass, or multilabel: several targets of two classes each."""
        return task_of(self.target_columns)

    @property
    def strata(self) -> Floats | None:
        """What every part is to hold about its share of, (N,): classes, or combinations of them.

        None where the target is a number.
        """
        if self.task != "multilabel":
            return None if self.task == "regression" else self.target
        _, combination = np.unique(self.target, axis=0, return_inverse=True)
        return combination.reshape(-1).astype(np.float64)


def by_target(values: Floats) -> Floats:
    """Values of one target, (N,), or of several, (N, T), with a column for each."""
    return values[:, None] if values.ndim == 1 else values


def task_of(columns: Sequence[Column]) -> str:
    """What predicting some columns is: regression, binary, multiclass or multilabel."""
    if not columns[0].levels:
        return "regression"
    if len(columns) > 1:
        return "multilabel"
    return "binary" if len(columns[0].levels) == 2 else "multiclass"
