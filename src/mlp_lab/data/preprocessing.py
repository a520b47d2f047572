"""Raw rows -> training, validation and test rows as the network reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from mlp_lab.data.arrays import Array, Floats, Index
from mlp_lab.data.column_encoding import InputColumn, recoded
from mlp_lab.data.columns import Column
from mlp_lab.data.config import DataConfig
from mlp_lab.data.rows import RawData
from mlp_lab.data.schema import Schema, fit_target
from mlp_lab.data.splitting import Split, noisy_train_target
from mlp_lab.errors import UserError


@dataclass(frozen=True, slots=True)
class EncodedPart:
    """Rows of one part as the network reads them.

    Shape:
        - inputs: (N, D); targets: (N, C)
        - weights, loss_weights: (N,), how much a row counts in metrics and in the loss; both absent
          where all count the same
    """

    inputs: Array
    targets: Floats
    weights: Floats | None
    loss_weights: Floats | None

    def __len__(self) -> int:
        return len(self.inputs)


@dataclass(frozen=True, slots=True)
class EncodedData:
    """Every part of a data set."""

    schema: Schema
    train: EncodedPart
    val: EncodedPart
    test: EncodedPart

    @property
    def nbytes(self) -> int:
        """Bytes of its inputs and targets."""
        return sum(p.inputs.nbytes + p.targets.nbytes for p in (self.train, self.val, self.test))


def encode(
    raw: RawData, split: Split, config: DataConfig, output: str, dtype: DTypeLike
) -> EncodedData:
    """Fit on the training rows, then encode every part; label noise goes into training alone."""
    noisy = noisy_train_target(raw, split, config)
    inputs = [
        InputColumn.fit(column, raw.inputs[split.train, i], config.scaling)
        for i, column in enumerate(raw.columns)
    ]
    file = None if raw.source is None else raw.source.file
    schema = Schema(inputs, fit_target(raw, noisy, config, output), raw.weight_column, file)
    balance = class_weights(raw, split, noisy, config)

    def part(rows: Index, target: Floats, of_class: Floats | None) -> EncodedPart:
        def values(i: int, block: slice) -> Floats:
            return _known(raw.inputs[rows[block], i], raw.columns[i], inputs[i].column)

        weights, loss_weights = _row_weights(raw, rows, target, of_class)
        encoded, targets = (
            schema.encode_inputs(values, len(rows), dtype),
            schema.target.encode(target),
        )
        require_finite(encoded, schema.names)
        require_finite(targets, [schema.target.name])
        return EncodedPart(encoded, targets, weights, loss_weights)

    return EncodedData(
        schema,
        train=part(split.train, noisy, balance),
        val=part(split.val, raw.target[split.val], balance),  # what selects is as what is learnt
        test=part(split.test, raw.target[split.test], None),
    )


def require_finite(values: Array, names: Sequence[str]) -> None:
    """Raise if some number is not; `names` are those of the columns.

    Raises:
        UserError: the first column that has such a number.
    """
    if np.isfinite(values.sum()):  # then all are; one pass, and no copy
        return
    bad = np.flatnonzero(~np.isfinite(values).all(axis=0))
    if len(bad):
        name = names[int(bad[0]) % len(names)]
        raise UserError(f"{name} holds numbers that are too large: divide them, or scale less")


def _known(values: Floats, column: Column, kept: Column) -> Floats:
    """Values of a column, their codes counting the kept levels alone."""
    if column.kind not in ("binary", "category") or column.levels == kept.levels:
        return values
    return recoded(values, column, kept)


def class_weights(raw: RawData, split: Split, target: Floats, config: DataConfig) -> Floats | None:
    """A weight of each class, (classes,): all count the same in the training rows.

    Raises:
        UserError: the target is a number.
    """
    if config.class_weights == "none":
        return None
    if raw.classes is None:
        raise UserError(
            f"data.class_weights=balanced is for classes, but {raw.target_column.name} is a number:"
            " use none"
        )
    weights = None if raw.weights is None else raw.weights[split.train]
    counts = np.bincount(target.astype(int), weights, minlength=len(raw.classes))
    balanced = np.zeros(len(counts))
    np.divide(counts.sum() / len(counts), counts, out=balanced, where=counts > 0)
    return balanced


def _row_weights(
    raw: RawData, rows: Index, target: Floats, of_class: Floats | None
) -> tuple[Floats | None, Floats | None]:
    """What each row counts in metrics, and in the loss, where classes may count differently."""
    if raw.weights is None and of_class is None:
        return None, None
    weights = np.ones(len(rows)) if raw.weights is None else raw.weights[rows]
    return weights, weights if of_class is None else weights * of_class[target.astype(int)]
