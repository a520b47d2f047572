"""Raw rows -> training, validation and test rows as the network reads them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

import numpy as np
from numpy.typing import DTypeLike

from mlp_lab.data.arrays import Array, Floats, Index
from mlp_lab.data.column_encoding import InputColumn, Quantiles, recoded
from mlp_lab.data.config import DataConfig, Draw
from mlp_lab.data.mapped import MapFile
from mlp_lab.data.rows import RawData
from mlp_lab.data.schema import AnyTarget, Schema, fit_target
from mlp_lab.data.splitting import Split, noisy_train_target
from mlp_lab.data.survey_design import SurveyDesign
from mlp_lab.errors import UserError
from mlp_lab.formatting import gigabytes, typed
from mlp_lab.memory import free_memory

BLOCK = 1 << 16
"""Rows whose targets are encoded at once."""

SHARE = 0.9
"""The part of the free memory that encoded rows may take."""


@dataclass(frozen=True, slots=True)
class EncodedPart:
    """Rows of one part as the network reads them: inputs (N, D), targets (N, C).

    `weights` (N,) count in metrics, `loss_weights` (N,) in the loss; both absent where all are 1.
    `files` of the inputs and the targets, where these lie on disk, both as precise as the network.
    `design`: what intervals of its scores resample, if not rows.
    """

    inputs: Array
    targets: Floats
    weights: Floats | None
    loss_weights: Floats | None
    files: tuple[MapFile, MapFile] | None = None
    design: SurveyDesign | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    def __reduce__(self) -> tuple[object, ...]:
        """Another process opens the same files."""
        weights = self.weights, self.loss_weights
        if self.files is not None:
            return opened_part, (self.files, *weights, self.design)
        return EncodedPart, (self.inputs, self.targets, *weights, None, self.design)

    @property
    def nbytes(self) -> int:
        """Bytes of its inputs and targets, where they are in memory."""
        return 0 if self.files is not None else self.inputs.nbytes + self.targets.nbytes


def opened_part(
    files: tuple[MapFile, MapFile],
    weights: Floats | None,
    loss_weights: Floats | None,
    design: SurveyDesign | None,
) -> EncodedPart:
    """A part whose inputs and targets lie in files.

    Raises:
        UserError: a file is not what was written.
        OSError: one cannot be opened.
    """
    arrays = files[0].open(), files[1].open()
    return EncodedPart(*arrays, weights, loss_weights, files, design)


@dataclass(frozen=True, slots=True)
class EncodedData:
    """Every part of a data set."""

    schema: Schema
    train: EncodedPart
    val: EncodedPart
    test: EncodedPart

    @property
    def nbytes(self) -> int:
        """Bytes of its inputs and targets, where they are in memory."""
        return sum(part.nbytes for part in (self.train, self.val, self.test))


Room = Callable[[str, tuple[int, int], DTypeLike], Array]
"""Makes zeros: for what (as `train-inputs`), their shape and type."""


def _in_memory(_: str, shape: tuple[int, int], dtype: DTypeLike) -> Array:
    return np.zeros(shape, dtype)


def encode(
    raw: RawData,
    split: Split,
    config: DataConfig,
    output: str,
    dtype: DTypeLike,
    *,
    schema: Schema | None = None,
    room: Room | None = None,
) -> EncodedData:
    """Fit on the training rows, then encode every part; label noise goes into training alone.

    By a `schema` that was fitted on other rows of the same columns, nothing is fitted. `room` is
    where inputs and targets go, both of `dtype` then: if not memory, they may be too many for it.

    Raises:
        UserError: a setting does not fit the target, a number is too large to be encoded, or the
            inputs or classes are too many for the memory.
    """
    noisy = noisy_train_target(raw, split, config)
    if schema is None:
        schema = _fitted(raw, split, noisy, config, output)
    inputs = schema.inputs
    if room is None:
        _require_memory(raw, schema, np.dtype(dtype).itemsize)
    balance = class_weights(raw, split, noisy, config)

    def part(name: str, rows: Index, target: Floats, of_class: Floats | None) -> EncodedPart:
        def values(i: int, block: slice) -> Floats:
            found, column, fitted = raw.inputs[rows[block], i], raw.columns[i], inputs[i].column
            return found if column.levels == fitted.levels else recoded(found, column, fitted)

        own = room or _in_memory
        encoded = schema.encode_inputs(values, len(rows), dtype, partial(own, f"{name}-inputs"))
        require_finite(encoded, schema.names)
        shape = len(rows), schema.target.outputs
        precision = np.float64 if room is None else dtype
        targets = cast(Floats, own(f"{name}-targets", shape, precision))
        for start in range(0, len(rows), BLOCK):
            block = schema.target.encode(target[start : start + BLOCK])
            require_finite(block, [one.name for one in schema.target.each])
            require_fitting(block, output, schema.target)
            targets[start : start + BLOCK] = block
        design = None if raw.design is None else raw.design.at(rows)
        if raw.weights is None and of_class is None:
            return EncodedPart(encoded, targets, None, None, design=design)
        weights = np.ones(len(rows)) if raw.weights is None else raw.weights[rows]
        balanced = weights if of_class is None else weights * of_class[target.astype(int)]
        return EncodedPart(encoded, targets, weights, balanced, design=design)

    return EncodedData(
        schema,
        train=part("train", split.train, noisy, balance),
        # what selects is as what is learnt
        val=part("val", split.val, raw.target[split.val], balance),
        test=part("test", split.test, raw.target[split.test], None),
    )


def _fitted(raw: RawData, split: Split, noisy: Floats, config: DataConfig, output: str) -> Schema:
    """What inputs and outputs mean, from the training rows and their (noisy) targets."""
    streams = config.generator(Draw.QUANTILE_NOISE).spawn(len(raw.columns))  # one for each column
    inputs = [
        InputColumn.fit(
            *(column, raw.inputs[split.train, i], config.scaling),
            Quantiles(config.quantiles, config.quantile_noise, stream),
            binary_inputs=config.inputs_of_two,
        )
        for i, (column, stream) in enumerate(zip(raw.columns, streams, strict=True))
    ]
    file = None if raw.source is None else raw.source.file
    target = fit_target(raw, noisy, config, output)
    design = raw.group_column, raw.strata_column
    return Schema(inputs, target, raw.weight_column, file, *design)


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
            f" {typed('data.drop', name)} leaves it out"
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
