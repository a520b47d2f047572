"""Rows before any encoding, and the settings that every data set has."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from mlp_lab.data.columns import Column, Dropped
from mlp_lab.data.tables.dialect import FileSettings
from mlp_lab.errors import UserError, require, require_choice

Floats = NDArray[np.float64]
Index = NDArray[np.int64]

SCALINGS = ("standard", "robust", "quantile", "none")
TRANSFORMS = ("none", "log", "log1p")


class Draw(IntEnum):
    """What `data.split_seed` is used for; each use has a random stream of its own."""

    ROWS = 0
    BLUR = 1
    SPLIT = 2
    LABEL_NOISE = 3
    FOLDS = 4
    OUTLIERS = 5


class PartName(IntEnum):
    """Where a row must go; `FREE` rows are for training, and for parts that no row is kept for."""

    FREE = 0
    VAL = 1
    TEST = 2


@dataclass(kw_only=True, slots=True)
class DataConfig:
    """How a data set is cut into parts, for all rows or a share of them, and how it is encoded.

    Everything random about the data follows from `split_seed`, so that `seed` changes the network
    and its batches alone. With `folds`, the rows that are not test rows are cut into so many parts
    of about one size: number `fold`, counted from 0, validates instead of `val_fraction`, and the
    others train. Each `repeat` is another such cut.

    `train_rows` keeps that many training rows (null keeps all). `label_noise` is a share of
    training labels drawn anew, uniformly over all classes; for regression, the standard deviation
    of noise added to training targets, in units of theirs. `scaling` of numeric inputs: standard
    (mean 0, deviation 1), robust (median 0, interquartile range 1), quantile (to a normal
    distribution) or none. `target_transform`: the network learns the logarithm of a regression
    target. `class_weights`: balanced gives every class the same share of the loss.
    """

    name: str
    test_fraction: float
    val_fraction: float
    folds: int | None
    fold: int
    repeat: int
    split_seed: int
    train_rows: int | None
    label_noise: float
    scaling: str
    target_transform: str
    class_weights: str

    def __post_init__(self) -> None:
        require(0 <= self.test_fraction < 1, "data.test_fraction", "in [0, 1)", self.test_fraction)
        require(0 <= self.val_fraction < 1, "data.val_fraction", "in [0, 1)", self.val_fraction)
        self._check_folds()
        require(self.split_seed >= 0, "data.split_seed", "0 or more", self.split_seed)
        rows = self.train_rows
        require(rows is None or rows >= 1, "data.train_rows", "1 or more, or null", rows)
        require(self.label_noise >= 0, "data.label_noise", "0 or more", self.label_noise)
        require_choice(self.scaling, "data.scaling", SCALINGS)
        require_choice(self.target_transform, "data.target_transform", TRANSFORMS)
        require_choice(self.class_weights, "data.class_weights", ["none", "balanced"])

    def _check_folds(self) -> None:
        folds = self.folds
        require(folds is None or folds >= 2, "data.folds", "2 or more, or null", folds)
        for key, value in (("data.fold", self.fold), ("data.repeat", self.repeat)):
            require(value >= 0, key, "0 or more", value)
            if folds is None and value > 0:
                raise UserError(f"{key}={value} needs data.folds, the number of folds")
        if folds is None:
            both = self.test_fraction + self.val_fraction
            require(both < 1, "data.test_fraction + data.val_fraction", "below 1", both)
        else:
            require(self.fold < folds, "data.fold", f"below data.folds={folds}", self.fold)

    def load(self) -> "RawData":
        """All rows, unsplit. Every data set has its own."""
        raise AssertionError("a data config without rows")

    def generator(self, draw: Draw, repeat: int = 0) -> np.random.Generator:
        """The random stream of one use of the split seed, another for each repeat of it."""
        return np.random.default_rng([self.split_seed, draw, repeat])


@dataclass(frozen=True, slots=True, kw_only=True)
class Ties:
    """What binds rows to parts or to each other; each of shape (N,) or absent.

    `parts`: a `PartName` for each row. `groups`: rows with one number stay together. `times`: the
    latest rows are tested on, those before them validated on.
    """

    parts: Index | None = None
    groups: Index | None = None
    times: Floats | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """How a file was read, what of it is not used, and what else to say of it in the report."""

    file: FileSettings
    note: str
    dropped: list[Dropped]
    remarks: list[str]


@dataclass(frozen=True, slots=True)
class RawData:
    """A table of numbers and one target.

    Shape:
        - inputs: (N, D), each column as its `Column` says, NaN where a value is missing
        - target: (N,), in its own units, or the class of each row as an index into `classes`
        - weights: (N,), how much each row counts, or absent
    """

    inputs: Floats
    target: Floats
    columns: list[Column]
    target_column: Column
    classes: list[str] | None = None
    weights: Floats | None = None
    weight_column: Column | None = None
    ties: Ties = Ties()
    source: Source | None = None

    @property
    def nbytes(self) -> int:
        """Memory of its inputs and target."""
        return self.inputs.nbytes + self.target.nbytes

    @property
    def task(self) -> str:
        """regression, binary or multiclass."""
        if self.classes is None:
            return "regression"
        return "binary" if len(self.classes) == 2 else "multiclass"
