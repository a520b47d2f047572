"""Rows of a data set before they are split and encoded."""

from dataclasses import dataclass
from enum import IntEnum

from mlp_lab.data.arrays import Floats, Index
from mlp_lab.data.columns import Column, Dropped
from mlp_lab.data.config import FileSettings


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
class Source:
    """How a file was read, which columns are not used, and what to warn of in the data report."""

    file: FileSettings
    note: str
    dropped: list[Dropped]
    warnings: list[str]


@dataclass(frozen=True, slots=True)
class RawData:
    """Inputs (N, D), each column as its `Column` says, NaN where a value is missing; one target.

    `target` (N,) is in its own units, or the class of each row as an index into `classes`;
    `weights` (N,) say how much each row counts, where that differs.
    """

    inputs: Floats
    target: Floats
    columns: list[Column]
    target_column: Column
    classes: list[str] | None = None
    weights: Floats | None = None
    weight_column: Column | None = None
    constraints: SplitConstraints = SplitConstraints()
    source: Source | None = None

    @property
    def nbytes(self) -> int:
        """Bytes of its inputs and target."""
        return self.inputs.nbytes + self.target.nbytes

    @property
    def fingerprint(self) -> str:
        """How its values are read, as text that is hashed with them: see `Column.fingerprint`."""
        columns = ", ".join(column.fingerprint for column in self.columns)
        return f"([{columns}], {self.target_column.fingerprint}, {self.classes!r})"

    @property
    def task(self) -> str:
        """regression, binary or multiclass."""
        if self.classes is None:
            return "regression"
        return "binary" if len(self.classes) == 2 else "multiclass"
