"""What a network's inputs and outputs mean: plain data, kept beside the weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from mlp_lab.data.arrays import Array, Floats, Index
from mlp_lab.data.column_encoding import (
    DATE_PARTS,
    DateEncoding,
    Encoding,
    InputColumn,
    LevelEncoding,
    NumberEncoding,
    Scaling,
)
from mlp_lab.data.columns import Column
from mlp_lab.data.config import DataConfig, FileSettings
from mlp_lab.data.rows import RawData
from mlp_lab.errors import UserError


@dataclass(frozen=True, slots=True)
class Target:
    """What the network predicts.

    `outputs` counts the network's outputs: one for a number, one for each class, or one
    probability for the second of two classes. A number is transformed, then scaled.
    """

    column: Column
    task: str
    classes: list[str] | None
    outputs: int
    transform: str
    scaling: Scaling

    @property
    def name(self) -> str:
        """Name of the column."""
        return self.column.name

    def encode(self, values: Floats) -> Floats:
        """(N,) -> (N, C): scaled, 0 or 1, or one-hot."""
        if self.classes is None:
            return self.scaling.apply(TRANSFORM[self.transform].apply(values))[:, None]
        if self.outputs == 1:
            return values[:, None]
        one_hot: Floats = np.eye(self.outputs)[values.astype(int)]
        return one_hot

    def decode(self, outputs: Floats) -> Floats:
        """Outputs for a number, (N, 1), in the target's own units, (N,)."""
        with np.errstate(over="ignore"):  # a wild prediction is infinite, and its error says so
            return TRANSFORM[self.transform].undo(self.scaling.undo(outputs[:, 0]))

    def truth(self, encoded: Floats) -> Floats:
        """The inverse of `encode`: (N, C) -> (N,)."""
        if self.classes is None:
            return self.decode(encoded)
        return encoded[:, 0] if self.outputs == 1 else encoded.argmax(1).astype(np.float64)

    def decide(self, outputs: Floats) -> Index:
        """The class that outputs, (N, C), predict, (N,)."""
        labels: Index = outputs.argmax(1)
        return (outputs[:, 0] > 0.5).astype(np.int64) if self.outputs == 1 else labels

    def scores(self, outputs: Floats) -> Floats:
        """Outputs for classes, (N, C), with a column for each class."""
        return np.hstack([1 - outputs, outputs]) if self.outputs == 1 else outputs


BLOCK = 4096
"""Rows encoded at once: an input of all rows lies far apart in memory."""


class Transform(NamedTuple):
    """What the network learns of a target, the way back, and what the target must be above."""

    apply: Callable[[Floats], Floats]
    undo: Callable[[Floats], Floats]
    bound: float


TRANSFORM = {
    "none": Transform(lambda y: y, lambda y: y, -np.inf),
    "log": Transform(np.log, np.exp, 0.0),
    "log1p": Transform(np.log1p, np.expm1, -1.0),
}


@dataclass(frozen=True, slots=True)
class Schema:
    """Inputs and target; `file` is how the training file was written, as far as its user said."""

    inputs: list[InputColumn]
    target: Target
    weight: Column | None
    file: FileSettings | None = None

    @property
    def names(self) -> list[str]:
        """Names of the network's inputs."""
        return [name for entry in self.inputs for name in entry.names]

    @property
    def number_inputs(self) -> list[int]:
        """Positions of the inputs that are numbers: of numeric columns, and parts of dates."""
        found = []
        for at, encoding in self._places():
            if isinstance(encoding, NumberEncoding):
                found.append(at)
            elif isinstance(encoding, DateEncoding):
                found += range(at, at + len(DATE_PARTS))
        return found

    @property
    def level_inputs(self) -> list[tuple[int, int]]:
        """First position and last + 1 of the indicators of each column that has several."""
        return [
            (at, at + encoding.inputs)
            for at, encoding in self._places()
            if isinstance(encoding, LevelEncoding) and encoding.inputs > 1
        ]

    def _places(self) -> Iterator[tuple[int, Encoding]]:
        """Where the inputs of each column begin, and how they are encoded."""
        at = 0
        for entry in self.inputs:
            yield at, entry.encoding
            at += len(entry.names)

    def encode_inputs(
        self, values: Callable[[int, slice], Floats], rows: int, dtype: DTypeLike
    ) -> Array:
        """Every row as the network reads it, (rows, inputs).

        `values` gives some rows of a column by its position, block by block: a cache holds each.
        """
        widths = [len(entry.names) for entry in self.inputs]
        places = np.cumsum([0, *widths]).tolist()
        encoded: Array = np.zeros((rows, places.pop()), dtype)
        for start in range(0, rows, BLOCK):
            block = slice(start, min(start + BLOCK, rows))
            for i, (entry, at) in enumerate(zip(self.inputs, places, strict=True)):
                entry.encoding.write(values(i, block), encoded[block], at)
        return encoded

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON."""
        return {
            "columns": [entry.to_dict() for entry in self.inputs],
            "target": asdict(self.target),
            "weight": None if self.weight is None else asdict(self.weight),
            "file": None if self.file is None else asdict(self.file),
        }


def fit_target(raw: RawData, target: Floats, config: DataConfig, output: str) -> Target:
    """Statistics from the training rows' (noisy) targets.

    Raises:
        UserError: the target has no such logarithm, or is a class.
    """
    name, transform, classes = raw.target_column.name, config.target_transform, raw.classes
    key = f"data.target_transform={transform}"
    if classes is not None:
        if transform != "none":
            raise UserError(f"{key} is for numbers, but {name} holds classes: use none")
        outputs = 1 if len(classes) == 2 and output != "softmax" else len(classes)
        scaling = Scaling(0.0, 1.0, [])
        return Target(raw.target_column, raw.task, classes, outputs, transform, scaling)
    if output == "exponential":
        if transform != "none":
            raise UserError(f"{key} leaves no counts, which loss=poisson is for: use none")
        mean = float(target.mean())  # a deviation would be no scale of counts, nor a center
        center = 0.0 if np.isfinite(mean) else np.nan  # no number comes of it, and it is refused
        scaling = Scaling(center, mean if mean > 0 else 1.0, [])
        return Target(raw.target_column, raw.task, None, 1, transform, scaling)
    least, bound = min(raw.target.min(), target.min()), TRANSFORM[transform].bound
    if least <= bound:
        raise UserError(f"{key} needs {name} above {bound:g}, got {least:g}")
    scaling = Scaling.fit(TRANSFORM[transform].apply(target), "standard")
    return Target(raw.target_column, raw.task, None, 1, transform, scaling)
