"""What a network's inputs and outputs mean: plain data, kept beside the weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import DTypeLike

from mlp_lab.data.arrays import Array, Floats, Index
from mlp_lab.data.column_encoding import InputColumn, Scaling
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
            return self.scaling.apply(TRANSFORM[self.transform](values))[:, None]
        if self.outputs == 1:
            return values[:, None]
        one_hot: Floats = np.eye(self.outputs)[values.astype(int)]
        return one_hot

    def decode(self, outputs: Floats) -> Floats:
        """Outputs for a number, (N, 1), in the target's own units, (N,)."""
        with np.errstate(over="ignore"):  # a wild prediction is infinite, and its error says so
            return INVERSE[self.transform](self.scaling.undo(outputs[:, 0]))

    def truth(self, encoded: Floats) -> Floats:
        """The inverse of `encode`: (N, C) -> (N,)."""
        if self.classes is None:
            return self.decode(encoded)
        return encoded[:, 0] if self.outputs == 1 else encoded.argmax(1).astype(np.float64)

    def decide(self, outputs: Floats) -> Index:
        """The class that outputs, (N, C), predict, (N,)."""
        if self.outputs == 1:
            return (outputs[:, 0] > 0.5).astype(np.int64)
        labels: Index = outputs.argmax(1)
        return labels

    def scores(self, outputs: Floats) -> Floats:
        """Outputs for classes, (N, C), with a column for each class."""
        return np.hstack([1 - outputs, outputs]) if self.outputs == 1 else outputs

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON."""
        return asdict(self)


BLOCK = 4096
"""Rows encoded at once."""

TRANSFORM: dict[str, Callable[[Floats], Floats]] = {
    "none": lambda y: y,
    "log": np.log,
    "log1p": np.log1p,
}
LEAST = {"none": -np.inf, "log": 0.0, "log1p": -1.0}
"""What a target must be above for each transform."""

INVERSE: dict[str, Callable[[Floats], Floats]] = {
    "none": lambda y: y,
    "log": np.exp,
    "log1p": np.expm1,
}


@dataclass(frozen=True, slots=True)
class Schema:
    """What a network's inputs and outputs mean; plain data, kept beside the weights.

    `file` says how the training file was written, as far as its user had to.
    """

    inputs: list[InputColumn]
    target: Target
    weight: Column | None
    file: FileSettings | None = None

    @property
    def names(self) -> list[str]:
        """Names of the network's inputs."""
        return [name for entry in self.inputs for name in entry.names]

    def encode_inputs(
        self, values: Callable[[int, slice], Floats], rows: int, dtype: DTypeLike
    ) -> Array:
        """Every row as the network reads it, (rows, inputs).

        `values` gives some rows of a column by its position. Rows are encoded in blocks that a
        cache holds: an input of all rows lies far apart in memory.
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
            "target": self.target.to_dict(),
            "weight": None if self.weight is None else asdict(self.weight),
            "file": None if self.file is None else asdict(self.file),
        }


def fit_target(raw: RawData, target: Floats, config: DataConfig, output: str) -> Target:
    """Statistics from the training rows' (noisy) targets.

    Raises:
        UserError: a logarithm of what has none.
    """
    transform = config.target_transform
    scaling = Scaling(0.0, 1.0, [])
    if raw.classes is None:
        _require_logarithm(raw, target, transform)
        scaling = Scaling.fit(TRANSFORM[transform](target), "standard")
    elif transform != "none":
        raise UserError(
            f"data.target_transform={transform} is for numbers, but {raw.target_column.name} holds"
            " classes: use none"
        )
    one_output = raw.classes is None or (len(raw.classes) == 2 and output != "softmax")
    return Target(
        column=raw.target_column,
        task=raw.task,
        classes=raw.classes,
        outputs=1 if one_output else len(raw.classes or []),
        transform=transform,
        scaling=scaling,
    )


def _require_logarithm(raw: RawData, target: Floats, transform: str) -> None:
    bound = LEAST[transform]
    least = min(raw.target.min(), target.min())
    if least <= bound:
        raise UserError(
            f"data.target_transform={transform} needs {raw.target_column.name} above {bound:g},"
            f" got {least:g}"
        )
