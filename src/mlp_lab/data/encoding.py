"""Numbers and classes -> what a network reads and predicts, fitted on training rows only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mlp_lab.data.raw import DataConfig, Floats, RawData
from mlp_lab.data.splitting import Split, noisy_train_target


@dataclass(frozen=True, slots=True)
class Scaling:
    """x -> (x - mean) / scale, a number of each for every column; a constant column has scale 1."""

    mean: list[float]
    scale: list[float]

    @classmethod
    def fit(cls, values: Floats) -> Scaling:
        """Mean and standard deviation (of the population) of each column of (N, D)."""
        scale = values.std(axis=0)
        # A constant column's deviation is rounding, not 0, where its mean is not exact; and a
        # deviation may underflow to 0 where values differ.
        constant = (values.max(axis=0) == values.min(axis=0)) | (scale == 0)
        return cls(values.mean(axis=0).tolist(), np.where(constant, 1.0, scale).tolist())

    def apply(self, values: Floats) -> Floats:
        """Standardise (N, D)."""
        scaled: Floats = (values - np.array(self.mean)) / np.array(self.scale)
        return scaled

    def undo(self, values: Floats) -> Floats:
        """Back to the columns' own units."""
        restored: Floats = values * np.array(self.scale) + np.array(self.mean)
        return restored


@dataclass(frozen=True, slots=True)
class Schema:
    """What a network's inputs and outputs mean; plain data, kept beside the weights.

    `target_scaling` is there for regression, `classes` for the other tasks. `outputs` counts the
    network's outputs: one for each class, or one probability for the second of two.
    """

    task: str
    inputs: list[str]
    input_scaling: Scaling
    target: str
    target_scaling: Scaling | None
    classes: list[str] | None
    outputs: int

    def to_dict(self) -> dict[str, object]:
        """As JSON holds it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Schema:
        """Back from JSON."""
        target = values["target_scaling"]
        return cls(
            **{
                **values,
                "input_scaling": Scaling(**values["input_scaling"]),
                "target_scaling": None if target is None else Scaling(**target),
            }
        )

    def encode_target(self, target: Floats) -> Floats:
        """(N,) -> (N, C): standardised, 0 or 1, or one-hot."""
        if self.target_scaling is not None:
            return self.target_scaling.apply(target[:, None])
        if self.outputs == 1:
            return target[:, None]
        one_hot: Floats = np.eye(self.outputs)[target.astype(int)]
        return one_hot


@dataclass(frozen=True, slots=True)
class Encoded:
    """Every part's inputs, (N, D), and targets, (N, C), as the network sees them."""

    schema: Schema
    train: tuple[Floats, Floats]
    val: tuple[Floats, Floats]
    test: tuple[Floats, Floats]


def encode(raw: RawData, split: Split, config: DataConfig, output: str) -> Encoded:
    """Fit on the training rows, then encode every part; label noise goes into training alone."""
    noisy = noisy_train_target(raw, split, config)
    schema = fit_schema(raw, split, noisy, output)
    inputs = schema.input_scaling.apply(raw.inputs)
    clean = schema.encode_target(raw.target)
    return Encoded(
        schema,
        train=(inputs[split.train], schema.encode_target(noisy)),
        val=(inputs[split.val], clean[split.val]),
        test=(inputs[split.test], clean[split.test]),
    )


def fit_schema(raw: RawData, split: Split, target: Floats, output: str) -> Schema:
    """Statistics from the training rows and their (noisy) targets."""
    regression = raw.classes is None
    one_output = raw.classes is None or (len(raw.classes) == 2 and output != "softmax")
    return Schema(
        task=raw.task,
        inputs=raw.input_names,
        input_scaling=Scaling.fit(raw.inputs[split.train]),
        target=raw.target_name,
        target_scaling=Scaling.fit(target[:, None]) if regression else None,
        classes=raw.classes,
        outputs=1 if one_output else len(raw.classes or []),
    )
