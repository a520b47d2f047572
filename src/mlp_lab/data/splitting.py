"""Rows -> training, validation and test rows."""

from dataclasses import dataclass
from heapq import heapreplace

import numpy as np

from mlp_lab.data.arrays import Floats, Index
from mlp_lab.data.config import DataConfig, Draw
from mlp_lab.data.rows import PartName, RawData
from mlp_lab.errors import UserError, require
from mlp_lab.formatting import counted


@dataclass(frozen=True, slots=True)
class Split:
    """Indices of the rows of each part, ascending; no row is in two of them."""

    train: Index
    val: Index
    test: Index


def split_rows(raw: RawData, config: DataConfig, *, first: bool = True) -> Split:
    """Put every row into a part: where it must go, else by time, by group, or by chance.

    Unless they are the `first` rows that a network meets, those for training may all be of a class.

    Cut at random, every part holds the classes in about their shares of the whole. How the others
    are cut, by a fraction or into folds, does not change the test rows.

    >>> from mlp_lab.data.bundled import BUNDLED, BundledConfig
    >>> config = BundledConfig(
    ...     name="iris", test_fraction=0.2, val_fraction=0.2, folds=None, fold=0, repeat=0,
    ...     split_seed=0, train_rows=None, label_noise=0.0, scaling="standard",
    ...     quantiles=1000, quantile_noise=0.0,
    ...     target_transform="none", class_weights="none",
    ... )
    >>> iris = BUNDLED["iris"]()
    >>> split = split_rows(iris, config)
    >>> len(split.train), len(split.val), len(split.test)
    (90, 30, 30)
    >>> np.bincount(iris.target[split.test].astype(int)).tolist()
    [10, 10, 10]

    Raises:
        UserError: a part that was asked for gets no row, or the training rows hold one class.
    """
    free, kept_val, kept_test = (_kept_for(raw, part) for part in PartName)
    order, ends = _order(raw, free, config.generator(Draw.SPLIT))
    test_rows = 0 if len(kept_test) else _rows_of("test", config.test_fraction, len(free))
    chosen = len(kept_val) or config.folds
    val_rows = 0 if chosen else _rows_of("val", config.val_fraction, len(free))
    test_end = _end_near(ends, test_rows)
    test, rest = np.split(order, [test_end])
    if config.folds is None:
        val, train = np.split(rest, [_end_near(ends[ends > test_end] - test_end, val_rows)])
    else:
        val, train = _one_fold(raw, rest, config.folds, config)
    if raw.constraints.groups is None and raw.constraints.times is None:
        others = config.folds or 1 + (val_rows > 0)
        _require_rows_of_each_class(raw, free, others + (test_rows > 0))
    if len(train) == 0:
        bound = (
            ""
            if len(ends) == len(free)
            else f" in {counted(len(ends), 'group')} of rows kept together"
        )
        raise UserError(
            f"data.test_fraction={config.test_fraction} and data.val_fraction={config.val_fraction}"
            f" leave no training row of {len(free)}{bound}"
        )
    rule = f"at most the {len(train)} training rows"
    require((config.train_rows or 1) <= len(train), "data.train_rows", rule, config.train_rows)
    train = np.sort(train[: config.train_rows])
    if first:
        _require_two_values(raw, train)
    val, test = np.concatenate([val, kept_val]), np.concatenate([test, kept_test])
    return Split(train, np.sort(val), np.sort(test))


def _kept_for(raw: RawData, part: PartName) -> Index:
    """Rows that must go to a part; all are free where nothing is said."""
    if raw.constraints.parts is None:
        return np.arange(len(raw.target) if part == PartName.FREE else 0)
    return np.flatnonzero(raw.constraints.parts == part)


def _order(raw: RawData, rows: Index, generator: np.random.Generator) -> tuple[Index, Index]:
    """Rows in the order test, validation, training, and the places where it may be cut."""
    if raw.constraints.times is not None:
        times = raw.constraints.times[rows]
        order = np.argsort(-times, kind="stable")
        return rows[order], _ends(times[order])
    if raw.constraints.groups is not None:
        groups = raw.constraints.groups[rows]
        place = generator.permutation(groups.max() + 1)[groups]
        order = np.argsort(place, kind="stable")
        return rows[order], _ends(place[order])
    strata = raw.strata
    classes = None if strata is None else strata[rows]
    return rows[_shuffled_evenly(len(rows), classes, generator)], np.arange(1, len(rows) + 1)


