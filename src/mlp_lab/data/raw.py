"""Rows before any encoding, and the settings that every data set has."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from mlp_lab.errors import require

Floats = NDArray[np.float64]


class Draw(IntEnum):
    """What `data.split_seed` is used for; each use has a random stream of its own."""

    ROWS = 0
    BLUR = 1
    SPLIT = 2
    LABEL_NOISE = 3


@dataclass(kw_only=True, slots=True)
class DataConfig:
    """How a data set is cut into parts, for all rows or a share of them.

    Everything random about the data follows from `split_seed`, so that `seed` changes the network
    and its batches alone. `train_rows` keeps that many training rows (null keeps all).
    `label_noise` is a share of training labels drawn anew, uniformly over all classes; for
    regression, the standard deviation of noise added to training targets, in units of theirs.
    """

    name: str
    test_fraction: float
    val_fraction: float
    split_seed: int
    train_rows: int | None
    label_noise: float

    def __post_init__(self) -> None:
        require(0 <= self.test_fraction < 1, "data.test_fraction", "in [0, 1)", self.test_fraction)
        require(0 <= self.val_fraction < 1, "data.val_fraction", "in [0, 1)", self.val_fraction)
        both = self.test_fraction + self.val_fraction
        require(both < 1, "data.test_fraction + data.val_fraction", "below 1", both)
        require(self.split_seed >= 0, "data.split_seed", "0 or more", self.split_seed)
        rows = self.train_rows
        require(rows is None or rows >= 1, "data.train_rows", "1 or more, or null", rows)
        require(self.label_noise >= 0, "data.label_noise", "0 or more", self.label_noise)

    def load(self) -> "RawData":
        """All rows, unsplit. Every data set has its own."""
        raise AssertionError("a data config without rows")

    def generator(self, draw: Draw) -> np.random.Generator:
        """The random stream of one use of the split seed."""
        return np.random.default_rng([self.split_seed, draw])


@dataclass(frozen=True, slots=True)
class RawData:
    """A table of numbers and one target.

    Shape:
        - inputs: (N, D)
        - target: (N,), in its own units, or the class of each row as an index into `classes`
    """

    inputs: Floats
    target: Floats
    input_names: list[str]
    target_name: str
    classes: list[str] | None = None

    @property
    def task(self) -> str:
        """regression, binary or multiclass."""
        if self.classes is None:
            return "regression"
        return "binary" if len(self.classes) == 2 else "multiclass"
