"""Raw rows -> training, validation and test rows as the network reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from mlp_lab.data.arrays import Array, Floats, Index
from mlp_lab.data.column_encoding import InputColumn, recoded
from mlp_lab.data.config import DataConfig
from mlp_lab.data.rows import RawData
from mlp_lab.data.schema import AnyTarget, Schema, fit_target
from mlp_lab.data.splitting import Split, noisy_train_target
from mlp_lab.errors import UserError
from mlp_lab.formatting import gigabytes, in_a_list
from mlp_lab.memory import free_memory

SHARE = 0.9
"""The part of the free memory that encoded rows may take."""


@dataclass(frozen=True, slots=True)
class EncodedPart:
    """Rows of one part as the network reads them: inputs (N, D), targets (N, C).

    `weights` (N,) count in metrics, `loss_weights` (N,) in the loss; both absent where all are 1.
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
    raw: RawData,
    split: Split,
    config: DataConfig,
    output: str,
    dtype: DTypeLike,
    *,
    schema: Schema | None = None,
) -> EncodedData:
    """Fit on the training rows, then encode every part; label noise goes into training alone.

    By a `schema` that was fitted on other rows of the same columns, nothing is fitted.

    Raises:
        UserError: a setting does not fit the target, a number is too large to be encoded, or the
            inputs or classes are too many for the memory.
    """
    noisy = noisy_train_target(raw, split, config)
    if schema is None:
        schema = _fitted(raw, split, noisy, config, output)
    inputs = schema.inputs
    _require_memory(raw, schema, np.dtype(dtype).itemsize)
    balance = class_weights(raw, split, noisy, config)

    def part(rows: Index, target: Floats, of_class: Floats | None) -> EncodedPart:
        def values(i: int, block: slice) -> Floats:
            found, column, fitted = raw.inputs[rows[block], i], raw.columns[i], inputs[i].column
            return found if column.levels == fitted.levels else recoded(found, column, fitted)

        encoded = schema.encode_inputs(values, len(rows), dtype)
        targets = schema.target.encode(target)
        require_finite(encoded, schema.names)
        require_finite(targets, [one.name for one in schema.target.each])
        require_fitting(targets, output, schema.target)
        if raw.weights is None and of_class is None:
            return EncodedPart(encoded, targets, None, None)
        weights = np.ones(len(rows)) if raw.weights is None else raw.weights[rows]
        balanced = weights if of_class is None else weights * of_class[target.astype(int)]
        return EncodedPart(encoded, targets, weights, balanced)

    return EncodedData(
        schema,
        train=part(split.train, noisy, balance),
        val=part(split.val, raw.target[split.val], balance),  # what selects is as what is learnt
        test=part(split.test, raw.target[split.test], None),
    )


def _fitted(raw: RawData, split: Split, noisy: Floats, config: DataConfig, output: str) -> Schema:
    """What inputs and outputs mean, from the training rows and their (noisy) targets."""
    inputs = [
        InputColumn.fit(column, raw.inputs[split.train, i], config.scaling, config.inputs_of_two)
        for i, column in enumerate(raw.columns)
    ]
    file = None if raw.source is None else raw.source.file
    return Schema(inputs, fit_target(raw, noisy, config, output), raw.weight_column, file)


def _require_memory(raw: RawData, schema: Schema, item: int) -> None:
    """Refuse more inputs or classes than can be held: each level of a category has one."""
    rows, free = len(raw.target), SHARE * free_memory()
    target = max(schema.target.each, key=lambda one: one.outputs)
    widths = {entry.column.name: len(entry.names) for entry in schema.inputs}
    needed = 8.0 * target.outputs * (rows + target.outputs)
    if needed > free:
        raise UserError(
            f"data.target={target.name} has {target.outputs:,} classes, whose {rows:,} rows take"
            f" {gigabytes(needed)}, more than the free {gigabytes(free)}: is it the right column?"
        )
    inputs = sum(widths.values())
    needed = float(rows) * inputs * item
    if needed > free:
        name = max(widths, key=lambda column: widths[column])
        raise UserError(
            f"{rows:,} rows of {inputs:,} inputs, {widths[name]:,} of them for column {name!r},"
            f" take {gigabytes(needed)}, more than the free {gigabytes(free)}:"
            " a larger data.min_frequency makes rare values one input,"
            f" data.drop=[{in_a_list(name)}] leaves it out"
        )


def require_finite(values: Array, names: Sequence[str]) -> None:
    """Refuse the first column that holds a number which is not; `names` are the columns'.

    Raises:
        UserError: a number is infinite or none.
    """
    if np.isfinite(values.sum()):  # then all are; one pass, and no copy
        return
    bad = np.flatnonzero(~np.isfinite(values).all(axis=0))
    if len(bad):
        name = names[int(bad[0]) % len(names)]
        raise UserError(f"{name} holds numbers that are too large: divide them, or scale less")


def require_fitting(targets: Floats, output: str, target: AnyTarget) -> None:
    """Refuse encoded targets, (N, T), that an exponential output cannot be the mean of.

    Raises:
        UserError: one is below 0, or they were scaled for another loss.
    """
    if output != "exponential":
        return
    for one, values in zip(target.each, targets.T, strict=True):
        if one.scaling.center != 0:
            raise UserError(
                f"loss=poisson cannot go on from a network that learnt {one.name} by another loss"
            )
        if len(values) and (least := values.min()) < 0:
            value = one.scaling.undo(least)
            raise UserError(f"loss=poisson needs {one.name} at 0 or more, got {value:g}")


def class_weights(raw: RawData, split: Split, target: Floats, config: DataConfig) -> Floats | None:
    """A weight of each class, (classes,), by which all count the same in the training rows.

    Raises:
        UserError: the target is a number, or there are several.
    """
    if config.class_weights == "none":
        return None
    key, column = "data.class_weights=balanced", raw.target_columns[0]
    if not column.levels:
        raise UserError(f"{key} is for classes, but {column.name} is a number: use none")
    if len(raw.target_columns) > 1:
        raise UserError(
            f"{key} is for one target, but there are {len(raw.target_columns)}, each with classes"
            " of its own: use none"
        )
    weights = None if raw.weights is None else raw.weights[split.train]
    counts = np.bincount(target.astype(int), weights, minlength=len(column.levels))
    balanced = np.zeros(len(counts))
    np.divide(counts.sum() / len(counts), counts, out=balanced, where=counts > 0)
    return balanced
