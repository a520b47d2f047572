"""Columns whose values on the test rows are others than on the training rows."""

import math

import torch

from mlp_lab.data.dataset import Dataset, Part

CHANGED = 1.0
"""Standard deviations on the training rows by which the mean of an input differs ..."""
SURELY = 2.0
"""... and so many standard errors of a mean of the test rows."""
ROWS = 4000
"""Rows looked at, evenly over all."""


def changed_columns(dataset: Dataset) -> dict[str, float]:
    """Column -> by how many standard deviations its mean has moved, the most first.

    A column of several inputs, as indicators of its levels, counts by the one that moved most.
    Only columns that moved by `CHANGED` and more; a difference of means says nothing of relations
    with the target, which may change while all columns stay as they are.
    """
    moved = standardised_differences(dataset.train.some(ROWS), dataset.test.some(ROWS))
    found, at = {}, 0
    for entry in dataset.schema.inputs:
        found[entry.column.name] = max(moved[at : at + len(entry.names)], default=0.0)
        at += len(entry.names)
    least = CHANGED + SURELY / math.sqrt(max(1, min(ROWS, len(dataset.test))))
    large = {name: by for name, by in found.items() if by >= least}
    return dict(sorted(large.items(), key=lambda item: -item[1]))


def standardised_differences(train: Part, test: Part) -> list[float]:
    """|mean of the test rows - mean of the training rows| / standard deviation, of each input.

    0 for an input that is the same in all training rows.
    """
    of_train, of_test = train.inputs.double(), test.inputs.double()
    deviations = of_train.std(0, correction=0)
    differences = (of_test.mean(0) - of_train.mean(0)).abs() / deviations
    return torch.where(deviations > 0, differences, 0.0).tolist()
