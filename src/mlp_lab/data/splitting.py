"""Rows -> training, validation and test rows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlp_lab.data.raw import DataConfig, Draw, Floats, RawData
from mlp_lab.errors import UserError

Index = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Split:
    """Indices of the rows of each part, ascending; no row is in two of them."""

    train: Index
    val: Index
    test: Index


def split_rows(raw: RawData, config: DataConfig) -> Split:
    """Cut at random; every part holds the classes in the shares of the whole.

    Raises:
        UserError: a part that was asked for gets no row, or the training rows hold one class.
    """
    rows = len(raw.target)
    order = _shuffled_evenly(raw, config.generator(Draw.SPLIT))
    test_rows = _rows_of(config.test_fraction, rows, "data.test_fraction")
    val_rows = _rows_of(config.val_fraction, rows, "data.val_fraction")
    test, val, train = np.split(order, [test_rows, test_rows + val_rows])
    if len(train) == 0:
        raise UserError(
            f"data.test_fraction={config.test_fraction} and data.val_fraction={config.val_fraction}"
            f" leave no training row of {rows}"
        )
    if config.train_rows is not None:
        if config.train_rows > len(train):
            raise UserError(
                f"data.train_rows must be at most the {len(train)} training rows,"
                f" got {config.train_rows}"
            )
        train = train[: config.train_rows]
    split = Split(np.sort(train), np.sort(val), np.sort(test))
    _require_two_values(raw, split)
    return split


def _shuffled_evenly(raw: RawData, generator: np.random.Generator) -> Index:
    """A random order of which every stretch holds the classes in about their shares of the whole.

    The i-th of a class's n rows is placed at about (i + 1/2) / n of the way.
    """
    order = generator.permutation(len(raw.target))
    if raw.classes is None:
        return order
    place = np.empty(len(order))
    for label in np.unique(raw.target):
        members = np.flatnonzero(raw.target[order] == label)
        place[members] = (np.arange(len(members)) + generator.uniform(size=len(members))) / len(
            members
        )
    return order[np.argsort(place, kind="stable")]


def _rows_of(fraction: float, rows: int, key: str) -> int:
    count = round(fraction * rows)
    if fraction > 0 and count == 0:
        raise UserError(f"{key}={fraction} of {rows} rows is none: use 0, or more rows")
    return count


def _require_two_values(raw: RawData, split: Split) -> None:
    values = np.unique(raw.target[split.train])
    if len(values) > 1:
        return
    if raw.classes is None:
        raise UserError(f"{raw.target_name} is {values[0]} in every training row: nothing to learn")
    raise UserError(
        f"the {len(split.train)} training rows hold one class of {raw.target_name},"
        f" {raw.classes[int(values[0])]!r}: two are needed"
    )


def noisy_train_target(raw: RawData, split: Split, config: DataConfig) -> Floats:
    """The training rows' targets with `data.label_noise`; a larger share redraws the same and more.

    Raises:
        UserError: a share of labels above 1.
    """
    target: Floats = raw.target[split.train]
    generator = config.generator(Draw.LABEL_NOISE)
    if raw.classes is None:
        noise = generator.standard_normal(len(target))
        noisy: Floats = target + config.label_noise * target.std() * noise
        return noisy
    if config.label_noise > 1:
        raise UserError(f"data.label_noise must be in [0, 1], got {config.label_noise}")
    first = generator.permutation(len(target))[: round(config.label_noise * len(target))]
    redrawn = generator.integers(len(raw.classes), size=len(target))
    target[first] = redrawn[first]
    return target
