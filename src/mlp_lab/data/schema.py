"""What a network's inputs and outputs mean: plain data, kept beside the weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from mlp_lab.data.arrays import Array, Floats, Index
from mlp_lab.data.column_encoding import (
    DateEncoding,
    Encoding,
    InputColumn,
    LevelEncoding,
    NumberEncoding,
    Scaling,
)
from mlp_lab.data.columns import Column
from mlp_lab.data.config import DataConfig, FileSettings
from mlp_lab.data.rows import RawData, by_target, task_of
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

    @property
    def each(self) -> list[Target]:
        """Itself: what there is to predict, one by one."""
        return [self]

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


@dataclass(frozen=True, slots=True)
class Targets:
    """Several columns that one network predicts, an output for each.

    All are numbers, each with its own scaling, or all have two classes, of which the output is the
    probability of the second. Values are (N, T), a column for each target.
    """

    each: list[Target]

    @property
    def name(self) -> str:
        """Names of the columns."""
        return ", ".join(target.name for target in self.each)

    @property
    def task(self) -> str:
        """regression or multilabel."""
        return "multilabel" if self.each[0].classes else "regression"

    @property
    def outputs(self) -> int:
        """The network's outputs."""
        return len(self.each)

    def encode(self, values: Floats) -> Floats:
        """(N, T) -> (N, T): scaled, or 0 or 1."""
        pairs = zip(self.each, values.T, strict=True)
        return np.hstack([target.encode(own) for target, own in pairs])

    def decode(self, outputs: Floats) -> Floats:
        """Outputs for numbers, (N, T), each in its own units."""
        return np.column_stack([target.decode(own) for target, own in self.parted(outputs)])

    def truth(self, encoded: Floats) -> Floats:
        """The inverse of `encode`."""
        return np.column_stack([target.truth(own) for target, own in self.parted(encoded)])

    def decide(self, outputs: Floats) -> Index:
        """Which of its two classes each output predicts, (N, T)."""
        return np.column_stack([target.decide(own) for target, own in self.parted(outputs)])

    def parted(self, outputs: Floats) -> list[tuple[Target, Floats]]:
        """Each target with its own output, (N, 1)."""
        return [(target, outputs[:, t : t + 1]) for t, target in enumerate(self.each)]


AnyTarget = Target | Targets
"""What a network predicts: one column, or several."""


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
    """Inputs and target; `file` is how the training file was written, as far as its user said.

    `group` and `strata`: the columns of the clusters and strata by which its rows were sampled.
    """

    inputs: list[InputColumn]
    target: AnyTarget
    weight: Column | None
    file: FileSettings | None = None
    group: Column | None = None
    strata: Column | None = None

    @property
    def names(self) -> list[str]:
        """Names of the network's inputs."""
        return [name for entry in self.inputs for name in entry.names]

    @property
    def separators(self) -> dict[str, str]:
        """The sign between the answers in a cell, of each column that holds several."""
        columns = [entry.column for entry in self.inputs]
        return {column.name: column.separator for column in columns if column.separator}

    @property
    def number_inputs(self) -> list[int]:
        """Positions of the inputs that are numbers: of numeric columns, and parts of dates."""
        found = []
        for at, encoding in self._places():
            if isinstance(encoding, NumberEncoding):
                found.append(at)
            elif isinstance(encoding, DateEncoding):
                found += range(at, at + encoding.numbers)
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
        self,
        values: Callable[[int, slice], Floats],
        rows: int,
        dtype: DTypeLike,
        room: Callable[[tuple[int, int], DTypeLike], Array] = np.zeros,
    ) -> Array:
        """Every row as the network reads it, (rows, inputs).

        `values` gives some rows of a column by its position, block by block: a cache holds each.
        `room` makes zeros of a shape and a type.
        """
        widths = [len(entry.names) for entry in self.inputs]
        places = np.cumsum([0, *widths]).tolist()
        encoded = room((rows, places.pop()), dtype)
        for start in range(0, rows, BLOCK):
            block = slice(start, min(start + BLOCK, rows))
            for i, (entry, at) in enumerate(zip(self.inputs, places, strict=True)):
                entry.encoding.write(values(i, block), encoded[block], at)
        return encoded

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON."""
        return {
            "columns": [entry.to_dict() for entry in self.inputs],
            **self._targets(),
            "weight": None if self.weight is None else asdict(self.weight),
            "file": None if self.file is None else asdict(self.file),
            **self._design(),
        }

    def _design(self) -> dict[str, object]:
        """Columns of the survey's design, if it has some."""
        columns = {"group": self.group, "strata": self.strata}
        return {name: asdict(own) for name, own in columns.items() if own is not None}

    def _targets(self) -> dict[str, object]:
        if isinstance(self.target, Target):
            return {"target": asdict(self.target)}
        return {"targets": [asdict(target) for target in self.target.each]}


def fit_target(raw: RawData, target: Floats, config: DataConfig, output: str) -> AnyTarget:
    """Statistics from the training rows' (noisy) targets, (N,) or (N, T).

    Raises:
        UserError: a target has no such logarithm, or is a class.
    """
    transforms = config.transforms([column.name for column, _ in raw.targets])
    fitted = [
        _fit_one(column, values, learnt, transform, output)
        for (column, values), learnt, transform in zip(
            raw.targets, by_target(target).T, transforms, strict=True
        )
    ]
    return fitted[0] if len(fitted) == 1 else Targets(fitted)


def _fit_one(column: Column, values: Floats, target: Floats, transform: str, output: str) -> Target:
    """A target with all its `values` and those, (N,), that it is fitted on."""
    name, classes = column.name, column.levels or None
    task = task_of([column])
    key = f"data.target_transform={transform}"
    if classes is not None:
        if transform != "none":
            raise UserError(f"{key} is for numbers, but {name} holds classes: use none")
        outputs = 1 if len(classes) == 2 and output != "softmax" else len(classes)
        scaling = Scaling(0.0, 1.0, [])
        return Target(column, task, classes, outputs, transform, scaling)
    if output == "exponential":
        if transform != "none":
            raise UserError(f"{key} leaves no counts, which loss=poisson is for: use none")
        mean = float(target.mean())  # a deviation would be no scale of counts, nor a center
        center = 0.0 if np.isfinite(mean) else np.nan  # no number comes of it, and it is refused
        scaling = Scaling(center, mean if mean > 0 else 1.0, [])
        return Target(column, task, None, 1, transform, scaling)
    least, bound = min(values.min(), target.min()), TRANSFORM[transform].bound
    if least <= bound:
        raise UserError(f"{key} needs {name} above {bound:g}, got {least:g}")
    scaling = Scaling.fit(TRANSFORM[transform].apply(target), "standard")
    return Target(column, task, None, 1, transform, scaling)