def _one_fold(raw: RawData, rows: Index, folds: int, config: DataConfig) -> tuple[Index, Index]:
    """The rows of fold number `data.fold`, and all others, each in a random order."""
    if len(_kept_for(raw, PartName.VAL)):
        raise UserError(
            f"data.folds={folds} chooses the validation rows, but data.part names some:"
            " leave one of the two out"
        )
    groups = raw.constraints.groups
    units = len(rows) if groups is None else len(np.unique(groups[rows]))
    rule = f"at most the {units} {'rows' if groups is None else 'groups'} besides the test rows"
    require(folds <= units, "data.folds", rule, folds)
    order, ends = _order(raw, rows, config.generator(Draw.FOLDS, config.repeat))
    fold = np.arange(len(order)) % folds  # dealt like cards, class by class: sizes differ by one
    if groups is not None:
        sizes = np.diff(ends, prepend=0)
        fold = np.repeat(_folds_of_groups(sizes, folds), sizes)
    elif (strata := raw.strata) is not None:
        fold[np.argsort(strata[order], kind="stable")] = fold.copy()
    return order[fold == config.fold], order[fold != config.fold]


def _folds_of_groups(sizes: Index, folds: int) -> list[int]:
    """The fold of each group, the smallest so far: none exceeds another by more than a group."""
    held = [(0, fold) for fold in range(folds)]  # a heap
    chosen = []
    for size in sizes.tolist():
        rows, fold = held[0]
        heapreplace(held, (rows + size, fold))
        chosen.append(fold)
    return chosen


def _require_rows_of_each_class(raw: RawData, rows: Index, parts: int) -> None:
    if raw.task == "regression" or raw.source is None:
        return  # generated rows are what they are
    for column, values in raw.targets:
        classes = column.levels
        counts = np.bincount(values[rows].astype(np.int64), minlength=len(classes)).tolist()
        fewest = min(counts)
        if fewest < parts:
            raise UserError(
                f"the class {classes[counts.index(fewest)]!r} of {column.name} has"
                f" {counted(fewest, 'row')}, fewer than the {parts} parts: leave it out, or declare"
                " it missing"
            )


def _ends(blocks: Floats | Index) -> Index:
    """Where runs of equal values end, (blocks,)."""
    return np.append(np.flatnonzero(np.diff(blocks)) + 1, len(blocks))


def _end_near(ends: Index, rows: int) -> int:
    """The end closest to a number of rows; 0 for none."""
    return int(ends[np.abs(ends - rows).argmin()]) if rows and len(ends) else 0


def _shuffled_evenly(rows: int, classes: Floats | None, generator: np.random.Generator) -> Index:
    """A random order of which every stretch holds the classes in about their shares of the whole.

    The i-th of a class's n rows is placed at about (i + 1/2) / n of the way.
    """
    order = generator.permutation(rows)
    if classes is None:
        return order
    place, ordered = np.empty(rows), classes[order]
    for label in np.unique(ordered):
        members = np.flatnonzero(ordered == label)
        jitter = generator.uniform(size=len(members))
        place[members] = (np.arange(len(members)) + jitter) / len(members)
    return order[np.argsort(place, kind="stable")]


def _rows_of(part: str, fraction: float, rows: int) -> int:
    count = round(fraction * rows)
    if fraction > 0 and count == 0:
        key = f"data.{part}_fraction={fraction}"
        raise UserError(f"{key} of {counted(rows, 'row')} rounds to 0: use 0, or more rows")
    return count


def _require_two_values(raw: RawData, train: Index) -> None:
    for column, target in raw.targets:
        values, name = np.unique(target[train]), column.name
        if len(values) == 1 and not column.levels:
            raise UserError(f"{name} is {values[0]} in every training row: nothing to learn")
        if len(values) == 1:
            only = f"one class of {name}, {column.levels[int(values[0])]!r}"
            raise UserError(f"the {len(train)} training rows hold {only}: two are needed")


def noisy_train_target(raw: RawData, split: Split, config: DataConfig) -> Floats:
    """Training targets with `data.label_noise`; a larger share redraws the same labels and more.

    Those of several targets, (N, T), are disturbed one after the other.

    Raises:
        UserError: a share of labels above 1.
    """
    generator, share = config.generator(Draw.LABEL_NOISE), config.label_noise
    noisy = [
        _noisy(values[split.train], len(column.levels), share, generator)
        for column, values in raw.targets
    ]
    return noisy[0] if raw.target.ndim == 1 else np.column_stack(noisy)


def _noisy(target: Floats, classes: int, share: float, generator: np.random.Generator) -> Floats:
    """A target with noise; `classes` is 0 for a number."""
    if not classes:
        noise = generator.standard_normal(len(target))
        noisy: Floats = target + share * target.std() * noise
        return noisy
    require(share <= 1, "data.label_noise", "in [0, 1]", share)
    first = generator.permutation(len(target))[: round(share * len(target))]
    redrawn = generator.integers(classes, size=len(target))
    target[first] = redrawn[first]
    return target
